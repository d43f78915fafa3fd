"""A person opens a report in the browser, in a real one."""

from odoo import SUPERUSER_ID
from odoo.tests import HttpCase, new_test_user, tagged

from .report_common import ReportCase


@tagged("post_install", "-at_install")
class TestReportTour(ReportCase, HttpCase):
    def run_jobs(self):
        """Run what is due; an HttpCase shares its cursor already."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            env = self.env(cr=cr, user=SUPERUSER_ID, context={})
            env["mailchimp.job"]._cron_run_jobs()
        self.env.invalidate_all()

    def test_open_the_report(self):
        new_test_user(
            self.env,
            login="mailchimp_reader",
            groups="base.group_user,mailchimp_connector.group_mailchimp_user",
        )
        remote = self.send(events=300)
        self.fetch_reports()

        self.start_tour(
            "/odoo/mailchimp-campaigns", "mailchimp_report", login="mailchimp_reader"
        )

        record = self.record(remote)
        self.assertEqual(record.report_state, "live")
        self.assertTrue(record.report_decided_until)
        self.run_everything()
        self.assertEqual(self.runs("reports")[0].state, "done")
        self.assertFigures(remote)
