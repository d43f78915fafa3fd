"""What Odoo has to say about members."""

from odoo.tests import new_test_user, tagged

from .common import MailchimpCase

COMPLETE = {
    "street": "1 Main Street",
    "city": "Springfield",
    "zip": "01101",
    "phone": "+1 555 123 4567",
}


@tagged("post_install", "-at_install")
class TestPayload(MailchimpCase):
    """`mailchimp.payload._build`."""

    def setUp(self):
        super().setUp()
        self.remote.fields.clear()
        self.country = self.env.ref("base.us")
        self.state = self.country.state_ids.filtered(lambda state: state.code == "MA")

    def build(self, emails=("ann@a.example",)):
        """Return the rows of members, by default of the only one."""
        self.env.flush_all()
        members = self.member(emails[0])
        for email in emails[1:]:
            members |= self.member(email)
        rows = self.env["mailchimp.payload"]._build(self.audience(), members)
        self.assertEqual([row["member_id"] for row in rows], members.ids)
        return rows if len(emails) > 1 else rows[0]

    def start(self, *fields, partner=True, **merge_values):
        """Import an audience with these fields and one member, who is a customer.

        :param fields: (tag, type, path, options of the remote field) each
        :return: the contact and the customer
        """
        for tag, type_, _path, *options in fields:
            self.remote.add_merge_field(tag, type_, **dict(*options))
        self.remote.add_member("ann@a.example", merge_fields=merge_values)
        customer = self.env["res.partner"]
        if partner:
            customer = customer.create({"name": "Ann Lee", "email": "ann@a.example"})
        audience = self.import_audiences()
        for field in audience.merge_field_ids:
            [path] = [path for tag, _type, path, *_rest in fields if tag == field.tag]
            far = path and not self.is_writable(field, path)
            field.write(
                {"field_path": path, "direction": "to_mailchimp" if far else "both"}
            )
        self.later()
        self.run_jobs()
        return self.contact("ann@a.example"), customer

    def is_writable(self, field, path):
        """Tell whether a mapping to this path may go both ways."""
        return bool(field.new({"field_path": path, "type": field.type})._target_field())

    def codes(self, row):
        """Return [(code, is blocking)] of a row."""
        return [
            (code, blocking) for code, _reason, _advice, blocking in row["problems"]
        ]

    # === SOURCES === #

    def test_contact_customer_and_beyond(self):
        contact, customer = self.start(
            ("FNAME", "text", "first_name"),
            ("PHONE", "phone", "partner_id.phone"),
            ("LAND", "text", "partner_id.country_id.name"),
            ("CODE", "text", "partner_id.state_id.country_id.code"),
            ("TAGS", "text", "tag_ids"),
        )
        contact.first_name = "Ann"
        contact.tag_ids = self.env["res.partner.category"].create(
            [{"name": "Gold"}, {"name": "Silver"}]
        )
        customer.write(
            {"phone": "1", "country_id": self.country.id, "state_id": self.state.id}
        )
        row = self.build()
        tags = row["merge_fields"].pop("TAGS")
        self.assertEqual(set(tags.split(", ")), {"Gold", "Silver"})
        self.assertEqual(
            row["merge_fields"],
            {"FNAME": "Ann", "PHONE": "1", "LAND": "United States", "CODE": "US"},
        )
        self.assertEqual(row["email"], "ann@a.example")
        self.assertEqual(
            (row["contact_id"], row["partner_id"]), (contact.id, customer.id)
        )

    def test_what_is_empty_clears_and_what_has_no_customer_does_not(self):
        contact, _nobody = self.start(
            ("COMPANY", "text", "company_name"),
            ("PHONE", "phone", "partner_id.phone"),
            ("ADDRESS", "address", "partner_id"),
            partner=False,
            COMPANY="Firm",
            PHONE="1",
        )
        contact.company_name = False
        self.assertEqual(self.build()["merge_fields"], {"COMPANY": ""})

    def test_many_members_cost_as_many_queries_as_one(self):
        self.start(
            ("FNAME", "text", "first_name"),
            ("LAND", "text", "partner_id.country_id.name"),
            ("ADDRESS", "address", "partner_id"),
        )
        for number in range(20):
            email = f"m{number}@a.example"
            self.remote.add_member(email, merge_fields={"FNAME": f"M{number}"})
            self.env["res.partner"].create(
                {"name": email, "email": email, "country_id": self.country.id}
            )
        self.fetch()
        audience = self.audience()
        members = audience.member_ids
        self.assertEqual(len(members), 21)
        payload, mapping = self.env["mailchimp.payload"], None
        counts = []
        for some in (members[:2], members[:2], members):
            self.env.invalidate_all()
            mapping = audience.merge_field_ids._outgoing()
            before = self.env.cr.sql_log_count
            payload._build(audience, some, mapping)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_languages_are_those_of_the_company(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        _contact, customer = self.start(("COUNTRY", "text", "partner_id.country_id"))
        germany = self.env.ref("base.de")
        germany.with_context(lang="fr_FR").name = "Allemagne"
        customer.country_id = germany
        build = self.with_user_of("en_US")
        self.assertEqual(build(), {"COUNTRY": "Germany"})
        self.account.company_id.partner_id.lang = "fr_FR"
        self.assertEqual(build(), {"COUNTRY": "Allemagne"})

    def with_user_of(self, lang):
        """Return a function that builds as somebody with a language of their own."""
        user = new_test_user(
            self.env,
            "reader",
            "mailchimp_connector.group_mailchimp_manager",
            lang=lang,
        )

        def build():
            self.env.flush_all()
            self.env.invalidate_all()
            payload = self.env["mailchimp.payload"].with_user(user)
            [row] = payload._build(self.audience(), self.member("ann@a.example"))
            return row["merge_fields"]

        return build

    def test_contact_with_a_whole_name_only(self):
        contact, _customer = self.start(
            ("FNAME", "text", "first_name"), ("LNAME", "text", "last_name")
        )
        for name, expected in (
            ("Ann van Lee", {"FNAME": "Ann", "LNAME": "van Lee"}),
            ("Ann", {"FNAME": "Ann", "LNAME": ""}),
            ("ann@a.example", {"FNAME": "", "LNAME": ""}),
        ):
            contact.write({"first_name": False, "last_name": False, "name": name})
            self.assertEqual(self.build()["merge_fields"], expected)

    def test_whole_name_that_was_edited_later(self):
        contact, _customer = self.start(
            ("FNAME", "text", "first_name"), ("LNAME", "text", "last_name")
        )
        contact.write({"first_name": "Mary Ann", "last_name": "Lee"})
        for name, expected in (
            ("Mary Ann  Lee", {"FNAME": "Mary Ann", "LNAME": "Lee"}),
            ("Mary Ann van Lee", {"FNAME": "Mary Ann", "LNAME": "van Lee"}),
            ("Dr. Ann Lee", {"FNAME": "Dr. Ann", "LNAME": "Lee"}),
            ("Somebody Else", {"FNAME": "Somebody", "LNAME": "Else"}),
            (False, {"FNAME": "Mary Ann", "LNAME": "Lee"}),
        ):
            contact.name = name
            self.assertEqual(self.build()["merge_fields"], expected)

    def test_images_only_where_everybody_sees_them(self):
        _contact, customer = self.start(("PHOTO", "imageurl", "partner_id.image_128"))
        self.assertEqual(self.build()["merge_fields"], {"PHOTO": ""})
        pixel = (
            b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
            b"awAAAABJRU5ErkJggg=="
        )
        customer.image_1920 = pixel
        self.assertEqual(self.build()["merge_fields"], {"PHOTO": ""})
        # Whoever publishes customers on a website lets visitors read them.
        self.env["ir.model.access"].create(
            {
                "name": "published",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "group_id": self.env.ref("base.group_public").id,
                "perm_read": True,
            }
        )
        self.env.ref("base.res_partner_portal_public_rule").domain_force = "[]"
        self.env["ir.config_parameter"].set_param("web.base.url", "https://a.example")
        url = self.build()["merge_fields"]["PHOTO"]
        path = f"web/image/res.partner/{customer.id}/image_128"
        self.assertEqual(url, f"https://a.example/{path}")

    # === WHAT DOES NOT FIT === #

    def test_address_is_whole_or_not_sent(self):
        _contact, customer = self.start(("ADDRESS", "address", "partner_id"))
        self.assertEqual(self.build()["merge_fields"], {"ADDRESS": ""})
        customer.write({**COMPLETE, "country_id": self.country.id})
        row = self.build()
        self.assertEqual(row["merge_fields"], {})
        [(code, reason, _advice, blocking)] = row["problems"]
        self.assertEqual((code, blocking), ("incomplete_address", False))
        self.assertIn("State", reason)
        self.assertNotIn("City", reason)
        customer.state_id = self.state
        self.assertEqual(
            self.build()["merge_fields"]["ADDRESS"],
            {
                "addr1": "1 Main Street",
                "addr2": "",
                "city": "Springfield",
                "state": "MA",
                "zip": "01101",
                "country": "US",
            },
        )

    def test_problems_of_values(self):
        contact, customer = self.start(
            ("COMPANY", "text", "company_name"),
            (
                "SIZE",
                "dropdown",
                "partner_id.function",
                {"options": {"choices": ["S"]}},
            ),
            ("PHONE", "phone", "partner_id.phone", {"options": {"phone_format": "US"}}),
        )
        contact.company_name = "ä" * 200
        customer.write({"function": "XXL", "phone": "+49 30"})
        row = self.build()
        self.assertEqual(row["merge_fields"], {"COMPANY": "ä" * 127})
        self.assertEqual(
            sorted(self.codes(row)),
            [("bad_choice", False), ("too_long", False), ("unfit", False)],
        )
        for _code, reason, advice, _blocking in row["problems"]:
            self.assertLess(len(reason), 160)
            self.assertTrue(advice)
        customer.write({"function": "s", "phone": "(555) 123 4567"})
        contact.company_name = "Firm"
        row = self.build()
        self.assertFalse(row["problems"])
        self.assertEqual(
            row["merge_fields"],
            {"COMPANY": "Firm", "SIZE": "S", "PHONE": "555-123-4567"},
        )

    def test_required_and_empty(self):
        contact, customer = self.start(
            ("COMPANY", "text", "company_name", {"required": True}),
            ("ADDRESS", "address", "partner_id", {"required": True}),
        )
        customer.city = "Springfield"  # incomplete, and none in Mailchimp either
        contact.company_name = False
        codes = self.codes(self.build())
        self.assertEqual(codes.count(("required_missing", True)), 2)
        contact.company_name = "Firm"
        self.assertEqual(self.codes(self.build()).count(("required_missing", True)), 1)

    def test_required_and_without_a_source(self):
        contact, _nobody = self.start(
            ("COMPANY", "text", False, {"required": True}),
            ("PHONE", "phone", "partner_id.phone", {"required": True}),
            ("SIZE", "text", False, {"required": True}),
            partner=False,
            SIZE="S",
        )
        row = self.build()
        self.assertEqual(self.codes(row), [("required_missing", True)] * 2)
        self.assertEqual(set(row["problem_tags"]), {"COMPANY", "PHONE"})
        self.assertEqual(row["merge_fields"], {})

    def test_addresses(self):
        contact, _customer = self.start(("FNAME", "text", "first_name"))
        for email, code in (
            (False, "no_email"),
            (" ", "no_email"),
            ("x@", "bad_email"),
        ):
            contact.email = email
            row = self.build()
            self.assertIs(row["email"], False)
            self.assertEqual(self.codes(row), [(code, True)])
        contact.email = "ANN@A.example "
        self.assertEqual(self.build()["email"], "ann@a.example")

    # === ONE MEANING, SEVERAL SPELLINGS === #

    def test_other_spelling_of_the_same_is_left_as_mailchimp_has_it(self):
        address = {
            "addr1": "1 Main Street",
            "addr2": "",
            "city": "Springfield",
            "state": "Massachusetts",
            "zip": "01101",
            "country": "United States",
        }
        contact, customer = self.start(
            ("COUNTRY", "text", "country_id"),
            ("COMPANY", "text", "company_name"),
            ("ADDRESS", "address", "partner_id"),
            COUNTRY="us",
            COMPANY="Firm",
            ADDRESS=address,
        )
        self.assertEqual(contact.country_id, self.country)
        self.assertEqual(customer.state_id, self.state)
        self.assertEqual(
            self.build()["merge_fields"],
            {"COUNTRY": "us", "COMPANY": "Firm", "ADDRESS": address},
        )
        contact.country_id = self.env.ref("base.de")
        customer.city = "Boston"
        row = self.build()
        self.assertEqual(row["merge_fields"]["COUNTRY"], "Germany")
        self.assertEqual(row["merge_fields"]["ADDRESS"]["state"], "MA")
