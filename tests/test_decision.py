"""Opt-outs that are decided in Odoo: each reaches the push and the ledger."""

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from .change_common import ChangeCase

ANN, BEN = "ann@a.example", "ben@a.example"


class DecisionCase(ChangeCase):
    """Nothing is pushed automatically: decisions are, whatever the options say."""

    def setUp(self):
        super().setUp()
        self.account.auto_push_contacts = False
        self.settle()

    def decisions(self, email=ANN):
        """Return what was decided in Odoo, oldest first."""
        entries = self.env["mailchimp.consent"].search(
            [("email", "=", email), ("source", "!=", "fetch")], order="id"
        )
        return [(e.new_status, e.source, e.user_id.login) for e in entries]

    def assertOut(self, email, source, login=None):
        """The person was opted out in Odoo, once; it will be pushed."""
        login = login or self.env.user.login
        self.assertEqual(self.marked(), [email])
        self.assertEqual(len(self.pushes()), 1)
        self.assertEqual(self.member(email).opt_out_by, "odoo")
        self.assertEqual(self.decisions(email), [("unsubscribed", source, login)])

    def newest(self, email=ANN):
        """Return the evidence of the newest entry of the ledger."""
        domain = [("email", "=", email)]
        entry = self.env["mailchimp.consent"].search(domain, order="id desc", limit=1)
        return entry.evidence


@tagged("post_install", "-at_install")
class TestDecisions(DecisionCase):
    """By whom, and how."""

    def test_subscription(self):
        user = new_test_user(
            self.env, "mc_plain", groups="mass_mailing.group_mass_mailing_user"
        )
        self.ann.with_user(user).subscription_ids.opt_out = True
        self.assertOut(ANN, "user", "mc_plain")

    def test_opted_in_again(self):
        self.ann.subscription_ids.opt_out = True
        self.ann.subscription_ids.opt_out = False
        me = self.env.user.login
        self.assertEqual(
            self.decisions(),
            [("unsubscribed", "user", me), ("subscribed", "user", me)],
        )
        self.assertFalse(self.member(ANN).opt_out_by)

    def test_many_at_once(self):
        emails = [f"p{number}@a.example" for number in range(30)]
        for email in emails:
            self.remote.add_member(email)
        self.fetch()
        contacts = self.contact(ANN)
        for email in emails:
            contacts |= self.contact(email)
        self.settle()

        def opt_out(some):
            self.env.cr.flush()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.subscription_ids.write({"opt_out": True})
            self.env.cr.flush()
            return self.env.cr.sql_log_count - before

        few, many = opt_out(contacts[:3]), opt_out(contacts[3:])
        self.assertEqual(len(self.marked()), 31)
        self.assertLess(many, few + 10)

    def test_new_subscription_that_is_opted_out(self):
        self.ann.subscription_ids.unlink()
        mailing_list = self.audience().mailing_list_id
        vals = {"list_id": mailing_list.id, "opt_out": True}
        self.ann.subscription_ids = [Command.create(vals)]
        self.assertOut(ANN, "user")

    def test_blacklist(self):
        self.env["mail.blacklist"].create({"email": "Ann@A.example"})
        self.assertOut(ANN, "blacklist")
        self.assertTrue(self.subscription(ANN).opt_out)
        self.assertFalse(self.subscription(BEN).opt_out)

    def test_blacklisted_before(self):
        entry = self.env["mail.blacklist"].create({"email": ANN})
        entry._add(ANN)
        self.env["mail.blacklist"].create({"email": ANN})
        self.assertOut(ANN, "blacklist")

    def test_leaving_the_blacklist_opts_nobody_in(self):
        entry = self.env["mail.blacklist"].create({"email": ANN})
        entry._remove(ANN)
        self.assertOut(ANN, "blacklist")
        self.assertTrue(self.subscription(ANN).opt_out)
        self.subscription(ANN).opt_out = False
        entry._add(ANN)
        self.assertTrue(self.subscription(ANN).opt_out)

    def test_blacklisted_without_a_contact(self):
        self.ann.unlink()
        self.settle()
        self.env["mail.blacklist"].create({"email": ANN})
        self.assertOut(ANN, "blacklist")

    def test_blacklisted_address_of_a_contact_that_moved(self):
        self.ann.email = "anna@a.example"
        self.settle()
        self.env["mail.blacklist"].create({"email": "anna@a.example"})
        self.assertOut(ANN, "blacklist")

    def test_bounce_in_mailchimp_is_no_decision_of_odoo(self):
        self.people.bounce(self.remote, ANN)
        self.fetch()
        self.assertTrue(self.ann.is_blacklisted)
        self.assertEqual(self.decisions(), [])
        self.assertEqual(self.marked(), [])

    def test_file_import(self):
        self.ann.with_context(import_file=True).subscription_ids.opt_out = True
        self.assertOut(ANN, "import")


@tagged("post_install", "-at_install")
class TestGoneFromOdoo(DecisionCase):
    """Contacts and customers that are archived or deleted."""

    def test_kept_by_default(self):
        partner = self.with_customer()
        partner.active = False
        partner.unlink()
        self.ann.unlink()
        self.assertEqual(self.marked(), [])
        self.assertEqual(self.decisions(), [])

    def test_deleted_contact_is_unsubscribed(self):
        self.account.archived_contacts = "unsubscribe"
        self.ann.unlink()
        self.assertOut(ANN, "archive")

    def test_archived_customer_is_unsubscribed(self):
        self.account.archived_contacts = "unsubscribe"
        partner = self.with_customer()
        self.ann.email = False
        partner.active = False
        self.assertOut(ANN, "archive")
        partner.active = True
        self.assertTrue(self.subscription(ANN).opt_out)

    def test_customer_whose_contact_stays(self):
        self.account.archived_contacts = "unsubscribe"
        self.with_customer().unlink()
        self.assertEqual(self.marked(), [])
        self.assertFalse(self.subscription(ANN).opt_out)

    def test_duplicate_that_stays_on_the_list(self):
        self.account.archived_contacts = "unsubscribe"
        lists = self.audience().mailing_list_id
        self.env["mailing.contact"].create({"email": ANN, "list_ids": lists.ids})
        self.ann.unlink()
        self.assertEqual(self.marked(), [])
        self.assertFalse(self.member(ANN).opt_out_by)

    def test_deleted_in_mailchimp(self):
        self.account.archived_contacts = "unsubscribe"
        self.account.remove_deleted_contacts = True
        self.people.delete_permanently(self.remote, ANN)
        self.fetch(full=True)
        self.assertFalse(self.ann.exists())
        self.assertEqual(self.marked(), [])


@tagged("post_install", "-at_install")
class TestUnsubscribePages(HttpCase, DecisionCase):
    """Odoo's own pages, over HTTP."""

    def mailing(self, model="mailing.list"):
        """Create a mailing, to the list of the audience or to contacts."""
        vals = {
            "subject": "News",
            "mailing_model_id": self.env["ir.model"]._get_id(model),
        }
        if model == "mailing.list":
            vals["contact_list_ids"] = self.audience().mailing_list_id.ids
        return self.env["mailing.mailing"].create(vals)

    def link(self, mailing, path="unsubscribe"):
        """Return what a link in the mail says: path, parameters."""
        token = mailing._generate_mailing_recipient_token(self.ann.id, ANN)
        params = {"document_id": self.ann.id, "email": ANN, "hash_token": token}
        return f"/mailing/{mailing.id}/{path}", params

    def follow(self, mailing, path="unsubscribe", **options):
        """Follow the link of a mail."""
        url, params = self.link(mailing, path)
        query = "&".join(f"{key}={value}" for key, value in params.items())
        response = self.url_open(f"{url}?{query}", **options)
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()

    def test_unsubscribe_link(self):
        self.follow(self.mailing())
        self.assertOut(ANN, "page", self.env.ref("base.public_user").login)
        evidence = self.newest()
        self.assertEqual(evidence["mailing"], "News")
        self.assertEqual(evidence["ip"], "127.0.0.1")
        self.assertIn("/unsubscribe", evidence["page"])

    def test_one_click_of_the_mail_program(self):
        self.follow(self.mailing(), "unsubscribe_oneclick", method="POST")
        self.assertOut(ANN, "page", self.env.ref("base.public_user").login)

    def test_mailing_to_something_else_blacklists(self):
        self.follow(self.mailing("res.partner"))
        self.assertTrue(self.ann.is_blacklisted)
        self.assertOut(ANN, "page", self.env.ref("base.public_user").login)

    def test_preference_page_of_the_portal(self):
        new_test_user(
            self.env, "mc_ann", groups="base.group_portal", email=ANN, password="mc_ann"
        )
        self.settle()
        self.authenticate("mc_ann", "mc_ann")
        self.make_jsonrpc_request("/mailing/list/update", {"lists_optin_ids": []})
        self.env.invalidate_all()
        self.assertOut(ANN, "page", "mc_ann")
        lists = self.audience().mailing_list_id.ids
        self.make_jsonrpc_request("/mailing/list/update", {"lists_optin_ids": lists})
        self.env.invalidate_all()
        self.assertEqual(self.decisions()[-1], ("subscribed", "page", "mc_ann"))

    def test_blocklist_button_of_the_portal(self):
        new_test_user(
            self.env, "mc_ann", groups="base.group_portal", email=ANN, password="mc_ann"
        )
        self.settle()
        self.authenticate("mc_ann", "mc_ann")
        self.make_jsonrpc_request("/mailing/blocklist/add", {})
        self.env.invalidate_all()
        self.assertOut(ANN, "page", "mc_ann")

    def test_wrong_token_does_nothing(self):
        url, params = self.link(self.mailing())
        response = self.url_open(f"{url}?email={ANN}&document_id=1&hash_token=x")
        self.assertNotEqual(response.status_code, 200)
        self.assertEqual(self.marked(), [])
