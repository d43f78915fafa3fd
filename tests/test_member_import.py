"""Members from Mailchimp to Odoo, against the sandbox over real HTTP."""

from odoo.tests import tagged

from .common import MailchimpCase

STATUSES = (
    "subscribed",
    "unsubscribed",
    "cleaned",
    "pending",
    "transactional",
    "archived",
)


@tagged("post_install", "-at_install")
class TestFirstImport(MailchimpCase):
    """What a first fetch leaves behind."""

    def test_every_status_is_kept_apart(self):
        for number, status in enumerate(STATUSES):
            for index in range(number + 1):
                self.remote.add_member(f"{status}{index}@a.example", status)
        audience = self.import_audiences()
        counts = {status: audience[f"{status}_count"] for status in STATUSES}
        self.assertEqual(counts, {s: n + 1 for n, s in enumerate(STATUSES)})
        self.assertEqual(audience.total_count, 1 + 2 + 4 + 5)
        run = self.runs()
        self.assertEqual(run.state, "done")
        self.assertEqual((run.total, run.done, run.created), (21, 21, 21))
