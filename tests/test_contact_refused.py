"""Contacts that other modules, or the database, refuse."""

from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_contact_sync import ContactCase

UNWELCOME = "Mallory is not welcome."


def refuse(vals):
    """Stand in for a constraint of another module: nobody is called Mallory."""
    if "Mallory" in (vals.get("first_name"), vals.get("name")):
        raise ValidationError(UNWELCOME)


@tagged("post_install", "-at_install")
class TestRefusedByOthers(ContactCase):
    """A contact that another module refuses is a line; the rest of the page goes on."""

    def setUp(self):
        super().setUp()
        model = self.env.registry["mailing.contact"]
        create, write = model.create, model.write

        def strict_create(records, vals_list):
            for vals in vals_list if isinstance(vals_list, list) else [vals_list]:
                refuse(vals)
            return create(records, vals_list)

        def strict_write(records, vals):
            refuse(vals)
            return write(records, vals)

        self.startPatcher(patch.object(model, "create", strict_create))
        self.startPatcher(patch.object(model, "write", strict_write))

    def test_new_contact(self):
        for name in ("Ann", "Mallory", "Bob"):
            self.remote.add_member(
                f"{name.lower()}@a.example", merge_fields={"FNAME": name}
            )
        self.import_audiences()
        self.assertTrue(self.contact("ann@a.example"))
        self.assertTrue(self.contact("bob@a.example"))
        self.assertFalse(self.contact("mallory@a.example"))
        self.assertEqual(self.lines(), [("failed", "mallory@a.example", UNWELCOME)])
        member = self.member("mallory@a.example")
        self.assertRecordValues(member, [{"sync_state": "error", "error": UNWELCOME}])

    def test_known_contact(self):
        for name in ("Ann", "Eve", "Bob"):
            self.remote.add_member(
                f"{name.lower()}@a.example", merge_fields={"FNAME": name}
            )
        self.import_audiences()
        self.later()
        for old, new in (("ann", "Anna"), ("eve", "Mallory"), ("bob", "Bobby")):
            self.people.update_profile(
                self.remote, f"{old}@a.example", merge_fields={"FNAME": new}
            )
        self.people.unsubscribe(self.remote, "bob@a.example")
        run = self.fetch()
        self.assertEqual((run.state, run.failed), ("done", 1), run.message)
        self.assertEqual(self.contact("ann@a.example").name, "Anna")
        self.assertEqual(self.contact("bob@a.example").name, "Bobby")
        self.assertTrue(self.subscription("bob@a.example").opt_out)
        self.assertEqual(self.contact("eve@a.example").name, "Eve")
        member = self.member("eve@a.example")
        self.assertEqual(member.sync_state, "error")
        self.assertEqual(member.base_values, {"FNAME": "Eve"}, "nobody agreed on it")

    def test_opt_out_arrives_even_if_the_name_is_refused(self):
        self.remote.add_member("eve@a.example", merge_fields={"FNAME": "Eve"})
        self.import_audiences()
        self.later()
        self.people.update_profile(
            self.remote, "eve@a.example", merge_fields={"FNAME": "Mallory"}
        )
        self.people.unsubscribe(self.remote, "eve@a.example")
        self.fetch()
        self.assertEqual(self.member("eve@a.example").status, "unsubscribed")
        self.assertTrue(self.subscription("eve@a.example").opt_out)

    @mute_logger("odoo.sql_db")
    def test_refused_by_the_database(self):
        self.env.cr.execute(
            "ALTER TABLE mailing_contact ADD CONSTRAINT no_mallory "
            "CHECK (company_name != 'Mallory Ltd')"
        )
        self.remote.add_merge_field("COMPANY", "text")
        for name in ("Ann", "Eve"):
            self.remote.add_member(
                f"{name.lower()}@a.example", merge_fields={"COMPANY": name}
            )
        self.remote.add_member("new@a.example", merge_fields={"COMPANY": "Mallory Ltd"})
        self.import_audiences()
        self.update("eve@a.example", COMPANY="Mallory Ltd")
        self.update("ann@a.example", COMPANY="Ann Ltd")
        self.assertFalse(self.contact("new@a.example"))
        self.assertEqual(self.contact("ann@a.example").company_name, "Ann Ltd")
        self.assertEqual(self.contact("eve@a.example").company_name, "Eve")
        self.assertNotIn("DETAIL", self.member("new@a.example").error)
