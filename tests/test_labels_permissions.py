"""Marketing permissions: consent, which nobody gives for somebody else."""

from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .labels_common import LabelCase

PUSH = "odoo.addons.mailchimp_connector.models.mailchimp_member_push"


class PermissionCase(LabelCase):
    """An audience with two permissions, of which one is mapped to a tag."""

    def setUp(self):
        super().setUp()
        self.remote.permissions = {"p1": "Email", "p2": "Post"}
        self.remote.schema_changed()

    def permission(self, name="Email"):
        permissions = self.audience().marketing_permission_ids
        return permissions.filtered(lambda p: p.name == name)

    def map(self, name="Email", category="Mail Me"):
        self.permission(name).partner_category_id = self.category(category)
        self.drive()

    def given(self, email=None):
        """Return the names of the permissions that Mailchimp has."""
        given = self.there(email or self.email).permissions or {}
        return sorted(self.remote.permissions[key] for key, on in given.items() if on)

    def decide(self, **permissions):
        """Ann changes her preferences in Mailchimp."""
        self.later()
        member = self.there(self.email)
        member.permissions = {**(member.permissions or {}), **permissions}
        self.remote.touch(member)

    def ledger(self, email=None):
        """Return (name, status, source) of all entries about permissions."""
        entries = self.env["mailchimp.consent"].search(
            [("email", "=", email or self.email), ("permission_id", "!=", False)],
            order="id",
        )
        return [(e.permission_id.name, e.new_status, e.source) for e in entries]


@tagged("post_install", "-at_install")
class TestPermissions(PermissionCase):
    """What a person allows."""

    def test_read_with_members_and_only_where_they_are_on(self):
        plain = self.remote_account.add_audience("Plain")
        plain.add_member("bob@a.example")
        self.start(permissions={"p1": True})
        permissions = self.audience().marketing_permission_ids
        self.assertEqual(set(permissions.mapped("name")), {"Email", "Post"})
        member = self.member(self.email)
        self.assertEqual(member.marketing_permissions, {"p1": True, "p2": False})
        self.assertEqual(member.permission_summary, "Email")
        self.assertEqual(self.ledger(), [("Email", "granted", "fetch")])
        asked = {
            request.path.split("/")[2]
            for request in self.sandbox.requests
            if request.method == "GET"
            and "marketing_permissions" in request.query.get("fields", "")
            and request.path.endswith("/members")
        }
        self.assertEqual(asked, {self.remote.id})

    def test_switched_on_later(self):
        self.remote.permissions = {}
        self.remote.schema_changed()
        self.start()
        self.assertFalse(self.audience().marketing_permission_ids)
        self.remote.permissions = {"p1": "Email"}
        self.remote.schema_changed()
        self.fetch()
        self.drive()
        self.assertEqual(self.permission().name, "Email")
        self.assertEqual(self.member(self.email).marketing_permissions, {"p1": False})

    def test_warning(self):
        self.import_audiences(members=False)
        self.assertIn("none was read", self.audience().permission_warning)
        self.start()
        self.assertIn("“Email”, “Post”", self.audience().permission_warning)
        self.map()
        self.assertNotIn("Email", self.audience().permission_warning)
        self.map("Post", "Write Me")
        self.assertFalse(self.audience().permission_warning)

    def test_from_mailchimp(self):
        self.start(permissions={"p1": True})
        self.map()
        self.assertEqual(self.in_odoo(), ["Mail Me"])
        self.decide(p1=False, p2=True)
        self.assertEqual(self.sync(), [])
        self.assertEqual(self.in_odoo(), [])
        self.assertEqual(
            self.ledger()[1:],
            [("Email", "withdrawn", "fetch"), ("Post", "granted", "fetch")],
        )

    def test_consent_comes_back_one_way_too(self):
        self.account.two_way_sync = False
        self.start(permissions={"p1": True})
        self.map()
        self.decide(p1=False)
        self.sync()
        self.assertEqual((self.in_odoo(), self.given()), ([], []))
        self.decide(p1=True)
        self.sync()
        self.assertEqual((self.in_odoo(), self.given()), (["Mail Me"], ["Email"]))

    def test_recorded_act_is_sent(self):
        self.start()
        self.map()
        self.give("Mail Me")
        before = len(self.sandbox.requests)
        self.drive()
        [request] = self.writes(before)
        self.assertEqual(
            request.json,
            {
                "marketing_permissions": [
                    {"marketing_permission_id": "p1", "enabled": True}
                ]
            },
        )
        self.assertEqual(self.given(), ["Email"])
        self.assertEqual(
            self.ledger(),
            [("Email", "granted", "user"), ("Email", "granted", "export")],
        )
        entry = self.env["mailchimp.consent"].search(
            [("permission_id", "!=", False), ("source", "=", "user")]
        )
        self.assertEqual(entry.user_id, self.env.user)
        self.take("Mail Me")
        self.drive()
        self.assertEqual(self.given(), [])
        self.assertEqual(
            self.ledger()[2:],
            [("Email", "withdrawn", "user"), ("Email", "withdrawn", "export")],
        )
        self.assertWellFormed()

    def test_tag_from_before_is_no_act(self):
        contact = self.start()
        self.give("Mail Me")
        self.map()
        self.assertEqual(self.given(), [])
        run = self.member(self.email)._start_update("user", 5)
        self.drive()
        self.assertEqual(run.line_ids.mapped("code"), ["no_act"])
        self.assertEqual(self.given(), [])
        self.take("Mail Me")
        self.give("Mail Me")
        self.drive()
        self.assertEqual(self.given(), ["Email"])
        self.assertEqual(contact.tag_ids.mapped("name"), ["Mail Me"])

    def test_act_that_the_person_took_back_since(self):
        self.account.auto_push_contacts = False
        self.start()
        self.map()
        self.give("Mail Me")
        self.decide(p1=True)
        self.fetch()
        self.decide(p1=False)
        self.fetch()
        self.give("Mail Me")
        # As if somebody had tagged past the ORM: nobody recorded that.
        self.env["mailchimp.consent"].flush_model()
        self.env.cr.execute(
            "DELETE FROM mailchimp_consent WHERE permission_id IS NOT NULL"
            " AND id = (SELECT max(id) FROM mailchimp_consent)"
        )
        self.env.invalidate_all()
        self.member(self.email)._mark_changed()
        self.drive()
        self.assertEqual(self.in_odoo(), ["Mail Me"])
        self.assertEqual(self.given(), [])

    def test_withdrawn_by_the_person_while_the_batch_is_open(self):
        """What Odoo sent is no news as long as Mailchimp repeats it, and no longer."""
        self.start()
        self.map()
        self.startPatcher(patch(f"{PUSH}.FEW", 0))
        self.sandbox.batches.hold()
        self.give("Mail Me")
        for _round in range(2):
            self.run_jobs()
        self.sandbox.batches.release()
        self.assertTrue(self.sandbox.batches.wait())
        self.assertEqual(self.given(), ["Email"])
        self.later()
        self.fetch()
        self.decide(p1=False)
        self.fetch()
        self.env.invalidate_all()
        self.assertEqual(self.in_odoo(), [])
        self.drive()
        self.assertEqual((self.in_odoo(), self.given()), ([], []))

    def test_withdrawal_needs_no_act(self):
        contact = self.start(permissions={"p1": True})
        self.map()
        self.assertEqual(self.in_odoo(), ["Mail Me"])
        self.env.cr.execute(
            "DELETE FROM mailing_contact_res_partner_category_rel"
            " WHERE mailing_contact_id = %s",
            (contact.id,),
        )
        self.env.invalidate_all()
        self.member(self.email)._mark_changed()
        self.drive()
        self.assertEqual(self.given(), [])

    def test_new_contacts_get_them_after_the_bulk_call(self):
        self.start()
        self.map()
        tag = [(4, self.category("Mail Me").id)]
        contacts = self.env["mailing.contact"]
        for number in range(14):
            contacts |= self.new_contact(f"n{number}@a.example", tag_ids=tag)
        self.export(contacts[:1])
        self.assertEqual(self.given("n0@a.example"), ["Email"])
        self.export(contacts[1:])
        for contact in contacts:
            self.assertEqual(self.given(contact.email), ["Email"], contact.email)
        self.assertWellFormed()


@tagged("post_install", "-at_install")
class TestPermissionFields(PermissionCase):
    """Permissions that a check box stands for."""

    def setUp(self):
        super().setUp()
        self.partner = self.env["res.partner"].create(
            {"name": "Ann", "email": self.email}
        )

    def test_check_box_of_the_customer(self):
        self.start()
        self.permission().field_path = "partner_id.is_company"
        self.drive()
        self.partner.is_company = True
        self.drive()
        self.assertEqual(self.given(), ["Email"])
        self.assertEqual(
            self.ledger(),
            [("Email", "granted", "user"), ("Email", "granted", "export")],
        )
        self.decide(p1=False)
        self.sync()
        self.partner.invalidate_recordset()
        self.assertFalse(self.partner.is_company)
        self.assertEqual(self.given(), [])

    def test_given_before_it_was_mapped(self):
        self.start(permissions={"p1": True})
        self.permission().field_path = "partner_id.is_company"
        self.drive()
        self.assertTrue(self.partner.is_company)
        self.assertEqual(self.ledger(), [("Email", "granted", "fetch")])

    def test_what_cannot_be_written_is_refused(self):
        self.start()
        for path in ("partner_id.active", "partner_id.name", "nothing", "email"):
            with self.subTest(path), self.assertRaises(ValidationError):
                self.permission().field_path = path

    def test_one_mapping_only(self):
        self.start()
        self.map()
        with self.assertRaisesRegex(ValidationError, "tag and to a field"):
            self.permission().field_path = "partner_id.is_company"
