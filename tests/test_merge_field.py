"""Merge fields: types, mappings, and what happens when they change."""

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from odoo.addons.mailchimp_connector.const import MERGE_FIELD_TYPE_CODES

from .common import MailchimpCase


@tagged("post_install", "-at_install")
class TestMergeField(MailchimpCase):
    """The fields of an audience."""

    def setUp(self):
        super().setUp()
        self.remote.fields.clear()

    def fields(self):
        """Import, and return {tag: record}."""
        audience = self.import_audiences(members=False)
        return {field.tag: field for field in audience.merge_field_ids}

    def test_every_type(self):
        types = sorted(MERGE_FIELD_TYPE_CODES - {"other"})
        for number, type_ in enumerate(types):
            self.remote.add_merge_field(f"F{number}", type_)
        self.remote.add_oddity("unknown_merge_type")
        fields = self.fields()
        self.assertEqual([fields[f"F{n}"].type for n in range(len(types))], types)
        self.assertEqual(
            (fields["HOLO"].type, fields["HOLO"].name), ("other", "Hologram")
        )

    def test_attributes(self):
        self.remote.add_merge_field(
            "COLOUR",
            "dropdown",
            name="Colour",
            required=True,
            public=True,
            default_value="Red",
            help_text="Which one?",
            options={"choices": ["Red", "Blue"]},
        )
        self.assertRecordValues(
            self.fields()["COLOUR"],
            [
                {
                    "name": "Colour",
                    "required": True,
                    "public": True,
                    "default_value": "Red",
                    "help_text": "Which one?",
                    "choices": ["Red", "Blue"],
                    "field_path": False,
                }
            ],
        )

    def test_usual_mapping_is_proposed(self):
        paths = {
            "FNAME": "first_name",
            "LNAME": "last_name",
            "COMPANY": "company_name",
            "PHONE": "partner_id.phone",
            "OTHER": False,
        }
        for tag in paths:
            self.remote.add_merge_field(tag, "text")
        self.remote.add_merge_field("ADDRESS", "address")
        fields = self.fields()
        for tag, path in {**paths, "ADDRESS": "partner_id"}.items():
            self.assertEqual(fields[tag].field_path, path)

    def test_usual_tag_of_an_unusual_type_is_not_mapped(self):
        self.remote.add_merge_field("ADDRESS", "text")
        self.assertFalse(self.fields()["ADDRESS"].field_path)

    def test_own_mapping_stays(self):
        self.remote.add_merge_field("FNAME", "text")
        field = self.fields()["FNAME"]
        field.field_path = "company_name"
        self.assertEqual(self.fields()["FNAME"].field_path, "company_name")
        field.field_path = False
        self.assertFalse(self.fields()["FNAME"].field_path)

    def test_renamed_and_deleted(self):
        remote = self.remote.add_merge_field("FNAME", "text", name="First")
        field = self.fields()["FNAME"]
        remote.tag, remote.name = "FIRST", "Given"
        self.assertEqual(self.fields()["FIRST"], field)
        self.assertEqual(field.name, "Given")
        del self.remote.fields[remote.merge_id]
        self.assertFalse(self.fields())
        self.assertFalse(field.active)

    def test_mapping_that_leads_nowhere_is_refused_in_plain_words(self):
        self.remote.add_merge_field("FNAME", "text")
        field = self.fields()["FNAME"]
        with self.assertRaisesRegex(ValidationError, "nonsense is not a field"):
            field.field_path = "nonsense"

    def test_odoo_field_that_is_gone_is_left_alone(self):
        self.remote.add_merge_field("FNAME", "text")
        field = self.fields()["FNAME"]
        self.env.cr.execute(
            "UPDATE mailchimp_merge_field SET field_path = 'x_gone' WHERE id = %s",
            [field.id],
        )
        field.invalidate_recordset()
        self.remote.add_member("ann@a.example", merge_fields={"FNAME": "Ann"})
        self.fetch()
        self.assertEqual(self.contact("ann@a.example").name, "ann@a.example")
        self.assertEqual(self.member("ann@a.example").merge_values, {"FNAME": "Ann"})

    def test_new_mapping_reads_all_members_and_nothing_twice(self):
        self.remote.add_merge_field("A", "text")
        self.remote.add_merge_field("B", "text")
        for number in range(5):
            self.remote.add_member(
                f"m{number}@a.example", merge_fields={"A": "Firm", "B": "Name"}
            )
        self.import_audiences()
        fields = {field.tag: field for field in self.audience().merge_field_ids}
        fields["A"].field_path = "company_name"
        fields["B"].field_path = "name"
        runs = self.runs().filtered(lambda run: run.state == "pending")
        self.assertEqual(len(runs), 1)
        self.later()
        self.run_jobs()
        self.assertEqual((runs.state, runs.updated), ("done", 5))
        contact = self.contact("m3@a.example")
        self.assertRecordValues(contact, [{"company_name": "Firm", "name": "Name"}])
        contact.company_name = "Edited"
        self.fetch(full=True)
        self.assertEqual(contact.company_name, "Edited")

    def test_ownership_that_follows_from_the_account_is_told(self):
        self.remote.add_merge_field("SHOE", "text")
        field = self.import_audiences().merge_field_ids[0]
        self.account.write({"auto_push_contacts": True, "two_way_sync": True})
        for priority, words in (("remote", "Mailchimp Wins"), ("local", "Odoo Wins")):
            self.account.sync_priority = priority
            self.assertEqual(field.account_rule, words)
        self.account.write({"sync_priority": "remote", "two_way_sync": False})
        self.assertEqual(field.account_rule, "Odoo Wins", "facts only leave Odoo")

    def test_form(self):
        self.remote.add_merge_field("FNAME", "text")
        field = self.fields()["FNAME"]
        with Form(field) as form:
            form.field_path = "last_name"
        self.assertEqual(field.field_path, "last_name")
