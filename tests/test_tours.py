"""What a person does in the browser, in a real one."""

from odoo import SUPERUSER_ID
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.mailchimp_connector.sandbox.core import DEFAULT_KEY

from .common import MailchimpCase


@tagged("post_install", "-at_install")
class TestTours(MailchimpCase, HttpCase):
    def run_jobs(self):
        """Run what is due; an HttpCase shares its cursor already."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            env = self.env(cr=cr, user=SUPERUSER_ID, context={})
            env["mailchimp.job"]._cron_run_jobs()
        self.env.invalidate_all()

    def nothing_connected(self):
        """Let a person begin who has but the key that the tours type in."""
        self.account.unlink()
        self.remote_account.api_key = DEFAULT_KEY
        self.env["ir.default"].set("mailchimp.account", "base_url", self.sandbox.url)

    def test_connect_and_import(self):
        self.nothing_connected()
        for status in ("subscribed", "subscribed", "unsubscribed", "cleaned"):
            number = len(self.remote.members)
            self.remote.add_member(f"person{number}@example.com", status)

        self.start_tour("/odoo/mailchimp-accounts", "mailchimp_connect", login="admin")

        account = self.env["mailchimp.account"].search([])
        self.assertEqual(account.state, "connected")
        self.assertFalse(account.audience_ids, "nothing is imported while one waits")
        self.later()
        self.run_jobs()
        self.assertEqual(self.audience().account_id, account)
        self.assertEqual(self.audience().subscribed_count, 2)
        self.assertEqual(
            set(self.env["mailchimp.run"].search([]).mapped("state")), {"done"}
        )

    def test_audience_to_contact(self):
        """A user without any other right gets from an audience to a person."""
        new_test_user(
            self.env,
            login="mailchimp_user",
            groups="base.group_user,mailchimp_connector.group_mailchimp_user",
        )
        self.remote.add_member("ada@example.com", merge_fields={"FNAME": "Ada"})
        self.remote.add_member("bob@example.com", merge_fields={"FNAME": "Bob"})
        self.remote.add_member("grace@example.com", "unsubscribed")
        self.import_audiences()

        self.start_tour(
            "/odoo/mailchimp-audiences", "mailchimp_audience", login="mailchimp_user"
        )

    def test_run_shows_how_far_it_is(self):
        """Lists and forms of runs follow them without being touched."""
        for name, code in (
            ("Read a page", "queue._run_batch(queue._new_worker())"),
            ("Read the rest", "queue._cron_run_jobs()"),
        ):
            self.env["ir.actions.server"].create(
                {
                    "name": name,
                    "model_id": self.env["ir.model"]._get_id("mailchimp.job"),
                    "state": "code",
                    "code": f"queue = model.with_user({SUPERUSER_ID})\n{code}",
                }
            )
        self.small_pages()
        self.import_audiences(members=False)
        for number in range(25):
            self.remote.add_member(f"person{number}@example.com")
        self.later()
        self.env["mailchimp.run"].search([]).unlink()
        run = self.audience()._start_fetch("user", 5)

        self.start_tour("/odoo/mailchimp-runs", "mailchimp_run", login="admin")

        self.assertEqual((run.state, run.created), ("done", 25))

    def test_scripts(self):
        """Run the tests of our scripts, whose clock they move themselves."""
        self.browser_js(
            "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000&id=799bc47e",
            "",
            login="admin",
            timeout=300,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=lambda message: "[HOOT]" not in message,
        )

    def test_onboarding_to_first_export(self):
        """From an empty account to the first customer who is in Mailchimp."""
        self.nothing_connected()
        self.env["ir.actions.server"].create(
            {
                "name": "Run the queue",
                "model_id": self.env["ir.model"]._get_id("mailchimp.job"),
                "state": "code",
                "code": "model.with_user(1)._cron_run_jobs()",
            }
        )
        self.remote.add_member("bob@example.com")
        ada = self.env["res.partner"].create(
            {"name": "Ada Lovelace", "email": "ada@lovelace.example"}
        )
        self.later()

        self.start_tour("/odoo/mailchimp-accounts", "mailchimp_export", login="admin")

        member = self.member("ada@lovelace.example")
        self.assertEqual((member.partner_id, member.status), (ada, "subscribed"))
        there = self.remote.by_email("ada@lovelace.example")
        self.assertEqual(there.status, "subscribed")

    def test_plan_applied(self):
        """A selection of customers is previewed, and then the plan applied."""
        self.account.new_member_status = "subscribed"
        self.env["ir.actions.server"].create(
            {
                "name": "Run the queue",
                "model_id": self.env["ir.model"]._get_id("mailchimp.job"),
                "state": "code",
                "code": "model.with_user(1)._cron_run_jobs()",
            }
        )
        self.import_audiences()
        ada, charles = self.env["res.partner"].create(
            [
                {"name": "Ada Lovelace", "email": "ada@lovelace.example"},
                {"name": "Charles Babbage"},
            ]
        )

        self.start_tour(
            "/odoo/action-base.action_partner_form?view_type=list",
            "mailchimp_plan",
            login="admin",
        )

        plan = self.env["mailchimp.plan"].search([])
        self.assertEqual(plan.state, "applied")
        self.assertEqual(self.member("ada@lovelace.example").partner_id, ada)
        self.assertEqual(
            self.remote.by_email("ada@lovelace.example").status, "subscribed"
        )
        self.assertFalse(charles.mailchimp_member_ids.filtered("status"))
