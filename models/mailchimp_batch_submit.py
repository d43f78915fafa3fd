import json
from datetime import timedelta

from odoo import fields, models

from ..const import CURSOR_LOOK_BACK_SECONDS
from ..exceptions import MailchimpNotFound, MailchimpRetryLater
from ..tools.coerce import as_map, parse_datetime, remote_id, small_integer
from ..tools.polling import pause_after


class MailchimpBatchSubmit(models.Model):
    """How a batch gets to Mailchimp, and how its end is noticed."""

    _inherit = "mailchimp.batch"

    # === SUBMIT === #

    def _job_submit(self):
        """Send the operations; that they may have been sent is known before they are.

        If the answer gets lost, the batch is looked for among those of Mailchimp: sent
        twice, the first one might overwrite with old values what came after the second.

        :return: a generator with a checkpoint before the request
        """
        if self.state not in ("new", "sending"):
            return
        was_sent = self.state == "sending"
        self.state = "sending"
        yield
        gateway = self.account_id._gateway()
        found = self._find_lost(gateway) if was_sent else None
        self.adopted = bool(found)
        self.mailchimp_id = found or self._submit(gateway)
        self.state, self.polls = "submitted", 0
        self._poll_later()

    def _submit(self, gateway):
        body = {
            "operations": [
                _operation(f"{self.token}:{number}", one)
                for number, one in (self.operations or {}).items()
            ]
        }
        answer = as_map(gateway.api.batches.start(body))
        if not answer.get("id"):
            raise MailchimpRetryLater("Mailchimp's answer could not be read.")
        return remote_id(answer["id"])

    def _find_lost(self, gateway):
        """Return the id of a batch that may be ours, None if there is none.

        Its results will tell; see `_job_poll`.
        """
        known = set(self.foreign_ids or ())
        known |= set(
            self.search([("mailchimp_id", "!=", False)]).mapped("mailchimp_id")
        )
        since = self.since or self.create_date - timedelta(days=1)
        since -= timedelta(seconds=CURSOR_LOOK_BACK_SECONDS)
        names = ("id", "submitted_at", "total_operations")
        pages = gateway.pages(
            gateway.api.batches.list,
            key="batches",
            fields=[f"batches.{name}" for name in names],
        )
        for page in pages:
            for item in map(as_map, page.items):
                at = parse_datetime(item.get("submitted_at"))
                total = small_integer(item.get("total_operations"))
                if at and at >= since and total in (0, len(self.operations or ())):
                    if remote_id(item.get("id")) not in known:
                        return remote_id(item["id"])
        return None

    # === POLL === #

    def _poll_later(self):
        after = fields.Datetime.now() + pause_after(self.polls)
        self._enqueue_job("_job_poll", run_after=after)

    def _job_poll(self):
        """Ask how far Mailchimp is, and take over the results when they are there.

        :return: a generator with a checkpoint after each part of the results
        """
        if self.state != "submitted":
            return
        gateway = self.account_id._gateway()
        try:
            status = as_map(gateway.api.batches.status(self.mailchimp_id))
        except MailchimpNotFound:
            self._lose("expired")
            return
        if status.get("status") != "finished":
            self.polls += 1
            self._poll_later()
            return
        yield from self._take_results(gateway, status)


def _operation(key, one):
    """Return an operation as Mailchimp takes it: its body is a text."""
    found = {"operation_id": key, "method": one["method"], "path": one["path"]}
    if one.get("body"):
        found["body"] = json.dumps(one["body"])
    if one.get("params"):
        found["params"] = one["params"]
    return found
