from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import split_every

from ..const import PRIORITY_USER
from ..exceptions import MailchimpError
from ..tools.client_action import notification
from ..tools.inside import inside, trusted
from ..tools.push import MARKETED
from .mailchimp_member_push import CLAIM

MANAGER = "mailchimp_connector.group_mailchimp_manager"

# How long an act waits for a batch that is under way, each time.
BATCH_PAUSE = timedelta(minutes=1)
# What takes people out of the audience.
LEAVING = ("unsubscribe", "archive", "delete")


class MailchimpMemberActions(models.Model):
    """What people do about members in Mailchimp, each a named act of its own.

    Of one member the answer is awaited and told; several become a run.
    """

    _inherit = "mailchimp.member"

    batch_id = fields.Many2one(
        "mailchimp.batch",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
        help="Operations on this member are under way; it is not pushed meanwhile.",
    )

    # === ACTION METHODS === #

    def action_push(self):
        """Send what Odoo says of these members, whatever was said about them so far."""
        self._check_act()
        if len(self) > 1:
            runs = self.env["mailchimp.run"]
            for members in self.grouped("audience_id").values():
                runs |= members._start_update("user", PRIORITY_USER)
            return runs._open()
        # sudo: people decide, only the connector writes members, ledger and runs.
        return self._tell(self.sudo()._update_now())

    def action_request_optin(self):
        """Let Mailchimp ask these people to confirm that they want mails.

        A deliberate act: who asked, and why (``mailchimp_reason`` of the context), is
        kept in the ledger. Nobody is subscribed by it, only the answer does that.
        """
        return self._act("opt_in")

    def action_unsubscribe(self):
        """Opt out these people, in Odoo and in Mailchimp."""
        return self._act("unsubscribe")

    def action_archive_remote(self):
        """Archive these people in Mailchimp: data stay, and so does the way back."""
        return self._act("archive")

    def action_delete_permanently(self):
        """Delete these people in Mailchimp for good; for managers only."""
        if not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only MailChimp managers may delete people permanently.")
            )
        return self._act("delete")

    def _check_act(self):
        """Refuse what cannot be done before anything is."""
        self.check_access("read")
        if not self:
            raise UserError(self.env._("Choose the members first."))
        self.account_id._check_connected()

    def _act(self, action):
        """Do something about these members, and show what came of it.

        :param str action: opt_in, unsubscribe, archive or delete
        """
        self._check_act()
        members = self.sudo()._in_act()  # sudo: as in `action_push`
        members._prepare_act(action)
        runs = members.env["mailchimp.run"]
        for audience, ours in members.grouped("audience_id").items():
            runs |= ours._start_act(audience, action)
        if len(members) > 1:
            return runs.with_env(self.env)._open()
        return self._tell([members._act_now(runs, action)])

    def _in_act(self):
        """Return these members with who does something about them, and why."""
        reason = self.env.context.get("mailchimp_reason")
        evidence = {"requested_by": self.env.user.name}
        if reason:
            evidence["reason_given"] = reason
        return self.with_context(
            **inside(mailchimp_user=self.env.uid, mailchimp_evidence=evidence)
        )

    def _prepare_act(self, action):
        """Note in Odoo what is decided here, not there."""
        if action == "unsubscribe":
            told = {
                "source": "user",
                "evidence": trusted(self.env, "mailchimp_evidence"),
            }
            out = self.filtered(lambda m: m.opt_out_by != "odoo" and not m.forgotten)
            out.with_context(**inside(mailchimp_consent=told))._opt_out_everywhere()
        if action == "opt_in":
            # The opt-out stays until the person confirms; then nothing is left of it.
            self._lifted().opt_out_by = "mailchimp"

    def _lifted(self):
        """Return those of these members whose opt-out in Odoo an opt-in takes back."""
        out = self.filtered(
            lambda m: m.opt_out_by == "odoo" and m.status not in MARKETED
        )
        emails = out.mapped("email") + out.contact_id.mapped("email_normalized")
        domain = [("email", "in", [email for email in emails if email])]
        listed = set(self.env["mail.blacklist"].search(domain).mapped("email"))
        return out.filtered(
            lambda m: not listed & {m.email, m.contact_id.email_normalized}
        )

    def _archive_left(self):
        """Archive members whose contact is gone from Odoo, in the background."""
        members = self.sudo()._in_act()  # sudo: as in `action_push`
        for audience, ours in members.grouped("audience_id").items():
            ours._start_act(audience, "archive")
        return super()._archive_left()

    def _consent_values(self, new_status, source):
        """Name who did it, where somebody did."""
        user = trusted(self.env, "mailchimp_user")
        values = super()._consent_values(new_status, source)
        return values | ({"user_id": user} if user else {})

    # === ONE: NOW === #

    def _act_now(self, run, action):
        """Do it while somebody waits; later, if Mailchimp cannot be reached.

        :return: kind of message (success, warning or danger), message
        """
        try:
            with self.env.cr.savepoint():
                self._send_act(action, run)
        except MailchimpError as error:
            later = self.env._("It is done by itself later.")
            return self._answer_of_error(error, later)
        self._close_run(run)
        return self._told_of_act(run, action)

    def _send_act(self, action, run):
        """Plan and send what was decided about members of one audience."""
        push = self.env["mailchimp.member.push"]
        audience = self.audience_id
        steps = push._plan_act(audience, self, action)
        push._send(audience, steps, run, act=action)

    def _told_of_act(self, run, action):
        self.invalidate_recordset()
        if line := run.line_ids[:1]:
            kind = "danger" if line.state == "failed" else "warning"
            return kind, self._answer_text(line.reason, line.advice)
        if not run.updated and not run.created:
            return "warning", self._nothing_to_do(action)
        return "success", self._done_text(action)

    def _nothing_to_do(self, action):
        if action == "opt_in" and self.status == "pending":
            return self.env._(
                "%s was asked before and did not answer yet. Mailchimp does not send "
                "the same question twice.",
                self.email,
            )
        return self.env._("%s: nothing had to be done.", self.display_name or "?")

    def _done_text(self, action):
        email = self.email or "?"
        return {
            "opt_in": self.env._(
                "Mailchimp asks %s to confirm. Only the person's own click subscribes.",
                email,
            ),
            "unsubscribe": self.env._("%s is unsubscribed.", email),
            "archive": self.env._("%s is archived in Mailchimp.", email),
            "delete": self.env._("The person is permanently deleted in Mailchimp."),
        }[action]

    @api.model
    def _tell(self, answers):
        """Return the action that shows what Mailchimp answered, with a link to it."""
        url = self[:1].exists().web_url
        links = [{"label": self.env._("Open in Mailchimp"), "url": url}] if url else ()
        kinds = {kind for kind, _message in answers}
        kind = next((k for k in ("danger", "warning") if k in kinds), "success")
        return notification(
            "\n".join(message for _kind, message in answers),
            title=self.env._("Mailchimp"),
            kind=kind,
            links=links,
            sticky=kind != "success",
        )

    # === SEVERAL: A RUN === #

    def _start_act(self, audience, action):
        """Queue it, for members of one audience.

        :return: the `mailchimp.run`
        """
        run = self.env["mailchimp.run"]._open_run(
            audience.account_id, action, "user", audience
        )
        run.total = len(self)
        self._enqueue_act(audience, action, run)
        if action in LEAVING:
            run._brake(leave=len(self))
        return run

    def _enqueue_act(self, audience, action, run, run_after=None):
        """Queue what the user of the context decided about members of one audience.

        :param recordset run: the `mailchimp.run` to report to, if any
        :param datetime run_after: not before; now by default
        """
        kind = self.env["mailchimp.run"]._fields["kind"]
        kinds = dict(kind._description_selection(self.env))
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_act",
            name=f"{kinds[action]}: {audience.name}",
            identity=f"act:{audience.id}",
            run=run,
            account=audience.account_id,
            priority=PRIORITY_USER,
            run_after=run_after,
            args={
                "action": action,
                "run_id": run.id if run else False,
                "user_id": trusted(self.env, "mailchimp_user"),
                "evidence": trusted(self.env, "mailchimp_evidence"),
            },
        )

    def _job_act(self, action, run_id, user_id, evidence):
        """Do what a user decided about these members, some at a time.

        :param str action: opt_in, unsubscribe, archive or delete
        :param int run_id: the `mailchimp.run` to report to, if any; all members are
            looked at again after a crash: who is where they should be is left alone
        :param int user_id: who decided it
        :param dict evidence: what the ledger keeps
        :return: a generator with a checkpoint after each part
        """
        run = self.env["mailchimp.run"].browse(run_id or ())
        run._start()
        told = inside(mailchimp_user=user_id, mailchimp_evidence=evidence)
        for ids in split_every(CLAIM, self.ids, list):
            members = self.browse(ids).exists().with_context(**told)
            busy = members.filtered("batch_id")
            if free := members - busy:
                free._send_act(action, run)
            # Not those that a crash left in the very batch that does it.
            busy.filtered(lambda m: m.batch_id.act != action)._act_later(action, run)
            yield

    def _act_later(self, action, run):
        """Do it once Mailchimp is done with what is under way about these members."""
        for audience, members in self.grouped("audience_id").items():
            members._enqueue_act(
                audience, action, run, fields.Datetime.now() + BATCH_PAUSE
            )
