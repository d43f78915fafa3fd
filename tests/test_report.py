"""The figures of a campaign equal those of Mailchimp's report, and cost little."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.mailchimp_connector.sandbox import activity, openapi

from .report_common import ReportCase, day, second

USER = "mailchimp_connector.group_mailchimp_user"
OTHER_KEY = "fedcba9876543210fedcba9876543210-us7"


@tagged("post_install", "-at_install")
class TestReport(ReportCase):
    """Figures, links and the first day."""

    def test_every_figure(self):
        remote = self.send(events=200)
        run = self.fetch_reports()
        self.assertEqual((run.state, run.failed), ("done", 0))
        self.assertFigures(remote)
        self.assertFalse(openapi.check_recorded(self.sandbox.requests))
        activity.happen(remote, 50, seed=2)
        self.fetch_reports()
        self.assertFigures(remote)

    def test_money_and_shared_report(self):
        remote = self.send(events=10)
        remote.shop = {
            "total_orders": 3,
            "total_spent": 120.456,
            "total_revenue": 99.9,
            "currency_code": "CHF",
        }
        remote.share = {"share_url": "https://x.example/r", "share_password": "secret"}
        self.fetch_reports()
        record = self.record(remote)
        self.assertEqual(record.currency_id.name, "CHF")
        self.assertEqual((record.total_spent, record.total_revenue), (120.46, 99.9))
        self.assertEqual(record.total_orders, 3)
        self.assertEqual(record.report_share_url, "https://x.example/r")
        self.assertNotIn("secret", str(record.read()))
        before = record.report_fetched_at
        self.assertEqual(self.fetch_reports().updated, 0, "It is rounded once")
        self.assertEqual(record.report_fetched_at, before)

    def test_groups_of_a_test_are_kept(self):
        vals = self.env["mailchimp.campaign"]._report_from_mailchimp(
            {
                "id": "1",
                "ab_split": {"a": {"opens": 3}},
                "timewarp": [{"gmt_offset": -5}],
                "opens": {"opens_total": "many", "open_rate": None},
                "clicks": None,
            }
        )
        details = {"ab_split": {"a": {"opens": 3}}, "timewarp": [{"gmt_offset": -5}]}
        self.assertEqual(vals["report_details"], details)
        self.assertEqual((vals["opens_total"], vals["clicks_total"]), (0, 0))

    def test_first_day(self):
        remote = self.send(events=300)
        self.fetch_reports()
        hours = self.record(remote).hour_ids.sorted("hour_start")
        self.assertEqual(hours.mapped("hour"), [*range(1, 25)])
        self.assertEqual(hours[0].hour_start, second(remote.send_time))
        self.assertEqual(hours[0].emails_sent, len(remote.recipients))
        first_day = remote.send_time + day(1)
        openers = {e["id"] for e in remote.of("open") if e["at"] < first_day}
        self.assertEqual(sum(hours.mapped("unique_opens")), len(openers))
        graph = self.record(remote).opens_graph
        self.assertEqual(graph.count('"value"'), 24)

    def test_links(self):
        remote = self.send(events=200)
        self.fetch_reports()
        clicks = remote.of("click")
        links = self.record(remote).link_ids
        self.assertEqual(
            {link.url: (link.total_clicks, link.unique_clicks) for link in links},
            {
                url: (
                    len([e for e in clicks if e["url"] == url]),
                    len({e["id"] for e in clicks if e["url"] == url}),
                )
                for url in {event["url"] for event in clicks}
            },
        )
        self.assertAlmostEqual(sum(links.mapped("click_percentage")), 1)
        last = max(event["at"] for event in clicks)
        self.assertEqual(max(links.mapped("last_click")), second(last))

    def test_unchanged_costs_one_request_and_no_write(self):
        remote = self.send(events=60)
        quiet = self.send("Quiet", events=20)
        self.fetch_reports()
        fetched = self.record(remote).report_fetched_at
        written = self.record(remote).write_date
        versions = self.versions(remote)
        before = len(self.requests())
        run = self.fetch_reports()
        self.assertEqual([p for p, _q in self.requests()[before:]], ["/reports"])
        self.assertEqual((run.updated, run.created, run.unchanged), (0, 0, 2))
        self.assertEqual(self.record(remote).report_fetched_at, fetched)
        self.assertEqual(self.record(remote).write_date, written)
        self.assertEqual(self.versions(remote), versions)
        self.assertActivity(quiet)

    def test_only_what_changed_is_read(self):
        remote, other = self.send(events=60), self.send("Other", events=60)
        self.fetch_reports()
        before = len(self.requests())
        email = remote.recipients[0]["email_address"]
        self.later()
        self.people.open(self.remote, email, remote.id)
        self.fetch_reports()
        paths = [path for path, _query in self.requests()[before:]]
        self.assertEqual(paths, ["/reports", f"/reports/{remote.id}/email-activity"])
        self.assertActivity(remote)
        self.assertFigures(other)

    def test_campaign_that_odoo_believes_scheduled(self):
        remote = self.send(events=20)
        record = self.record(remote)
        record.write({"status": "schedule", "send_time": False, "emails_sent": 0})
        self.assertEqual(record.report_state, "none")
        self.account._cron_fetch_reports()
        self.run_everything()
        self.assertEqual((record.status, record.report_state), ("sent", "live"))
        self.assertEqual(record.send_time, second(remote.send_time))
        self.assertFigures(remote)
        self.assertActivity(remote)

    def test_unknown_campaign_is_named(self):
        known, unknown = self.send(events=20), self.send("Nobody knows", known=False)
        run = self.fetch_reports()
        self.assertEqual(run.state, "done")
        self.assertFigures(known)
        line = run.line_ids
        self.assertEqual((line.name, line.state), ("Nobody knows", "notice"))
        self.assertIn("MailChimp Operations", line.advice)
        self.assertFalse(self.record(unknown))

    def test_mails_of_automations_are_named_once_a_day(self):
        automation = self.send("Welcome", known=False)
        automation.type = "automation"
        self.assertFalse(self.fetch_reports().line_ids)
        self.assertEqual(self.fetch_reports("frozen").line_ids.name, "Welcome")

    def test_nobody_writes_figures_by_hand(self):
        record = self.record(self.send())
        user = new_test_user(self.env, "mc_figures", groups=USER)
        for vals in ({"opens_total": 5}, {"report_decided_until": "2030-01-01"}):
            with self.assertRaises(AccessError):
                record.with_user(user).write(vals)
        with self.assertRaises(AccessError):
            record.with_user(user).copy({"click_rate": 1})
        copied = record.copy()
        self.assertFalse(copied.report_fetched_at)


@tagged("post_install", "-at_install")
class TestReportState(ReportCase):
    """Which reports are fetched, and for how long."""

    def test_live_until(self):
        record = self.record(self.send())
        until = record.send_time + timedelta(days=5)
        self.assertEqual(
            (record.report_state, record.report_live_until), ("live", until)
        )
        self.account.report_days = 2
        self.assertEqual(record.report_state, "frozen")
        self.account.report_days = 30
        self.assertEqual(record.report_state, "live")
        self.account.report_days = 10**9
        self.assertEqual(record.report_state, "live")
        for state in ("live", "frozen", "none"):
            found = record.search(
                [("report_state", "=", state), ("id", "=", record.id)]
            )
            self.assertEqual(bool(found), state == "live", state)

    def test_drafts_have_no_report(self):
        draft = self.env["mailchimp.campaign"].create(
            {"account_id": self.account.id, "name": "Draft"}
        )
        self.assertEqual(draft.report_state, "none")
        self.assertRaises(UserError, draft.action_fetch_report)
        self.assertIn(draft, draft.search([("report_state", "=", "none")]))

    def test_freeze_and_reopen(self):
        remote = self.send(events=20)
        record = self.record(remote)
        user = new_test_user(self.env, "mc_freeze", groups=USER)
        record.with_user(user).action_freeze_report()
        self.assertEqual(record.report_state, "frozen")
        self.account.report_days = 30
        self.assertEqual(record.report_state, "frozen", "A person decided it")
        self.fetch_reports()
        self.assertFalse(record.report_fetched_at)
        record.with_user(user).action_reopen_report()
        self.assertEqual(record.report_state, "live")
        days = (record.report_live_until - fields.Datetime.now()).days
        self.assertIn(days, (29, 30))
        self.fetch_reports()
        self.assertFigures(remote)

    def test_frozen_is_left_alone_until_the_daily_pass(self):
        remote = self.send(events=40, at=self.sandbox.clock.now() - day(20))
        record = self.record(remote)
        self.assertEqual(record.report_state, "frozen")
        self.account._cron_fetch_reports()
        self.run_everything()
        self.assertFalse(self.requests())
        self.account._cron_fetch_late_reports()
        self.assertFalse(self.requests(), "A scheduled action only enqueues")
        self.run_everything()
        self.assertFigures(remote)
        self.assertActivity(remote)
        self.later()
        self.people.open(self.remote, remote.recipients[0]["email_address"], remote.id)
        self.account._cron_fetch_reports()
        self.run_everything()
        self.assertNotEqual(self.held(remote), self.there(remote))
        self.account._cron_fetch_late_reports()
        self.run_everything()
        self.assertActivity(remote)
        before = len(self.requests())
        self.account._cron_fetch_late_reports()
        self.run_everything()
        self.assertEqual(len(self.requests()), before + 1)

    def test_reopened_old_campaign_is_asked_for_alone(self):
        remote = self.send(events=40, at=self.sandbox.clock.now() - day(400))
        new = self.send("New", events=10)
        self.record(remote).action_reopen_report()
        self.fetch_reports()
        self.assertFigures(remote)
        self.assertActivity(new)
        [query] = [query for path, query in self.requests() if path == "/reports"]
        since = fields.Datetime.to_string(fields.Datetime.now() - timedelta(days=7))
        self.assertGreater(query["since_send_time"], since.replace(" ", "T"))
        self.assertIn(f"/reports/{remote.id}", [path for path, _q in self.requests()])

    def test_fetch_now(self):
        old = self.send("Old", events=30, at=self.sandbox.clock.now() - day(100))
        new = self.send("New", events=30)
        records = self.record(old) | self.record(new)
        user = new_test_user(self.env, "mc_now", groups=USER)
        action = records.with_user(user).action_fetch_report()
        self.run_everything()
        run = self.env["mailchimp.run"].browse(action["res_id"])
        self.assertEqual((run.state, run.kind, run.user_id), ("done", "reports", user))
        for remote in (old, new):
            self.assertFigures(remote)
            self.assertActivity(remote)
        self.assertNotIn("/reports", [path for path, _query in self.requests()])

    def test_one_run_at_a_time(self):
        self.send(events=10)
        first = self.account._start_fetch_reports("schedule", 20)
        self.assertEqual(self.account._start_fetch_reports("schedule", 20), first)
        self.run_everything()
        self.assertNotEqual(self.account._start_fetch_reports("schedule", 20), first)

    def test_accounts_that_do_not_work_are_left_out(self):
        remote = self.send(events=10)
        self.account.active = False
        self.account._cron_fetch_reports()
        self.account.write({"active": True, "state": "error"})
        self.account._cron_fetch_reports()
        self.assertFalse(self.runs("reports"))
        self.account.state = "connected"
        self.account._cron_fetch_reports()
        self.run_everything()
        self.assertActivity(remote)

    def test_campaign_gone_is_left_out(self):
        remote = self.send(events=10)
        self.record(remote).active = False
        self.account._cron_fetch_reports()
        self.assertFalse(self.runs("reports"))
        self.fetch_reports()
        self.assertFalse(self.runs("reports").line_ids)


@tagged("post_install", "-at_install")
class TestReportTrouble(ReportCase):
    """One report that cannot be read does not keep the others."""

    def test_not_ready(self):
        self.remote_account.sending_seconds = 3600
        late = self.send("Late", at=self.sandbox.clock.now())
        self.remote_account.sending_seconds = 0
        good = self.send("Good", events=20)
        run = self.fetch_reports()
        self.assertEqual(run.state, "done")
        self.assertEqual(run.line_ids.res_id, self.record(late).id)
        self.assertEqual(run.line_ids.state, "skipped")
        self.assertActivity(good)
        self.later(3600)
        self.assertFalse(self.fetch_reports().line_ids)
        self.assertFigures(late)

    def test_refused_details(self):
        first, second_ = self.send("First", events=20), self.send("Second", events=20)
        fault = "GET /reports/*/email-activity"
        self.sandbox.faults.inject("403_problem", match=fault)
        run = self.fetch_reports()
        self.assertEqual((run.state, self.account.state), ("done", "connected"))
        self.assertEqual(len(run.line_ids), 1)
        complete = [self.held(one) == self.there(one) for one in (first, second_)]
        self.assertEqual(sorted(complete), [False, True])
        self.fetch_reports()
        self.assertActivity(first)
        self.assertActivity(second_)

    def test_refused_altogether(self):
        self.send(events=20)
        self.sandbox.faults.inject("403_problem", match="GET /reports")
        run = self.fetch_reports()
        self.assertEqual((run.state, self.account.state), ("done", "connected"))
        self.assertIn("role", run.line_ids.advice)

    def test_account_closed(self):
        self.send(events=20)
        self.remote_account.deactivated = True
        self.account._start_fetch_reports("schedule", 20)
        self.run_jobs()
        self.assertEqual(self.account.state, "error")

    def test_second_company(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        other_remote = self.sandbox.add_account(OTHER_KEY)
        other = self.new_account("Other", OTHER_KEY, company_id=company.id)
        audience = other_remote.add_audience("Theirs")
        audience.add_member("theirs@harbour.example")
        other._start_import_audiences("user", 5, members=True)
        self.run_everything()
        theirs = activity.send(audience, "Theirs", 10)
        self.know(theirs, other, self.audience(audience))
        ours = self.send(events=10)
        self.fetch_reports()
        self.assertActivity(ours)
        self.assertFalse(self.held(theirs))
        user = new_test_user(self.env, "mc_ours", groups=USER)
        with self.assertRaises(AccessError):
            self.record(theirs).with_user(user).action_fetch_report()
        with self.assertRaises(AccessError):
            self.record(theirs).with_user(user).action_freeze_report()
        self.env["mailchimp.account"]._cron_fetch_reports()
        self.run_everything()
        self.assertActivity(theirs)
        hours = self.env["mailchimp.campaign.hour"].with_user(user).search([])
        self.assertEqual(hours.campaign_id, self.record(ours))
