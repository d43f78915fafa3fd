import signal

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mailchimp_connector.exceptions import MailchimpRejected
from odoo.addons.mailchimp_connector.models.mailchimp_job_engine import Worker

from .job_common import JOB_LOGGERS, CommittingJobCase
from .patience import wait_until


@tagged("post_install", "-at_install")
class TestTwoCursors(CommittingJobCase):
    """Two transactions at once, each with its own view of the data."""

    def setUp(self):
        super().setUp()
        self.one, self.two = self.session(), self.session()

    def lock(self, env, limit=10):
        """Lock what is due, as a worker does."""
        return env["mailchimp.job"]._lock_due(limit)

    def test_one_job_is_locked_once(self):
        jobs = [self.enqueue("x") for _time in range(6)]
        first = self.lock(self.one, 4)
        second = self.lock(self.two, 4)
        self.assertEqual(first.ids, [job.id for job in jobs[:4]])
        self.assertEqual(second.ids, [job.id for job in jobs[4:]])
        self.one.cr.rollback()
        self.assertEqual(self.lock(self.two).ids, [job.id for job in jobs])

    def test_lock_survives_a_concurrent_end(self):
        jobs = [self.enqueue("x") for _time in range(3)]
        self.two.cr.execute("SELECT")  # its view of the data begins here
        self.lock(self.one, 1)._record_success()
        self.one.cr.commit()
        locked = self.lock(self.two)
        self.assertEqual(locked.ids, [job.id for job in jobs[1:]])

    def test_edit_made_while_the_job_runs_is_not_lost(self):
        seen = []

        def read(records):
            seen.append(records.ref)

        self.enqueue(read, "read", identity="i")
        running = self.lock(self.one)
        self.assertFalse(self.one["res.partner"].browse(self.partner.id).ref)
        self.partner.ref = "edited"
        self.enqueue(read, "read", identity="i")
        running._record_success()
        self.one.cr.commit()
        self.run_queue()
        self.assertEqual(seen, ["edited"])

    def test_edit_is_seen_by_a_worker_of_an_older_view(self):
        seen = []

        def read(records):
            seen.append(records.ref)

        job = self.enqueue(read, "read", identity="i")
        self.one.cr.execute("SELECT 1")  # the view of the data begins here
        self.partner.ref = "edited"
        self.assertEqual(self.enqueue(read, "read", identity="i"), job)
        self.one["mailchimp.job"]._run_batch(Worker(60))
        self.assertEqual(seen, ["edited"])

    def test_job_that_was_run_since_our_view_began_is_not_taken(self):
        job = self.enqueue("x", "k", identity="i")
        self.world.cr.execute("SELECT")
        self.run_queue_elsewhere()
        other = self.enqueue("x", "k", identity="i")
        self.assertNotEqual(other, job)
        self.assertEqual(other.state, "pending")

    def run_queue_elsewhere(self):
        """Run the queue while ``self.world`` keeps its view of the data."""
        self.one["mailchimp.job"]._cron_run_jobs()

    def test_identity_is_locked_whatever_the_order(self):
        # A job that is retried is older than the one that runs; one whose transaction
        # took longer is too.
        older = self.enqueue("older", identity="i")
        older.action_cancel()
        younger = self.enqueue("younger", identity="i")
        self.assertEqual(self.lock(self.one).ids, younger.ids)
        older.action_retry()
        self.world.cr.commit()
        self.assertFalse(self.lock(self.two))
        self.two.cr.rollback()
        self.one.cr.rollback()
        self.assertEqual(self.lock(self.two).ids, older.ids)

    def test_last_two_jobs_of_a_run_finish_at_once(self):
        run = self.new_run()
        for _time in range(2):
            self.enqueue("x", run=run)
        first, second = self.lock(self.one, 1), self.lock(self.two, 1)
        first._record_success()
        second._record_success()
        self.one.cr.commit()
        self.two.cr.commit()
        self.run_queue()
        self.assertEqual(run.state, "done")

    def test_cancel_does_not_wait_for_a_job_at_work(self):
        run = self.new_run()
        job = self.enqueue("x", run=run)
        self.lock(self.one)
        self.world.cr.execute("SET LOCAL statement_timeout = '60s'")
        run.action_cancel()
        self.world.cr.commit()
        self.assertEqual((run.state, job.state), ("cancelled", "pending"))
        self.one.cr.rollback()  # the end of its step
        self.run_queue()
        self.assertEqual((job.state, self.log), ("cancelled", []))

    def test_cancel_of_one_job_at_work(self):
        job = self.enqueue("x")
        self.lock(self.one)
        self.world.cr.execute("SET LOCAL statement_timeout = '60s'")
        self.assertRaises(UserError, job.action_cancel)
        self.one.cr.rollback()
        job.action_cancel()
        self.assertEqual(job.state, "cancelled")

    def test_run_now_of_a_job_at_work(self):
        job = self.enqueue("x")
        self.lock(self.one)
        self.world.cr.execute("SET LOCAL statement_timeout = '60s'")
        job.action_run_now()
        self.assertEqual(job.state, "pending")

    def test_job_of_another_worker_does_not_remain(self):
        """Odoo would call us again at once, for as long as the other one works."""
        cron = self.world.ref("mailchimp_connector.ir_cron_run_jobs")
        cron, progress = cron._add_progress()
        self.traces["ir_cron_progress"] = ("id", progress.id)
        self.enqueue("x")
        self.lock(self.one)
        self.run_queue(**cron.env.context, cron_id=cron.id)
        self.assertEqual((progress.done, progress.remaining), (0, 0))
        self.assertFalse(self.log)

    def test_concurrent_change_is_met_again(self):
        def edit(records):
            self.log.append(records.name)
            if len(self.log) < 3:
                with self.registry.cursor() as cr:
                    cr.execute(
                        "UPDATE res_partner SET name = %s WHERE id = %s",
                        [f"Ann {len(self.log)}", records.id],
                    )
            records.comment = records.name

        job = self.enqueue(edit)
        with mute_logger("odoo.sql_db"):
            self.run_queue()
        self.assertEqual(self.log, ["Ann", "Ann 1", "Ann 2"])
        self.assertEqual((job.state, job.attempts), ("done", 0))
        self.assertIn("Ann 2", self.partner.comment)

    def test_endless_conflict_does_not_run_hot(self):
        def edit(records):
            self.log.append(1)
            with self.registry.cursor() as cr:
                cr.execute("UPDATE res_partner SET ref='' WHERE id=%s", [records.id])
            records.comment = "never"
            records.flush_recordset()

        job = self.enqueue(edit)
        with mute_logger("odoo.sql_db", *JOB_LOGGERS):
            self.run_queue()
        self.assertEqual(len(self.log), 5)
        self.assertEqual((job.state, job.attempts), ("pending", 0))
        self.assertGreater(job.run_after, fields.Datetime.now())

    def test_conflicts_before_a_step_that_succeeded_do_not_count(self):
        def edit(records):
            while len(steps := records.ref or "") < 3:
                self.log.append(steps)
                if self.log.count(steps) < 3:
                    with self.registry.cursor() as cr:
                        query = "UPDATE res_partner SET comment = %s WHERE id = %s"
                        cr.execute(query, [str(len(self.log)), records.id])
                records.ref = steps + "x"
                records.flush_recordset()
                yield

        job = self.enqueue(edit)
        with mute_logger("odoo.sql_db"):
            self.run_queue()
        self.assertEqual(self.log, ["", "", "", *["x"] * 3, *["xx"] * 3])
        self.assertEqual(job.state, "done")

    def test_failures_commit_with_what_the_batch_did(self):
        def leave(records):
            records.ref = "left"

        jobs = [self.enqueue(leave), self.enqueue(MailchimpRejected("No."))]
        self.run_queue()
        self.assertEqual([job.state for job in jobs], ["done", "failed"])
        self.assertEqual(self.partner.ref, "left")

    def test_work_of_the_caller_is_not_rolled_back(self):
        # A worker rolls back when it finds that its view of the data is old.
        self.enqueue("x")
        self.one["res.partner"].browse(self.partner.id).ref = "work of the caller"
        self.lock(self.two)._record_success()
        self.two.cr.commit()
        self.one["mailchimp.job"]._cron_run_jobs()
        self.world.cr.rollback()
        self.assertEqual(self.partner.ref, "work of the caller")


@tagged("post_install", "-at_install")
class TestProcesses(CommittingJobCase):
    """Processes of their own, that may be killed."""

    def append(self, path, count):
        """Queue jobs that leave a mark each."""
        for number in range(count):
            self.Job.with_env(self.world)._enqueue(
                self.partner,
                "_job_append",
                name=f"mark {number}",
                account=self.account,
                identity=f"every {number % 50}",
                args={"path": path, "text": f"mark {number}"},
            )
        self.world.cr.commit()

    def test_two_processes_do_everything_once(self):
        path = self.scratch()
        with self.worker() as one, self.worker() as two:
            self.append(path, 500)
            self.begin(one)
            self.begin(two)
            for process in (one, two):
                self.assertEqual(process.stdout.readline(), "done\n")
        self.run_queue()
        self.assertEqual(self.marks(path), {f"mark {n}": 1 for n in range(500)})
        self.assertFalse(self.Job.search_count([("state", "=", "pending")]))

    def climb(self, path, stop_at):
        """Queue a job of 20 steps that stays at one of them."""
        job = self.Job.with_env(self.world)._enqueue(
            self.partner,
            "_job_climb",
            name="climb",
            run=self.new_run(),
            account=self.account,
            args={"path": path, "top": 20, "stop_at": stop_at},
        )
        self.world.cr.commit()
        return job

    def await_lines(self, path, count):
        """Wait until jobs have left so many marks."""
        wait_until(lambda: sum(self.marks(path).values()) == count)

    def test_killed_within_a_step(self):
        path = self.scratch()
        with self.worker() as process:
            job = self.climb(path, stop_at=3)
            self.begin(process)
            self.await_lines(path, 4)
            process.send_signal(signal.SIGKILL)
            self.assertEqual(process.wait(), -signal.SIGKILL)
        self.world.cr.rollback()
        self.assertEqual(self.partner.ref, "3")
        self.assertEqual((job.state, job.steps), ("pending", 3))
        self.world.cr.execute(
            "UPDATE mailchimp_job SET args = args - 'stop_at' WHERE id = %s",
            [job.id],
        )
        self.world.cr.commit()
        self.run_queue()
        self.assertEqual((job.state, self.partner.ref), ("done", "20"))
        self.assertEqual(job.run_id.state, "done")
        steps = sorted(int(line.split()[1]) for line in self.marks(path))
        self.assertEqual(steps, sorted([*range(20), 3]), "Only that step is done twice")

    def test_lock_of_a_killed_process_is_released(self):
        path = self.scratch()
        with self.worker() as process:
            job = self.climb(path, stop_at=0)
            self.begin(process)
            self.await_lines(path, 1)
            locked = self.session()["mailchimp.job"]._lock_due(1)
            self.assertFalse(locked, "The other process runs it")
            process.kill()
            process.wait()
        self.await_lock(job)

    def await_lock(self, job):
        """Wait until PostgreSQL has noticed that whoever locked a job is dead."""
        env = self.session()

        def lock():
            env.cr.rollback()
            return env["mailchimp.job"]._lock_due(1)

        self.assertEqual(wait_until(lock).id, job.id)
        env.cr.rollback()
