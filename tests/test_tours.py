"""What a person does in the browser, in a real one."""

from odoo import SUPERUSER_ID
from odoo.tests import HttpCase, new_test_user, tagged

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

    def test_connect_and_import(self):
        self.account.unlink()
        self.env["ir.default"].set("mailchimp.account", "base_url", self.sandbox.url)
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
