"""What is known about a person: told to them, or erased."""

import io

from openpyxl import load_workbook

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.mailchimp_connector.tools.inside import inside
from odoo.addons.mailchimp_connector.tools.webhook import Event

from .change_common import ChangeCase

ANN, BEN = "ann@a.example", "ben@a.example"
USER = "mailchimp_connector.group_mailchimp_user"
EXPORT = f"{USER},base.group_allow_export"
MANAGER = "mailchimp_connector.group_mailchimp_manager"


class PersonCase(ChangeCase):
    """Ann, who is a customer too, opted out, and is named in a log."""

    def setUp(self):
        super().setUp()
        self.account.auto_push_contacts = False  # of two names, both stay
        self.other = self.remote_account.add_audience("Other")
        self.other.add_member(ANN, merge_fields={"FNAME": "Annabel"}, tags=["VIP"])
        self.import_audiences()
        self.partner = self.with_customer()
        told = {"source": "page", "evidence": {"ip": "203.0.113.7"}}
        lists = self.audience().mailing_list_id
        subscription = self.ann.subscription_ids.filtered(lambda s: s.list_id in lists)
        subscription.with_context(**inside(mailchimp_consent=told)).opt_out = True
        self.run = self.env["mailchimp.run"]._open_run(self.account, "members", "user")
        line = {"name": ANN, "reason": f"Odd: {ANN}", "state": "notice"}
        self.run._add_lines([dict(line, member_id=self.member(ANN).id)])
        self.env.flush_all()

    def members_of(self, email):
        """Find the members of a person in all audiences."""
        return self.env["mailchimp.member"].search([("email", "=", email)])


@tagged("post_install", "-at_install")
class TestPersonalData(HttpCase, PersonCase):
    """The spreadsheet that a person asks for."""

    def download(self, records, **user):
        """Return {title: rows} of the workbook that a user gets, or the status."""
        login = user.pop("login", "mc_dpo")
        new_test_user(self.env, login, **{"groups": EXPORT, "password": login, **user})
        self.authenticate(login, login)
        response = self.url_open(records.action_mailchimp_personal_data()["url"])
        if response.status_code != 200:
            return response.status_code
        book = load_workbook(io.BytesIO(response.content), read_only=True)
        return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}

    def assertTold(self, book):
        """All audiences, the opt-out with its evidence, and nobody else."""
        text = str(book)
        for told in ("Newsletter", "Other", "Annabel", "VIP", "203.0.113.7", "Odd:"):
            self.assertIn(told, text)
        self.assertNotIn(BEN, text)

    def test_from_each_record(self):
        entry = self.member(ANN).consent_ids[:1]
        for number, records in enumerate(
            (self.ann, self.partner, self.member(ANN), entry)
        ):
            with self.subTest(model=records._name):
                self.assertTold(self.download(records, login=f"mc_dpo{number}"))

    def test_nobody_without_the_right(self):
        plain = "mass_mailing.group_mass_mailing_user,base.group_allow_export"
        for groups in (USER, plain):
            got = self.download(self.ann, login=f"mc_{groups[:4]}", groups=groups)
            self.assertEqual(got, 403)

    def test_what_is_no_record_of_a_person(self):
        new_test_user(self.env, "mc_dpo", groups=MANAGER, password="mc_dpo")
        self.authenticate("mc_dpo", "mc_dpo")
        for path in ("res.users/2", "mailing.contact/x", "mailing.contact/1;2"):
            with self.subTest(path=path):
                response = self.url_open(f"/mailchimp/personal_data/{path}")
                self.assertEqual(response.status_code, 404)

    def test_formula_stays_a_text(self):
        self.ann.first_name = "=1+1"
        self.ann.name = "=1+1"
        book = self.download(self.ann)
        self.assertIn("=1+1", str(book))

    def test_members_of_other_companies_stay_hidden(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.account.company_id = elsewhere
        self.env.flush_all()
        sheets = list(self.download(self.ann).values())
        self.assertIn(ANN, str(sheets[0]))
        self.assertEqual(len(sheets[4]), 1)  # the head


@tagged("post_install", "-at_install")
class TestErasure(PersonCase):
    """Erasing a person: the facts stay, without the person."""

    def erase(self, records, in_mailchimp=True, user=None):
        """Go through the wizard."""
        user = user or new_test_user(self.env, "mc_dpo", groups=MANAGER)
        context = records.action_mailchimp_erasure()["context"]
        Wizard = self.env["mailchimp.erasure"].with_user(user).with_context(**context)
        wizard = Wizard.create({"in_mailchimp": in_mailchimp})
        self.assertEqual(wizard.emails, ANN)
        self.assertEqual(wizard.member_count, 2)
        self.assertGreaterEqual(wizard.consent_count, 3)
        with self.assertRaises(UserError):
            wizard.action_erase()
        wizard.confirmed = True
        wizard.action_erase()
        wizard.unlink()
        self.env.flush_all()
        self.env.invalidate_all()

    def traces(self, text):
        """Return the tables of ours in which a text is left."""
        self.env.cr.execute(
            """SELECT table_name FROM information_schema.tables
                WHERE table_name LIKE 'mailchimp\\_%' AND table_type = 'BASE TABLE'"""
        )
        found = []
        for (table,) in self.env.cr.fetchall():
            self.env.cr.execute(
                f"SELECT count(*) FROM {table} t WHERE t::text ILIKE %s",  # noqa: S608
                [f"%{text}%"],
            )
            if self.env.cr.fetchone()[0]:
                found.append(table)
        return found

    def assertErased(self, entries):
        """Nothing is left of her but the facts; of others all is."""
        for text in (ANN, "Annabel", "203.0.113.7"):
            self.assertEqual(self.traces(text), [], text)
        self.assertIn("mailchimp_member", self.traces(BEN))
        kept = entries.exists()
        self.assertEqual(kept, entries)
        self.assertTrue(all(kept.mapped("erased_at")))
        self.assertEqual(len(set(kept.mapped("subscriber_hash"))), 1)
        self.assertTrue(all(kept.mapped("new_status")))
        self.assertFalse(kept.contact_id | self.ann.mailchimp_member_ids.contact_id)
        self.assertTrue(self.ann.exists() and self.partner.exists())

    def entries(self):
        """Return her entries of the ledger."""
        return self.env["mailchimp.consent"].search([("email", "=", ANN)])

    def test_in_odoo_and_in_mailchimp(self):
        entries, members = self.entries(), self.members_of(ANN)
        self.assertIn(self.ann.id, members.mapped("agreed_with"))
        members.sudo().marketing_permissions = {"p1": True}
        self.erase(self.ann)
        self.assertFalse(any(members.mapped("agreed_with")))
        self.assertFalse(any(members.mapped("marketing_permissions")))
        self.assertErased(entries)
        self.run_jobs()
        self.assertFalse(self.remote.by_email(ANN) or self.other.by_email(ANN))
        self.env.invalidate_all()
        self.assertEqual(members.mapped("forgotten"), [True, True])
        self.assertErased(entries)
        self.fetch(full=True)
        self.assertErased(entries)

    def test_what_webhooks_told_is_erased(self):
        events = [
            Event("profile", self.remote.id, [email.upper()]) for email in (ANN, BEN)
        ]
        for event in events:
            self.audience()._enqueue_webhook(self.account, event)
        self.env.flush_all()
        self.run_jobs()
        self.erase(self.ann)
        told = self.env["mailchimp.job"].search([("method", "=", "_job_webhook")])
        self.assertEqual([job.args["event"]["emails"] for job in told], [[BEN.upper()]])

    def test_not_back_before_mailchimp_deleted_her(self):
        """Whatever is heard of her while the deletion waits."""
        entries, members = self.entries(), self.members_of(ANN)
        there = self.remote.by_email(ANN)
        self.erase(self.ann)
        deletions = self.env["mailchimp.job"].search([("method", "=", "_job_act")])
        deletions.run_after = fields.Datetime.add(fields.Datetime.now(), days=1)
        self.later()
        there.merges["FNAME"] = "Annabel"
        there.status, there.last_changed = "unsubscribed", self.sandbox.clock.now()
        for remote in (self.remote, self.other):
            self.audience(remote)._enqueue_refresh([there.id])
        self.run_jobs()
        self.fetch()
        self.fetch(full=True)
        self.env.invalidate_all()
        self.assertErased(entries)
        self.assertEqual(members.mapped("forgotten"), [False, False])
        self.assertTrue(self.remote.by_email(ANN))
        deletions.run_after = fields.Datetime.now()
        self.run_jobs()
        self.assertFalse(self.remote.by_email(ANN) or self.other.by_email(ANN))
        self.env.invalidate_all()
        self.assertEqual(members.mapped("forgotten"), [True, True])
        self.assertErased(entries)

    def test_in_odoo_only(self):
        entries, members = self.entries(), self.members_of(ANN)
        self.erase(self.partner, in_mailchimp=False)
        self.assertErased(entries)
        self.assertEqual(members.mapped("forgotten"), [True, True])
        self.run_jobs()
        self.assertTrue(self.remote.by_email(ANN))

    def test_never_exported_again(self):
        third = self.remote_account.add_audience("Third")
        self.import_audiences()
        self.erase(self.ann)
        self.run_jobs()
        lists = self.account.audience_ids.mailing_list_id
        again = self.env["mailing.contact"].create(
            {"name": "Ann", "email": ANN.upper(), "list_ids": lists.ids}
        )
        self.account.new_member_status = "subscribed"
        for audience in self.account.audience_ids:
            run = self.env["mailchimp.run"]._open_run(
                self.account, "members", "user", audience
            )
            self.env["mailchimp.member"]._export(audience, again, run)
            self.assertIn("forgotten", run.line_ids.mapped("code"))
        self.run_jobs()
        for remote in (self.remote, self.other, third):
            self.assertFalse(remote.by_email(ANN))
        self.assertTrue(all(again.subscription_ids.mapped("opt_out")))

    def test_managers_only(self):
        user = new_test_user(self.env, "mc_user", groups=USER)
        with self.assertRaises(AccessError):
            self.erase(self.ann, user=user)

    def test_ledger_refuses_all_other_changes(self):
        entry = self.entries()[:1]
        with self.assertRaises(AccessError):
            entry.sudo().write({"email": False})
        with self.assertRaises(AccessError):
            entry.sudo().unlink()
