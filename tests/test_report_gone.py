"""Reports of what is deleted while they are read."""

from odoo.tests import tagged

from .report_common import ReportCase


@tagged("post_install", "-at_install")
class TestGoneMeanwhile(ReportCase):
    people_count = 6

    def failed(self):
        self.env.invalidate_all()
        jobs = self.env["mailchimp.job"].search([("state", "=", "failed")])
        return jobs.mapped("error")

    def queue(self, campaigns, batch):
        run = self.env["mailchimp.run"]._open_run(self.account, "reports", "user")
        Report = self.env["mailchimp.campaign.report"]
        for campaign in campaigns:
            campaign.write({"opens_total": 1, "emails_sent": 6})
        if batch:
            Report._enqueue_batch(campaigns, run, f"batch:{campaigns[:1].id}", 5)
        else:
            Report._enqueue_one(campaigns, run, 5)
        return run

    def test_campaign_deleted(self):
        for batch in (False, True):
            with self.subTest(batch=batch):
                self.send(f"one{batch}", 30)
                campaign = self.env["mailchimp.campaign"].search([], limit=1)
                run = self.queue(campaign, batch)
                campaign.unlink()
                self.run_everything()
                self.assertEqual(self.failed(), [])
                self.assertNotIn(run.state, ("running", "pending"), run.state)

    def test_one_of_a_batch_deleted(self):
        first, second = self.send("a", 30), self.send("b", 30)
        self.by_batch()
        run = self.account._start_fetch_reports("user", 5)
        self.run_jobs()
        self.record(first).unlink()
        self.run_everything()
        self.assertEqual(self.failed(), [])
        self.assertActivity(second)
        self.assertEqual(run.state, "done")

    def test_audience_deleted(self):
        sent = self.send("a", 30)
        self.queue(self.record(sent), False)
        self.audience().unlink()
        self.run_everything()
        self.assertEqual(self.failed(), [])

    def test_account_deleted(self):
        sent = self.send("a", 30)
        self.queue(self.record(sent), True)
        self.run_jobs()
        self.account.unlink()
        self.env.flush_all()
        self.run_jobs()
        self.assertEqual(self.failed(), [])

    def test_comparing_forgets_no_batch(self):
        """A batch that another worker submitted between two pages stays known."""
        sent = self.send("a", 30)
        run = self.env["mailchimp.run"]._open_run(self.account, "reports", "user")
        steps = self.account._job_fetch_reports(run.id, "live", [], 5)
        next(steps)
        self.env["mailchimp.campaign.report"]._note(run, "batch:1", id="abc", polls=0)
        for _step in steps:
            pass
        self.assertIn("batch:1", run.checkpoint)
        self.assertTrue(sent)

    def test_sent_while_it_was_edited_in_odoo(self):
        """What its report tells first: what stands in Odoo is not what left."""
        edited, other = self.record(self.send("a", 30)), self.record(self.send("b", 30))
        (edited | other).write({"status": "save", "send_time": False})
        edited.subject = "Never sent"
        self.account._start_fetch_reports("user", 5)
        self.run_everything()
        self.env.invalidate_all()
        self.assertEqual((edited | other).mapped("status"), ["sent", "sent"])
        self.assertTrue(edited.remote_changed)
        self.assertFalse(other.remote_changed)
        edited.action_take_mailchimp()
        self.assertNotEqual(edited.subject, "Never sent")
