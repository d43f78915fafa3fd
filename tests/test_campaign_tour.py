"""From an empty form to a scheduled campaign, in a real browser."""

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from .campaign_case import CampaignCase


@tagged("post_install", "-at_install")
class TestCampaignTour(CampaignCase, HttpCase):
    def run_jobs(self):
        """Run what is due; an HttpCase shares its cursor already."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            env = self.env(cr=cr)
            env["mailchimp.job"]._cron_run_jobs()
        self.env.invalidate_all()

    def test_design_to_scheduled(self):
        """A user without any other right designs a campaign, and schedules it."""
        new_test_user(
            self.env,
            login="mailchimp_user",
            groups="base.group_user,mailchimp_connector.group_mailchimp_user",
        )
        self.list.write(
            {"from_name": "Nordwind Outdoor", "from_email": "news@nordwind.example"}
        )
        body = "<p>Dear reader, you are <t t-out='object.email'></t>.</p>"
        self.env["mailing.mailing"].create(
            {
                "subject": "Harvest",
                "mailing_model_id": self.env["ir.model"]._get_id("mailing.list"),
                "contact_list_ids": [Command.set(self.list.mailing_list_id.ids)],
                "body_arch": body,
                "body_html": body,
            }
        )

        self.start_tour(
            "/odoo/mailchimp-campaigns", "mailchimp_campaign", login="mailchimp_user"
        )

        campaign = self.env["mailchimp.campaign"].search([])
        self.assertEqual(campaign.status, "schedule")
        there = self.there(campaign)
        self.assertEqual(there.status, "schedule")
        self.assertIn("you are *|EMAIL|*", there.html)
        self.assertEqual(there.settings["from_name"], "Nordwind Outdoor")
