"""Accounts: keys, copies of databases, several accounts, and secrets kept secret."""

from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.mailchimp_connector.exceptions import MailchimpAuthError

from .common import KEY, MailchimpCase

OTHER_KEY = "fedcba9876543210fedcba9876543210-us7"
MANAGER = "mailchimp_connector.group_mailchimp_manager"


@tagged("post_install", "-at_install")
class TestConnection(MailchimpCase):
    """What *Test Connection* says, and what is left when it fails."""

    def test_who_role_plan_and_contacts(self):
        self.remote.add_member("ann@a.example")
        message = self.account.action_test_connection()["params"]["message"]
        for part in ("Sandbox Company", "owner@sandbox.example", "owner", "monthly"):
            self.assertIn(part, message)
        self.assertIn("Subscribers: 1", message)
        self.assertRecordValues(
            self.account,
            [
                {
                    "state": "connected",
                    "mailchimp_name": "Sandbox Company",
                    "mailchimp_login": "owner@sandbox.example",
                    "mailchimp_role": "owner",
                    "mailchimp_plan": "monthly",
                    "total_subscribers": 1,
                    "data_center": "us1",
                }
            ],
        )

    def _refused(self, **vals):
        """Create an account whose test fails; return it and what is said."""
        account = self.env["mailchimp.account"].create(
            {"name": "Refused", "base_url": self.sandbox.url, **vals}
        )
        told = account.action_test_connection()["params"]
        self.assertEqual(told["type"], "danger")
        self.assertIn(account.error, told["message"])
        self.assertRecordValues(
            account,
            [
                {
                    "state": "draft",
                    "mailchimp_id": False,
                    "mailchimp_name": False,
                    "database_uuid": False,
                    "last_checked": False,
                }
            ],
        )
        text = account.error
        if vals.get("api_key"):
            self.assertNotIn(vals["api_key"].partition("-")[0], text)
        return account, text

    def test_wrong_key(self):
        _account, text = self._refused(api_key=OTHER_KEY)
        self.assertIn("API key", text)

    def test_revoked_key(self):
        revoked = self.sandbox.add_account(OTHER_KEY, name="Revoked")
        revoked.disabled = True
        _account, text = self._refused(api_key=OTHER_KEY)
        self.assertIn("API key", text)

    def test_key_without_data_centre(self):
        _account, text = self._refused(api_key="0123456789abcdef" * 2, base_url=False)
        self.assertIn("data centre", text)

    def test_no_key(self):
        _account, text = self._refused(api_key=False)
        self.assertIn("no API key", text)

    def test_deactivated_user(self):
        self.sandbox.add_account(OTHER_KEY, deactivated=True)
        self._refused(api_key=OTHER_KEY)

    def test_address_that_is_not_safe(self):
        _account, text = self._refused(
            api_key=OTHER_KEY, base_url="http://mailchimp.example/3.0"
        )
        self.assertIn("https://", text)

    def test_address_that_is_not_mailchimp(self):
        url = f"{self.sandbox.root}/_sandbox"
        self._refused(api_key=OTHER_KEY, base_url=url)

    def test_faults(self):
        for kind in ("502_html", "empty_body", "broken_json", "connection_reset"):
            with self.subTest(kind=kind):
                self.sandbox.faults.clear()
                self.sandbox.faults.inject(kind, times=None, match="GET /")
                account, text = self._refused(api_key=KEY)
                self.assertNotIn("Error", text, "a word of Python")
                account.unlink()

    def test_failed_test_of_a_connected_account_changes_nothing(self):
        before = self.account.read()[0]
        self.remote_account.disabled = True
        told = self.account.action_test_connection()["params"]
        self.assertEqual(told["type"], "danger")
        self.env.flush_all()
        self.account.invalidate_recordset()
        self.assertEqual(self.account.read()[0], before)

    def test_pasted_blanks(self):
        self.remote_account.api_key = KEY
        account = self.new_account(
            "Blank", f"  {KEY}\n", base_url=f" {self.sandbox.url} "
        )
        self.assertEqual(account.state, "connected")

    def test_key_of_another_mailchimp_account(self):
        self.import_audiences()
        self.sandbox.add_account(OTHER_KEY, name="Other Company")
        self.account.api_key = OTHER_KEY
        self.account.action_test_connection()
        self.assertIn("another Mailchimp account", self.account.error)
        self.assertEqual(self.account.state, "draft")
        self.account.api_key = KEY
        self.assertFalse(self.account.error)
        self.account.action_test_connection()
        self.assertEqual(self.account.state, "connected")

    def test_new_key_has_to_be_tested(self):
        self.import_audiences()
        self.sandbox.monitor.clear()
        run = self.audience()._start_fetch("user", 5)
        self.account.api_key = OTHER_KEY
        self.assertEqual(self.account.state, "draft")
        self.run_jobs()
        self.assertEqual((run.state, len(self.sandbox.requests)), ("pending", 0))
        self.remote_account.api_key = OTHER_KEY
        self.account.action_test_connection()
        self.run_jobs()
        self.assertEqual(run.state, "done")

    def test_operations_need_a_connection(self):
        audience = self.import_audiences()
        self.account.base_url = f"{self.sandbox.url}/"
        with self.assertRaisesRegex(UserError, "not connected"):
            self.account.action_import_audiences()
        with self.assertRaisesRegex(UserError, "not connected"):
            audience.action_fetch_members()


@tagged("post_install", "-at_install")
class TestBrokenConnection(MailchimpCase):
    """A key that is revoked while the queue runs."""

    def _break(self, responsible=None):
        self.account.user_id = responsible or self.env.ref("base.user_admin")
        audience = self.import_audiences()
        self.remote_account.disabled = True
        self.later()
        run = audience._start_fetch("user", 5)
        self.run_jobs()
        return run

    def test_person_is_called_and_jobs_wait(self):
        run = self._break()
        self.assertEqual(self.account.state, "error")
        self.assertIn("API", self.account.error)
        [activity] = self.account.activity_ids
        self.assertEqual(activity.user_id, self.account.user_id)
        self.assertNotIn(KEY.partition("-")[0], activity.note)
        self.assertEqual(run.job_ids.state, "pending")
        self.sandbox.monitor.clear()
        run.job_ids.action_run_now()
        self.run_jobs()
        self.assertFalse(self.sandbox.requests)
        self.assertEqual(len(self.account.activity_ids), 1)

    def test_reconnecting_lets_them_go_on(self):
        run = self._break()
        self.remote_account.disabled = False
        self.remote.add_member("ann@a.example")
        self.later()
        self.account.action_test_connection()
        self.assertEqual(self.account.state, "connected")
        self.assertFalse(self.account.activity_ids)
        self.run_jobs()
        self.assertEqual(run.state, "done", run.message)
        self.assertTrue(self.member("ann@a.example"))

    def test_responsible_who_may_not_see_the_account(self):
        stranger = new_test_user(self.env, "stranger")
        self._break(stranger)
        self.assertEqual(self.account.state, "error")
        [activity] = self.account.activity_ids
        self.assertTrue(activity.user_id.has_group(MANAGER))


@tagged("post_install", "-at_install")
class TestCopies(MailchimpCase):
    """A copied database must not talk to the Mailchimp of the original."""

    def _copy(self):
        self.env["ir.config_parameter"].set_param("database.uuid", "copied")

    def test_copy_refuses_until_confirmed(self):
        audience = self.import_audiences()
        self._copy()
        self.sandbox.monitor.clear()
        with self.assertRaisesRegex(MailchimpAuthError, "copy of the one"):
            self.account._gateway()
        run = audience._start_fetch("user", 5)
        self.run_jobs()
        self.assertFalse(self.sandbox.requests)
        self.assertEqual(self.account.state, "error")
        self.assertIn("Test Connection", self.account.error)
        self.account.action_test_connection()
        self.run_jobs()
        self.assertEqual(run.state, "done")

    def test_failed_confirmation_confirms_nothing(self):
        self._copy()
        self.remote_account.disabled = True
        told = self.account.action_test_connection()["params"]
        self.assertEqual(told["type"], "danger")
        self.remote_account.disabled = False
        with self.assertRaises(MailchimpAuthError):
            self.account._gateway()

    def test_deleted(self):
        """Nothing is left to do for what is gone."""
        audience = self.import_audiences()
        audience.activity_schedule("mail.mail_activity_data_warning")
        audience.message_post(body="Note")
        self.account.unlink()
        for model in ("mail.activity", "mail.message"):
            about = [
                (
                    "model" if model == "mail.message" else "res_model",
                    "=",
                    audience._name,
                )
            ]
            self.assertFalse(
                self.env[model].search([*about, ("res_id", "=", audience.id)])
            )

    def test_neutralized(self):
        audience = self.import_audiences()
        run = audience._start_fetch("user", 5)
        asking = run._open_run(self.account, "update", "user", audience)
        asking._ask_approval({"leave": 20})
        token = self.account.webhook_token
        self._neutralize()
        self.assertRecordValues(
            self.account,
            [{"api_key": False, "webhook_token": False, "state": "draft"}],
        )
        self.assertEqual(run.job_ids.state, "cancelled")
        self.assertEqual((run + asking).mapped("state"), ["cancelled"] * 2)
        self.sandbox.monitor.clear()
        run.job_ids.action_retry()
        self.env["mailchimp.account"]._cron_fetch_audiences()
        self.run_jobs()
        self.assertFalse(self.sandbox.requests)
        with self.assertRaises(MailchimpAuthError):
            self.account._gateway()
        self.account.api_key = KEY
        self.account.action_test_connection()
        self.assertNotIn(self.account.webhook_token, (False, token))

    def _neutralize(self):
        from odoo.modules.neutralize import get_neutralization_queries

        self.env.flush_all()
        for query in get_neutralization_queries(["mailchimp_connector"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestGateways(MailchimpCase):
    """The door stays open between jobs."""

    def test_shared_until_something_differs(self):
        gateway = self.account._gateway()
        self.assertIs(self.account._gateway(), gateway)
        self.assertIsNot(self.account._gateway(interactive=True), gateway)
        self.account.api_key = OTHER_KEY
        self.assertIsNot(self.account._gateway(), gateway)
        self.account.api_key = KEY
        self.account.base_url = f"{self.sandbox.url}/"
        self.assertIsNot(self.account._gateway(), gateway)

    def test_class_may_be_replaced(self):
        class Bridge(self.account._gateway_class()):
            """What a bridge would bring."""

        with patch.object(
            self.env.registry["mailchimp.account"], "_gateway_class", lambda _: Bridge
        ):
            self.assertIsInstance(self.account._gateway(), Bridge)


@tagged("post_install", "-at_install")
class TestSeveralAccounts(MailchimpCase):
    """Accounts of one company and of several."""

    def setUp(self):
        super().setUp()
        self.other_remote = self.sandbox.add_account(OTHER_KEY, name="Other Company")
        self.other_audience = self.other_remote.add_audience("Newsletter")
        self.other = self.new_account("Other", OTHER_KEY)

    def test_same_names_in_two_accounts(self):
        for remote in (self.remote, self.other_audience):
            remote.add_member("ann@a.example")
        self.later()
        (self.account | self.other)._start_import_audiences("user", 5, members=True)
        self.run_jobs()
        audiences = self.account.audience_ids | self.other.audience_ids
        self.assertEqual(audiences.mapped("name"), ["Newsletter"] * 2)
        self.assertEqual(len(audiences.mailing_list_id), 2)
        self.assertEqual(len(self.contact("ann@a.example")), 1)
        self.assertEqual(len(self.contact("ann@a.example").mailchimp_member_ids), 2)

    def test_trouble_of_one_is_not_the_others(self):
        self.other_remote.disabled = True
        self.other._start_import_audiences("user", 5)
        self.import_audiences()
        self.assertEqual(self.account.state, "connected")
        self.assertEqual(self.other.state, "error")
        self.assertTrue(self.account.audience_ids)

    def test_companies(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.other.company_id = company
        self.other.auto_create_partner = True
        self.other_audience.add_member("ann@a.example")
        self.later()
        self.other._start_import_audiences("user", 5, members=True)
        self.run_jobs()
        member = self.other.audience_ids.member_ids
        self.assertEqual(member.partner_id.company_id, company)
        self.assertEqual(member.company_id, company)

    def test_names_are_unique_within_a_company(self):
        copy = self.account.copy()
        self.assertNotEqual(copy.name, self.account.name)
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as caught:
            copy.name = self.account.name
            copy.flush_recordset()
        self.assertIn("company_name_uniq", str(caught.exception))

    def test_customers_come_with_members_only(self):
        with self.assertRaises(ValidationError):
            self.account.write(
                {"auto_create_contact": False, "auto_create_partner": True}
            )
