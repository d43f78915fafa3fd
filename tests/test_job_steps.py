from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mailchimp_connector.models.mailchimp_job_engine import Worker

from .job_common import JOB_LOGGERS, CommittingJobCase, JobCase, out_of_order


class ClimbMixin:
    """A job in steps, whose checkpoint is the reference of the partner."""

    def climb(self, top=4, at=None, **options):
        """Queue a job that logs each step.

        :param dict at: step -> callable to call in it
        """

        def body(records):
            for step in range(int(records.ref or 0), top):
                self.log.append(step)
                records.ref = str(step + 1)
                (at or {}).get(step, lambda records: None)(records)
                yield

        return self.enqueue(body, **options)


@tagged("post_install", "-at_install")
class TestSteps(ClimbMixin, JobCase):
    """A generator is committed, may be overtaken and goes on, step by step."""

    def test_to_the_end(self):
        job = self.climb()
        self.run_queue()
        self.assertEqual(self.log, [0, 1, 2, 3])
        self.assertEqual((job.state, job.steps), ("done", 4))

    def test_nothing_to_do(self):
        job = self.climb(top=0)
        self.run_queue()
        self.assertEqual((job.state, job.steps), ("done", 0))

    def test_more_urgent_job_interleaves(self):
        def knock(records):
            self.enqueue("urgent", records=records, priority=5)

        self.climb(at={1: knock}, priority=20)
        self.enqueue("late", priority=30)
        self.run_queue()
        self.assertEqual(self.log, [0, 1, "urgent", 2, 3, "late"])

    def test_another_step_of_an_identity_comes_before_its_older_job(self):
        # A failed job that is retried is older than the one that has begun since.
        older = self.enqueue("older", identity="i")
        older.state = "failed"

        def retry(records):
            older.with_env(records.env).action_retry()

        self.climb(at={1: retry}, identity="i")
        self.run_queue()
        self.assertEqual(self.log, [0, 1, 2, 3, "older"])

    @mute_logger(*JOB_LOGGERS)
    def test_failure_in_a_later_step(self):
        def fail(records):
            if self.log.count(2) < 3:
                raise out_of_order()

        job = self.climb(at={2: fail})
        self.run_queue()
        self.assertEqual((self.partner.ref, job.steps, job.attempts), ("2", 2, 1))
        job.action_run_now()
        self.run_queue()
        self.assertEqual((self.partner.ref, job.steps, job.attempts), ("2", 2, 2))
        job.action_run_now()
        self.run_queue()
        self.assertEqual(self.log, [0, 1, 2, 2, 2, 3])
        self.assertEqual((job.state, job.steps, job.attempts), ("done", 4, 0))

    @mute_logger(*JOB_LOGGERS)
    def test_retry_from_the_checkpoint(self):
        def fail(records):
            if self.log.count(2) < 2:
                raise ValueError("bug")

        run = self.new_run()
        job = self.climb(at={2: fail}, run=run)
        self.run_queue()
        self.assertEqual((job.state, run.state), ("failed", "failed"))
        run.action_retry_failed()
        self.assertEqual((job.state, run.state), ("pending", "running"))
        self.run_queue()
        self.assertEqual(self.log, [0, 1, 2, 2, 3])
        self.assertEqual((job.state, run.state), ("done", "done"))

    def test_pause_and_resume_between_steps(self):
        run = self.new_run()

        def pause(records):
            self.enqueue(
                lambda records: run.with_env(records.env).action_pause(),
                records=records,
                priority=1,
            )

        job = self.climb(at={1: pause}, run=run)
        self.run_queue()
        self.run_queue()
        self.assertEqual(self.log, [0, 1])
        self.assertEqual((job.state, run.state), ("pending", "paused"))
        run.action_resume()
        self.run_queue()
        self.assertEqual(self.log, [0, 1, 2, 3])
        self.assertEqual((job.state, run.state), ("done", "done"))

    def test_cancel_between_steps(self):
        run = self.new_run()

        def cancel(records):
            self.enqueue(
                lambda records: run.with_env(records.env).action_cancel(),
                records=records,
                priority=1,
            )

        job = self.climb(at={1: cancel}, run=run)
        self.run_queue()
        self.assertEqual(self.log, [0, 1])
        self.assertEqual((job.state, run.state), ("cancelled", "cancelled"))
        self.assertEqual(self.partner.ref, "2")

    def test_record_is_deleted_between_steps(self):
        for name in ("job", "run", "account"):
            with self.subTest(name=name):
                self.log.clear()
                self.partner.ref = False
                account = self.new_account(name)
                run = self.new_run(account)
                victims = {"run": run, "account": account}

                def delete(records, name=name, victims=victims):
                    self.enqueue(
                        lambda records: victims[name].with_env(records.env).unlink(),
                        records=records,
                        priority=1,
                        account=None,
                    )

                victims["job"] = self.climb(at={1: delete}, run=run, account=account)
                self.enqueue("goes on", priority=30)
                self.run_queue()
                self.assertEqual(self.log, [0, 1, "goes on"])
                self.assertFalse(victims["job"].exists())

    def test_left_generators_are_closed(self):
        closed = []

        def body(records):
            try:
                records.ref = "1"
                self.enqueue(
                    lambda records: self.account.with_env(records.env).write(
                        {"active": False}
                    ),
                    records=records,
                    priority=1,
                )
                yield
            finally:
                closed.append(True)
                raise ValueError("and not even in good order")

        self.enqueue(body)
        with self.assertLogs(JOB_LOGGERS[0], "ERROR"):
            self.run_queue()
        self.assertEqual((self.partner.ref, closed), ("1", [True]))

    def test_step_forgets_why_it_waited(self):
        run = self.new_run()
        failures = [out_of_order()]

        def fail_once(records):
            if failures:
                raise failures.pop()

        job = self.climb(at={1: fail_once}, run=run)
        self.run_queue()
        self.assertEqual(run.message, "Mailchimp is down")
        self.assertEqual(run.next_try_at, max(job.run_after, self.account.paused_until))
        self.assertGreater(run.next_try_at, fields.Datetime.now())
        job.action_run_now()
        self.run_queue()
        self.assertFalse(run.message)
        self.assertFalse(run.next_try_at)


@tagged("post_install", "-at_install")
class TestCommittedSteps(ClimbMixin, CommittingJobCase):
    """What others see of a job between its steps."""

    def test_each_step_is_committed(self):
        seen = []

        def look(records):
            env = self.session()
            seen.append(env["res.partner"].browse(records.id).ref)

        self.climb(at={0: look, 1: look, 2: look})
        self.run_queue()
        self.assertEqual(seen, [False, "1", "2"])

    def test_another_worker_takes_over(self):
        job = self.climb(top=6)
        one, two = self.session(), self.session()
        turns = [(one, Worker(60)), (two, Worker(60))]
        for number in (0, 0, 1, 1, 0):
            env, worker = turns[number]
            env["mailchimp.job"]._run_batch(worker)
        self.assertEqual(self.log, [0, 1, 2, 3, 4])
        self.run_queue()
        self.assertEqual(self.log, [0, 1, 2, 3, 4, 5])
        self.assertEqual((job.state, self.partner.ref), ("done", "6"))

    def test_urgent_job_waits_for_one_step_at_most(self):
        waiting = []

        def knock(records):
            waiting.append(self.enqueue("urgent", priority=1))

        def body(records):
            for step in range(100):
                self.log.append(step)
                if step == 50:
                    knock(records)
                yield

        self.enqueue(body)
        for number in range(10):
            self.enqueue(f"same priority {number}")
        self.run_queue()
        self.assertEqual(self.log.index("urgent"), self.log.index(50) + 1)

    def test_run_is_not_counted_as_waiting_once_it_goes_on(self):
        run = self.new_run()
        job = self.climb(run=run)
        job.write(
            {"attempts": 1, "run_after": fields.Datetime.now() + timedelta(hours=1)}
        )
        self.assertEqual(run.next_try_at, job.run_after)
        job.run_after = fields.Datetime.now()
        self.world.cr.commit()
        self.run_queue()
        self.assertFalse(run.next_try_at)
