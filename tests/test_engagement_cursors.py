"""Engagement with real commits: nothing that happens meanwhile is lost."""

from odoo.tests import tagged

from .test_change_cursors import ChangeCursorsCase


@tagged("post_install", "-at_install")
class TestEngagementCursors(ChangeCursorsCase):
    """A report and the job that computes, each on a cursor of its own."""

    def setUp(self):
        super().setUp()
        self.campaign = self.world["mailchimp.campaign"].create(
            {
                "account_id": self.account.id,
                "audience_id": self.audience.id,
                "name": "Cursors",
                "status": "sent",
                "send_time": "2026-01-01 10:00:00",
            }
        )
        self.world.cr.commit()
        self.traces = {
            "mailchimp_engagement_mark": ("link", "mailchimp.member"),
            "mailchimp_campaign": ("id", self.campaign.id),
            **self.traces,
        }

    def report(self, env, *actions):
        """Let a report bring events, and commit."""
        rows = [
            {
                "campaign_id": self.campaign.id,
                "member_id": self.member.id,
                "email_id": self.member.subscriber_hash,
                "action": action,
                "occurred_at": "2026-01-01 10:00:00",
                "number": 0,
            }
            for action in actions
        ]
        events = env["mailchimp.campaign.activity"].create(rows)
        names = ("member_id", "action", "bounce_type", "occurred_at")
        news = events.read(names, load=None)
        campaign = env["mailchimp.campaign"].browse(self.campaign.id)
        env["mailchimp.campaign.report"]._on_new_activity(campaign, news)
        env.cr.commit()

    def figures(self):
        """Return what was received and opened: of member, contact and customer."""
        self.world.cr.rollback()
        self.world.invalidate_all()
        people = (self.member, self.contact, self.partner)
        return [(p.mailchimp_sent_count, p.mailchimp_opened_count) for p in people]

    def compute(self, env):
        """Return the steps of the job."""
        return env["mailchimp.engagement.mark"]._job_refresh()

    def test_what_comes_while_it_is_computed(self):
        self.report(self.session(), "sent")
        job = self.session()
        steps = self.compute(job)
        next(steps)
        self.report(self.session(), "open")
        job.cr.commit()
        self.assertEqual(self.figures(), [(1, 0)] * 3)
        for _step in steps:
            job.cr.commit()
        self.assertEqual(self.figures(), [(1, 1)] * 3)

    def test_a_step_that_is_lost_is_done_again(self):
        self.report(self.session(), "sent", "open")
        job = self.session()
        next(self.compute(job))
        job.cr.rollback()
        self.assertEqual(self.figures(), [(0, 0)] * 3)
        for _step in self.compute(job):
            job.cr.commit()
        self.assertEqual(self.figures(), [(1, 1)] * 3)
        marks = self.world["mailchimp.engagement.mark"].search_count([])
        self.assertFalse(marks)

    def test_reports_do_not_wait_for_the_job(self):
        self.report(self.session(), "sent")
        job, report = self.session(), self.session()
        next(self.compute(job))
        report.cr.execute("SET LOCAL lock_timeout = '5s'")
        self.report(report, "open")
        job.cr.commit()
        self.assertEqual(self.figures(), [(1, 0)] * 3)
