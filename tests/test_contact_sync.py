"""Members of Mailchimp on Odoo's contacts, customers, subscriptions and blacklist."""

from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import MailchimpCase


def refuse(vals):
    """Stand in for a constraint of another module: nobody is called Mallory."""
    if "Mallory" in (vals.get("first_name"), vals.get("name")):
        raise ValidationError("Mallory is not welcome.")


class ContactCase(MailchimpCase):
    """Existing contacts, and what the runs say about them."""

    def new_contact(self, email, **vals):
        """Create a mailing contact, as a user does."""
        return self.env["mailing.contact"].create({"email": email, **vals})

    def lines(self, kind="members"):
        """Return the lines of the last run of a kind, as (state, name, reason)."""
        return [(ln.state, ln.name, ln.reason) for ln in self.runs(kind)[:1].line_ids]

    def update(self, email, **merges):
        """Let a person change values in Mailchimp, and fetch them."""
        self.later()
        self.people.update_profile(self.remote, email, merge_fields=merges)
        return self.fetch()


@tagged("post_install", "-at_install")
class TestMatching(ContactCase):
    """Contacts that Odoo already has."""

    def test_capitals_and_plus_addresses(self):
        ann = self.new_contact("ANN@A.Example", name="Ann")
        plus = self.new_contact("ann+news@a.example", name="Ann's News")
        self.remote.add_member("Ann@a.example")
        self.remote.add_member("ANN+news@a.example")
        self.import_audiences()
        self.assertEqual(self.member("ann@a.example").contact_id, ann)
        self.assertEqual(self.member("ann+news@a.example").contact_id, plus)
        self.assertEqual(len(self.contact("ann@a.example")), 1)

    def test_of_duplicates_the_oldest_is_chosen_and_the_others_are_listed(self):
        oldest = self.new_contact("ann@a.example", name="Oldest")
        younger = self.new_contact("Ann@a.example", name="Younger")
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        self.assertEqual(self.member("ann@a.example").contact_id, oldest)
        [line] = self.runs().line_ids
        self.assertEqual((line.state, line.res_id), ("notice", oldest.id))
        self.assertIn(f"Younger (#{younger.id})", line.advice)

    def test_of_duplicates_the_one_on_the_list_is_chosen(self):
        self.import_audiences()
        self.new_contact("ann@a.example", name="Oldest")
        mailing_list = self.audience().mailing_list_id
        listed = self.new_contact(
            "ann@a.example", name="Listed", list_ids=[Command.link(mailing_list.id)]
        )
        self.remote.add_member("ann@a.example")
        self.fetch()
        self.assertEqual(self.member("ann@a.example").contact_id, listed)

    def test_no_contacts_unless_asked(self):
        self.account.auto_create_contact = False
        known = self.new_contact("known@a.example")
        self.remote.add_member("known@a.example")
        self.remote.add_member("unknown@a.example")
        self.import_audiences()
        self.assertEqual(self.member("known@a.example").contact_id, known)
        self.assertTrue(self.member("unknown@a.example"))
        self.assertFalse(self.contact("unknown@a.example"))

    def test_archived_members_create_no_contact(self):
        self.remote.add_member("ann@a.example", "archived")
        self.import_audiences()
        self.assertEqual(self.member("ann@a.example").status, "archived")
        self.assertFalse(self.contact("ann@a.example"))

    def test_member_of_two_audiences_is_one_contact(self):
        other = self.remote_account.add_audience("Other")
        for remote in (self.remote, other):
            remote.add_member("ann@a.example", merge_fields={"FNAME": "Ann"})
        self.import_audiences()
        contact = self.contact("ann@a.example")
        self.assertEqual(len(contact), 1)
        self.assertEqual(len(contact.subscription_ids), 2)


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


@tagged("post_install", "-at_install")
class TestTagsOfContacts(ContactCase):
    """Tags in both directions: only those that came from a member are taken back."""

    def names(self, email="ann@a.example"):
        """Return the names of the Odoo tags of a contact."""
        return sorted(self.contact(email).tag_ids.mapped("name"))

    def test_tags_come_and_go(self):
        member = self.remote.add_member("ann@a.example", tags=["VIP", "Harbour"])
        self.import_audiences()
        own = self.env["res.partner.category"].create({"name": "Own"})
        self.contact("ann@a.example").tag_ids = [Command.link(own.id)]
        self.later()
        self.remote.take_tag(member, self.remote.tag_named("VIP"))
        self.remote.put_tag(member, self.remote.make_tag("New"))
        self.remote.touch(member)
        self.fetch()
        self.assertEqual(self.names(), ["Harbour", "New", "Own"])

    def test_tag_that_another_audience_gives_stays(self):
        other = self.remote_account.add_audience("Other")
        other.add_member("ann@a.example", tags=["VIP"])
        member = self.remote.add_member("ann@a.example", tags=["VIP"])
        self.import_audiences()
        self.later()
        self.remote.take_tag(member, self.remote.tag_named("VIP"))
        self.remote.touch(member)
        self.fetch()
        self.assertEqual(self.names(), ["VIP"])

    def test_tags_of_an_existing_contact_stay(self):
        own = self.env["res.partner.category"].create({"name": "Own"})
        self.new_contact("ann@a.example", tag_ids=[Command.link(own.id)])
        self.remote.add_member("ann@a.example", tags=["VIP"])
        self.import_audiences()
        self.assertEqual(self.names(), ["Own", "VIP"])

    def test_groups(self):
        category = self.remote.add_interests("Topics", ["News", "Offers"])
        news, offers = category.interests
        self.remote.add_member("ann@a.example", interests=[news])
        self.import_audiences()
        member = self.member("ann@a.example")
        self.assertEqual(member.interest_ids.mapped("name"), ["News"])
        self.later()
        self.people.update_profile(
            self.remote, "ann@a.example", interests={news: False, offers: True}
        )
        self.fetch()
        self.assertEqual(member.interest_ids.mapped("name"), ["Offers"])

    def test_group_that_is_new_since_the_import(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        [key] = self.remote.add_interests("Topics", ["News"]).interests
        self.later()
        self.people.update_profile(self.remote, "ann@a.example", interests={key: True})
        self.fetch()
        member = self.member("ann@a.example")
        self.assertEqual(member.interest_ids.mapped("name"), ["News"])


@tagged("post_install", "-at_install")
class TestCustomers(ContactCase):
    """Customers only where asked for, and only of the right company."""

    def test_none_unless_asked(self):
        self.remote.add_member("ann@a.example")
        count = self.env["res.partner"].search_count([])
        self.import_audiences()
        self.assertEqual(self.env["res.partner"].search_count([]), count)

    def test_created_for_people_who_may_become_customers(self):
        self.account.auto_create_partner = True
        created = ("subscribed", "pending", "transactional")
        for status in (*created, "unsubscribed", "cleaned", "archived"):
            self.remote.add_member(f"{status}@a.example", status)
        self.import_audiences()
        for status in created:
            partner = self.member(f"{status}@a.example").partner_id
            self.assertEqual(partner.email, f"{status}@a.example")
            self.assertEqual(partner.company_id, self.account.company_id)
        for status in ("unsubscribed", "cleaned", "archived"):
            self.assertFalse(self.member(f"{status}@a.example").partner_id)

    def test_customer_of_another_company_is_not_touched(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        Partner = self.env["res.partner"]
        foreign = Partner.create(
            {"name": "F", "email": "ann@a.example", "company_id": elsewhere.id}
        )
        shared = Partner.create({"name": "S", "email": "bob@a.example"})
        for email in ("ann@a.example", "bob@a.example"):
            self.remote.add_member(email, merge_fields={"PHONE": "1"})
        self.import_audiences()
        self.assertFalse(self.member("ann@a.example").partner_id)
        self.assertEqual(self.member("bob@a.example").partner_id, shared)
        self.assertFalse(foreign.phone)


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
        self.assertEqual(
            self.lines(), [("failed", "mallory@a.example", "Mallory is not welcome.")]
        )
        member = self.member("mallory@a.example")
        self.assertRecordValues(
            member, [{"sync_state": "error", "error": "Mallory is not welcome."}]
        )

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
        self.assertEqual(self.member("eve@a.example").sync_state, "error")

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
