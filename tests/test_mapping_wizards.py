"""Propose, create and check: the buttons of the mapping."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import MailchimpCase


@tagged("post_install", "-at_install")
class TestMappingWizards(MailchimpCase):
    """What people who map fields are helped with."""

    def setUp(self):
        super().setUp()
        self.remote.fields.clear()
        self.manager = new_test_user(
            self.env,
            "mapper",
            "mailchimp_connector.group_mailchimp_manager,base.group_partner_manager",
        )

    def open(self, action):
        """Return the record that an action opens, as the manager sees it."""
        return (
            self.env[action["res_model"]]
            .with_user(self.manager)
            .browse(action["res_id"])
        )

    def mapped(self, **paths):
        """Import, map the fields, let the back-fill be done."""
        audience = self.import_audiences()
        for field in audience.merge_field_ids:
            path = paths.get(field.tag, False)
            field.write({"field_path": path, "direction": "both"})
        self.later()
        self.run_jobs()
        return audience.with_user(self.manager)

    # === PROPOSE === #

    def test_proposals_are_applied_only_as_confirmed(self):
        for tag, type_ in (("CITY", "text"), ("PHONE2", "phone"), ("HOBBY", "text")):
            self.remote.add_merge_field(tag, type_, name=tag.title())
        audience = self.mapped()
        proposal = self.open(audience.action_propose_mappings())
        self.assertEqual(
            {line.tag: line.field_path for line in proposal.line_ids},
            {"CITY": "partner_id.city", "PHONE2": "partner_id.phone"},
        )
        with Form(proposal) as form:
            form.line_ids.remove(index=0)
        proposal.action_apply()
        paths = {field.tag: field.field_path for field in audience.merge_field_ids}
        self.assertEqual(
            paths, {"CITY": False, "PHONE2": "partner_id.phone", "HOBBY": False}
        )

    def test_who_may_not_map_may_not_propose(self):
        audience = self.import_audiences()
        user = new_test_user(
            self.env, "reader", "mailchimp_connector.group_mailchimp_user"
        )
        for name in ("propose_mappings", "create_merge_fields", "check_mapping"):
            action = getattr(audience.with_user(user), f"action_{name}")
            with self.subTest(name), self.assertRaises(AccessError):
                action()

    # === CREATE === #

    def creation(self, audience, *paths):
        """Fill in the wizard as a person does."""
        action = audience.action_create_merge_fields()
        wizard = self.env[action["res_model"]].with_user(self.manager)
        form = Form(wizard.with_context(**action["context"]))
        for path in paths:
            with form.line_ids.new() as line:
                line.field_path = path
        return form.save()

    def test_create(self):
        self.remote.add_merge_field("CITY", "text")
        audience = self.mapped()
        wizard = self.creation(
            audience,
            "partner_id",
            "partner_id.city",
            "partner_id.phone",
            "partner_id.website",
            "partner_id.type",
            "partner_id.is_company",
            "partner_id.parent_id.country_id.code",
            "message_bounce",
        )
        answer = wizard.action_create_fields()
        self.assertEqual(answer["params"]["type"], "success")
        made = {field.tag: field for field in self.remote.fields.values()}
        self.assertEqual(
            {tag: (field.name, field.type) for tag, field in made.items()},
            {
                "CITY": ("CITY", "text"),
                "ADDRESS": ("Address", "address"),
                "CITY2": ("City", "text"),
                "PHONE": ("Phone", "phone"),
                "WEBSITELIN": ("Website Link", "url"),
                "ISACOMPANY": ("Is a Company", "dropdown"),
                "COUNTRYCOD": ("Country Code", "text"),
                "BOUNCE": ("Bounce", "number"),
                "ADDRESSTYP": ("Address Type", "dropdown"),
            },
        )
        self.assertIn("Delivery", str(made["ADDRESSTYP"].options["choices"]))
        self.assertEqual(made["ISACOMPANY"].options["choices"], ["Yes", "No"])
        by_tag = {field.tag: field for field in audience.merge_field_ids}
        self.assertEqual(by_tag["CITY2"].field_path, "partner_id.city")
        self.assertEqual(by_tag["CITY2"].direction, "both")
        self.assertEqual(by_tag["COUNTRYCOD"].direction, "to_mailchimp")
        self.assertEqual(by_tag["ADDRESS"].field_path, "partner_id")

    def test_create_twice_maps_what_is_there(self):
        audience = self.mapped()
        wizard = self.creation(audience, "partner_id.city")
        wizard.action_create_fields()
        audience.merge_field_ids.field_path = False
        wizard.action_create_fields()
        self.assertEqual(len(self.remote.fields), 1)
        self.assertEqual(audience.merge_field_ids.field_path, "partner_id.city")

    def test_refused_field_keeps_no_other_out(self):
        audience = self.mapped()
        wizard = self.creation(audience, "partner_id.city", "partner_id.phone")
        # Made in Mailchimp meanwhile, which Odoo has not heard of yet.
        self.remote.add_merge_field("CITY", "text")
        answer = wizard.action_create_fields()["params"]
        self.assertEqual(answer["type"], "warning")
        self.assertIn("CITY: ", answer["message"])
        self.assertIn("PHONE", answer["message"])
        self.assertEqual(
            {f.tag for f in self.remote.fields.values()}, {"CITY", "PHONE"}
        )

    def test_tags_and_secrets_are_refused_before_anything_is_created(self):
        audience = self.mapped()
        wizard = self.creation(audience, "partner_id.city")
        for tag in ("lower", "WITH SPACE", "ELEVENCHARS", "EMAIL", "Ü"):
            with self.subTest(tag=tag), self.assertRaises(ValidationError):
                wizard.line_ids.tag = tag
        with self.assertRaises(ValidationError):
            wizard.line_ids.field_path = "partner_id.signup_type"
        with self.assertRaises(ValidationError):
            wizard.line_ids = [
                Command.create({"field_path": "partner_id.zip", "tag": "CITY"})
            ]
        self.assertFalse(self.remote.fields)
        with self.assertRaises(UserError):
            self.creation(audience).action_create_fields()

    # === CHECK === #

    def test_check(self):
        self.remote.add_merge_field("FIRM", "text")
        self.remote.add_merge_field("SIZE", "dropdown", options={"choices": ["S", "M"]})
        self.remote.add_merge_field("ADDRESS", "address")
        self.remote.add_merge_field("NEED", "text", required=True)
        for name in ("ann", "bob", "cid", "eve"):
            self.remote.add_member(
                f"{name}@a.example",
                merge_fields={"NEED": name if name != "eve" else ""},
            )
            self.env["res.partner"].create({"name": name, "email": f"{name}@a.example"})
        audience = self.mapped(
            FIRM="company_name", SIZE="partner_id.function", ADDRESS="partner_id"
        )
        ann, bob, cid, _eve = people = [
            self.contact(f"{name}@a.example") for name in ("ann", "bob", "cid", "eve")
        ]
        ann.company_name = "x" * 300
        for contact in people[:3]:
            contact.mailchimp_member_ids.partner_id.city = "Springfield"
        bob.mailchimp_member_ids.partner_id.function = "XL"
        cid.email = "nonsense"
        loose = self.env["mailing.contact"].create(
            {"name": "New", "list_ids": [Command.link(audience.mailing_list_id.id)]}
        )
        check = self.open(audience.action_check_mapping())
        self.assertEqual(check.checked, 5)
        self.assertEqual(check.display_name, f"Check Mapping: {audience.name}")
        found = {(line.code, line.tag): line for line in check.line_ids if line.code}
        self.assertEqual(
            {key: set(line.contact_ids) for key, line in found.items()},
            {
                ("incomplete_address", "ADDRESS"): {ann.id, bob.id, cid.id},
                ("bad_choice", "SIZE"): {bob.id},
                ("too_long", "FIRM"): {ann.id},
                ("bad_email", False): {cid.id},
                ("no_email", False): {loose.id},
                ("required_missing", "NEED"): {_eve.id, loose.id},
            },
        )
        self.assertEqual(check.affected, 5)
        self.assertIn("not mapped", found["required_missing", "NEED"].reason)
        self.assertIn("NEED", audience.mapping_problems)
        action = found["incomplete_address", "ADDRESS"].action_open_contacts()
        opened = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(opened, ann | bob | cid)

    def test_check_speaks_the_language_of_the_reader(self):
        """Values are those of the company, whoever looks; what is wrong is not."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.remote.add_merge_field("ADDRESS", "address")
        self.remote.add_member("ann@a.example")
        self.env["res.partner"].create({"name": "Ann", "email": "ann@a.example"})
        audience = self.mapped(ADDRESS="partner_id")
        contact = self.contact("ann@a.example")
        contact.mailchimp_member_ids.partner_id.city = "Springfield"
        audience = audience.with_context(lang="fr_FR")
        [line] = self.open(audience.action_check_mapping()).line_ids
        self.assertEqual(line.code, "incomplete_address")
        self.assertIn("incomplète", line.reason)
        self.assertNotIn("Missing", line.reason)

    def test_check_names_mappings_that_do_not_work(self):
        self.remote.add_merge_field("FIRM", "text")
        audience = self.mapped(FIRM="company_name")
        self.env.cr.execute(
            "UPDATE mailchimp_merge_field SET field_path = 'x_gone' WHERE id = %s",
            [audience.merge_field_ids.id],
        )
        audience.merge_field_ids.invalidate_recordset()
        [line] = self.open(audience.action_check_mapping()).line_ids
        self.assertEqual((line.tag, line.code, line.people), ("FIRM", False, 0))
        self.assertIn("x_gone", line.reason)

    def test_check_finds_nothing(self):
        self.remote.add_merge_field("FIRM", "text")
        self.remote.add_member("ann@a.example")
        check = self.open(self.mapped(FIRM="company_name").action_check_mapping())
        self.assertEqual((check.checked, check.affected), (1, 0))
        self.assertFalse(check.line_ids)
