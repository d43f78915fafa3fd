"""The base class of the tests of reports, and what they compare."""

from datetime import datetime, timezone
from unittest.mock import patch

from odoo import fields

from odoo.addons.mailchimp_connector.sandbox import activity, clock, report

from .common import MailchimpCase

MODELS = "odoo.addons.mailchimp_connector.models"


def second(at):
    """Return seconds since the epoch as Odoo keeps times; False for none."""
    return (
        datetime.fromtimestamp(at, timezone.utc).replace(tzinfo=None) if at else False
    )


class ReportCase(MailchimpCase):
    """Campaigns that were sent, and what Odoo knows of them."""

    people_count = 12

    def setUp(self):
        super().setUp()
        for number in range(self.people_count):
            self.remote.add_member(f"person{number}@harbour.example")
        self.import_audiences()

    # === ACTIONS === #

    def send(self, title="Letter", events=0, known=True, **options):
        """Send a campaign in Mailchimp; by default Odoo knows it."""
        remote = activity.send(self.remote, title, events, **options)
        if known:
            self.know(remote)
        return remote

    def know(self, remote, account=None, audience=None):
        """Create a campaign in Odoo, as an import does."""
        campaigns = self.env["mailchimp.campaign"]
        return campaigns.create(
            {
                **campaigns._values_from_mailchimp(remote.document()),
                "account_id": (account or self.account).id,
                "audience_id": (audience or self.audience()).id,
            }
        )

    def record(self, remote):
        """Find the campaign in Odoo."""
        domain = [("mailchimp_id", "=", remote.id)]
        return self.env["mailchimp.campaign"].search(domain)

    def fetch_reports(self, scope="live", campaigns=None):
        """Fetch reports, and all that follows.

        :return: the run
        """
        run = self.account._start_fetch_reports("user", 5, scope, campaigns)
        self.run_everything()
        return run

    def run_everything(self):
        """Run the queue, what waits for a while as well, until it is empty."""
        jobs = self.env["mailchimp.job"]
        for _round in range(30):
            pending = jobs.search([("state", "=", "pending")])
            if not pending:
                return
            pending.run_after = fields.Datetime.now()
            self.account.paused_until = False
            self.sandbox.batches.wait()
            self.run_jobs()
            self.env.invalidate_all()
        self.fail(f"The queue does not become empty: {pending.mapped('error')}")

    def patch_size(self, size=5):
        """Let reports have several pages."""
        for name in ("fetch", "read"):
            module = f"{MODELS}.mailchimp_report_{name}"
            self.startPatcher(patch(f"{module}.PAGE_SIZE", size))

    def by_batch(self, recipients=1):
        """Let campaigns of so many recipients be read by a batch."""
        module = f"{MODELS}.mailchimp_report_batch"
        self.startPatcher(patch(f"{module}.MANY_RECIPIENTS", recipients))

    # === WHAT CAME OF IT === #

    def requests(self, path="/reports"):
        """Return the requests for reports: list of (path, query), batches aside."""
        return [
            (request.path, request.query)
            for request in self.sandbox.requests
            if path in request.path and not request.in_batch
        ]

    def assertFigures(self, remote):
        """Odoo shows what Mailchimp's report says."""
        data, record = report.document(remote), self.record(remote)
        for name, there in (
            ("emails_sent", data["emails_sent"]),
            ("abuse_reports", data["abuse_reports"]),
            ("unsubscribed", data["unsubscribed"]),
            ("report_share_url", data["share_report"]["share_url"] or False),
            ("facebook_likes", data["facebook_likes"]["facebook_likes"]),
            ("facebook_recipient_likes", data["facebook_likes"]["recipient_likes"]),
            ("facebook_unique_likes", data["facebook_likes"]["unique_likes"]),
            ("industry_type", data["industry_stats"]["type"]),
            ("list_sub_rate", data["list_stats"]["sub_rate"]),
            ("list_unsub_rate", data["list_stats"]["unsub_rate"]),
            ("last_open", second(remote_last(remote, "open"))),
            ("last_click", second(remote_last(remote, "click"))),
            *data["bounces"].items(),
            *data["forwards"].items(),
            *((k, data["opens"][k]) for k in ("opens_total", "unique_opens")),
            *((k, v) for k, v in data["clicks"].items() if k != "last_click"),
            ("open_rate", data["opens"]["open_rate"]),
            *((k, data["ecommerce"][k]) for k in data["ecommerce"] if "total" in k),
        ):
            self.assertEqual(record[name], there, name)
        for name, there in data["industry_stats"].items():
            if name != "type":
                self.assertEqual(record[f"industry_{name}"], there, name)
        for name in ("open_rate", "click_rate"):
            there = data["list_stats"][name]
            self.assertAlmostEqual(record[f"list_{name}"] * 100, there, msg=name)

    def assertActivity(self, remote):
        """Odoo holds what people did in Mailchimp: all of it, and each once."""
        self.assertEqual(self.held(remote), self.there(remote))

    def held(self, remote):
        """Return what Odoo holds: sorted (who, what, when, link, kind, why)."""
        self.env.cr.execute(
            """SELECT email_id, action, occurred_at, COALESCE(url, ''),
                      COALESCE(bounce_type, ''), COALESCE(reason, '')
                 FROM mailchimp_campaign_activity WHERE campaign_id = %s""",
            [self.record(remote).id],
        )
        return sorted(self.env.cr.fetchall())

    def there(self, remote):
        """Return what happened in Mailchimp, as `held` does."""
        who = [person["email_id"] for person in remote.recipients]
        events = [
            (
                event["id"],
                event["action"],
                second(event["at"]),
                event.get("url", ""),
                event.get("type", ""),
                event.get("reason", ""),
            )
            for event in remote.events
        ]
        sent = second(remote.send_time)
        return sorted([*events, *((id_, "sent", sent, "", "", "") for id_ in who)])

    def versions(self, remote):
        """Return the version of each row of activity: another one was written."""
        self.env.cr.execute(
            "SELECT ctid::text, xmin::text, xmax::text FROM mailchimp_campaign_activity"
            " WHERE campaign_id = %s ORDER BY id",
            [self.record(remote).id],
        )
        return self.env.cr.fetchall()


def remote_last(remote, action):
    """Return when something happened last, 0 if it never did."""
    return max((event["at"] for event in remote.of(action)), default=0)


def day(number):
    """Return so many days in seconds."""
    return number * clock.DAY
