import sys
from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.mailchimp_connector.exceptions import (
    MailchimpAuthError,
    MailchimpRejected,
)

from .job_common import JOB_LOGGERS, JobCase, out_of_order


@tagged("post_install", "-at_install")
class TestRunState(JobCase):
    """The state of a run follows from its jobs."""

    def setUp(self):
        super().setUp()
        self.run_record = self.new_run()

    def _finish(self, *bodies):
        for body in bodies:
            self.enqueue(body, run=self.run_record)
        self.run_queue()
        return self.run_record.state

    def test_done(self):
        self.assertEqual(self._finish("x", "y"), "done")
        self.assertTrue(self.run_record.finished_at)
        self.assertEqual(self.run_record.progress, 100)

    @mute_logger(*JOB_LOGGERS)
    def test_failed(self):
        self.assertEqual(self._finish("x", MailchimpRejected("No."), "y"), "failed")
        self.assertEqual(self.run_record.message, "No.")
        self.assertEqual(self.log, ["x", "y"])
        self.assertEqual(self.run_record.failed_job_count, 1)

    def test_waiting(self):
        self.assertEqual(self._finish("x", out_of_order()), "pending")
        job = self.run_record.job_ids.filtered("attempts")
        self.assertEqual(self.run_record.message, "Mailchimp is down")
        self.assertEqual(
            self.run_record.next_try_at, max(job.run_after, self.account.paused_until)
        )
        self.assertFalse(self.run_record.finished_at)

    def test_waiting_for_a_person(self):
        self._finish(MailchimpAuthError("Wrong key."))
        self.assertEqual(self.run_record.message, "Wrong key.")
        self.assertFalse(self.run_record.next_try_at, "It does not go on by itself")

    def test_partly_cancelled(self):
        self.enqueue("x", run=self.run_record)
        self.enqueue("y", run=self.run_record).action_cancel()
        self.assertEqual(self.run_record.state, "pending")
        self.run_queue()
        self.assertEqual(self.run_record.state, "done")

    def test_all_cancelled(self):
        job = self.enqueue("x", run=self.run_record)
        job.action_cancel()
        self.assertEqual(self.run_record.state, "cancelled")
        job.action_retry()
        self.assertEqual(self.run_record.state, "running")
        self.run_queue()
        self.assertEqual((self.run_record.state, self.log), ("done", ["x"]))

    def test_job_that_queues_another_keeps_the_run_open(self):
        states = []

        def inner(records):
            states.append(self.run_record.with_env(records.env).state)

        def outer(records):
            run = self.run_record.with_env(records.env)
            self.enqueue(inner, records=records, run=run)

        self.assertEqual(self._finish(outer), "done")
        self.assertEqual(states, ["pending"])

    def test_cancel(self):
        jobs = [self.enqueue("x", run=self.run_record) for _time in range(3)]
        self.run_record.action_cancel()
        self.run_queue()
        self.assertEqual({job.state for job in jobs}, {"cancelled"})
        self.assertEqual((self.run_record.state, self.log), ("cancelled", []))

    def test_pause_and_resume(self):
        self.enqueue("x", run=self.run_record)
        self.run_record.action_pause()
        self.run_queue()
        self.assertFalse(self.log)
        self.forget_triggers()
        self.run_record.action_resume()
        self.assertEqual(self.run_record.state, "pending")
        self.assertTrue(self.triggers())
        self.run_queue()
        self.assertEqual(self.run_record.state, "done")

    def test_resume_of_a_run_that_had_begun(self):
        self.run_record._start()
        self.run_record.action_pause()
        self.run_record.action_resume()
        self.assertEqual(self.run_record.state, "running")

    def test_buttons_leave_finished_runs_alone(self):
        self._finish("x")
        for button in ("action_pause", "action_resume", "action_cancel"):
            getattr(self.run_record, button)()
            self.assertEqual(self.run_record.state, "done", button)

    @mute_logger(*JOB_LOGGERS)
    def test_retry_failed_repeats_nothing_else(self):
        fixed = []

        def fail(records):
            if not fixed:
                raise MailchimpRejected("No.")
            self.log.append("fixed")

        self._finish("x", fail, "y")
        fixed.append(True)
        self.run_record.action_retry_failed()
        self.assertFalse(self.run_record.message)
        self.run_queue()
        self.assertEqual(self.log, ["x", "y", "fixed"])
        self.assertEqual(self.run_record.state, "done")

    def test_user_may_press_the_buttons_of_their_company(self):
        user = new_test_user(
            self.env, "user", "base.group_user,mailchimp_connector.group_mailchimp_user"
        )
        self.enqueue("x", run=self.run_record)
        run = self.run_record.with_user(user)
        for button, state in (
            ("action_pause", "paused"),
            ("action_resume", "pending"),
            ("action_cancel", "cancelled"),
        ):
            getattr(run, button)()
            self.assertEqual(run.state, state)
        run.job_ids.action_retry()
        self.assertEqual(run.state, "running")

    def test_views_of_what_belongs_to_it(self):
        for button, model in (
            ("action_view_lines", "mailchimp.run.line"),
            ("action_view_jobs", "mailchimp.job"),
        ):
            action = getattr(self.run_record, button)()
            self.assertEqual(action["res_model"], model)
            self.assertEqual(action["domain"], [("run_id", "=", self.run_record.id)])


@tagged("post_install", "-at_install")
class TestRunCounts(JobCase):
    """A run counts what happened, and keeps a line for what did not."""

    def test_counts_add_up(self):
        run = self.new_run()
        run._count(done=2, created=1)
        run._count(done=3, created=0, updated=2)
        self.assertEqual((run.done, run.created, run.updated), (5, 1, 2))

    def test_progress(self):
        run = self.new_run()
        self.assertEqual(run.progress, 0)
        run.total = 8
        run._count(done=2)
        self.assertEqual(run.progress, 25)
        run._count(done=20)
        self.assertEqual(run.progress, 100)

    def test_lines(self):
        run = self.new_run()
        lines = [
            {"name": "a", "reason": "r"},
            {"name": "b", "reason": "r", "state": "skipped"},
            {"name": "c", "reason": "r", "state": "notice"},
        ]
        run._add_lines(lines)
        self.assertEqual((run.failed, run.skipped, run.line_count), (1, 1, 3))
        self.assertEqual(run.line_ids.mapped("company_id"), self.account.company_id)

    def test_line_opens_its_record(self):
        run = self.new_run()
        vals = {"res_model": "res.partner", "res_id": self.partner.id}
        run._add_lines([{"name": "a", "reason": "r", **vals}])
        action = run.line_ids.action_open_record()
        self.assertEqual(action["res_model"], "res.partner")
        self.assertEqual(action["res_id"], self.partner.id)

    def test_without_a_run_nothing_is_counted(self):
        no_run = self.env["mailchimp.run"]
        no_run._count(done=1)
        no_run._add_lines([{"name": "a", "reason": "r"}])
        self.assertFalse(self.env["mailchimp.run.line"].search([]))


@tagged("post_install", "-at_install")
class TestRetention(JobCase):
    """What is over is forgotten in time, by Odoo's own housekeeping."""

    def _vacuum(self):
        cron = self.env.ref("base.autovacuum_job")
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            vacuum = self.env(cr=cr, context={"cron_id": cron.id})["ir.autovacuum"]
            vacuum._run_vacuum_cleaner()

    def _aged(self, record, state, days):
        ago = fields.Datetime.now() - timedelta(days=days)
        record.write({"state": state, "finished_at": ago})
        return record

    def test_jobs(self):
        kept = self.Job
        for state, days in (("done", 29), ("cancelled", 29), ("failed", 89)):
            kept |= self._aged(self.enqueue("x"), state, days)
            self._aged(self.enqueue("x"), state, days + 2)
        kept |= self.enqueue("x", run_after=fields.Datetime.now() - timedelta(days=365))
        self._vacuum()
        self.assertEqual(self.Job.search([]), kept.sorted())

    def test_runs(self):
        old, young = self.new_run(), self.new_run()
        for run, days in ((old, 181), (young, 179)):
            run._add_lines([{"name": "a", "reason": "r"}])
            self._aged(run, "done", days)
        waiting = self.new_run()
        self._vacuum()
        self.assertEqual(self.env["mailchimp.run"].search([]), waiting | young)
        self.assertEqual(self.env["mailchimp.run.line"].search([]).run_id, young)

    def test_more_than_one_round(self):
        self.patch_limit("mailchimp_job_outcome", 2)
        for _time in range(5):
            self._aged(self.enqueue("x"), "done", 31)
        self.assertEqual(self.Job._gc_finished(), (2, True))
        self._vacuum()
        self.assertFalse(self.Job.search([]))

    def patch_limit(self, module, limit):
        """Let housekeeping delete fewer records at a time."""
        name = f"odoo.addons.mailchimp_connector.models.{module}"
        self.patch(sys.modules[name], "GC_UNLINK_LIMIT", limit)
