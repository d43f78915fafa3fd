"""Whatever goes wrong on the way, the reports end up as Mailchimp has them."""

from unittest.mock import patch

from odoo import SUPERUSER_ID
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mailchimp_connector.sandbox import openapi

from .job_common import JOB_LOGGERS
from .report_common import MODELS, ReportCase, day

FAULTS = (
    "429_problem",
    "403_empty",
    "500_empty",
    "502_html",
    "504_large_page",
    "connection_reset",
    "empty_body",
    "broken_json",
    "truncated_body",
    "answer_lost",
)
PLACES = (
    "GET /reports",
    "GET /reports/*/email-activity",
    "GET /reports/*/unsubscribed",
    "GET /reports/*/abuse-reports",
    "GET /reports/*/click-details",
)


@tagged("post_install", "-at_install")
class TestReportFaults(ReportCase):
    """Faults, and readings that were interrupted."""

    people_count = 23

    def setUp(self):
        super().setUp()
        self.patch_size()
        muted = mute_logger(*JOB_LOGGERS)
        muted.__enter__()
        self.addCleanup(muted.__exit__)

    def test_every_fault_in_every_place(self):
        for kind in FAULTS:
            remote = self.send(kind, events=150, seed=kind)
            hits = [
                # Three in a row, for the gateway itself sends again what may be.
                self.sandbox.faults.inject(kind, times=3, match=place, after=after)
                for after, place in enumerate(PLACES)
                if not (after and kind == "504_large_page")
            ]
            with self.subTest(kind):
                run = self.fetch_reports()
                self.assertEqual((run.state, run.failed), ("done", 0))
                self.assertFigures(remote)
                self.assertActivity(remote)
                self.assertTrue(self.record(remote).link_ids)
                if kind != "504_large_page":
                    self.assertTrue(any(fault.hits for fault in hits), kind)
            self.sandbox.faults.clear()

    def test_large_pages_are_halved(self):
        remote = self.send(events=100)
        with patch(f"{MODELS}.mailchimp_report_read.PAGE_SIZE", 1000):
            fault = self.sandbox.faults.inject("504_large_page", times=None)
            self.fetch_reports()
        self.assertTrue(fault.hits)
        self.assertActivity(remote)

    def test_outage_loses_nothing(self):
        remote = self.send(events=100)
        self.sandbox.faults.inject("502_html", times=None, match="GET /reports*")
        run = self.account._start_fetch_reports("schedule", 20)
        self.run_jobs()
        self.assertEqual((run.state, run.job_ids.attempts), ("pending", 1))
        self.assertFalse(self.held(remote))
        self.sandbox.faults.clear()
        self.run_everything()
        self.assertEqual(run.state, "done")
        self.assertActivity(remote)

    # === INTERRUPTED === #

    def step(self, remote, count):
        """Do so many steps of the job that reads a report, as a worker that dies then.

        :return: whether it did not end before
        """
        self.env.cr.flush()
        job = self.env["mailchimp.job"].search(
            [("state", "=", "pending"), ("method", "=", "_job_read_report")]
        )
        record = self.record(remote)
        self.assertEqual(job.res_ids, record.ids)
        generator = job.with_user(SUPERUSER_ID)._dispatch()
        try:
            for _step in range(count):
                next(generator)
        except StopIteration:
            return False
        finally:
            generator.close()
            self.env.cr.flush()
        return True

    def test_killed_at_every_checkpoint(self):
        steps = 0
        while True:
            steps += 1
            remote = self.send(f"Letter {steps}", events=90, seed=steps)
            run = self.compare_only()
            if not self.step(remote, steps):
                break
            part = self.record(remote).report_reading
            self.assertTrue(part or self.record(remote).report_seen)
            self.run_everything()
            self.assertEqual(run.state, "done")
            self.assertActivity(remote)
        self.assertGreater(steps, 6, "Several pages of several parts")

    def compare_only(self):
        """Compare the figures, and stop before anything is read."""
        run = self.account._start_fetch_reports("user", 5)
        job = self.env["mailchimp.job"].search([("method", "=", "_job_fetch_reports")])
        job = job.filtered(lambda job: job.state == "pending")
        for _step in job.with_user(SUPERUSER_ID)._dispatch():
            pass
        job.state = "done"
        return run

    def test_resumed_reading_asks_for_no_page_twice(self):
        remote = self.send(events=90)
        self.compare_only()
        self.assertTrue(self.step(remote, 2))
        offset = self.record(remote).report_reading["offset"]
        self.assertEqual(offset, 10)
        before = len(self.requests())
        self.run_everything()
        path = f"/reports/{remote.id}/email-activity"
        offsets = [
            int(query["offset"])
            for found, query in self.requests()[before:]
            if found == path
        ]
        self.assertEqual(sorted(offsets), [10, 15, 20])
        self.assertActivity(remote)

    def test_recipient_that_leaves_shifts_the_pages(self):
        remote = self.send(events=90)
        self.compare_only()
        self.assertTrue(self.step(remote, 1))
        gone = remote.recipients.pop(0)
        remote.events[:] = [e for e in remote.events if e["id"] != gone["email_id"]]
        remote.tally = None
        self.run_everything()
        held = [row for row in self.held(remote) if row[0] != gone["email_id"]]
        self.assertEqual(held, self.there(remote))

    def test_list_that_never_stands_still(self):
        remote = self.send(events=40)
        passes = []
        read = self.registry["mailchimp.campaign.report"]._take_page

        def shift(model, campaign, run, reading, offset, items, total):
            passes.append(reading["passes"])
            total += len(passes) if reading["part"] == "activity" else 0
            return read(model, campaign, run, reading, offset, items, total)

        model = self.registry["mailchimp.campaign.report"]
        with patch.object(model, "_take_page", shift):
            run = self.fetch_reports()
        self.assertEqual((run.state, max(passes)), ("done", 3))
        self.assertIn("activity", self.record(remote)._outdated_parts())
        self.fetch_reports()
        self.assertFalse(self.record(remote)._outdated_parts())
        self.assertActivity(remote)

    def test_cancelled_run_is_made_up_for(self):
        remote = self.send(events=90)
        run = self.compare_only()
        self.assertTrue(self.step(remote, 2))
        run.action_cancel()
        self.run_everything()
        self.assertEqual(run.state, "cancelled")
        self.fetch_reports()
        self.assertActivity(remote)

    def test_report_is_read_by_one_job_at_a_time(self):
        remote = self.send(events=60)
        first = self.compare_only()
        first.action_pause()
        action = self.record(remote).action_fetch_report()
        jobs = self.env["mailchimp.job"]
        self.run_jobs()
        asked = self.env["mailchimp.run"].browse(action["res_id"])
        self.assertEqual(asked.state, "done")
        self.assertEqual(asked.line_ids.res_id, self.record(remote).id)
        self.assertIn("earlier run", asked.line_ids.reason)
        first.action_resume()
        self.run_everything()
        readers = jobs.search([("method", "=", "_job_read_report")])
        self.assertEqual(len(readers), 1)
        self.assertActivity(remote)


@tagged("post_install", "-at_install")
class TestReportBatch(ReportCase):
    """Large reports, and many, through a batch."""

    people_count = 23

    def setUp(self):
        super().setUp()
        self.by_batch()
        self.startPatcher(
            patch("odoo.addons.mailchimp_connector.sandbox.batches.PAGE", 7)
        )
        muted = mute_logger(*JOB_LOGGERS)
        muted.__enter__()
        self.addCleanup(muted.__exit__)

    def batches(self):
        return [
            request.json
            for request in self.sandbox.requests
            if (request.method, request.path) == ("POST", "/batches")
        ]

    def details(self):
        return [path for path, _query in self.requests() if path != "/reports"]

    def test_everything_through_one_batch(self):
        remotes = [self.send(f"Letter {n}", events=90, seed=n) for n in range(3)]
        run = self.fetch_reports()
        self.assertEqual((run.state, run.failed), ("done", 0))
        for remote in remotes:
            self.assertFigures(remote)
            self.assertActivity(remote)
            self.assertFalse(self.record(remote).report_reading)
        self.assertEqual(run.created, sum(len(self.there(one)) for one in remotes))
        [batch] = self.batches()
        methods = {operation["method"] for operation in batch["operations"]}
        self.assertEqual(methods, {"GET"})
        self.assertFalse(openapi.check_recorded(self.sandbox.requests))
        self.assertFalse(self.details())

    def test_since_goes_with_the_batch(self):
        remote = self.send(events=60)
        self.fetch_reports()
        self.later(3600)
        self.people.open(self.remote, remote.recipients[0]["email_address"], remote.id)
        versions = self.versions(remote)
        run = self.fetch_reports()
        self.assertEqual((run.created, run.updated), (1, 1))
        self.assertActivity(remote)
        self.assertEqual(self.versions(remote)[: len(versions)], versions)
        [operation] = self.batches()[1]["operations"]
        self.assertIn("since", operation["params"])

    def test_many_small_campaigns(self):
        self.by_batch(10**6)
        self.startPatcher(patch(f"{MODELS}.mailchimp_report_batch.MANY_CAMPAIGNS", 4))
        self.startPatcher(patch(f"{MODELS}.mailchimp_report_batch.AT_ONCE", 3))
        remotes = [self.send(f"Letter {n}", events=20, seed=n) for n in range(5)]
        self.fetch_reports()
        for remote in remotes:
            self.assertActivity(remote)
        self.assertEqual(len(self.batches()), 2)
        self.assertFalse(self.details())

    def test_slow_batch_is_asked_for_again(self):
        remote = self.send(events=60)
        self.sandbox.batches.hold()
        run = self.account._start_fetch_reports("schedule", 20)
        for _time in range(4):
            self.run_jobs()
            self.env["mailchimp.job"].search([("state", "=", "pending")]).write(
                {"run_after": "2020-01-01"}
            )
        self.assertEqual(run.state, "running")
        self.assertEqual(len(self.batches()), 1)
        self.sandbox.batches.release()
        self.run_everything()
        self.assertActivity(remote)
        self.assertEqual(len(self.batches()), 1)

    def test_lost_answers(self):
        for kind in ("answer_lost", "502_html", "broken_json"):
            for match in ("POST /batches", "GET /batches/*", "GET /_results/*"):
                remote = self.send(f"{kind} {match}", events=60)
                fault = self.sandbox.faults.inject(kind, times=3, match=match)
                with self.subTest(kind=kind, match=match):
                    run = self.fetch_reports()
                    self.assertTrue(fault.hits)
                    self.assertEqual(run.state, "done")
                    self.assertActivity(remote)
                self.sandbox.faults.clear()

    def test_expired_batch_is_submitted_again(self):
        remote = self.send(events=60)
        self.record(remote).action_reopen_report()
        self.account.report_days = 60
        self.account._start_fetch_reports("schedule", 20)
        self.run_jobs()
        self.sandbox.batches.wait()
        self.later(day(8))
        self.run_everything()
        self.assertEqual(len(self.batches()), 2)
        self.assertActivity(remote)

    def test_batch_that_is_lost_again_and_again(self):
        remote = self.send(events=60)
        self.sandbox.faults.clear()
        self.startPatcher(
            patch("odoo.addons.mailchimp_connector.sandbox.batches.BATCH_LIFE", -1)
        )
        run = self.fetch_reports()
        self.assertEqual(run.state, "done")
        self.assertEqual(len(self.batches()), 3)
        self.assertTrue(self.details())
        self.assertActivity(remote)

    def test_failed_page_is_read_without_the_batch(self):
        remote = self.send(events=60)
        match = "BATCH GET /reports/*/email-activity"
        fault = self.sandbox.faults.inject("500_problem", match=match, after=2)
        run = self.fetch_reports()
        self.assertEqual((fault.hits, run.state), (1, "done"))
        self.assertActivity(remote)
        self.assertEqual(set(self.details()), {f"/reports/{remote.id}/email-activity"})

    def test_taken_results_are_not_taken_again(self):
        remote = self.send(events=90)
        taken = []
        model = self.registry["mailchimp.campaign.report"]
        take = model._take_result

        def count(self_, campaigns, run, batch, result):
            taken.append(batch["taken"])
            if len(taken) == 3:
                raise ConnectionResetError("broken")
            return take(self_, campaigns, run, batch, result)

        with patch.object(model, "_take_result", count):
            run = self.fetch_reports()
        self.assertEqual(run.state, "done")
        self.assertEqual(taken[:4], [0, 1, 2, 2])
        self.assertEqual(taken[3:], list(range(2, len(taken) - 1)))
        self.assertActivity(remote)

    def test_places_of_several_jobs_do_not_touch(self):
        self.startPatcher(patch(f"{MODELS}.mailchimp_report_fetch.PAGE_SIZE", 1))
        remotes = [self.send(f"Letter {n}", events=30, seed=n) for n in range(3)]
        run = self.account._start_fetch_reports("schedule", 20)
        jobs = self.env["mailchimp.job"].with_user(SUPERUSER_ID)
        compare = jobs.search([("method", "=", "_job_fetch_reports")])
        steps = compare._dispatch()
        next(steps)
        batch = jobs.search([("method", "=", "_job_read_reports_together")])
        for _step in batch._dispatch():
            pass
        next(steps)
        self.assertEqual(run.checkpoint["list"]["offset"], 2)
        batches = [place for place in run.checkpoint.values() if "polls" in place]
        self.assertEqual(len(batches), 1)
        steps.close()
        self.run_everything()
        for remote in remotes:
            self.assertActivity(remote)

    def test_refused_batch(self):
        remote = self.send(events=60)
        self.remote_account.plan = "none"
        with patch("odoo.addons.mailchimp_connector.sandbox.batches.MOST_PENDING", 0):
            self.account._start_fetch_reports("schedule", 20)
            self.run_jobs()
        self.run_everything()
        self.assertActivity(remote)
