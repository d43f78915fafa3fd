"""Odd people, opt-outs under odd circumstances, and ids of another company."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .push_common import USER, PushUserCase

# They open a form or refresh the page; the first two are Odoo's own.
HARMLESS = (
    "action_archive",
    "action_unarchive",
    "action_mailchimp_erasure",
    "action_refresh",
)


@tagged("post_install", "-at_install")
class TestOddPeople(PushUserCase):
    """Values that nobody has, until somebody has them."""

    ODD = (
        "x" * 65536,
        '=HYPERLINK("http://evil.example")',
        "<img src=x onerror=alert(1)>",
        "%s %d {0} %(name)s",
        "\u202egnp.exe \U0001f600 \u0000e\u0301",
    )

    def test_odd_names_are_sent_and_come_back(self):
        contacts = self.env["mailing.contact"]
        for number, name in enumerate(self.ODD):
            name = name.replace("\0", "")
            contacts |= self.new_contact(
                f"odd{number}@a.example", name=name, first_name=name
            )
        self.export(contacts)
        for contact in contacts:
            there = self.there(contact.email)
            self.assertEqual(there and there.status, "subscribed", contact.email)
        self.later()
        self.fetch(full=True)
        self.drive()
        self.assertNobodyCameBack()

    def test_answers_about_odd_names(self):
        for number, name in enumerate(self.ODD):
            contact = self.new_contact(
                f"odd{number}@a.example", name=name[:99].replace("\0", "")
            )
            answer = self.call(contact, "action_mailchimp_export")
            self.assertIsInstance(answer["params"]["message"], str)
            self.assertNotIn("<img", answer["params"]["message"])

    def test_variants_of_an_opted_out_address(self):
        variants = (
            "OUT@A.EXAMPLE",
            " out@a.example ",
            "Out <out@a.example>",
            "out@a.example\u200b",
        )
        for email in variants:
            contact = self.new_contact(email, name="V")
            self.export(contact)
            if contact.email_normalized == "out@a.example":
                self.assertOptedOut("out@a.example")
        self.drive()
        self.assertEqual(self.there("out@a.example").status, "unsubscribed")
        self.assertNobodyCameBack()


@tagged("post_install", "-at_install")
class TestOptOutsArrive(PushUserCase):
    """Whatever is switched off, an opt-out in Odoo reaches Mailchimp."""

    def test_without_automatic_push(self):
        self.account.auto_push_contacts = False
        self.subscription("m0@a.example").opt_out = True
        self.drive()
        self.assertEqual(self.there("m0@a.example").status, "unsubscribed")

    def test_of_the_blacklist_once_it_is_switched_on(self):
        """Who signed up although Odoo's blacklist names them, while it was off."""
        self.account.auto_push_contacts = False
        self.env["mail.blacklist"]._add("black@a.example")
        self.remote.add_member("black@a.example")
        self.fetch()
        self.drive()
        self.account.auto_push_contacts = True
        self.drive()
        self.assertEqual(self.there("black@a.example").status, "unsubscribed")

    def test_of_a_shared_contact_once_it_is_switched_on(self):
        self.account.auto_push_contacts = False
        shared = self.contact("m0@a.example")
        self.contact("m1@a.example").unlink()
        self.member("m1@a.example").contact_id = shared
        self.people.unsubscribe(self.remote, "m0@a.example")
        self.fetch()
        self.drive()
        self.assertTrue(shared.subscription_ids.opt_out)
        self.account.auto_push_contacts = True
        self.drive()
        self.assertNotEqual(self.there("m1@a.example").status, "subscribed")

    def test_after_the_contact_is_gone(self):
        self.account.auto_push_contacts = False
        self.subscription("m0@a.example").opt_out = True
        self.contact("m0@a.example").unlink()
        self.drive()
        self.assertEqual(self.there("m0@a.example").status, "unsubscribed")

    def test_of_a_member_without_a_contact(self):
        self.contact("m0@a.example").unlink()
        self.env["mail.blacklist"]._add("M0@a.example")
        self.drive()
        self.assertEqual(self.there("m0@a.example").status, "unsubscribed")

    def test_while_the_account_is_disconnected(self):
        self.account.state = "error"
        self.subscription("m0@a.example").opt_out = True
        self.env.flush_all()
        self.run_jobs()
        self.account.action_test_connection()
        self.drive()
        self.assertEqual(self.there("m0@a.example").status, "unsubscribed")

    def test_while_a_batch_is_under_way(self):
        self.sandbox.batches.hold()
        for number in range(12):
            self.remote.add_member(f"b{number}@a.example")
        self.fetch()
        self.later()
        members = self.env["mailchimp.member"].search([("email", "=like", "b%")])
        members.contact_id.first_name = "Zoe"
        self.env.flush_all()
        self.run_jobs()
        self.subscription("b3@a.example").opt_out = True
        self.env.flush_all()
        self.run_jobs()
        self.sandbox.batches.release()
        self.drive()
        self.assertEqual(self.there("b3@a.example").status, "unsubscribed")

    def test_of_a_duplicate_with_the_address(self):
        twin = self.new_contact("m0@a.example")
        twin.subscription_ids.opt_out = True
        self.drive()
        self.assertEqual(self.there("m0@a.example").status, "unsubscribed")

    def test_on_merge_of_lists_nobody_comes_back(self):
        other = self.env["mailing.list"].create({"name": "Other"})
        self.env["mailing.contact"].create(
            {"email": "OUT@a.example", "name": "O", "list_ids": [other.id]}
        )
        self.audience().mailing_list_id.action_merge(other, archive=False)
        self.assertOptedOut("out@a.example")
        self.drive()
        self.assertNobodyCameBack()


@tagged("post_install", "-at_install")
class TestOtherCompany(PushUserCase):
    """Ids of another company, sent by hand."""

    def setUp(self):
        super().setUp()
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.user = new_test_user(
            self.env,
            "eve",
            f"base.group_user,{USER},"
            "mailchimp_connector.group_mailchimp_manager,base.group_allow_export",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def actions(self, model):
        """Return the names of what a model offers to do, but for showing things."""
        names = {name for name in dir(self.env.registry[model])}
        return sorted(
            name
            for name in names
            if name.startswith("action_") and not name.startswith("action_view_")
        )

    def records(self):
        """Return a record of each model that offers to do something."""
        self.audience()._start_plans("update")
        member, run = self.member("m0@a.example"), self.runs("members")[:1]
        field = self.audience().merge_field_ids[:1]
        line = {"run_id": run.id, "name": "x", "reason": "x", "member_id": member.id}
        conflict = {
            "member_id": member.id,
            "merge_field_id": field.id,
            "audience_id": self.audience().id,
        }
        return [
            self.account,
            self.audience(),
            member,
            self.env["mailchimp.plan"].search([], limit=1),
            run,
            self.env["mailchimp.run.line"].create(line),
            self.env["mailchimp.conflict"].create(conflict),
            field,
            self.ledger("out@a.example")[:1],
        ]

    def test_actions_on_records_of_another_company(self):
        records = self.records()
        self.env.flush_all()
        before, done = len(self.sandbox.requests), []
        for record in records:
            self.assertTrue(record, record._name)
            for name in self.actions(record._name):
                if name in HARMLESS:
                    continue
                self.env.invalidate_all()
                try:
                    with self.env.cr.savepoint():
                        self.call(record, name)
                    done.append(f"{record._name}.{name}")
                except (AccessError, UserError):
                    continue
        self.assertEqual(done, [])
        self.assertEqual(len(self.sandbox.requests), before)

    def test_wizard_on_members_of_another_company(self):
        ids = self.member("m0@a.example").ids
        for act in ("opt_in", "unsubscribe", "archive", "delete"):
            with (
                self.subTest(act),
                self.assertRaises(AccessError),
                self.env.cr.savepoint(),
            ):
                wizard = self.env["mailchimp.member.act"].with_user(self.user)
                wizard = wizard.with_context(active_ids=ids).create({"act": act})
                self.env.invalidate_all()
                wizard.action_confirm()

    def test_export_to_an_audience_of_another_company(self):
        wizard = self.env["mailchimp.export"].with_user(self.user)
        contact = self.new_contact("x@a.example")
        wizard = wizard.with_context(
            active_model="mailing.contact", active_ids=contact.ids
        )
        for method in ("action_export", "action_preview"):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                made = wizard.create(
                    {"audience_ids": [Command.set(self.audience().ids)]}
                )
                self.env.invalidate_all()
                getattr(made, method)()

    def test_erasure_of_people_of_another_company(self):
        for record in (self.member("m0@a.example"), self.ledger("out@a.example")[:1]):
            wizard = self.env["mailchimp.erasure"].with_user(self.user)
            wizard = wizard.with_context(
                active_model=record._name, active_ids=record.ids
            )
            self.env.invalidate_all()
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                wizard.create({"confirmed": True}).action_erase()
