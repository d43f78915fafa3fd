from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import split_every

from ..exceptions import (
    MailchimpAuthError,
    MailchimpError,
    MailchimpNotFound,
    MailchimpRetryLater,
)
from ..tools.coerce import as_map, remote_id
from ..tools.inside import IMPORTING
from .mailchimp_document import exact_now

# Our clock and Mailchimp's may differ by so much.
CLOCKS_APART = timedelta(minutes=10)
# Records, or contents, that are read one by one between two checkpoints.
SINGLES_A_STEP = 50
# How often what failed for the moment is tried, and how many in a row of those are
# troubles of single ones rather than of Mailchimp.
MOST_TRIES = 3
MOST_IN_A_ROW = 5


class MailchimpDocumentImport(models.AbstractModel):
    """How templates and campaigns come to Odoo: pages, what is missing, contents."""

    _inherit = "mailchimp.document"

    # === PAGES === #

    @api.model
    def _import_part(self, account, run, part, domain=(), **params):
        """Import what Mailchimp lists, then find out what became of the others.

        :param recordset account: `mailchimp.account`
        :param recordset run: the `mailchimp.run` that counts; its checkpoint tells how
            far this part is
        :param str part: the name of this part of the list
        :param domain: which records in Odoo belong to it
        :param params: of the list: which part, sorted by what new ones do not disturb
        :return: a generator with a checkpoint after each page
        """
        gateway = account._gateway()
        state = dict(run.checkpoint or {})
        begun = state.get(part) or {"offset": 0, "seen": [], "total": 0}
        seen, since = list(begun["seen"]), exact_now()
        for page in self._pages(gateway, begun["offset"], **params):
            seen += self._import_items(account, page.items, run, since)
            state[part] = {
                "offset": page.offset + len(page.items),
                "seen": seen,
                "total": page.total,
            }
            total = sum(of["total"] for of in state.values())
            run.write({"checkpoint": state, "total": total})
            yield
        missing = self.with_context(active_test=False).search(
            Domain("account_id", "=", account.id)
            & Domain("mailchimp_id", "not in", [False, *seen])
            & Domain("gone", "=", False)
            & Domain(domain)
        )
        for few in split_every(SINGLES_A_STEP, missing.ids, self.browse):
            few._refresh(run)
            yield

    @api.model
    def _pages(self, gateway, offset, **params):
        """Read the list from an offset on; see `Gateway.pages`."""
        return gateway.pages(
            self._remote_api(gateway, self._remote_method),
            key=self._remote_items,
            offset=offset,
            fields=[f"{self._remote_items}.{name}" for name in self._remote_fields],
            **params,
        )

    @api.model
    def _remote_api(self, gateway, name):
        return getattr(getattr(gateway.api, self._remote_group), name)

    # === SINGLE ONES === #

    def _refresh(self, run=None):
        """Read these records again, one request each, and take over what is said.

        What Mailchimp does not have any more is archived.

        :param recordset run: the `mailchimp.run` that counts and names them, if any
        :return: the records that differed
        :raise MailchimpError: the first other than that there is none
        """
        run = run if run is not None else self.env["mailchimp.run"]
        differed = self.browse()
        records = self.filtered("mailchimp_id")
        for account, of_account in records.grouped("account_id").items():
            found, gone = of_account._read_again(account._gateway())
            gone._miss()
            differed |= of_account._apply_remote(found, run) | gone
            run._count(updated=len(gone), done=len(gone))
            run._add_lines([record._gone_line() for record in gone])
        return differed

    def _read_again(self, gateway):
        """Ask Mailchimp for each of these records.

        :return: the payloads (list), and the records that it does not have
        """
        found, gone = [], self.browse()
        answers = gateway.map(
            self._remote_api(gateway, self._remote_get),
            [(record.mailchimp_id,) for record in self],
            fields=self._remote_fields,
        )
        for record, answer in zip(self, answers, strict=True):
            data = as_map(answer.data)
            if isinstance(answer.error, MailchimpNotFound):
                gone |= record
            elif answer.error:
                raise answer.error
            elif remote_id(data.get("id")) != record.mailchimp_id:
                raise MailchimpRetryLater("Mailchimp's answer could not be read.")
            elif data.get("active") is False:  # what Mailchimp keeps of a template
                gone |= record
            else:
                found.append(data)
        return found, gone

    def _gone_line(self):
        return {
            **self._line_of(),
            "state": "notice",
            "code": "gone",
            "reason": self.env._("It was deleted in Mailchimp."),
            "advice": self.env._("It was archived in Odoo; what it has was kept."),
        }

    def _line_of(self):
        return {"name": self.name, "res_model": self._name, "res_id": self.id}

    # === CREATED BY ODOO, AND NEVER ANSWERED === #

    @api.model
    def _adopt(self, account, items, run):
        """Link new payloads with records whose creation in Mailchimp went unanswered.

        :param recordset account: `mailchimp.account`
        :param list items: payloads that no record stands for
        :param recordset run: the `mailchimp.run` that counts
        :return: those that are left (list)
        :raise MailchimpRetryLater: when somebody is just saving one of them
        """
        all_vals = [self._values_from_mailchimp(item) for item in items]
        waiting = self.with_context(active_test=False).search(
            [
                ("account_id", "=", account.id),
                ("mailchimp_id", "=", False),
                ("name", "in", [vals["name"] for vals in all_vals]),
            ]
        )
        left = []
        for vals, item in zip(all_vals, items, strict=True):
            record = waiting.filtered(lambda one, v=vals: one._is_lost(v))[:1]
            if not record:
                left.append(item)
                continue
            if not record.try_lock_for_update():
                raise MailchimpRetryLater("It is being saved right now.", status=409)
            waiting -= record
            # It may as well be somebody else's: a person looks before it is changed.
            record._connector_write(
                {"mailchimp_id": vals["mailchimp_id"], "remote_changed": True}
            )
            record._apply_remote([item], run)
        return left

    def _is_lost(self, vals):
        """Tell whether a payload is this record, as far as can be told.

        :param dict vals: what Mailchimp says of something that Odoo does not know
        """
        created = vals.get("date_created") or vals.get("create_time")
        if self.name != vals["name"] or not created:
            return False
        since = self._waiting_since()
        return bool(since and created >= since - CLOCKS_APART)

    def _waiting_since(self):
        """Return when Mailchimp was asked to create this, without an answer, or None.

        Whatever was read or saved since then tells what became of it.
        """
        times = self.env["mailchimp.attempt"]._times(self, "create")
        known = self.exchanged_at
        return next((at for at in times if not known or at > known), None)

    def _try_to_create(self, create, body):
        """Ask Mailchimp to create this, noting before that Odoo does.

        :param create: method of the client
        :return: the answer
        :raise MailchimpError:
        """
        attempts = self.env["mailchimp.attempt"]
        tried_at = attempts._note(self, "create")
        try:
            return create(body)
        except MailchimpError as error:
            if not isinstance(error, MailchimpRetryLater) or error.throttled:
                attempts._forget(self, "create", tried_at)  # nothing was created
            raise

    # === CONTENTS === #

    def _read_contents(self, run):
        """Read what is in these records of one account, several at a time.

        One that fails is named in the run, the rest goes on. What may succeed later is
        tried again by the job, a few times.

        :param recordset run: the `mailchimp.run`, whose checkpoint says which are left
        :return: a generator with a checkpoint after every few
        :raise MailchimpRetryLater: when some are to be tried again
        """
        state = dict(run.checkpoint or {})
        content = state.setdefault("content", {"total": 0, "tries": 0})
        left = self.browse(content.get("left", self.ids)).exists()
        late, in_a_row, error, since = [], 0, None, exact_now()
        answers = left._contents()
        for number, (record, answer) in enumerate(zip(left, answers, strict=True), 1):
            if isinstance(answer.error, MailchimpRetryLater):
                late.append(record.id)
                error, in_a_row = answer.error, in_a_row + 1
                if error.throttled or in_a_row > MOST_IN_A_ROW:
                    raise error
            elif not record._is_newer(since):
                in_a_row = 0
                record._take_content(answer, run)
            if number % SINGLES_A_STEP == 0:
                content["left"] = late + left[number:].ids
                run.checkpoint = state
                yield
        content.update(left=late, tries=content["tries"] + 1)
        run.checkpoint = state
        yield
        if late and content["tries"] < MOST_TRIES:
            raise error
        self.browse(late)._note_unread(error, run)
        left.filtered(lambda record: not record.to_read)._close_logs("solved")

    def _contents(self):
        """Ask Mailchimp for the contents of these records; see `Gateway.map`."""
        if not self:
            return iter(())
        gateway = self.account_id._gateway()
        return gateway.map(
            self._remote_api(gateway, self._remote_content),
            [(record.mailchimp_id,) for record in self],
        )

    def _take_content(self, answer, run):
        """Store the content of this record, or say why there is none.

        :param answer: of `Gateway.map`; its error, if any, is one that lasts
        """
        self.ensure_one()
        if self._keeps_content():
            return
        if isinstance(answer.error, MailchimpNotFound):
            self._miss()
            run._add_lines([self._gone_line()])
        elif isinstance(answer.error, MailchimpAuthError):
            raise answer.error
        elif answer.error:
            self._note_unread(answer.error, run)
        else:
            vals = self._content_values(as_map(answer.data))
            # sudo: buttons of users get here, too; only the connector writes `to_read`.
            record = self.sudo().with_context(**IMPORTING)
            record._write_changed(dict(vals, to_read=False))

    def _note_unread(self, error, run):
        """Say that the content of these records could not be read; it is tried again.

        :param MailchimpError error: why
        :param recordset run: the `mailchimp.run` that names them
        """
        self._close_logs("repeated")
        # sudo: buttons of users get here, too; only the connector writes `to_read`.
        unread = self.filtered(lambda record: not record.to_read).sudo()
        unread.with_context(**IMPORTING).write({"to_read": True})
        run._add_lines(
            [
                {
                    **record._line_of(),
                    "code": "unread",
                    "reason": self.env._("Its content could not be read: %s", error),
                    "advice": self.env._("The next import tries it again."),
                }
                for record in self
            ]
        )

    def _close_logs(self, resolution):
        """Close the logs that say that the content of these could not be read.

        :param str resolution: what became of it
        """
        # sudo: only the connector writes logs.
        lines = self.env["mailchimp.run.line"].sudo()
        lines.search(
            [
                ("resolution", "=", "open"),
                ("code", "=", "unread"),
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
            ]
        ).write({"resolution": resolution})
