"""Audiences: import, renaming, deletion, what belongs to them, and the wizard."""

import psycopg2

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from .common import MailchimpCase

USER = "mailchimp_connector.group_mailchimp_user"


class AudienceCase(MailchimpCase):
    """Import without members, unless asked."""

    def reimport(self):
        """Import the audiences again.

        :return: the run
        """
        self.import_audiences(members=False)
        return self.runs("audiences")[0]


@tagged("post_install", "-at_install")
class TestAudienceImport(AudienceCase):
    """Audiences and their lists."""

    def test_what_mailchimp_says(self):
        self.remote.settings.update(list_rating=4, double_optin=True)
        self.remote.campaign_defaults.update(
            from_name="Harbour", from_email="news@a.example"
        )
        self.remote.add_member("ann@a.example")
        self.remote.add_member("bob@a.example", "unsubscribed")
        self.remote.add_member("eve@a.example", "cleaned")
        self.reimport()
        audience = self.audience()
        self.assertRecordValues(
            audience,
            [
                {
                    "name": "Newsletter",
                    "list_rating": "4",
                    "double_optin": True,
                    "from_name": "Harbour",
                    "from_email": "news@a.example",
                    "remote_subscribed": 1,
                    "remote_unsubscribed": 1,
                    "remote_cleaned": 1,
                    "web_id": self.remote.web_id,
                    "subscribe_url_short": f"http://eepurl.example/{self.remote.id}",
                    "total_count": 0,
                }
            ],
        )
        self.assertTrue(audience.date_created)
        self.assertTrue(audience.subscribe_url_long)
        self.assertEqual(audience.mailing_list_id.name, "Newsletter")
        self.assertEqual(audience.company_id, self.account.company_id)

    def test_pages_in_mailchimp(self):
        self.reimport()
        audience = self.audience()
        audience.web_id = 7
        vals = {"account_id": self.account.id, "audience_id": audience.id, "web_id": 7}
        for record, path in (
            (audience, "lists/members/"),
            (self.env["mailchimp.member"].new(vals), "lists/members/view"),
            (self.env["mailchimp.campaign"].new(vals), "campaigns/show/"),
        ):
            page = f"https://us1.admin.mailchimp.com/{path}?id=7"
            self.assertEqual(record.action_open_in_mailchimp()["url"], page)
        self.account.api_key = "without-a-data-center"
        self.assertFalse(audience.web_url)

    def test_again_creates_nothing(self):
        self.reimport()
        lists = self.env["mailing.list"].search_count([])
        run = self.reimport()
        self.assertEqual((run.state, run.created, run.updated), ("done", 0, 0))
        self.assertEqual(self.env["mailing.list"].search_count([]), lists)
        self.assertEqual(len(self.account.audience_ids), 1)

    def test_more_than_a_page(self):
        for number in range(1003):
            self.remote_account.add_audience(f"Audience {number}")
        path = "/lists"
        self.later()
        self.account._job_import_audiences(
            self.env["mailchimp.run"]._open_run(self.account, "audiences", "user").id, 5
        )
        self.assertEqual(len(self.account.audience_ids), 1004)
        self.assertEqual(len(self.account.audience_ids.mailing_list_id), 1004)
        pages = [r for r in self.sandbox.requests if r.path == path]
        self.assertEqual(len(pages), 2)

    def test_list_is_renamed_while_it_has_our_name(self):
        self.reimport()
        mailing_list = self.audience().mailing_list_id
        self.remote.name = "News from the Harbour"
        self.reimport()
        self.assertEqual(mailing_list.name, "News from the Harbour")
        mailing_list.name = "Ours"
        self.remote.name = "Renamed Again"
        self.reimport()
        self.assertEqual(self.audience().name, "Renamed Again")
        self.assertEqual(mailing_list.name, "Ours")

    def test_deleted_in_mailchimp_and_back_again(self):
        self.remote.add_member("ann@a.example")
        audience = self.import_audiences()
        del self.remote_account.audiences[self.remote.id]
        run = self.reimport()
        self.assertFalse(audience.active)
        self.assertIn("does not exist", audience.message_ids[0].body)
        [line] = run.line_ids
        self.assertEqual((line.state, line.name), ("notice", "Newsletter"))
        self.assertTrue(self.contact("ann@a.example"))
        self.assertTrue(audience.member_ids)
        with self.assertRaisesRegex(UserError, "any more"):
            audience.action_fetch_members()
        self.assertFalse(self.reimport().line_ids)
        self.remote_account.audiences[self.remote.id] = self.remote
        self.reimport()
        self.assertTrue(audience.active)
        self.assertIn("again", audience.message_ids[0].body)
        self.assertEqual(audience, self.audience())

    def test_archived_by_a_person_and_taken_back(self):
        """What is decided meanwhile waits, and is not given up."""
        there = self.remote.add_member("ann@a.example")
        audience = self.import_audiences()
        audience.active = False
        self.subscription("ann@a.example").opt_out = True
        self.run_jobs()
        self.import_audiences()
        self.assertFalse(audience.active)
        with self.assertRaisesRegex(UserError, "is archived"):
            audience.action_fetch_members()
        self.assertEqual(there.status, "subscribed")
        audience.active = True
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mailchimp_change SET create_date = create_date - interval '1 hour'"
        )
        self.run_jobs()
        self.run_jobs()
        self.assertEqual(there.status, "unsubscribed")

    def test_list_of_an_audience_cannot_be_deleted(self):
        self.reimport()
        with self.assertRaisesRegex(UserError, "stands for a Mailchimp audience"):
            self.audience().mailing_list_id.unlink()
        mailing_list = self.audience().mailing_list_id
        self.audience().unlink()
        mailing_list.unlink()

    @mute_logger("odoo.sql_db")
    def test_constraints(self):
        self.reimport()
        audience = self.audience()
        other = self.env["mailing.list"].create({"name": "Other"})
        vals = {
            "name": "Twice",
            "account_id": self.account.id,
            "mailchimp_id": audience.mailchimp_id,
            "mailing_list_id": other.id,
        }
        taken = dict(
            vals, mailchimp_id="new", mailing_list_id=audience.mailing_list_id.id
        )
        for twice in (vals, taken):
            with self.assertRaises(psycopg2.errors.UniqueViolation):
                with self.env.cr.savepoint():
                    audience.create(twice)
        for name in ("name", "account_id", "mailchimp_id", "mailing_list_id"):
            with self.assertRaises(psycopg2.errors.NotNullViolation):
                with self.env.cr.savepoint():
                    audience.create(dict(vals, mailchimp_id="new") | {name: False})

    def test_faults(self):
        self.remote.add_interests("Topics", ["News"])
        self.remote.make_tag("VIP")
        faults = ("502_html", "empty_body", "429_problem", "connection_reset")
        for kind in faults:
            for match in ("GET /lists", "GET /lists/*"):
                self.sandbox.faults.inject(kind, times=1, match=match)
        run = self.reimport()
        for _attempt in range(12):
            run.job_ids.action_run_now()
            self.run_jobs()
        self.assertEqual(run.state, "done", run.message)
        self.assertEqual(len(self.account.audience_ids), 1)
        audience = self.audience()
        self.assertEqual(audience.tag_ids.mapped("name"), ["VIP"])
        self.assertEqual(
            audience.interest_category_ids.interest_ids.mapped("name"), ["News"]
        )
        self.assertFalse(self.sandbox.faults.waiting)

    def test_second_import_joins_the_first(self):
        first = self.account._start_import_audiences("user", 5)
        second = self.account._start_import_audiences("user", 5, members=True)
        self.assertEqual(first, second)
        self.remote.add_member("ann@a.example")
        self.later()
        self.run_jobs()
        self.assertEqual(first.state, "done")
        self.assertTrue(self.member("ann@a.example"), "the second one wanted members")

    def test_full_fetch_while_another_waits(self):
        self.import_audiences()
        fetch = self.audience()._start_fetch("user", 5)
        full = self.audience()._start_fetch("user", 5, full=True)
        self.later()
        self.run_jobs()
        self.assertEqual((fetch | full).mapped("state"), ["done", "done"])

    def test_schedule_brings_what_is_new(self):
        self.import_audiences()
        other = self.remote_account.add_audience("Other")
        other.add_member("bob@a.example")
        self.later()
        self.env["mailchimp.account"]._cron_fetch_audiences()
        self.run_jobs()
        self.assertEqual(self.audience(other).member_ids.email, "bob@a.example")
        self.account.auto_sync_members = False
        self.sandbox.monitor.clear()
        self.env["mailchimp.account"]._cron_fetch_audiences()
        self.run_jobs()
        self.assertFalse(self.sandbox.requests)


@tagged("post_install", "-at_install")
class TestMirrors(AudienceCase):
    """Tags, segments and groups are mirrored, and archived when gone."""

    def test_tags_and_segments(self):
        tag = self.remote.make_tag("VIP")
        self.remote.add_segment("Engaged", "saved")
        self.remote.add_segment("Odd", "strange")
        member = self.remote.add_member("ann@a.example", tags=["VIP"])
        self.reimport()
        tags = {tag.name: tag for tag in self.audience().tag_ids}
        types = {name: record.type for name, record in tags.items()}
        self.assertEqual(types, {"VIP": "static", "Engaged": "saved", "Odd": "fuzzy"})
        self.assertEqual(tags["VIP"].member_count, 1)
        self.assertEqual(tags["VIP"].category_id.name, "VIP")
        self.assertFalse(tags["Engaged"].category_id)
        self.remote.take_tag(member, tag)
        del self.remote.segments[tag.id]
        self.reimport()
        self.assertFalse(tags["VIP"].active)
        self.remote.segments[tag.id] = tag
        tag.name = "Very Important"
        self.reimport()
        self.assertTrue(tags["VIP"].active)
        self.assertEqual(tags["VIP"].name, "Very Important")

    def test_tag_of_odoo_is_reused(self):
        category = self.env["res.partner.category"].create({"name": "VIP"})
        self.remote.make_tag("VIP")
        self.reimport()
        self.assertEqual(self.audience().tag_ids.category_id, category)

    def test_groups(self):
        topics = self.remote.add_interests("Topics", ["News", "Offers"])
        self.remote.add_interests("Language", ["English"], type="radio")
        self.reimport()
        audience = self.audience()
        self.assertEqual(
            audience.interest_category_ids.mapped("name"), ["Topics", "Language"]
        )
        news = audience.interest_category_ids[0].interest_ids[0]
        self.assertEqual(news.display_name, "Topics / News")
        del topics.interests[news.mailchimp_id]
        self.reimport()
        self.assertFalse(news.active)
        del self.remote.categories[topics.id]
        self.reimport()
        self.assertEqual(audience.interest_category_ids.mapped("name"), ["Language"])

    def test_many(self):
        for number in range(1003):
            self.remote.make_tag(f"Tag {number}")
        for number in range(12):
            names = [f"Group {index}" for index in range(12)]
            self.remote.add_interests(f"Category {number}", names)
        for number in range(25):
            self.remote.add_merge_field(f"FIELD{number}", "text")
        run = self.reimport()
        audience = self.audience()
        self.assertEqual(run.state, "done", run.message)
        self.assertEqual(len(audience.tag_ids), 1003)
        self.assertEqual(len(audience.interest_category_ids), 12)
        self.assertEqual(len(audience.interest_category_ids.interest_ids), 144)
        self.assertEqual(len(audience.merge_field_ids), len(self.remote.fields))

    def test_again_writes_nothing(self):
        self.remote.make_tag("VIP")
        self.remote.add_interests("Topics", ["News"])
        self.reimport()
        audience = self.audience()
        records = (audience, audience.tag_ids, audience.merge_field_ids)
        before = self._versions(records)
        self.reimport()
        self.assertEqual(self._versions(records), before)

    def _versions(self, recordsets):
        self.env.flush_all()
        rows = []
        for records in recordsets:
            ids = tuple(records.ids)
            table = SQL.identifier(records._table)
            query = SQL("SELECT id, ctid::text FROM %s WHERE id IN %s", table, ids)
            rows.append(sorted(self.env.execute_query(query)))
        return rows


@tagged("post_install", "-at_install")
class TestWizard(AudienceCase):
    """*MailChimp Operations*."""

    def test_imports_audiences_with_members(self):
        self.remote.add_member("ann@a.example")
        user = new_test_user(self.env, "mc_wizard", groups=USER)
        wizard = self.env["mailchimp.import"].with_user(user).create({})
        self.assertEqual(wizard.account_ids, self.account)
        self.later()
        action = wizard.action_process()
        self.run_jobs()
        run = self.env["mailchimp.run"].browse(action["res_id"])
        self.assertEqual((run.kind, run.state), ("audiences", "done"))
        self.assertTrue(self.member("ann@a.example"))

    def test_refuses_to_do_nothing(self):
        wizard = self.env["mailchimp.import"].create({"import_audiences": False})
        with self.assertRaisesRegex(UserError, "Choose"):
            wizard.action_process()

    def test_refuses_accounts_that_are_not_connected(self):
        draft = self.env["mailchimp.account"].create({"name": "Draft"})
        wizard = self.env["mailchimp.import"].create({})
        self.assertNotIn(draft, wizard.account_ids)
        wizard.account_ids |= draft
        with self.assertRaisesRegex(UserError, "Draft is not connected"):
            wizard.action_process()
        self.assertFalse(self.runs("audiences"))
