"""Reports are read by processes that are killed, and by two of them at once."""

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.sandbox import activity

from .common import KEY
from .crash_case import CrashCase
from .report_common import second

MEMBERS = 160
EVENTS = 1200
HELD = """
    SELECT c.mailchimp_id, a.email_id, a.action, a.occurred_at, COALESCE(a.url, ''),
           COALESCE(a.bounce_type, ''), a.member_id IS NOT NULL
      FROM mailchimp_campaign_activity a
      JOIN mailchimp_campaign c ON c.id = a.campaign_id"""


@tagged("post_install", "-at_install")
class TestReportCrash(CrashCase):
    page_size = 16

    @classmethod
    def fill(cls):
        # pylint: disable=missing-return
        super().fill()
        audience = cls.sandbox.add_account(KEY).add_audience("Newsletter")
        audience.fill(MEMBERS)
        # Opens and clicks only: whoever leaves would be read again, one by one.
        cls.sent = [
            activity.send(audience, f"Letter {n}", EVENTS, shares={"click": 30})
            for n in range(2)
        ]

    @classmethod
    def arrange(cls, worker):
        worker.do("connect", cls.sandbox.url, KEY)
        for command in ("work", "campaigns", "work", "reports"):
            worker.do(command)

    def done(self):
        """Count the rows that were committed."""
        return len(self.ask(HELD))

    def there(self):
        """Return what happened in Mailchimp, as `HELD` does."""
        found = []
        for sent in self.sent:
            at = second(sent.send_time)
            found += [
                (sent.id, person["email_id"], "sent", at, "", "", True)
                for person in sent.recipients
            ]
            found += [
                (sent.id, one["id"], one["action"], second(one["at"]))
                + (one.get("url", ""), one.get("type", ""), True)
                for one in sent.events
            ]
        return sorted(found)

    def assertComplete(self):
        self.assertEqual(sorted(self.ask(HELD)), self.there())
        states = self.ask("SELECT state FROM mailchimp_run WHERE kind = 'reports'")
        self.assertEqual(states, [("done",)])

    def test_killed_and_resumed(self):
        seconds = self.work()
        self.assertComplete()
        for done in self.crashes(seconds):
            with self.subTest(rows=done):
                self.work()
                self.assertComplete()

    def test_two_workers(self):
        self.work(workers=2)
        self.assertComplete()
