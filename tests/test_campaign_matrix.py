"""Every fault at every request, from the first save to what left: once, and told."""

from datetime import timezone

from odoo.tests import tagged

from .campaign_case import CampaignCase

KINDS = (
    "429_problem",
    "429_empty",
    "403_empty",
    "403_problem",
    "500_problem",
    "502_html",
    "503_akamai",
    "connection_reset",
    "empty_body",
    "broken_json",
    "truncated_body",
    "answer_lost",
)


@tagged("post_install", "-at_install")
class TestCampaignMatrix(CampaignCase):
    """One fault anywhere on the way of a campaign."""

    def run_to_end(self, campaign, schedule=False):
        """Press the button, and confirm what is asked; whatever happens is told.

        :return: what the last button showed
        """
        action = campaign.action_schedule() if schedule else campaign.action_send()
        for _time in range(3):
            if action.get("res_model") != "mailchimp.campaign.send":
                break
            wizard = campaign.env["mailchimp.campaign.send"].browse(action["res_id"])
            action = wizard.action_confirm()
        return action

    def requests_of(self, **options):
        """Return how many requests an undisturbed way has."""
        self.sandbox.monitor.requests.clear()
        self.run_to_end(self.new_campaign(name="Undisturbed"), **options)
        return len(self.sandbox.requests)

    def disturb(self, kind, position, **options):
        """Let one request fail, then try again as people do.

        :return: the campaign
        """
        campaign = self.new_campaign(name=f"{kind} {position}")
        fault = self.sandbox.faults.inject(kind, match="*", after=position)
        action = self.run_to_end(campaign, **options)
        self.assertEqual(fault.hits, 1)
        self.sandbox.faults.clear()
        self.assertToldTheTruth(campaign, self.told(action)[0])
        self.account.paused_until = False
        self.run_jobs()
        self.minutes_later()
        self.run_to_end(campaign, **options)
        return campaign

    def assertToldTheTruth(self, campaign, kind):
        """Good news mean that it left, bad news that it did not."""
        there = [
            remote
            for remote in self.remote_account.campaigns.values()
            if remote.settings["title"] == campaign.name
        ]
        left = any(remote.status in ("schedule", "sent") for remote in there)
        if kind in ("success", "danger"):
            self.assertEqual(left, kind == "success")
        self.assertEqual(kind == "success", not campaign.is_editable)

    def test_send(self):
        total = self.requests_of()
        self.assertGreater(total, 7)
        for kind in KINDS:
            for position in range(total):
                with self.subTest(kind=kind, position=position):
                    campaign = self.disturb(kind, position)
                    self.assertEqual(campaign.status, "sent")
                    self.assertEqual(self.there(campaign).sendings, 1)
        titles = [c.settings["title"] for c in self.remote_account.campaigns.values()]
        self.assertEqual(len(titles), len(set(titles)), "each was created once")
        self.assertEqual(self.account.state, "connected")

    def test_schedule(self):
        total = self.requests_of(schedule=True)
        for kind in ("502_html", "connection_reset", "answer_lost", "broken_json"):
            for position in range(total):
                with self.subTest(kind=kind, position=position):
                    campaign = self.disturb(kind, position, schedule=True)
                    self.assertEqual(campaign.status, "schedule")
                    self.assertEqual(self.there(campaign).status, "schedule")
                    self.assertEqual(
                        self.there(campaign).send_time,
                        campaign.send_time.replace(tzinfo=timezone.utc).timestamp(),
                    )
