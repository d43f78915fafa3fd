"""What damaged, late or foreign reports do."""

import math

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.client import wire
from odoo.addons.mailchimp_connector.client.batches import BatchResult
from odoo.addons.mailchimp_connector.sandbox import report
from odoo.addons.mailchimp_connector.tools.report import activity_rows, moment
from odoo.addons.mailchimp_connector.tools.subscriber import subscriber_hash

from .campaign_case import StrangerCase
from .report_common import ReportCase, day
from .test_document_odd import ODD

BIG = 2**31 - 1
MORE = (
    *(BIG, -BIG, 2**31, 10**18, 1e308, -1e308, float("nan"), float("inf"), "1e308"),
    *("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00", "12", "NaN"),
    *("2026-02-30T25:61:61+99:99", "Sat, 21 Nov 2026 22:00:00 GMT", "\ud800"),
)
AT = "2026-11-20T10:00:00+00:00"
EVENTS = (
    {"action": "click", "timestamp": AT, "url": "https://x.example", "ip": "1.2.3.4"},
    {"action": "bounce", "timestamp": AT, "type": "hard"},
)
PARTS = {
    "activity": {"activity": list(EVENTS)},
    "unsubscribed": {"timestamp": AT, "reason": "x"},
    "abuse": {"date": AT},
    "links": {
        "id": "abc",
        "url": "https://x.example",
        "total_clicks": 1,
        "click_percentage": 0.1,
        "unique_clicks": 1,
        "unique_click_percentage": 0.1,
        "last_click": AT,
    },
}


def everywhere(document, odd):
    """Return a report that says something odd wherever it says anything."""
    return {
        name: everywhere(value, odd) if isinstance(value, dict) else odd
        for name, value in document.items()
    }


class DamagedCase(ReportCase):
    people_count = 4

    def setUp(self):
        super().setUp()
        self.sent = self.send(events=30)
        self.campaign = self.record(self.sent)
        self.report = self.env["mailchimp.campaign.report"]
        self.run_ = self.env["mailchimp.run"]._open_run(self.account, "reports", "user")

    def survives(self, act, *args):
        """Do something with what is odd, which is undone in the end."""
        with self.subTest(odd=repr(args)[:200]), self.env.cr.savepoint() as savepoint:
            try:
                act(*args)
                self.env.flush_all()
            finally:
                savepoint.rollback()
                self.env.invalidate_all(flush=False)

    def take(self, data):
        data = {**data, "id": self.sent.id}
        found = self.report._take_reports(
            self.account, self.run_, [data], "chosen", self.campaign
        )
        self.assertEqual(found, self.campaign)
        self.env.flush_all()
        self.report._enqueue_reading(found, self.run_, 5)
        self.assertReadable()

    def assertReadable(self):
        """All that a form shows can be shown, and is what it can be."""
        self.env.flush_all()
        self.env.invalidate_all()
        for zone in ("Asia/Kathmandu", "America/Los_Angeles"):
            [values] = self.campaign.with_context(tz=zone).read()
        self.assertEqual(values["name"], "Letter")
        for name, value in values.items():
            if isinstance(value, float):
                self.assertTrue(math.isfinite(value), name)

    def page(self, part, items, total):
        reading = dict.fromkeys(("since", "total"))
        reading |= {"part": part, "passes": 1, "moved": False, "odd": 0}
        reading["sent_at"] = str(self.campaign.send_time)
        self.report._take_page(self.campaign, self.run_, reading, 0, items, total)


@tagged("post_install", "-at_install")
class TestDamagedReports(DamagedCase):
    def test_every_odd_value(self):
        document = report.document(self.sent)
        for odd in (*ODD, *MORE):
            self.survives(self.take, everywhere(document, odd))
            self.survives(self.take, dict.fromkeys(document, odd))

    def test_bounces_that_add_up(self):
        for most in (BIG, -BIG):
            document = report.document(self.sent)
            document["bounces"] = dict.fromkeys(document["bounces"], most)
            self.survives(self.take_bounces, document, most)

    def take_bounces(self, document, most):
        self.take(document)
        self.assertEqual(self.campaign.hard_bounces, most)
        self.assertEqual(abs(self.campaign.bounces), BIG)

    def test_hours_of_other_ages(self):
        document = report.document(self.sent)
        hour = document["timeseries"][0]
        for at in MORE:
            odd = {**hour, "timestamp": at}
            self.survives(self.take_hours, {**document, "timeseries": [hour, odd]})

    def take_hours(self, document):
        self.take(document)
        hours = self.campaign.hour_ids.mapped("hour_start")
        self.assertIn(moment(document["timeseries"][0]["timestamp"]), hours)

    def test_every_odd_event(self):
        self.take(report.document(self.sent))
        for part, item in PARTS.items():
            item = {"email_id": subscriber_hash("person0@harbour.example"), **item}
            for odd in (*ODD, *MORE):
                for name in item:
                    self.survives(self.page, part, [{**item, name: odd}, None, "?"], 3)
        for odd in (*ODD, *MORE):
            for event in EVENTS:
                events = [{**event, name: odd} for name in event]
                item = {"email_id": "a" * 32, "activity": [*EVENTS, *events]}
                self.survives(self.take_events, item)

    def take_events(self, item):
        self.page("activity", [item], 1)
        held = [row[1:] for row in self.held(self.sent) if row[0] == item["email_id"]]
        self.assertIn(("click", moment(AT), "https://x.example", "", ""), held)
        self.assertIn(("bounce", moment(AT), "", "hard", ""), held)

    def test_kind_and_bounce_of_another_type(self):
        for event in (
            {"action": [], "timestamp": AT},
            {"action": {}, "timestamp": AT},
            {"action": "bounce", "type": [], "timestamp": AT},
        ):
            with self.subTest(event=event):
                item = {"email_id": "a" * 32, "activity": [event, EVENTS[0]]}
                rows, _odd = activity_rows([item])
                self.assertIn("click", [row["action"] for row in rows])

    def test_totals_that_are_huge(self):
        self.take(report.document(self.sent))
        for total in (2**31, 10**18, -5):
            self.survives(self.take_nothing, total)

    def take_nothing(self, total):
        self.page("links", [], total)
        self.assertLessEqual(abs(self.run_.total), BIG)

    def test_campaign_that_is_to_be_sent_in_the_last_year(self):
        data = self.sent.document()
        for id_, at in (
            ("abc0000001", "9999-12-31T23:59:59+00:00"),
            ("abc0000002", "0001-01-01T00:00:00+00:00"),
        ):
            odd = {**data, "id": id_, "send_time": at}
            self.env["mailchimp.campaign"]._import_items(self.account, [odd], self.run_)
            self.env.flush_all()
        self.fetch_reports()
        runs = self.env["mailchimp.run"].search([("kind", "=", "reports")])
        self.assertNotIn("failed", runs.job_ids.mapped("state"))

    def test_campaign_without_send_time(self):
        unsent = self.know(self.send("Draft", known=False))
        unsent._connector_write({"status": "save", "send_time": False})
        self.fetch_reports("chosen", self.campaign | unsent)
        self.assertTrue(self.campaign.report_fetched_at)

    def test_averages_are_of_those_with_a_report(self):
        self.fetch_reports()
        self.campaign._connector_write({"open_rate": 0.5})
        self.know(self.send("Draft", known=False))
        [[rate]] = self.env["mailchimp.campaign"]._read_group(
            [("account_id", "=", self.account.id)], [], ["open_rate:avg"]
        )
        self.assertEqual(rate, 0.5)


@tagged("post_install", "-at_install")
class TestOddBatches(DamagedCase):
    def test_results_of_something_else(self):
        other = self.record(self.send("b", 30))
        self.fetch_reports()
        rows = self.versions(self.sent)
        names = ("activity", "links")
        parts = {p: self.report._new_reading(self.campaign, p) for p in names}
        self.campaign.report_reading = {"batch": "b1", "parts": parts}
        names = ("", "x", ":", "activity:", "activity:x", ["x"], 7, {"a": 1})
        ours = [f"{part}:{self.campaign.id}" for part in ("links", "activity")]
        for name in (*names, *ours, f"activity:{other.id}"):
            for body in (
                *(None, [], "x", {}, {"emails": None}, {"emails": [1]}),
                *({"emails": [], "total_items": n} for n in (2**40, "x", [1])),
            ):
                self.survives(self.take_result, BatchResult(name, 200, body))
        self.assertEqual(self.versions(self.sent), rows)

    def take_result(self, result):
        batch = {"id": "b1", "counts": {}, "taken": 0}
        self.report._take_result(self.campaign, self.run_, batch, result)


@tagged("post_install", "-at_install")
class TestSurrogates(StrangerCase):
    def test_lone_surrogate_in_a_list(self):
        """One text that cannot be read does not keep all others out."""
        campaign = self.saved_campaign()
        self.there(campaign).settings["title"] = "odd \ud800"
        self.account._start_import_campaigns("user", 5)
        for _round in range(4):
            self.run_jobs()
        self.assertEqual(self.runs("campaigns")[:1].state, "done")
        self.assertEqual(campaign.name, "odd \ufffd")

    def test_only_halves_are_replaced(self):
        for said, meant in (
            (rb"\ud83c\udf47", "\U0001f347"),
            (rb"\uD83Cx\uDF47", "\ufffdx\ufffd"),
            (rb"\ud83c\ud83c\udf47", "\ufffd\U0001f347"),
            (rb"\\ud800 \ud800", "\\ud800 \ufffd"),
            (rb"\u00e9\n\"\udfff", '\u00e9\n"\ufffd'),
        ):
            with self.subTest(said=said):
                self.assertEqual(wire.parse(b'["%s", "\\ud800"]' % said)[0], meant)


@tagged("post_install", "-at_install")
class TestErasedPeople(ReportCase):
    people_count = 4

    def setUp(self):
        super().setUp()
        self.email = "person0@harbour.example"
        self.hash = subscriber_hash(self.email)

    def rows(self):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT action, ip, url FROM mailchimp_campaign_activity"
            " WHERE email_id = %s",
            [self.hash],
        )
        return self.env.cr.fetchall()

    def open_late(self, sent):
        self.later(60)
        now = int(self.sandbox.clock.now())
        sent.events.append(
            {
                "id": self.hash,
                "action": "click",
                "at": now,
                "url": "https://x.example/?who=person0",
            }
        )

    def test_event_before_mailchimp_deleted_them(self):
        sent = self.send("a", 40, at=int(self.sandbox.clock.now()) - day(3))
        self.fetch_reports()
        self.contact(self.email)._erase_person()
        self.assertEqual(self.rows(), [])
        self.open_late(sent)
        # Mailchimp cannot delete them yet.
        self.sandbox.faults.inject(
            "500_problem", times=None, match="POST *delete-permanent*"
        )
        self.account._start_fetch_reports("user", 0)
        for _round in range(3):
            self.run_jobs()
        self.sandbox.faults.clear()
        self.run_everything()  # now they are deleted there
        self.assertEqual(self.rows(), [])

    def test_audience_unknown_in_odoo(self):
        sent = self.send("a", 40)
        self.fetch_reports()
        self.record(sent)._connector_write({"audience_id": False})
        self.record(sent).sudo().report_seen = False
        self.contact(self.email)._erase_person(in_mailchimp=False)
        self.assertEqual(self.rows(), [])
        self.fetch_reports("chosen", self.record(sent))
        self.assertEqual(self.rows(), [])


@tagged("post_install", "-at_install")
class TestNothingTwice(ReportCase):
    people_count = 4

    def entries(self):
        return self.env["mailchimp.consent"].search_count(
            [("new_status", "=", "complained")]
        )

    def complain(self, sent):
        who = sent.recipients[0]["email_id"]
        sent.events.append(
            {"id": who, "action": "abuse", "at": int(self.sandbox.clock.now()) + 50}
        )

    def test_complaint_of_an_audience_that_was_imported_again(self):
        sent = self.send("a", 0)
        self.complain(sent)
        self.fetch_reports()
        self.assertEqual(self.entries(), 1)
        email = sent.recipients[0]["email_address"]
        # Somebody took the address off on purpose.
        black = self.env["mail.blacklist"].search([("email", "=", email)])
        self.assertTrue(black)
        black.active = False
        self.audience().unlink()
        self.env.invalidate_all()
        self.import_audiences()
        self.record(sent)._connector_write({"audience_id": self.audience().id})
        self.fetch_reports()
        self.run_everything()
        with self.subTest("blacklist"):
            self.assertFalse(black.active)
        with self.subTest("ledger"):
            self.assertEqual(self.entries(), 1)
