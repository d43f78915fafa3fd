"""Merge values in the fields of contacts and customers."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .test_contact_sync import ContactCase


@tagged("post_install", "-at_install")
class TestValues(ContactCase):
    """Merge values in the fields they are mapped to."""

    def map(self, **paths):
        """Map merge fields by tag."""
        for field in self.audience().merge_field_ids:
            if field.tag in paths:
                field.field_path = paths[field.tag]

    def test_every_type(self):
        types = ("text", "number", "phone", "date", "url", "imageurl", "radio", "zip")
        for type_ in (*types, "dropdown", "birthday", "address"):
            self.remote.add_merge_field(type_.upper()[:10], type_)
        address = {
            "addr1": "5 Harbour Street",
            "addr2": "",
            "city": "Albany",
            "state": "NY",
            "zip": "12207",
            "country": "US",
        }
        values = {
            "TEXT": "Café",
            "NUMBER": 12.5,
            "PHONE": "+353 1 234",
            "DATE": "2024-02-29",
            "URL": "https://a.example",
            "RADIO": "United States",
            "ZIP": "12207",
            "ADDRESS": address,
        }
        self.account.auto_create_partner = True
        self.import_audiences(members=False)
        self.map(
            TEXT="company_name",
            NUMBER="partner_id.color",
            PHONE="partner_id.phone",
            URL="partner_id.website",
            RADIO="country_id",
            ADDRESS="partner_id",
        )
        self.remote.add_member("ann@a.example", merge_fields=values)
        self.fetch()
        contact = self.contact("ann@a.example")
        partner = self.member("ann@a.example").partner_id
        self.assertEqual(contact.company_name, "Café")
        self.assertEqual(contact.country_id.code, "US")
        self.assertRecordValues(
            partner,
            [
                {
                    "phone": "+353 1 234",
                    "website": "https://a.example",
                    "color": 12,
                    "street": "5 Harbour Street",
                    "street2": False,
                    "city": "Albany",
                    "zip": "12207",
                }
            ],
        )
        self.assertEqual(partner.country_id.code, "US")
        self.assertEqual(partner.state_id.code, "NY")
        self.assertFalse(self.runs()[0].line_ids)

    def test_country_by_its_name_in_any_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        germany = self.env.ref("base.de")
        germany.with_context(lang="de_DE").name = "Deutschland"
        self.env.user.lang = "de_DE"
        self.remote.add_merge_field("COUNTRY", "text")
        names = ("Germany", "Deutschland", "DE")
        for name in names:
            self.remote.add_member(f"{name}@a.example", merge_fields={"COUNTRY": name})
        self.import_audiences()
        for name in names:
            self.assertEqual(
                self.contact(f"{name.lower()}@a.example").country_id, germany
            )

    def test_value_that_does_not_fit_becomes_a_notice(self):
        for tag in ("NUM", "BIG", "LAND"):
            self.remote.add_merge_field(tag, "text")
        self.account.auto_create_partner = True
        self.import_audiences(members=False)
        self.map(NUM="partner_id.color", BIG="partner_id.color", LAND="country_id")
        values = {"NUM": "1e999", "BIG": "99999999999", "LAND": "Atlantis" * 999}
        self.remote.add_member("ann@a.example", merge_fields=values)
        self.fetch()
        lines = self.lines()
        self.assertEqual([line[0] for line in lines], ["notice"] * 3)
        self.assertEqual({line[1] for line in lines}, {"ann@a.example"})
        self.assertLess(max(len(line[2]) for line in lines), 200)
        self.assertTrue(self.contact("ann@a.example"))

    def test_mapping_that_came_later_is_applied(self):
        self.remote.add_merge_field("FIRM", "text")
        self.remote.add_member("ann@a.example", merge_fields={"FIRM": "Harbour Ltd"})
        self.import_audiences()
        self.assertFalse(self.contact("ann@a.example").company_name)
        self.map(FIRM="company_name")
        self.fetch()
        self.assertEqual(self.contact("ann@a.example").company_name, "Harbour Ltd")

    def test_mapping_to_nowhere_is_refused(self):
        self.import_audiences()
        for path in ("nonsense", "id", "partner_id.nonsense", "user_id.login", "x.y"):
            with self.assertRaises(ValidationError):
                self.map(FNAME=path)
        for path in ("subscription_ids", "create_date", "partner_id"):
            with self.assertRaises(ValidationError):
                self.map(FNAME=path)

    def test_edit_in_odoo_survives_what_mailchimp_did_not_change(self):
        self.remote.add_merge_field("COMPANY", "text")
        self.remote.add_member(
            "ann@a.example",
            merge_fields={"FNAME": "Ann", "LNAME": "Lee", "COMPANY": "Old Ltd"},
        )
        self.import_audiences()
        contact = self.contact("ann@a.example")
        contact.write({"first_name": "Anna", "company_name": "New Ltd"})
        member = self.remote.by_email("ann@a.example")
        self.later()
        self.remote.put_tag(member, self.remote.make_tag("VIP"))
        self.remote.touch(member)
        self.fetch()
        self.assertEqual(contact.tag_ids.mapped("name"), ["VIP"])
        self.assertRecordValues(
            contact, [{"name": "Anna Lee", "company_name": "New Ltd"}]
        )

    def test_edit_on_both_sides_is_settled_by_the_rule(self):
        self.remote.add_merge_field("COMPANY", "text")
        for rule, expected in (("remote", "Remote Ltd"), ("local", "Local Ltd")):
            with self.subTest(rule=rule):
                email = f"{rule}@a.example"
                self.account.sync_priority = rule
                self.remote.add_member(email, merge_fields={"COMPANY": "Old Ltd"})
                self.import_audiences()
                self.contact(email).company_name = "Local Ltd"
                self.update(email, COMPANY="Remote Ltd")
                self.assertEqual(self.contact(email).company_name, expected)

    def test_value_that_changed_in_mailchimp_only(self):
        self.account.sync_priority = "local"
        self.remote.add_merge_field("COMPANY", "text")
        self.remote.add_member("ann@a.example", merge_fields={"COMPANY": "Old Ltd"})
        self.import_audiences()
        self.update("ann@a.example", COMPANY="New Ltd")
        self.assertEqual(self.contact("ann@a.example").company_name, "New Ltd")

    def test_value_emptied_in_mailchimp(self):
        self.remote.add_merge_field("COMPANY", "text")
        self.remote.add_member("ann@a.example", merge_fields={"COMPANY": "Old Ltd"})
        self.import_audiences()
        self.update("ann@a.example", COMPANY="")
        self.assertFalse(self.contact("ann@a.example").company_name)

    def test_value_in_odoo_is_not_emptied_by_one_that_never_was(self):
        self.new_contact("ann@a.example", name="Ann", company_name="Harbour Ltd")
        self.remote.add_merge_field("COMPANY", "text")
        self.remote.add_member("ann@a.example", merge_fields={"COMPANY": ""})
        self.import_audiences()
        self.assertRecordValues(
            self.contact("ann@a.example"),
            [{"name": "Ann", "company_name": "Harbour Ltd"}],
        )

    def test_name_in_odoo_is_right_if_the_account_says_so(self):
        self.account.override_contact_name = True
        self.new_contact("ann@a.example", name="Ann of Odoo")
        self.new_contact("nameless@a.example")
        for email in ("ann@a.example", "nameless@a.example"):
            self.remote.add_member(email, merge_fields={"FNAME": "Mailchimp"})
        self.import_audiences()
        self.update("ann@a.example", FNAME="Changed")
        self.assertEqual(self.contact("ann@a.example").name, "Ann of Odoo")
        self.assertEqual(self.contact("nameless@a.example").name, "Mailchimp")

    def test_name_of_mailchimp_otherwise(self):
        self.new_contact("ann@a.example", name="Ann of Odoo")
        self.remote.add_member(
            "ann@a.example", merge_fields={"FNAME": "Ann", "LNAME": "Chimp"}
        )
        self.import_audiences()
        self.assertEqual(self.contact("ann@a.example").name, "Ann Chimp")
