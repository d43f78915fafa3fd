"""Every screen opens for those it is made for, and for nobody else."""

from ast import literal_eval

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.mailchimp_connector.models.mailchimp_engagement import FIGURES
from odoo.addons.mailchimp_connector.tools.subscriber import subscriber_hash

from .common import MailchimpCase

ACTIONS = (
    "mailchimp_account_action",
    "mailchimp_audience_action",
    "mailchimp_member_action",
    "mailchimp_run_action",
    "mailchimp_run_line_action",
    "mailchimp_job_action",
    "mailchimp_consent_action",
)
ELSEWHERE = (
    "mass_mailing.action_view_mass_mailing_contacts",
    "mass_mailing.action_view_mass_mailing_lists",
    "base.action_partner_form",
)


@tagged("post_install", "-at_install")
class TestViews(MailchimpCase):
    def setUp(self):
        super().setUp()
        self.account.auto_create_partner = True
        self.remote.add_member("ada@example.com", merge_fields={"FNAME": "Ada"})
        self.remote.add_oddity("unknown_status")
        self.import_audiences()

    def user(self, *groups):
        groups = ",".join(("base.group_user", "base.group_partner_manager", *groups))
        return new_test_user(self.env, login=f"user of {groups}", groups=groups)

    def open_screen(self, user, xmlid):
        """Do what the web client does to show each view of an action."""
        action = self.env.ref(xmlid)
        model = self.env[action.res_model].with_user(user)
        types = [*action.view_mode.split(","), "search"]
        views = model.get_views([(False, kind) for kind in types])["views"]
        for kind in set(views) & {"list", "kanban"}:
            arch = etree.fromstring(views[kind]["arch"])
            shown = arch.xpath("//field[not(ancestor::field)]/@name")
            model.web_search_read([], {name: {} for name in shown}, limit=5)
        record = model.search([], limit=1)
        self.assertTrue(record, f"{xmlid} has nothing to show")
        return Form(record)

    def test_user_opens_every_screen(self):
        user = self.user("mailchimp_connector.group_mailchimp_user")
        for name in ACTIONS:
            with self.subTest(name):
                self.open_screen(user, f"mailchimp_connector.{name}")
        for xmlid in ELSEWHERE:
            with self.subTest(xmlid):
                self.open_screen(user, xmlid)

    def test_manager_opens_every_screen(self):
        user = self.user("mailchimp_connector.group_mailchimp_manager")
        for name in ACTIONS:
            with self.subTest(name):
                self.open_screen(user, f"mailchimp_connector.{name}")

    def test_system_sees_the_key_and_the_call_of_a_job(self):
        """The two forms with fields for the system only open for it."""
        user = self.user(
            "base.group_system", "mailchimp_connector.group_mailchimp_user"
        )
        form = self.open_screen(user, "mailchimp_connector.mailchimp_account_action")
        self.assertTrue(form.api_key)
        form = self.open_screen(user, "mailchimp_connector.mailchimp_job_action")
        self.assertTrue(form.method.startswith("_job_"))

    def test_key_and_webhook_are_not_in_the_form_of_a_user(self):
        user = self.user("mailchimp_connector.group_mailchimp_user")
        account = self.env["mailchimp.account"].with_user(user)
        arch = account.get_view(view_type="form")["arch"]
        for name in ("api_key", "base_url", "webhook_url", "action_test_connection"):
            self.assertNotIn(name, arch)

    def test_others_keep_their_screens(self):
        """Who only sends mailings meets no field of ours that could refuse him."""
        user = self.user("mass_mailing.group_mass_mailing_user")
        for xmlid in ELSEWHERE:
            with self.subTest(xmlid):
                self.open_screen(user, xmlid)
        contact = self.env["mailing.contact"].with_user(user)
        # But for figures: recipients of mailings are chosen by them.
        figures = {*FIGURES, "mailchimp_rating", "mailchimp_rating_stars"}
        ours = {name for name in contact.fields_get() if "mailchimp" in name}
        self.assertEqual(ours, figures)
        contact.search([], limit=1).read(figures)
        for name in ACTIONS:
            model = self.env.ref(f"mailchimp_connector.{name}").res_model
            with self.subTest(name), self.assertRaises(AccessError):
                self.env[model].with_user(user).search_read([], limit=1)

    def test_others_meet_none_of_our_filters(self):
        ours = self.user("mailchimp_connector.group_mailchimp_user")
        other = self.user("mass_mailing.group_mass_mailing_user")
        for model in ("mailing.contact", "mailing.list", "res.partner"):
            for user in (ours, other):
                with self.subTest(model, login=user.login):
                    views = self.env[model].with_user(user)
                    arch = etree.fromstring(views.get_view(view_type="search")["arch"])
                    names = arch.xpath("//filter[contains(@name, 'mailchimp')]")
                    self.assertEqual(bool(names), user == ours)

    def test_subscription_dates_are_those_of_mailchimp(self):
        member = self.member("ada@example.com")
        subscription = self.subscription("ada@example.com")
        self.assertEqual(subscription.subscribed_at, member.timestamp_opt)
        self.assertEqual(subscription.mailchimp_status, "subscribed")

    def test_mailing_lists_of_audiences_are_marked(self):
        other = self.env["mailing.list"].create({"name": "Other"})
        marked = self.env["mailing.list"].search([("is_mailchimp_list", "=", True)])
        self.assertIn(self.audience().mailing_list_id, marked)
        self.assertNotIn(other, marked)
        self.assertTrue(self.audience().mailing_list_id.is_mailchimp_list)
        self.assertFalse(other.is_mailchimp_list)

    def test_member_shows_values_by_the_names_of_their_fields(self):
        member = self.member("ada@example.com")
        self.assertIn("First Name", member.merge_summary)
        self.assertIn("Ada", member.merge_summary)

    def test_members_of_an_account_are_in_mailchimp(self):
        member = self.member("ada@example.com")
        before = self.account.member_count
        self.env["mailchimp.member"].create(
            {
                "audience_id": member.audience_id.id,
                "email": "waits@example.com",
                "subscriber_hash": subscriber_hash("waits@example.com"),
            }
        )
        self.account.invalidate_recordset()
        self.assertEqual(self.account.member_count, before)
        arch = self.env["mailchimp.member"].get_view(view_type="search")["arch"]
        [shown] = etree.fromstring(arch).xpath("//filter[@name='in_mailchimp']/@domain")
        members = self.env["mailchimp.member"].search(literal_eval(shown))
        self.assertEqual(len(members), before)

    def test_total_opens_what_it_counts(self):
        self.remote.add_member("bounced@example.com", "cleaned")
        self.fetch()
        audience = self.audience()
        domain = audience.action_view_members()["domain"]
        members = self.env["mailchimp.member"].search(domain)
        self.assertEqual(len(members), audience.total_count)
        self.assertNotIn("bounced@example.com", members.mapped("email"))
