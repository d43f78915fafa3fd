"""The base class of the tests of what campaigns lead to."""

from datetime import timedelta

from odoo import fields

from odoo.addons.mailchimp_connector.tools.subscriber import subscriber_hash

from .common import MailchimpCase

ANN, BEN, EVE = "ann@a.example", "ben@a.example", "eve@a.example"


class ActivityCase(MailchimpCase):
    """Three members, and campaigns that were sent to them, one a week."""

    def setUp(self):
        super().setUp()
        for name in ("ann", "ben", "eve"):
            email = f"{name}@a.example"
            self.remote.add_member(email, merge_fields={"FNAME": name})
        self.import_audiences()
        self.env.invalidate_all()
        self.now = fields.Datetime.now().replace(microsecond=0)

    def campaign(self, weeks_ago=0, to=(ANN, BEN, EVE), **vals):
        """Create a campaign that was sent."""
        number = self.env["mailchimp.campaign"].search_count([])
        sent_at = self.now - timedelta(weeks=weeks_ago, hours=6)
        campaign = self.env["mailchimp.campaign"].create(
            {
                "account_id": self.account.id,
                "audience_id": self.audience().id,
                "name": f"News {number}",
                "mailchimp_id": f"{number:010x}",
                "status": "sent",
                "send_time": sent_at,
                "emails_sent": len(to),
                **vals,
            }
        )
        self.happen(campaign, "sent", *to, after=timedelta())
        return campaign

    def happen(self, campaign, action, *emails, after=timedelta(hours=1), **vals):
        """Let something that people did become known, as the report of a campaign does.

        What is known is left alone, and nobody is told of it.
        """
        Activity = self.env["mailchimp.campaign.activity"]
        hashes = {subscriber_hash(email) for email in emails}
        event = {
            "campaign_id": campaign.id,
            "action": action,
            "occurred_at": campaign.send_time + after,
            "number": 0,
        }
        same = [(name, "=", value) for name, value in event.items()]
        hashes -= set(Activity.search(same).mapped("email_id"))
        members = self.env["mailchimp.member"].search(
            [("audience_id", "=", campaign.audience_id.id), ("forgotten", "=", False)]
        )
        ids = {member.subscriber_hash: member.id for member in members}
        news = Activity.create(
            [
                {**event, **vals, "email_id": hash_, "member_id": ids.get(hash_)}
                for hash_ in sorted(hashes)
            ]
        )
        if news:
            names = ("member_id", "action", "bounce_type", "occurred_at")
            rows = [
                {**row, "member_id": row["member_id"] or None}
                for row in news.read(names, load=None)
            ]
            self.env["mailchimp.campaign.report"]._on_new_activity(campaign, rows)

    def compute(self):
        """Run the queue, which computes the engagement."""
        self.run_jobs()
        self.env.invalidate_all()
