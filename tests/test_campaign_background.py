"""Several campaigns are saved to Mailchimp in the background."""

from odoo.tests import tagged

from .campaign_case import CampaignCase


@tagged("post_install", "-at_install")
class TestCampaignBackground(CampaignCase):
    """One job for all, which none of them holds up."""

    def setUp(self):
        super().setUp()
        self.campaigns = self.env["mailchimp.campaign"]
        for name in ("One", "Two", "Three"):
            self.campaigns |= self.saved_campaign(name=name)
        self.campaigns.subject = "Later news"

    def jobs(self):
        """Return the jobs that save campaigns, the oldest first."""
        jobs = self.env["mailchimp.job"].search([("method", "=", "_job_push")])
        return jobs.sorted("id")

    def subjects(self):
        return [self.there(c).settings["subject_line"] for c in self.campaigns]

    def test_one_job_for_all(self):
        self.campaigns.action_push()
        self.assertEqual(self.jobs().mapped("res_ids"), [self.campaigns.ids])
        self.run_jobs()
        self.assertEqual(self.subjects(), ["Later news"] * 3)
        self.env.invalidate_all()
        self.assertEqual(self.jobs().state, "done")

    def test_a_job_for_each_account(self):
        other = self.new_account("Other", self.remote_account.api_key)
        twin = self.campaigns.create({"account_id": other.id, "name": "Twin"})
        (self.campaigns | twin).action_push()
        self.assertEqual(self.jobs().account_id, self.account | other)
        self.assertEqual(self.jobs().mapped("res_ids"), [self.campaigns.ids, twin.ids])

    def test_one_without_an_answer_does_not_keep_the_others(self):
        first = self.campaigns[0].mailchimp_id
        match = f"* /campaigns/{first}"
        self.sandbox.faults.inject("500_problem", match=match, times=None)
        self.campaigns.action_push()
        self.run_jobs()
        before, *others = self.subjects()
        self.assertEqual(before, "News of November")
        self.assertEqual(others, ["Later news"] * 2)
        self.env.invalidate_all()
        self.assertEqual(self.jobs().state, "pending")
        self.sandbox.faults.clear()
        before = len(self.sandbox.requests)
        self.jobs().action_run_now()
        self.run_jobs()
        self.assertEqual(self.subjects(), ["Later news"] * 3)
        changed = [r for r in self.sandbox.requests[before:] if r.method == "PATCH"]
        self.assertEqual([r.path for r in changed], [f"/campaigns/{first}"])

    def test_an_outage_is_not_asked_about_each_of_them(self):
        self.sandbox.faults.inject("500_problem", times=None)
        self.campaigns.action_push()
        before = len(self.sandbox.requests)
        self.run_jobs()
        asked = {r.path for r in self.sandbox.requests[before:]}
        paths = {f"/campaigns/{campaign.mailchimp_id}" for campaign in self.campaigns}
        self.assertEqual(len(asked & paths), 2)
        self.env.invalidate_all()
        self.assertEqual(self.jobs().state, "pending")
