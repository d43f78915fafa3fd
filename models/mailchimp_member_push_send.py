from odoo import api, models

from ..exceptions import (
    MailchimpNotFound,
    MailchimpRejected,
    MailchimpRetryLater,
)
from ..tools.coerce import as_map, normalize_email
from ..tools.push import ACTS
from ..tools.push_requests import PARAMS, bulk_entry, check_status, put_body
from ..tools.reasons import code_of, fields_of
from ..tools.subscriber import subscriber_hash
from .mailchimp_member_push import FEW

READ_FIRST = frozenset({"update", "unsubscribe", "opt_in"})
# So often the push begins anew before it tells a failing member from an outage.
TRIES = 3


class MailchimpMemberPushSend(models.AbstractModel):
    """The requests of the push: one member at a time, or many new ones at once.

    No request about the profile says anything about the status; see
    `tools.push_requests.check_status`.
    """

    _inherit = "mailchimp.member.push"

    @api.model
    def _send_one(self, sending, step):
        """Do a step and note what became of it.

        :raise MailchimpError: when it is not about this member
        """
        try:
            if step.action in READ_FIRST:
                step = self._up_to_date(sending, step)
            getattr(self, f"_send_{step.action}")(sending, step)
        except MailchimpNotFound:
            self._read_again(sending, step)
            sending.note(step, "failed", "gone", *self._words("gone"))
        except MailchimpRejected as error:
            self._refused(sending, step, error)
        except MailchimpRetryLater as error:
            if error.status == 400:
                self._refused(sending, step, error)
            else:
                self._set_aside(sending, step, error)

    # === NEW === #

    @api.model
    def _send_create(self, sending, step):
        """Create a member who is not there; who is there keeps status and values.

        PUT, because of somebody who got there since we looked, archived or not, it
        leaves the status alone.
        """
        hash_ = subscriber_hash(step.body["email_address"])
        if self._read_and_import(sending, hash_):
            sending.note(step, "again")
            return
        lists = sending.gateway.api.lists
        list_id = sending.audience.mailchimp_id
        answer = lists.set_list_member(list_id, hash_, put_body(step))
        if step.tags:
            self._post_tags(sending, hash_, step)
            answer = self._get(sending, hash_)
        self._take_answers(sending, [answer])
        sending.note(step, "created")

    @api.model
    def _create_many(self, sending, steps):
        """Create many members by one request; who is there already is not touched.

        If the request as a whole is refused, halves of it find out who is to blame.
        """
        if len(steps) <= FEW:
            for step in steps:
                self._send_one(sending, step)
            return
        body = {
            "members": [bulk_entry(step) for step in steps],
            "update_existing": False,
        }
        lists = sending.gateway.api.lists
        try:
            answer = lists.batch_list_members(sending.audience.mailchimp_id, body)
        except MailchimpRejected:
            half = len(steps) // 2
            self._create_many(sending, steps[:half])
            self._create_many(sending, steps[half:])
            return
        self._take_bulk_answer(sending, steps, as_map(answer))

    @api.model
    def _take_bulk_answer(self, sending, steps, answer):
        """Take over who was created, and tell the others apart."""
        made = {_email_of(row): row for row in _rows(answer, "new_members")}
        refused = {_email_of(row): row for row in _rows(answer, "errors")}
        by_email = {step.body["email_address"]: step for step in steps}
        self._take_answers(sending, [made[e] for e in made.keys() & by_email.keys()])
        strangers = []
        for email, step in by_email.items():
            row = refused.get(email)
            code = row and code_of(
                detail=str(row.get("error") or ""),
                errors=[_field_error(row)],
                row_code=str(row.get("error_code") or ""),
            )
            if email in made:
                sending.note(step, "created")
                self._complete_later(step)
            elif row and code != "exists":
                said = str(row.get("error") or "")
                sending.note(step, "failed", code, *self._words(code, said))
            else:
                strangers.append(step)
        self._meet(sending, strangers)

    @api.model
    def _complete_later(self, step):
        """A bulk call takes no permissions: they follow."""
        if step.body.get("marketing_permissions"):
            self.env["mailchimp.member"].browse(step.member_id)._mark_changed()

    @api.model
    def _meet(self, sending, steps):
        """Get to know people who were there although we did not know them."""
        if len(steps) > FEW:
            self._read_changed(sending, sending.audience.pulled_at)
        Member = self.env["mailchimp.member"]
        for step in steps:
            if not Member.browse(step.member_id).status:
                hash_ = subscriber_hash(step.body["email_address"])
                self._read_and_import(sending, hash_)
            sending.note(step, "again")

    # === EXISTING === #

    @api.model
    def _send_update(self, sending, step):
        """Change the profile and the tags of a member; who moves gets them after."""
        moves, answer = "email_address" in step.body, None
        if step.tags and not moves:
            self._post_tags(sending, step.held["subscriber_hash"], step)
        if step.body:
            answer = self._patch(sending, step)
        if moves:
            self._make_room(sending.audience, step)
            self._offer_addresses(sending.audience, step)
        if step.tags and moves:
            self._post_tags(sending, as_map(answer).get("id"), step)
        if step.tags and (moves or not step.body):
            answer = self._get(sending, step.key)
        self._take_answers(sending, [answer])
        sending.note(step, "updated")

    @api.model
    def _send_unsubscribe(self, sending, step):
        """Opt out a member."""
        answer = self._patch(sending, step)
        self._take_answers(sending, [answer])
        sending.note(step, "updated")
        if step.more:
            self.env["mailchimp.member"].browse(step.member_id)._mark_changed()

    @api.model
    def _send_opt_in(self, sending, step):
        """Let Mailchimp ask a person to confirm."""
        self._send_unsubscribe(sending, step)

    @api.model
    def _send_none(self, sending, step):
        """Nothing is left to do."""
        self._note_quiet(sending, step)

    @api.model
    def _send_skip(self, sending, step):
        """Nothing may be done."""
        self._note_quiet(sending, step)

    @api.model
    def _up_to_date(self, sending, step):
        """Return what is to be done about a member as Mailchimp knows it now.

        :raise MailchimpNotFound: when it does not
        """
        if not self._read_and_import(sending, step.key):
            raise MailchimpNotFound("The member is gone.", status=404)
        [step] = self._replan_changed(sending, [step])
        return step

    @api.model
    def _patch(self, sending, step):
        return sending.gateway.api.lists.update_list_member(
            sending.audience.mailchimp_id,
            step.key,
            check_status(step.action, step.body),
            **PARAMS.get(step.action, {}),
        )

    @api.model
    def _post_tags(self, sending, hash_, step):
        sending.gateway.api.lists.update_list_member_tags(
            sending.audience.mailchimp_id, hash_, {"tags": step.tags}
        )

    # === REFUSALS === #

    @api.model
    def _set_aside(self, sending, step, error):
        """Let a member wait at which Mailchimp fails again and again.

        Else it would keep all others waiting, whose turn comes after it.

        :raise MailchimpRetryLater: if it may be more than this member
        """
        is_about_it = bool(error.status) and not error.throttled
        tries = self.env.context.get("mailchimp_attempts", 0)
        if not is_about_it or tries < TRIES or step.action in ACTS:
            raise error
        self._is_there(sending)  # raises what keeps Mailchimp from answering at all
        sending.note(step, "failed", "unavailable", *self._words("unavailable"))

    @api.model
    def _refused(self, sending, step, error):
        """Note why Mailchimp refuses a member; an address may be taken."""
        code = code_of(error.title, error.detail, error.errors)
        if code == "exists" and "email_address" in step.body:
            self._send_merge(sending, step)
            return
        said = fields_of(error.errors) or error.detail or error.title
        sending.note(step, "failed", code, *self._words(code, said))


def _rows(answer, name):
    rows = answer.get(name)
    return [as_map(row) for row in rows] if isinstance(rows, list) else []


def _email_of(row):
    email = row.get("email_address")
    return normalize_email(email) or email


def _field_error(row):
    return {"field": row.get("field"), "message": row.get("field_message")}
