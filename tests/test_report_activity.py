"""What every recipient did comes to Odoo: all of it, once, and with its member."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import BaseCase, tagged

from odoo.addons.mailchimp_connector.sandbox import activity
from odoo.addons.mailchimp_connector.tools.report import (
    abuse_rows,
    activity_rows,
    hour_rows,
    link_rows,
    unsubscribe_rows,
)

from .report_common import MODELS, ReportCase, second

HASH = "0" * 32
AT = "2026-01-01T10:00:00+00:00"


@tagged("post_install", "-at_install")
class TestReportRows(BaseCase):
    """Pages of a report as rows, whatever is in them."""

    def keys(self, rows):
        return [(row["action"], row["number"], row["url"]) for row in rows]

    def test_events_of_one_second_are_numbered(self):
        def click(url):
            return {"action": "click", "timestamp": AT, "url": url, "ip": "192.0.2.1"}

        opened = {"action": "open", "timestamp": AT}
        events = [click("https://b"), opened, click("https://a"), opened]
        rows, odd = activity_rows([{"email_id": HASH, "activity": events}])
        self.assertEqual(odd, 0)
        expected = [
            ("click", 0, "https://a"),
            ("click", 1, "https://b"),
            ("open", 0, None),
            ("open", 1, None),
        ]
        self.assertEqual(self.keys(rows), expected)
        again, _odd = activity_rows([{"email_id": HASH, "activity": events[::-1]}])
        self.assertEqual(again, rows, "Whatever the order")

    def test_recipient_listed_twice(self):
        entry = {
            "email_id": HASH,
            "activity": [{"action": "open", "timestamp": AT}],
        }
        self.assertEqual(len(activity_rows([entry, dict(entry)])[0]), 1)
        gone = {"email_id": HASH, "timestamp": AT, "reason": "No"}
        self.assertEqual(len(unsubscribe_rows([gone, dict(gone)])[0]), 1)

    def test_what_is_no_event(self):
        broken = (None, 5, "open", {}, {"action": "open"}, {"action": "sing"})
        late = ({"action": "open", "timestamp": "yesterday"},)
        items = [{"email_id": HASH, "activity": [*broken, *late]}]
        self.assertEqual(activity_rows(items), ([], 7))
        people = [None, {}, {"email_id": HASH}, {"email_id": {}, "activity": []}]
        self.assertEqual(activity_rows(people), ([], 4))
        self.assertEqual(abuse_rows([{"email_id": HASH}, 3]), ([], 2))
        self.assertEqual(link_rows([{"id": "1"}, None, {"url": "x"}]), ([], 3))
        self.assertEqual(hour_rows({"timeseries": [None, {"timestamp": "x"}]}), [])
        self.assertEqual(hour_rows({"timeseries": 7}), [])

    def test_odd_values_are_tamed(self):
        event = {
            "action": "bounce",
            "timestamp": "2026-01-01T12:00:00.500+02:00",
            "type": "sideways",
            "url": 5,
            "ip": "192.0.2.1\x00",
        }
        [row], odd = activity_rows([{"email_id": HASH, "activity": [event]}])
        self.assertEqual(odd, 0)
        self.assertEqual(str(row["occurred_at"]), "2026-01-01 10:00:00")
        found = (row["bounce_type"], row["url"], row["ip"])
        self.assertEqual(found, (None, "5", "192.0.2.1"))


@tagged("post_install", "-at_install")
class TestReportActivity(ReportCase):
    """Opens, clicks, bounces, unsubscribes and complaints of a sandbox."""

    def test_everything_once(self):
        self.patch_size()
        remote = self.send(events=300)
        run = self.fetch_reports()
        self.assertActivity(remote)
        self.assertEqual(run.created, len(self.there(remote)))
        self.assertFalse(run.line_ids)
        counts = {**remote.counts(), "sent": len(remote.recipients)}
        rows = self.env["mailchimp.campaign.activity"]._read_group(
            [("campaign_id", "=", self.record(remote).id)], ["action"], ["__count"]
        )
        self.assertEqual(dict(rows), counts)

    def test_members_are_linked(self):
        remote = self.send(events=100)
        self.fetch_reports()
        for event in self.record(remote).activity_event_ids:
            member = self.env["mailchimp.member"].search(
                [("subscriber_hash", "=", event.email_id)]
            )
            self.assertEqual(event.member_id, member)
            self.assertTrue(member)

    def test_only_the_news_is_asked_for(self):
        remote = self.send(events=60)
        self.fetch_reports()
        [first] = self.activity_queries(remote)
        self.assertNotIn("since", first)
        versions = self.versions(remote)
        read_at = self.sandbox.clock.now()
        self.later(3600)
        activity.happen(remote, 5, seed=9, until=self.sandbox.clock.now())
        for event in remote.events[-5:]:
            event["at"] = self.sandbox.clock.now() - 60
        self.record(remote).write({"report_fetched_at": fields.Datetime.now()})
        self.fetch_reports()
        self.assertActivity(remote)
        query = self.activity_queries(remote)[1]
        since = second(read_at) - timedelta(minutes=10)
        self.assertEqual(query["since"], f"{since.isoformat()}+00:00")
        self.assertEqual(self.versions(remote)[: len(versions)], versions)

    def activity_queries(self, remote):
        path = f"/reports/{remote.id}/email-activity"
        return [query for found, query in self.requests() if found == path]

    def test_read_again_writes_nothing(self):
        remote = self.send(events=100)
        self.fetch_reports()
        versions = self.versions(remote)
        self.record(remote).report_seen = {"activity": {}}
        run = self.fetch_reports()
        self.assertEqual((run.created, run.updated), (0, 0))
        self.assertEqual(len(self.activity_queries(remote)), 2)
        self.assertEqual(self.versions(remote), versions)

    def test_late_event_is_found(self):
        """Mailchimp may show an event long after it happened."""
        remote = self.send(events=60)
        self.fetch_reports()
        self.later(7200)
        late = {**remote.of("open")[0], "at": remote.send_time + 7}
        remote.events.append(late)
        self.people.open(self.remote, remote.recipients[0]["email_address"], remote.id)
        with patch(f"{MODELS}.mailchimp_report_complete.FULL_EVERY", timedelta()):
            self.fetch_reports()
        self.assertActivity(remote)
        queries = self.activity_queries(remote)
        self.assertEqual(["since" in query for query in queries], [False, True, False])

    def test_full_reading_is_no_habit(self):
        remote = self.send(events=60)
        self.fetch_reports()
        for _time in range(3):
            self.later(7200)
            remote.events.append({**remote.of("open")[0], "at": remote.send_time + 7})
            self.people.open(
                self.remote, remote.recipients[0]["email_address"], remote.id
            )
            self.fetch_reports()
        queries = self.activity_queries(remote)
        self.assertEqual(["since" in q for q in queries], [False, True, True, True])
        self.later(90_000)
        email = remote.recipients[0]["email_address"]
        self.people.open(self.remote, email, remote.id)
        self.fetch_reports()
        self.assertActivity(remote)

    def test_more_recipients(self):
        """A mail that is sent in parts reaches people between two readings."""
        remote = self.send(events=30)
        hidden = remote.recipients[8:]
        del remote.recipients[8:]
        remote.events[:] = [
            e for e in remote.events if e["id"] not in {p["email_id"] for p in hidden}
        ]
        remote.tally = None
        self.fetch_reports()
        self.assertActivity(remote)
        remote.recipients += hidden
        self.fetch_reports()
        self.assertActivity(remote)

    def test_sent_once_whatever_the_time(self):
        remote = self.send(events=30)
        self.fetch_reports()
        sent = second(remote.send_time)
        remote.send_time += 900
        self.record(remote).send_time += timedelta(minutes=15)
        seen = self.record(remote).report_seen
        seen["activity"]["sent"] = seen["activity"]["figures"] = None
        self.record(remote).report_seen = seen
        self.fetch_reports()
        rows = self.record(remote).activity_event_ids
        rows = rows.filtered(lambda row: row.action == "sent")
        self.assertEqual(len(rows), len(remote.recipients))
        self.assertEqual(set(rows.mapped("occurred_at")), {sent})

    def test_odd_entries_are_named(self):
        remote = self.send(events=30)
        remote.events.append(
            {"action": "open", "id": remote.recipients[0]["email_id"], "at": 0}
        )
        run = self.fetch_reports()
        self.assertEqual(run.state, "done")
        self.assertEqual(run.line_ids.state, "notice")
        self.assertIn("not be understood: 1", run.line_ids.reason)

    def test_forgotten_people_stay_so(self):
        remote = self.send(events=100)
        forgotten = self.env["mailchimp.member"].search([], limit=1)
        forgotten.forgotten = True
        self.fetch_reports()
        hashes = {who for who, *_rest in self.held(remote)}
        self.assertNotIn(forgotten.subscriber_hash, hashes)
        self.assertEqual(len(hashes), len(remote.recipients) - 1)


@tagged("post_install", "-at_install")
class TestReportNews(ReportCase):
    """Others hear of new activity: of each event once."""

    def setUp(self):
        super().setUp()
        self.news = []

        def hear(_model, campaign, rows):
            self.news += [(campaign, *row.values()) for row in rows]

        self.startPatcher(
            patch.object(
                self.registry["mailchimp.campaign.report"], "_on_new_activity", hear
            )
        )

    def test_each_event_once(self):
        self.patch_size()
        remote = self.send(events=80)
        self.fetch_reports()
        self.assertEqual(len(self.news), len(self.there(remote)))
        self.later()
        self.people.click(
            self.remote, remote.recipients[0]["email_address"], remote.id, "https://x"
        )
        del self.news[:]
        self.fetch_reports()
        self.assertEqual(
            [row[2] for row in sorted(self.news, key=str)], ["click", "open"]
        )
        campaign, member_id, _action, kind, at = self.news[0]
        self.assertEqual(campaign, self.record(remote))
        member = self.env["mailchimp.member"].browse(member_id)
        self.assertEqual(member.email, remote.recipients[0]["email_address"])
        self.assertEqual((kind, at), (None, second(self.sandbox.clock.now())))

    def test_member_imported_later(self):
        self.remote.add_member("late@harbour.example")
        remote = self.send(events=80)
        late = remote.recipients[-1]
        self.assertEqual(late["email_address"], "late@harbour.example")
        self.fetch_reports()
        rows = self.record(remote).activity_event_ids
        strangers = rows.filtered(lambda row: row.email_id == late["email_id"])
        self.assertTrue(strangers)
        self.assertFalse(strangers.member_id)
        self.import_audiences()
        del self.news[:]
        before = len(self.requests())
        with patch(f"{MODELS}.mailchimp_report_store.LINK_AT_ONCE", 3):
            self.fetch_reports()
        self.assertEqual(len(self.requests()), before + 1)
        self.assertEqual(strangers.member_id.email, "late@harbour.example")
        self.assertEqual(len(self.news), len(strangers))
        del self.news[:]
        self.fetch_reports()
        self.assertFalse(self.news)
