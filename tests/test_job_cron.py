import threading
import time
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.mailchimp_connector.exceptions import MailchimpRejected
from odoo.addons.mailchimp_connector.models import mailchimp_job_engine as engine

from .job_common import JOB_LOGGERS, CommittingJobCase, JobCase, out_of_order
from .patience import wait_until


@tagged("post_install", "-at_install")
class TestProgress(JobCase):
    """What the queue tells Odoo's scheduler, which decides when to call it again."""

    def setUp(self):
        super().setUp()
        self.patch(engine, "LINGER_SECONDS", 0)

    def cron_run(self, died=0, **context):
        """Run the queue as the scheduler does and return the progress it noted.

        :param int died: how often it was killed before
        """
        cron = self.env.ref("mailchimp_connector.ir_cron_run_jobs")
        cron, progress = cron._add_progress(timed_out_counter=died)
        end = time.monotonic() + 10
        context = {"cron_id": cron.id, "cron_end_time": end, **context}
        self.run_queue(**cron.env.context, **context)
        return progress

    def test_all_done(self):
        for _time in range(10):
            self.enqueue("x")
        progress = self.cron_run()
        self.assertEqual((progress.done, progress.remaining), (10, 0))

    def test_what_a_failure_leaves_for_later_counts_once(self):
        for number in range(10):
            self.enqueue(MailchimpRejected("No.") if number == 4 else "x")
        with mute_logger(*JOB_LOGGERS):
            progress = self.cron_run()
        self.assertEqual((progress.done, progress.remaining), (10, 0))

    def test_what_waits_does_not_remain(self):
        """Odoo would call us again at once, for ever."""
        paused = self.new_run()
        paused.action_pause()
        idle = self.new_account("Idle")
        idle.state = "error"
        self.enqueue("x", run_after=fields.Datetime.now() + timedelta(hours=1))
        self.enqueue("x", run=paused)
        self.enqueue("x", account=idle)
        self.enqueue(out_of_order(status=400), identity="i")
        self.enqueue("x", identity="i")
        progress = self.cron_run()
        self.assertEqual((progress.done, progress.remaining), (1, 0))
        self.assertEqual(self.log, [])

    def test_time_is_over(self):
        """Odoo calls ten times and more: together they have one deadline."""
        self.enqueue("x")
        self.enqueue("x", run_after=fields.Datetime.now() + timedelta(hours=1))
        long_ago = time.monotonic() - 3600
        progress = self.cron_run(cron_end_time=long_ago)
        self.assertEqual((progress.done, progress.remaining), (0, 1))
        self.assertEqual(self.log, [])

    def test_second_call_of_a_run_of_the_scheduler_goes_on(self):
        self.enqueue("x")
        self.cron_run(cron_end_time=time.monotonic() - 1)  # ten seconds are over
        self.assertEqual(self.log, ["x"])

    def test_without_scheduler_what_is_left_is_woken(self):
        self.enqueue("x")
        self.forget_triggers()
        self.patch(
            self.registry["mailchimp.job"],
            "_run_batch",
            lambda job, worker: setattr(worker, "deadline", 0) or True,
        )
        self.run_queue()
        self.assertEqual(len(self.triggers()), 1)

    def test_progress_tells_of_more_until_the_end(self):
        """Else a crash in the middle would let the rest wait for ten minutes."""
        remaining = []

        def look(records):
            progress = records.env["ir.cron.progress"].search(
                [], limit=1, order="id desc"
            )
            remaining.append(progress.remaining)

        for _time in range(4):
            self.enqueue(look)
        self.assertEqual(self.cron_run().remaining, 0)
        self.assertTrue(all(remaining), remaining)

    @mute_logger(*JOB_LOGGERS)
    def test_job_that_kills_its_worker_does_not_come_first_for_ever(self):
        # The first death leaves no trace; the next worker notes which job it begins.
        started = []

        def look(records):
            job = self.Job.with_env(records.env).search([("name", "=", "killer")])
            started.append(job.started_at)

        killer = self.enqueue(look, "killer")
        killer.max_attempts = 3
        self.enqueue("innocent")
        self.cron_run(died=1)
        self.assertTrue(started[0])
        self.assertEqual((killer.state, self.log), ("done", ["innocent"]))
        # So the worker after the second death knows it.
        for attempt in (1, 2, 3):
            killer.write({"state": "pending", "started_at": fields.Datetime.now()})
            killer.run_after = fields.Datetime.now()
            started.clear()
            self.cron_run(died=2)
            self.assertEqual(killer.attempts, attempt)
            self.assertFalse(started, "It waits")
        self.assertEqual(killer.state, "failed")
        self.assertIn("process died", killer.error)

    def test_careful_worker_runs_everything(self):
        def steps(records):
            for step in range(3):
                self.log.append(step)
                yield

        job = self.enqueue(steps)
        self.enqueue("x")
        self.cron_run(died=1)
        self.assertEqual(self.log, [0, 1, 2, "x"])
        self.assertEqual((job.state, job.attempts), ("done", 0))

    def test_the_scheduled_action(self):
        """The whole way: Odoo's scheduler, our action, the job."""
        self.enqueue("x")
        with self.enter_registry_test_mode():
            cron = self.env.ref("mailchimp_connector.ir_cron_run_jobs")
            cron.method_direct_trigger()
        self.assertEqual(self.log, ["x"])
        self.assertTrue(cron.lastcall)


@tagged("post_install", "-at_install")
class TestBatch(CommittingJobCase):
    """Quick jobs share a transaction; nothing else does."""

    def transactions(self, count, body):
        """Run so many jobs and return in which transactions they ran."""
        seen = []

        def call(records):
            records.env.cr.execute("SELECT pg_current_xact_id_if_assigned()")
            seen.append(records.env.cr.fetchone()[0])
            body(len(seen), records)

        for _time in range(count):
            self.enqueue(call)
        self.run_queue()
        return seen

    def test_quick_jobs_share(self):
        seen = self.transactions(31, lambda number, records: None)
        self.assertEqual(len(seen), 31)
        self.assertLess(len(set(seen)), 31)

    def test_slow_jobs_do_not(self):
        seen = self.transactions(4, lambda number, records: time.sleep(0.11))
        self.assertEqual(len(set(seen)), 4)

    def test_failure_ends_a_batch(self):
        def body(number, records):
            if number == 5:
                self.enqueue("urgent", priority=1)
                raise MailchimpRejected("No.")
            self.log.append(number)

        self.transactions(7, body)
        self.assertEqual(self.log, [1, 2, 3, 4, "urgent", 6, 7])

    def test_urgent_job_does_not_wait_for_a_slow_batch(self):
        def body(number, records):
            if number == 5:
                self.enqueue("urgent", priority=1)
                time.sleep(0.11)
            self.log.append(number)

        self.transactions(20, body)
        self.assertEqual(self.log.index("urgent"), self.log.index(5) + 1)


@tagged("post_install", "-at_install")
class TestLinger(CommittingJobCase):
    """A run of the scheduled action stays for what comes next."""

    def setUp(self):
        super().setUp()
        self.patch(engine, "LINGER_SECONDS", 60)

    def leave(self, records):
        """Do the last job there is."""
        engine.LINGER_SECONDS = 0
        self.log.append("last")

    def run_queue(self, seconds=60):
        """Run the queue as the scheduler does, which gives it so many seconds."""
        return super().run_queue(cron_end_time=time.monotonic() + seconds)

    def test_what_comes_later_is_run_and_the_end_is_seen_before(self):
        run = self.new_run()
        job = self.enqueue("first", run=run)
        seen = []

        def come_later():
            with self.registry.cursor() as cr:
                env = self.env(cr=cr)
                theirs = run.with_env(env)
                wait_until(lambda: cr.rollback() or theirs.state == "done")
                seen.append(env["mailchimp.job"].browse(job.id).state)
                JobCase.enqueue(
                    self,
                    self.leave,
                    records=self.partner.with_env(env),
                    account=self.account.with_env(env),
                )

        other = threading.Thread(target=come_later)
        other.start()
        self.run_queue()
        other.join()
        self.assertEqual(seen, ["done"])
        self.assertEqual(self.log, ["first", "last"])

    def test_others_get_their_turn(self):
        self.enqueue("x")
        self.run_queue(seconds=0)
        self.assertEqual(self.log, ["x"])


@tagged("post_install", "-at_install")
class TestBurst(JobCase):
    """Many jobs at once, while the planner believes that there are none."""

    def setUp(self):
        super().setUp()
        self.env.cr.execute("TRUNCATE mailchimp_job")
        self.env.cr.execute("ANALYZE mailchimp_job")
        self.env.cr.execute(
            """INSERT INTO mailchimp_job (name, model, res_ids, method, args, identity,
                                          priority, state, attempts, max_attempts,
                                          steps, run_after)
               SELECT 'Burst', 'res.partner', '[]', '_job_call', '{}', 'one of ' || n,
                      20, 'pending', 0, 15, 0, '2020-01-01'
                 FROM generate_series(1, 2000) AS n"""
        )

    def rows_read(self, query):
        """Run a query; return how many rows it looked at, the useless ones too."""
        explain = SQL("EXPLAIN (ANALYZE, FORMAT JSON) %s", query)
        nodes, rows = [self.env.execute_query(explain)[0][0][0]["Plan"]], 0
        while nodes:
            node = nodes.pop()
            nodes += node.get("Plans", ())
            removed = node.get("Rows Removed by Filter", 0)
            rows += (node["Actual Rows"] + removed) * node["Actual Loops"]
        return rows

    def test_choosing_looks_at_little_more_than_it_takes(self):
        self.env.cr.execute("SET LOCAL enable_sort TO off")
        self.assertLess(self.rows_read(self.Job._lock_query(10)), 200)

    def test_coalescing_looks_at_one_identity(self):
        vals = {
            "priority": 20,
            "run_after": fields.Datetime.now(),
            "identity": "one of 1999",
            "model": "res.partner",
            "method": "_job_call",
            "run_id": False,
            "res_ids": [],
            "args": {},
        }
        self.assertLess(self.rows_read(self.Job._coalesce_query(vals)), 20)
