"""Timelines, graphs and buttons: what campaigns led to, and who may see it."""

from ast import literal_eval
from datetime import timedelta

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import SQL

from .activity_common import ANN, BEN, EVE, ActivityCase
from .report_common import ReportCase
from .test_engagement import EngagementCase

USER = "mailchimp_connector.group_mailchimp_user"
MANAGER = "mailchimp_connector.group_mailchimp_manager"
MARKETING = "mass_mailing.group_mass_mailing_user"
Activity = "mailchimp.campaign.activity"


@tagged("post_install", "-at_install")
class TestTimeline(EngagementCase):
    """What was sent to a person, and what came of it."""

    def timeline(self, record, user=None):
        """Return (campaign, action) of the events of a contact or customer."""
        record = record.with_user(user) if user else record
        return [(e.campaign_id.name, e.action) for e in record.mailchimp_activity_ids]

    def test_newest_first(self):
        expected = [
            ("News 4", "sent"),
            ("News 3", "sent"),
            ("News 2", "click"),
            ("News 2", "sent"),
            ("News 1", "click"),
            ("News 1", "open"),
            ("News 1", "sent"),
            *[("News 0", "open")] * 3,
            ("News 0", "sent"),
        ]
        contact = self.contact(ANN)
        self.assertEqual(self.timeline(contact), expected)
        partner = self.env["res.partner"].create({"name": "Ann", "email": ANN})
        self.member(ANN).sudo().partner_id = partner
        self.assertEqual(self.timeline(partner), expected)
        click = contact.mailchimp_activity_ids.filtered(lambda e: e.url)[:1]
        self.assertEqual(click.detail, "https://a.example/offer")
        bounce = self.contact(EVE).mailchimp_activity_ids.filtered("bounce_type")[:1]
        self.assertEqual(bounce.detail, "Soft")

    def test_limited_with_a_way_to_all(self):
        for minutes in range(40):
            at = timedelta(minutes=minutes)
            self.happen(self.sent[-1], "open", BEN, after=at)
        contact = self.contact(BEN)
        self.assertEqual(len(contact.mailchimp_activity_ids), 30)
        newest = self.env[Activity].search(
            [("member_id", "=", self.member(BEN).id)], limit=30
        )
        self.assertEqual(contact.mailchimp_activity_ids, newest)
        action = contact.action_mailchimp_activity()
        self.assertEqual(self.env[Activity].search_count(action["domain"]), 45)
        self.assertEqual(action["views"][0], (False, "list"))
        self.assertEqual(
            self.member(BEN).action_view_activity()["views"], action["views"]
        )

    def test_many_people_by_the_same_number_of_queries(self):
        user = new_test_user(self.env, "mc_user", groups=USER)
        people = self.contact(ANN) | self.contact(BEN) | self.contact(EVE)
        counts = []
        for records in (self.contact(ANN), people):
            self.env.invalidate_all()
            records = records.with_user(user).with_prefetch(records.ids)
            records.mapped("name")
            before = self.env.cr.sql_log_count
            records.mapped("mailchimp_activity_ids")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])

    def test_the_index_finds_a_person(self):
        self.env.flush_all()
        for way in ("enable_seqscan", "enable_sort"):
            self.env.cr.execute(SQL("SET LOCAL %s TO off", SQL.identifier(way)))
        self.env.cr.execute(
            """EXPLAIN SELECT id FROM mailchimp_campaign_activity WHERE member_id = 1
                ORDER BY occurred_at DESC, id DESC LIMIT 30"""
        )
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        self.assertIn("member_time_idx", plan)
        # Of what happened in one second: the rest comes sorted.
        self.assertNotRegex(plan, r"(?<!Incremental )Sort  \(")

    def test_of_other_companies_is_hidden(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.account.company_id = elsewhere
        self.env.flush_all()
        user = new_test_user(self.env, "mc_user", groups=USER)
        self.assertEqual(self.timeline(self.contact(ANN), user), [])
        events = self.env[Activity].with_user(user)
        self.assertFalse(events.search([]))
        action = self.contact(ANN).with_user(user).action_mailchimp_activity()
        self.assertFalse(events.search_count(action["domain"]))

    def test_people_without_the_group_meet_no_error(self):
        user = new_test_user(self.env, "mc_marketing", groups=MARKETING)
        contact = self.contact(ANN).with_user(user)
        with Form(contact) as form:
            form.company_name = "Ann & Co"
        with self.assertRaises(AccessError):
            contact.read(["mailchimp_activity_ids"])
        self.assertNotIn("mailchimp_activity_ids", contact.fields_get())


@tagged("post_install", "-at_install")
class TestPersonalActivity(EngagementCase):
    """What a person is told about it, and what is left of an erased one."""

    def events(self, campaign):
        """Return how many events of which kind a campaign has."""
        groups = self.env[Activity]._read_group(
            [("campaign_id", "=", campaign.id)],
            ["action"],
            ["__count", "email_id:count_distinct"],
        )
        return sorted(groups)

    def test_is_told(self):
        sheets = self.contact(ANN)._personal_data()
        [(_title, head, rows)] = [
            s for s in sheets if s[0] == self.env[Activity]._description
        ]
        self.assertEqual(len(rows), 11)
        self.assertIn("https://a.example/offer", str(rows))
        self.assertIn("Link", head)
        self.assertNotIn("https://a.example", str(self.contact(BEN)._personal_data()))

    def test_of_a_member_that_is_unknown_here(self):
        zoe = "zoe@a.example"
        self.happen(self.sent[0], "click", zoe, url="https://a.example/z")
        contact = self.env["mailing.contact"].create({"name": "Zoe", "email": zoe})
        self.assertIn("https://a.example/z", str(contact._personal_data()))

    def test_is_erased(self):
        member, hash_ = self.member(ANN), self.member(ANN).subscriber_hash
        campaign = self.sent[1]
        self.happen(
            campaign,
            "click",
            ANN,
            after=timedelta(hours=2),
            ip="203.0.113.7",
            url=f"https://a.example/x?e={ANN}#{hash_}",
            reason=f"I am {ANN}",
        )
        before = [self.events(sent) for sent in self.sent]
        mine = self.env[Activity].search([("email_id", "=", hash_)])
        manager = new_test_user(self.env, "mc_dpo", groups=MANAGER)
        context = self.contact(ANN).action_mailchimp_erasure()["context"]
        Wizard = self.env["mailchimp.erasure"].with_user(manager)
        wizard = Wizard.with_context(**context).create(
            {"in_mailchimp": False, "confirmed": True}
        )
        self.assertEqual(wizard.activity_count, len(mine))
        wizard.action_erase()
        self.env.invalidate_all()
        self.assertEqual([self.events(sent) for sent in self.sent], before)
        self.assertFalse(self.env[Activity].search([("email_id", "=", hash_)]))
        self.assertFalse(mine.member_id)
        for secret in (ANN, hash_, "203.0.113.7"):
            self.assertNotIn(secret, str(mine.read()))
        # Not even that one reader of two campaigns is the same.
        self.assertEqual(len(set(mine.mapped("email_id"))), len(self.sent))
        self.compute()
        for record in (member, self.contact(ANN)):
            self.assertEqual(self.figures(record), (0, 0, 0, 0, 0))


@tagged("post_install", "-at_install")
class TestErasedActivity(ReportCase):
    """Mailchimp goes on to report about people who were erased in Odoo."""

    def test_they_do_not_come_back_with_a_report(self):
        letter = self.send()
        email = letter.recipients[0]["email_address"]
        self.people.open(self.remote, email, letter.id)
        self.fetch_reports()
        contact, hash_ = self.contact(email), self.member(email).subscriber_hash
        Events = self.env[Activity]
        self.assertEqual(Events.search_count([("email_id", "=", hash_)]), 2)
        contact._erase_person(in_mailchimp=False)
        count = Events.search_count([])
        self.later(60)
        self.people.open(self.remote, email, letter.id)
        self.fetch_reports()
        self.assertEqual(self.record(letter).opens_total, 2)
        self.assertFalse(Events.search([("email_id", "=", hash_)]))
        self.assertEqual(Events.search_count([]), count)
        self.assertFalse(contact.mailchimp_opened_count)


@tagged("post_install", "-at_install")
class TestActivityViews(ActivityCase):
    """Lists, graphs and pivots."""

    def test_views_and_groups(self):
        self.happen(self.campaign(), "open", ANN, BEN)
        user = new_test_user(self.env, "mc_user", groups=USER)
        Events = self.env[Activity].with_user(user)
        kinds = ("list", "form", "graph", "pivot", "search")
        Events.get_views([(False, kind) for kind in kinds])
        for group in ("campaign_id", "audience_id", "action", "member_id", "url"):
            with self.subTest(group=group):
                groups = Events._read_group([], [group], ["__count"])
                self.assertEqual(sum(count for *_key, count in groups), 5)
        by_action = Events._read_group([], ["action"], ["member_id:count_distinct"])
        self.assertEqual(dict(by_action), {"sent": 3, "open": 2})

    def test_filters(self):
        self.campaign(weeks_ago=3)
        self.happen(self.campaign(), "open", ANN)
        arch = self.env[Activity].get_view(view_type="search")["arch"]
        domains = {
            node.get("name"): node.get("domain")
            for node in etree.fromstring(arch).iter("filter")
        }
        for name, count in (
            ("last_7_days", 4),
            ("last_30_days", 7),
            ("open", 1),
            ("sent", 6),
            ("unknown", 0),
        ):
            with self.subTest(name=name):
                domain = literal_eval(domains[name])
                self.assertEqual(self.env[Activity].search_count(domain), count)
