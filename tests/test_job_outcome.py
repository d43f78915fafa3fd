from datetime import datetime, timedelta

import psycopg2

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.mailchimp_connector.exceptions import (
    MailchimpAuthError,
    MailchimpNotFound,
    MailchimpRejected,
    MailchimpRetryLater,
)

from .job_common import JOB_LOGGERS, JobCase, out_of_order, throttled


class Unspeakable(Exception):
    """An exception that can neither be shown nor copied."""

    def __init__(self, first, second):
        super().__init__()

    def __str__(self):
        raise RuntimeError("no words")

    def __reduce__(self):
        raise TypeError("no pickles")


@tagged("post_install", "-at_install")
class TestFailure(JobCase):
    """A job that fails ends in a state that a person can read."""

    @mute_logger(*JOB_LOGGERS)
    def test_recorded_after_the_rollback_in_the_same_transaction(self):
        def half(records):
            records.comment = "half done"
            records.flush_recordset()
            raise MailchimpRejected("No.")

        job = self.enqueue(half)
        self.run_queue()
        self.assertFalse(self.partner.comment)
        self.assertEqual((job.state, job.error), ("failed", "No."))
        self.assertTrue(job.finished_at)

    @mute_logger(*JOB_LOGGERS)
    def test_permanent(self):
        errors = [
            MailchimpRejected("Rejected."),
            MailchimpNotFound("Not found."),
            UserError("Wrong."),
            KeyError("bug"),
            psycopg2.errors.NotNullViolation("nothing"),
        ]
        jobs = [self.enqueue(error) for error in errors]
        self.run_queue()
        for job, error in zip(jobs, errors, strict=True):
            with self.subTest(error=error):
                self.assertEqual((job.state, job.attempts), ("failed", 1))
        self.assertEqual(jobs[3].error, "KeyError: 'bug'")

    @mute_logger(*JOB_LOGGERS)
    def test_temporary(self):
        errors = [
            out_of_order(),
            OSError("disk full"),
            MemoryError(),
            psycopg2.errors.QueryCanceled("statement time-out"),
            psycopg2.errors.UniqueViolation("made by another worker"),
            Exception("CPU time limit exceeded."),
        ]
        jobs = [self.enqueue(error, account=None) for error in errors]
        self.run_queue()
        for job, error in zip(jobs, errors, strict=True):
            with self.subTest(error=error):
                self.assertEqual((job.state, job.attempts), ("pending", 1))
                self.assertGreater(job.run_after, fields.Datetime.now())

    def test_crash_is_logged_but_not_what_mailchimp_says(self):
        self.enqueue(MailchimpRejected("No."))
        with self.assertNoLogs("odoo.addons.mailchimp_connector", "ERROR"):
            self.run_queue()
        self.enqueue(KeyError("bug"))
        with self.assertLogs("odoo.addons.mailchimp_connector", "ERROR") as logs:
            self.run_queue()
        self.assertIn("KeyError: 'bug'", logs.output[0])

    @mute_logger(*JOB_LOGGERS)
    def test_texts_that_cannot_be_stored(self):
        jobs = [
            self.enqueue(MailchimpRejected("NUL \0 byte \ud800")),
            self.enqueue(KeyError("NUL \0 byte")),
            self.enqueue(Unspeakable(1, 2)),
            self.enqueue(MailchimpRejected("long " * 10_000)),
        ]
        self.run_queue()
        self.assertEqual({job.state for job in jobs}, {"failed"})
        self.assertEqual(jobs[0].error, "NUL  byte ")
        self.assertEqual(jobs[2].error, "Unspeakable: ")
        self.assertLess(len(jobs[3].error), 5000)

    def test_records_are_gone(self):
        other = self.env["res.partner"].create({"name": "Bob"})
        job = self.enqueue("x", records=other)
        other.unlink()
        self.run_queue()
        self.assertEqual((job.state, self.log), ("done", []))

    def test_some_records_are_gone(self):
        other = self.env["res.partner"].create({"name": "Bob"})
        self.enqueue(
            lambda records: self.log.append(records.ids), records=other | self.partner
        )
        other.unlink()
        self.run_queue()
        self.assertEqual(self.log, [self.partner.ids])

    def test_method_or_model_is_gone(self):
        for column, value in (("method", "_job_of_old"), ("model", "old.model")):
            with self.subTest(column=column):
                job = self.enqueue("x")
                self.env.cr.execute(
                    f"UPDATE mailchimp_job SET {column} = %s WHERE id = %s",  # noqa: S608
                    [value, job.id],
                )
                job.invalidate_recordset()
                self.run_queue()
                self.assertEqual(job.state, "failed")
                self.assertIn("does not exist any more", job.error)

    @mute_logger(*JOB_LOGGERS)
    def test_failure_that_cannot_be_told_is_recorded(self):
        def broken(account, error):
            raise ValueError("another module's override")

        self.patch(self.registry["mailchimp.account"], "_on_auth_error", broken)
        job = self.enqueue(MailchimpAuthError("Wrong key."))
        other = self.enqueue("goes on")
        self.run_queue()
        self.assertEqual((job.state, job.error), ("pending", "Wrong key."))
        self.assertGreater(job.run_after, fields.Datetime.now())
        self.assertEqual(other.state, "done")

    def test_others_go_on(self):
        jobs = [
            self.enqueue(MailchimpRejected("No.") if number % 3 else f"{number}")
            for number in range(20)
        ]
        self.run_queue()
        self.assertEqual(self.log, [str(number) for number in range(0, 20, 3)])
        self.assertNotIn("pending", {job.state for job in jobs})


@tagged("post_install", "-at_install")
class TestRetry(JobCase):
    """When a job is tried again."""

    def _fail(self, error, times):
        """Let a job fail and return how long it waits each time."""
        job = self.enqueue(error)
        waits = []
        for _time in range(times):
            before = fields.Datetime.now()
            job.run_after = before
            self.account.paused_until = False
            self.run_queue()
            waits.append(job.run_after - before)
        return job, waits

    def test_exponential_with_jitter(self):
        _job, waits = self._fail(out_of_order(), 12)
        for attempt, wait in enumerate(waits):
            minutes = min(2**attempt, 360)
            with self.subTest(attempt=attempt):
                self.assertGreaterEqual(wait, timedelta(minutes=minutes * 0.8))
                self.assertLessEqual(wait, timedelta(minutes=minutes * 1.2, seconds=5))

    def test_jitter_spreads(self):
        spread = {self.Job._next_try(5, 0) for _time in range(50)}
        self.assertGreater(len(spread), 10)

    def test_never_before_asked(self):
        for hours in (1, 12):
            with self.subTest(hours=hours):
                _job, waits = self._fail(out_of_order(seconds=hours * 3600), 1)
                self.assertGreaterEqual(waits[0], timedelta(hours=hours))
                self.assertLess(waits[0], timedelta(hours=hours, minutes=1))

    def test_absurd_wait_is_cut(self):
        _job, waits = self._fail(out_of_order(seconds=10**12), 1)
        self.assertLess(waits[0], timedelta(days=8))

    def test_many_attempts_do_not_overflow(self):
        limit = fields.Datetime.now() + timedelta(hours=8)
        self.assertLess(self.Job._next_try(10**6, 0), limit)

    def test_fails_after_the_last_attempt(self):
        job = self.enqueue(out_of_order())
        for _time in range(job.max_attempts):
            self.assertEqual(job.state, "pending")
            job.action_run_now()
            self.run_queue()
        self.assertEqual((job.state, job.attempts), ("failed", job.max_attempts))

    def test_not_run_before_its_time(self):
        job = self.enqueue(out_of_order())
        self.run_queue()
        self.run_queue()
        self.assertEqual(job.attempts, 1)

    def test_hours_of_outage_lose_nothing(self):
        up = []
        start = datetime(2100, 1, 1)

        def call(records):
            if not up:
                raise out_of_order()

        with freeze_time(start):
            jobs = [self.enqueue(call) for _time in range(5)]
        for minutes in range(0, 24 * 60, 20):
            with freeze_time(start + timedelta(minutes=minutes)):
                self.run_queue()
        self.assertEqual({job.state for job in jobs}, {"pending"})
        up.append(True)
        with freeze_time(start + timedelta(hours=32)):
            self.run_queue()
        self.assertEqual({job.state for job in jobs}, {"done"})
        self.assertEqual({job.error for job in jobs}, {False})

    def test_retry_button(self):
        job = self.enqueue(MailchimpRejected("No."), key="k")
        self.run_queue()
        self.enqueue("fixed", key="k").state = "cancelled"
        job.action_retry()
        self.assertEqual((job.state, job.attempts, job.error), ("pending", 0, False))
        self.run_queue()
        self.assertEqual((job.state, self.log), ("done", ["fixed"]))

    def test_cancel_and_retry_buttons(self):
        job = self.enqueue("x")
        job.action_cancel()
        self.run_queue()
        self.assertEqual((job.state, self.log), ("cancelled", []))
        job.action_retry()
        self.run_queue()
        self.assertEqual((job.state, self.log), ("done", ["x"]))

    def test_buttons_leave_other_states_alone(self):
        job = self.enqueue("x")
        self.run_queue()
        for button in ("action_retry", "action_run_now", "action_cancel"):
            getattr(job, button)()
            self.assertEqual(job.state, "done", button)

    def test_run_now_button(self):
        self.enqueue(throttled(seconds=300))
        self.run_queue()
        job = self.enqueue("x", run_after=fields.Datetime.now() + timedelta(days=1))
        self.run_queue()
        self.assertFalse(self.log)
        job.action_run_now()
        self.run_queue()
        self.assertEqual(self.log, ["x"])


@tagged("post_install", "-at_install")
class TestHeldBack(JobCase):
    """What an account's trouble means for its other jobs."""

    def setUp(self):
        super().setUp()
        self.other = self.new_account("Other")
        self.forget_triggers()

    def _trouble(self, error):
        """Let one job fail among others of its account and of another one."""
        job = self.enqueue(error, priority=1)
        self.enqueue("ours")
        self.enqueue("theirs", account=self.other)
        self.run_queue()
        return job

    def _once(self, error):
        """Make a job that fails at its first try only."""
        errors = [error]

        def call(records):
            if errors:
                raise errors.pop()

        return call

    def test_throttled_account_waits(self):
        self._trouble(self._once(throttled(seconds=120)))
        self.assertEqual(self.log, ["theirs"])
        self.assertGreater(
            self.account.paused_until, fields.Datetime.now() + timedelta(seconds=100)
        )
        last = max(at for at in self.triggers())
        self.assertGreaterEqual(last, self.account.paused_until)
        with freeze_time(self.account.paused_until + timedelta(seconds=1)):
            self.run_queue()
        self.assertEqual(self.log[:2], ["theirs", "ours"])

    def test_outage_is_probed_by_one_job(self):
        for number in range(10):
            self.enqueue(out_of_order(status=number % 2 and 503))
        self.run_queue()
        attempts = self.Job.search([]).mapped("attempts")
        self.assertEqual(sorted(attempts), [0] * 9 + [1])

    def test_trouble_of_one_record_pauses_nothing(self):
        job = self._trouble(
            MailchimpRetryLater("Too many lists", seconds=7200, status=400)
        )
        self.assertEqual(sorted(self.log), ["ours", "theirs"])
        self.assertFalse(self.account.paused_until)
        self.assertGreater(
            job.run_after, fields.Datetime.now() + timedelta(minutes=119)
        )

    def test_wrong_key_holds_back_without_using_up_attempts(self):
        job = self._trouble(MailchimpAuthError("Wrong key."))
        self.assertEqual(self.log, ["theirs"])
        self.assertEqual(self.account.state, "error")
        self.assertTrue(self.account.activity_ids)
        for hours in range(1, 100, 7):
            with freeze_time(fields.Datetime.now() + timedelta(hours=hours)):
                self.run_queue()
        self.assertEqual((job.state, job.attempts), ("pending", 0))
        self.assertEqual(self.log, ["theirs"])

    def test_reconnected_account_goes_on(self):
        job = self._trouble(self._once(MailchimpAuthError("Wrong key.")))
        self.forget_triggers()
        self.account._connected({"account_id": "x"})
        self.assertTrue(self.triggers())
        job.action_run_now()
        self.run_queue()
        self.assertEqual(job.state, "done")
        self.assertEqual(self.log, ["theirs", "ours"])

    def test_wrong_key_of_no_account_does_not_run_for_ever(self):
        job = self.enqueue(MailchimpAuthError("No key."), account=None)
        self.run_queue()
        self.assertEqual((job.state, job.attempts), ("pending", 1))
        self.assertGreater(job.run_after, fields.Datetime.now())

    def test_account_that_is_not_in_use(self):
        for vals in ({"state": "draft"}, {"state": "error"}, {"active": False}):
            with self.subTest(vals=vals):
                job = self.enqueue("x")
                self.account.write(vals)
                self.run_queue()
                self.assertEqual((job.state, self.log), ("pending", []))
                self.account.write({"state": "connected", "active": True})
                self.run_queue()
                self.assertEqual((job.state, self.log), ("done", ["x"]))
                self.log.clear()

    def test_copy_of_the_database_waits_for_a_person(self):
        self.account.sudo().write({"api_key": "0" * 32 + "-us1", "state": "connected"})
        self.account.sudo().database_uuid = "that of the original"
        job = self.enqueue(
            lambda records: self.account.with_env(records.env)._gateway()
        )
        self.run_queue()
        self.assertEqual((job.state, job.attempts), ("pending", 0))
        self.assertIn("copy", job.error)
        self.assertEqual(self.account.state, "error")

    def test_identity_waits_for_the_older_one(self):
        older = self.enqueue(out_of_order(status=400), identity="i")
        self.enqueue("younger", identity="i")
        self.run_queue()
        self.assertFalse(self.log)
        older.action_cancel()
        self.run_queue()
        self.assertEqual(self.log, ["younger"])

    def test_identity_goes_on_behind_one_that_failed(self):
        self.enqueue(MailchimpRejected("No."), identity="i")
        self.enqueue("younger", identity="i")
        self.run_queue()
        self.assertEqual(self.log, ["younger"])
