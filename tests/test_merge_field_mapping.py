"""The mapping of merge fields: what may be mapped, and what a change of it does."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import MailchimpCase


@tagged("post_install", "-at_install")
class TestMapping(MailchimpCase):
    """What may be mapped."""

    def setUp(self):
        super().setUp()
        self.remote.fields.clear()
        self.remote.add_merge_field("A", "text")
        self.remote.add_merge_field("PHOTO", "imageurl")
        self.remote.add_merge_field("ADDRESS", "address")
        fields = self.import_audiences(members=False).merge_field_ids
        self.field, self.photo, self.address = (
            fields.filtered(lambda field, tag=tag: field.tag == tag)
            for tag in ("A", "PHOTO", "ADDRESS")
        )

    def accepts(self, path, field=None, direction="to_mailchimp"):
        """Tell whether a mapping is accepted, and compiled accordingly."""
        field = field or self.field
        try:
            with self.env.cr.savepoint():
                field.write({"field_path": path, "direction": direction})
        except ValidationError:
            # What got there in another way (an update of a module) is not sent either.
            self.env.cr.execute(
                "UPDATE mailchimp_merge_field SET field_path = %s, direction = %s "
                "WHERE id = %s",
                [path, direction, field.id],
            )
            field.invalidate_recordset()
            if direction == "to_mailchimp":
                self.assertFalse(field._outgoing()[0])
            return False
        if direction != "to_odoo":
            self.assertEqual([sent.tag for sent in field._outgoing()[0]], [field.tag])
        return True

    def test_ordinary_fields(self):
        for path in (
            "name",
            "country_id",
            "country_id.code",
            "tag_ids",
            "message_bounce",
            "create_date",
            "partner_id.phone",
            "partner_id.country_id.name",
            "partner_id.parent_id.name",
            "partner_id.parent_id.country_id.currency_id.name",
            "partner_id.category_id",
            "partner_id.user_id",
            "partner_id.user_id.name",
            "partner_id.company_id.name",
            "partner_id.comment",
        ):
            with self.subTest(path=path):
                self.assertTrue(self.accepts(path))

    def test_names_of_countries_are_read_if_there_is_one_to_find(self):
        """To read all of them takes longer than to import a member."""
        self.assertTrue(self.accepts("country_id", direction="to_odoo"))
        self.assertTrue(self.accepts("partner_id", self.address, "to_odoo"))
        for tag, empty, value in (
            ("A", "", "France"),
            ("ADDRESS", {"city": ""}, {"city": "Paris", "country": "FR"}),
        ):
            with self.subTest(tag):
                mapping = (self.field | self.address)._mapping()
                [mapped] = [field for field in mapping if field.tag == tag]
                self.assertFalse(self.queries_of(mapped.convert, empty))
                self.assertTrue(self.queries_of(mapped.convert, value))
                self.assertFalse(self.queries_of(mapped.convert, value))

    def queries_of(self, function, *arguments):
        """Count the queries that a call makes."""
        before = self.env.cr.sql_log_count
        function(*arguments)
        return self.env.cr.sql_log_count - before

    def test_secrets_stay(self):
        partner = self.env["ir.model"]._get_id("res.partner")
        self.env["ir.model.fields"].create(
            [
                {"name": name, "model_id": partner, "ttype": "char"}
                for name in ("x_portal_password", "x_api_key", "x_access_token2")
            ]
        )
        for path in (
            "partner_id.x_portal_password",
            "partner_id.x_api_key",
            "partner_id.x_access_token2",
            "partner_id.signup_type",  # has groups
            "partner_id.user_id.login",
            "partner_id.user_id.password",
            "partner_id.user_id.signature",
            "partner_id.user_id.action_id",
            "partner_id.user_ids",
            "partner_id.user_id.partner_id.phone",
            "partner_id.user_id.group_ids",
            "partner_id.bank_ids",
            "partner_id.company_id.partner_id.signup_type",
            "partner_id.company_id.report_header",
            "message_ids",
            "partner_id.activity_ids",
            "partner_id.image_1920",
            "create_uid.login",
            "create_uid.api_key_ids",
            "mailchimp_member_ids",
            "partner_id.contact_address",  # computed, so no change of it is seen
            "partner_id.properties",
        ):
            with self.subTest(path=path):
                self.assertFalse(self.accepts(path))

    def test_what_managers_may_not_read_stays(self):
        title = self.env["ir.model"]._get("res.country")
        rights = self.env["ir.model.access"].search([("model_id", "=", title.id)])
        self.assertTrue(self.accepts("partner_id.country_id.name"))
        rights.group_id = self.env.ref("base.group_system")
        self.assertFalse(self.accepts("partner_id.country_id.name"))
        self.assertTrue(self.accepts("partner_id.city"))

    def test_paths_that_lead_nowhere(self):
        for path in (
            "nonsense",
            "partner_id",  # no address
            "partner_id.nonsense",
            "partner_id.name.nonsense",
            "partner_id.child_ids.name",
            ".name",
            "name.",
            "partner_id..name",
            "__class__",
            "partner_id.env",
        ):
            with self.subTest(path=path):
                self.assertFalse(self.accepts(path))
        self.assertFalse(self.accepts("partner_id.country_id", self.address))
        self.assertTrue(self.accepts("partner_id", self.address))
        self.assertTrue(self.accepts("partner_id.parent_id", self.address))
        self.assertTrue(self.accepts("partner_id.image_1920", self.photo))

    def test_both_ways_only_where_values_can_be_written(self):
        for path, both in {
            "first_name": True,
            "partner_id.phone": True,
            "partner_id.country_id.name": False,
            "partner_id.parent_id": False,
            "create_date": False,
            "email": False,
        }.items():
            with self.subTest(path=path):
                self.assertEqual(self.accepts(path, direction="both"), both)
                self.assertEqual(self.accepts(path, direction="to_odoo"), both)
                self.assertTrue(self.accepts(path))

    def test_words(self):
        self.field.write(
            {"field_path": "partner_id.country_id.name", "direction": "to_mailchimp"}
        )
        label = self.field._source_label(self.field._source())
        self.assertEqual(label, "Customer > Country > Country Name")
        self.assertFalse(self.field.mapping_problem)
        self.field.write({"field_path": False, "required": True})
        self.assertIn("not mapped", self.field.mapping_problem)


@tagged("post_install", "-at_install")
class TestMappingChanges(MailchimpCase):
    """What a change of the mapping, or of the field, does."""

    def setUp(self):
        super().setUp()
        self.remote.fields.clear()
        self.remote_field = self.remote.add_merge_field("A", "text", name="Company")
        self.remote.add_member("ann@a.example", merge_fields={"A": "Firm"})
        self.remote.add_member("bob@a.example", merge_fields={"A": ""})
        self.field = self.import_audiences().merge_field_ids

    def waiting(self):
        """Return the addresses of the members that wait for a push."""
        self.env.flush_all()
        members = self.audience().member_ids
        return set(
            members.filtered(lambda m: m.sync_state == "to_push").mapped("email")
        )

    def texts(self):
        return " ".join(self.audience().message_ids.mapped("body"))

    def test_back_fill_to_odoo(self):
        self.field.field_path = "company_name"
        self.assertFalse(self.waiting())
        self.later()
        self.run_jobs()
        self.assertEqual(self.contact("ann@a.example").company_name, "Firm")

    def test_back_fill_to_mailchimp(self):
        self.account.auto_push_contacts = True
        self.field.write({"field_path": "company_name", "direction": "to_mailchimp"})
        self.assertEqual(self.waiting(), {"ann@a.example", "bob@a.example"})
        self.assertFalse(self.runs().filtered(lambda run: run.state == "pending"))

    def test_back_fill_both_ways_lets_the_rule_decide(self):
        self.account.write({"auto_push_contacts": True, "two_way_sync": True})
        bob, ann = self.contact("bob@a.example"), self.contact("ann@a.example")
        bob.company_name, ann.company_name = "Bob Ltd", "Other"
        self.field.field_path = "company_name"
        payload = self.env["mailchimp.payload"]._build(
            self.audience(), self.member("ann@a.example")
        )
        self.assertEqual(payload[0]["merge_fields"], {"A": "Other"})
        self.assertEqual(self.member("ann@a.example").base_values, {"A": None})
        self.later()
        self.run_jobs()
        self.assertEqual(ann.company_name, "Firm")  # Remote Wins
        self.assertEqual(bob.company_name, "Bob Ltd")  # Mailchimp had none

    def test_mapping_that_changes_during_a_fetch(self):
        """Pages passed, and those to come, are read with it; once."""
        self.small_pages(1)
        for name in ("ann", "bob", "new"):
            self.remote.add_member(f"{name}@n.example", merge_fields={"A": name})
        self.later()
        audience = self.audience()
        run = audience._start_fetch("user", 5)
        steps = audience._job_fetch_members(run.id, False)
        next(steps)
        self.field.field_path = "company_name"
        for _step in steps:
            self.env.flush_all()
        for name in ("ann", "bob", "new"):
            self.assertEqual(self.contact(f"{name}@n.example").company_name, name)
        self.assertFalse(run.checkpoint)
        self.assertTrue(audience.pulled_at)
        before = len(self.sandbox.requests)
        self.fetch()
        self.assertEqual(len(self.sandbox.requests) - before, 3)

    def test_nothing_is_filled_again_when_only_the_rule_changes(self):
        self.field.field_path = "company_name"
        self.later()
        self.run_jobs()
        self.env["mailchimp.job"].search([]).unlink()
        self.field.ownership = "odoo"
        self.field.field_path = "company_name"
        self.assertFalse(self.env["mailchimp.job"].search([]))
        self.assertFalse(self.waiting())

    def test_type_that_changed_is_named(self):
        self.field.field_path = "company_name"
        self.remote_field.type = "address"
        self.import_audiences()
        self.assertIn("A has the type Address now", self.texts())
        self.assertIn("does not work any more", self.texts())
        self.assertTrue(self.field.mapping_problem)
        run = self.fetch()
        self.assertEqual(run.state, "done")
        self.assertEqual(run.line_ids.mapped("name"), ["A"])

    def test_type_that_changed_and_still_fits(self):
        self.field.field_path = "company_name"
        self.remote_field.type = "number"
        self.import_audiences()
        self.assertIn("still works", self.texts())
        self.assertFalse(self.field.mapping_problem)

    def test_field_made_anew_keeps_its_mapping(self):
        self.field.write({"field_path": "partner_id.city", "direction": "to_mailchimp"})
        del self.remote.fields[self.remote_field.merge_id]
        self.import_audiences()
        self.assertFalse(self.field.active)
        self.assertIn("A was deleted in Mailchimp", self.texts())
        self.remote.fields[77] = type(self.remote_field)(77, "A", "dropdown")
        fields = self.import_audiences().merge_field_ids
        self.assertRecordValues(
            fields,
            [
                {
                    "type": "dropdown",
                    "field_path": "partner_id.city",
                    "direction": "to_mailchimp",
                }
            ],
        )

    def test_mapping_to_a_field_that_is_gone_is_named(self):
        self.remote.add_merge_field("B", "text")
        fields = self.import_audiences().merge_field_ids
        fields[1].field_path = "company_name"
        self.env.cr.execute(
            "UPDATE mailchimp_merge_field SET field_path = 'x_gone' WHERE id = %s",
            [self.field.id],
        )
        self.field.invalidate_recordset()
        self.assertIn("x_gone", self.field.mapping_problem)
        self.remote.add_member("eve@a.example", merge_fields={"A": "1", "B": "Firm"})
        run = self.fetch()
        self.assertEqual(run.state, "done")
        [line] = run.line_ids
        self.assertEqual((line.name, line.state), ("A", "notice"))
        self.assertIn("x_gone", line.reason)
        self.assertEqual(self.contact("eve@a.example").company_name, "Firm")

    # === PROPOSALS === #

    def test_proposals(self):
        partner = self.env["ir.model"]._get_id("res.partner")
        self.env["ir.model.fields"].create(
            {
                "name": "x_geburt",
                "field_description": "Birthdate",
                "model_id": partner,
                "ttype": "date",
            }
        )
        self.env["res.lang"]._activate_lang("de_DE")
        self.env["ir.model.fields"]._get("res.partner", "ref").with_context(
            lang="de_DE"
        ).field_description = "Kundennummer"
        wanted = {
            "BIRTHDAY": ("birthday", "Birthday", "partner_id.x_geburt"),
            "PHONE": ("phone", "Phone Number", "partner_id.phone"),
            "PHONE2": ("phone", "Second", None),
            "ZIP": ("zip", "Zip Code", "partner_id.zip"),
            "MMERGE9": ("text", "Kundennummer", "partner_id.ref"),
            "MMERGE10": ("text", "Job Title", "partner_id.function"),
            "MMERGE11": ("text", "Favourite Colour", None),
            "POSTADDR": ("address", "Address", "partner_id"),
            "TOWN": ("number", "Town", None),
            "SIGNUP": ("text", "Password", None),
        }
        for tag, (type_, name, _path) in wanted.items():
            self.remote.add_merge_field(tag, type_, name=name)
        fields = self.import_audiences(members=False).merge_field_ids
        fields.field_path = False
        found = {field.tag: path for field, path in fields._proposals().items()}
        self.assertEqual(found.pop("A"), "company_name")
        self.assertEqual(
            found, {tag: path for tag, (_t, _n, path) in wanted.items() if path}
        )
