from odoo import models

from ..exceptions import (
    MailchimpAuthError,
    MailchimpNotFound,
    MailchimpRetryLater,
)
from ..tools.coerce import as_map
from ..tools.inside import IMPORTING
from .mailchimp_document import exact_now
from .mailchimp_document_import import SINGLES_A_STEP

# How often what failed for the moment is tried, and how many in a row of those are
# troubles of single ones rather than of Mailchimp.
MOST_TRIES = 3
MOST_IN_A_ROW = 5


class MailchimpDocumentContent(models.AbstractModel):
    """What is in templates and campaigns: read on its own, a request for each."""

    _inherit = "mailchimp.document"

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
            self._take_over_content(as_map(answer.data))

    def _take_over_content(self, data):
        """Write what Mailchimp says is in this record.

        :param dict data: its answer about the content
        """
        vals = self._content_values(data)
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
