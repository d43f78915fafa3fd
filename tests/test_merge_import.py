"""Three-way merge of what a fetch brings, by the rules of the fields."""

from datetime import datetime

from odoo.fields import Command
from odoo.tests import tagged

from .merge_common import MergeCase


@tagged("post_install", "-at_install")
class TestThreeWay(MergeCase):
    """Who changed what decides; a rule is asked only where both did."""

    def both(self, **merges):
        """Change the company name on both sides."""
        self.in_odoo("Odoo Ltd")
        self.in_mailchimp(COMPANY="Chimp Ltd", **merges)
        self.take()

    def test_edit_in_odoo_outlives_changes_of_others(self):
        self.account.sync_priority = "remote"
        self.in_odoo("Odoo Ltd")
        for name in ("Anna", "Annie"):
            self.in_mailchimp(FNAME=name)
            self.take()
            self.assertCompany("Odoo Ltd")
            self.assertEqual(self.ann.name, f"{name} Lee")
        self.assertEqual(self.bases(), {})
        self.in_mailchimp(COMPANY="Chimp Ltd")
        self.take()
        self.assertCompany("Chimp Ltd")

    def test_value_that_stands_is_remembered_with_what_was_agreed(self):
        self.account.sync_priority = "local"
        self.both()
        self.assertCompany("Odoo Ltd")
        self.assertEqual(self.bases(), {"COMPANY": "Old Ltd"})
        self.in_mailchimp(FNAME="Anna")
        self.take()
        self.assertEqual(self.bases(), {"COMPANY": "Old Ltd"})
        self.in_mailchimp(COMPANY="Odoo Ltd")
        self.take()
        self.assertEqual(self.bases(), {})

    def test_nothing_of_it_outlives_the_person(self):
        self.account.sync_priority = "local"
        self.both()
        self.assertTrue(self.bases())
        member = self.ann.mailchimp_member_ids
        member.sudo().error = "Of Ann"
        self.people.delete_permanently(self.remote, member.email)
        self.fetch(full=True)
        self.assertTrue(member.forgotten)
        for name in ("base_values", "merge_values", "error", "source", "language"):
            self.assertFalse(member[name], name)

    def test_rule_of_the_field_beats_that_of_the_account(self):
        for priority, owner, expected in (
            ("remote", "odoo", "Odoo Ltd"),
            ("local", "mailchimp", "Chimp Ltd"),
            ("remote", False, "Chimp Ltd"),
            ("local", False, "Odoo Ltd"),
        ):
            with self.subTest(priority=priority, owner=owner):
                self.in_odoo("Old Ltd")
                self.in_mailchimp(COMPANY="Old Ltd")
                self.take()
                self.account.sync_priority = priority
                self.field().ownership = owner
                self.both()
                self.assertCompany(expected)

    def test_newest(self):
        self.field().ownership = "newest"
        self.both()
        self.assertCompany("Chimp Ltd")
        self.sandbox.clock.freeze(datetime(2020, 1, 1).timestamp())
        self.ann_member.last_changed = False
        self.in_odoo("Odoo's Own")
        self.in_mailchimp(COMPANY="Chimp's Own")
        self.take()
        self.assertCompany("Odoo's Own")

    def test_newest_by_the_change_that_waits(self):
        """What else was written on the contact is not the change of the value."""
        self.field().ownership = "newest"
        self.env.cr.execute("UPDATE mailing_contact SET write_date = '2035-01-01'")
        self.ann_member._mark_changed()
        self.env.cr.execute("UPDATE mailchimp_change SET create_date = '2020-01-01'")
        self.ann.invalidate_recordset(["write_date"])
        self.env.cr.execute("UPDATE mailing_contact SET company_name = 'Odoo Ltd'")
        self.ann.invalidate_recordset(["company_name"])
        self.in_mailchimp(COMPANY="Chimp Ltd")
        self.take()
        self.assertCompany("Chimp Ltd")

    def test_only_if_empty(self):
        self.field().ownership = "if_empty"
        self.in_mailchimp(COMPANY="Chimp Ltd")
        self.take()
        self.assertCompany("Old Ltd")
        self.in_odoo(False)
        self.in_mailchimp(COMPANY="Other Ltd")
        self.take()
        self.assertCompany("Other Ltd")

    def test_directions(self):
        self.field().direction = "to_mailchimp"
        self.in_mailchimp(COMPANY="Chimp Ltd")
        self.take()
        self.assertCompany("Old Ltd")
        self.field().direction = "to_odoo"
        self.account.write({"auto_push_contacts": True, "two_way_sync": True})
        self.account.sync_priority = "local"
        self.in_odoo("Odoo Ltd")
        self.forget_marks()
        self.in_mailchimp(COMPANY="Third Ltd")
        self.take()
        self.assertCompany("Odoo Ltd")
        self.assertFalse(self.is_marked(), "Odoo's value must never go to Mailchimp")

    def test_contact_that_was_not_linked_before(self):
        """What is known of a member says nothing of a contact somebody made since."""
        self.account.auto_create_contact = False
        self.remote.add_member("bob@a.example", merge_fields={"COMPANY": "Bob Ltd"})
        self.fetch()
        bob = self.new_contact("bob@a.example", name="Bob")
        self.fetch(full=True)
        self.assertEqual(self.member("bob@a.example").contact_id, bob)
        self.assertCompany("Bob Ltd", bob)

    def test_address_as_the_name_is_no_name(self):
        self.account.sync_priority = "local"
        self.remote.add_member("bob@a.example")
        self.fetch()
        self.assertEqual(self.contact("bob@a.example").name, "bob@a.example")
        self.in_mailchimp("bob@a.example", FNAME="Bob")
        self.take("bob@a.example")
        self.assertEqual(self.contact("bob@a.example").name, "Bob")

    def test_half_a_name_of_each_side_is_nobodys(self):
        self.account.sync_priority = "local"
        self.ann.first_name = "Anna"
        self.in_mailchimp(LNAME="Low")
        self.take()
        self.assertEqual(self.ann.name, "Anna Lee")
        self.assertEqual(self.bases(), {}, "all its parts are Odoo's to say")


@tagged("post_install", "-at_install")
class TestAddresses(MergeCase):
    """The postal address is one value; the email address is who a person is."""

    def setUp(self):
        super().setUp()
        self.partner = self.env["res.partner"].create(
            {"name": "Ann", "email": self.email}
        )
        self.harbour = {
            "addr1": "5 Harbour Street",
            "addr2": "",
            "city": "Albany",
            "state": "NY",
            "zip": "12207",
            "country": "US",
        }
        self.remote.add_merge_field("HOME", "address")
        self.import_audiences()
        self.field("HOME").field_path = "partner_id"
        self.in_mailchimp(HOME=self.harbour)
        self.take()

    def test_half_an_address_of_each_side_is_nobodys(self):
        self.account.sync_priority = "local"
        self.assertEqual(self.partner.street, "5 Harbour Street")
        self.partner.street = "1 Main Street"
        self.in_mailchimp(HOME={**self.harbour, "city": "Troy", "zip": "12180"})
        self.take()
        self.assertRecordValues(
            self.partner,
            [{"street": "1 Main Street", "city": "Albany", "zip": "12207"}],
        )
        self.account.sync_priority = "remote"
        self.in_mailchimp(HOME={**self.harbour, "city": "Troy", "zip": "12182"})
        self.take()
        self.assertRecordValues(
            self.partner,
            [{"street": "5 Harbour Street", "city": "Troy", "zip": "12182"}],
        )

    def test_address_emptied_in_mailchimp(self):
        self.in_mailchimp(HOME="")
        self.take()
        self.assertRecordValues(
            self.partner, [{"street": False, "city": False, "country_id": False}]
        )

    def test_email_changed_in_odoo_is_not_reverted(self):
        self.ann.email = "anna@a.example"
        self.in_mailchimp(COMPANY="Chimp Ltd")
        self.take()
        self.assertEqual(self.ann.email, "anna@a.example")
        self.assertCompany("Chimp Ltd")
        self.assertEqual(self.ann_member.email, self.email)

    def test_email_changed_on_both_sides(self):
        for priority, new, expected in (
            ("local", "c1@a.example", "odoo@a.example"),
            ("remote", "c2@a.example", "c2@a.example"),
        ):
            with self.subTest(priority):
                self.account.sync_priority = priority
                self.ann.email = "odoo@a.example"
                self.later()
                self.people.change_email(self.remote, self.ann_member.email, new)
                self.take(new)
                self.assertEqual(self.ann.email, expected)
                self.assertEqual(self.ann_member.email, new)


@tagged("post_install", "-at_install")
class TestTags(MergeCase):
    """Tags are merged like values: only what is new in Mailchimp is given."""

    def names(self):
        return sorted(self.ann.tag_ids.mapped("name"))

    def tag(self, name, active=True):
        """Let Mailchimp's user tag Ann."""
        self.later()
        self.people.tag(self.remote, self.email, name, active)

    def test_tag_removed_in_odoo_does_not_come_back(self):
        self.tag("VIP")
        self.take()
        self.assertEqual(self.names(), ["VIP"])
        self.ann.tag_ids = [Command.clear()]
        self.tag("Harbour")
        self.take()
        self.assertEqual(self.names(), ["Harbour"])
        self.tag("VIP", active=False)
        self.take()
        self.tag("VIP")
        self.take()
        self.assertEqual(self.names(), ["Harbour", "VIP"])

    def test_tag_of_odoo_stays(self):
        own = self.env["res.partner.category"].create({"name": "Own"})
        self.ann.tag_ids = [Command.link(own.id)]
        self.tag("VIP")
        self.take()
        self.assertEqual(self.names(), ["Own", "VIP"])

    def test_one_way(self):
        self.account.auto_push_contacts = True
        self.tag("VIP")
        self.take()
        self.assertEqual(self.names(), [])
        self.assertEqual(self.ann_member.tag_ids.mapped("name"), ["VIP"])


@tagged("post_install", "-at_install")
class TestTwoWay(MergeCase):
    """What the account's options make of an import, and what is pushed after it."""

    def setUp(self):
        super().setUp()
        self.account.write({"auto_push_contacts": True, "two_way_sync": True})

    def test_edit_that_waits_outlives_an_import(self):
        self.in_odoo("Odoo Ltd")
        self.ann_member._mark_changed()
        self.in_mailchimp(FNAME="Anna")
        self.take()
        self.assertCompany("Odoo Ltd")
        self.assertEqual(self.ann.name, "Anna Lee")
        self.assertTrue(self.is_marked())

    def test_value_that_stands_goes_to_mailchimp(self):
        self.account.sync_priority = "local"
        self.in_odoo("Odoo Ltd")
        self.forget_marks()
        self.in_mailchimp(COMPANY="Chimp Ltd")
        self.take()
        self.assertTrue(self.is_marked())

    def test_value_that_mailchimp_only_changed_is_not_pushed_back(self):
        self.account.sync_priority = "local"
        self.in_mailchimp(COMPANY="Chimp Ltd")
        self.take()
        self.assertCompany("Chimp Ltd")
        self.assertFalse(self.is_marked())

    def test_one_way(self):
        """Facts only travel to Mailchimp; consent comes back."""
        self.account.two_way_sync = False
        self.account.sync_priority = "remote"
        self.in_mailchimp(COMPANY="Chimp Ltd")
        self.take()
        self.assertCompany("Old Ltd")
        self.assertFalse(self.is_marked(), "nobody changed anything in Odoo")
        self.assertEqual(self.bases(), {"COMPANY": "Old Ltd"})
        self.in_odoo("Odoo Ltd")
        self.forget_marks()
        self.in_mailchimp(COMPANY="Other Ltd")
        self.people.unsubscribe(self.remote, self.email)
        self.take()
        self.assertCompany("Odoo Ltd")
        self.assertTrue(self.is_marked())
        self.assertTrue(self.subscription(self.email).opt_out)

    def test_answer_is_what_became_of_what_we_sent(self):
        """Mailchimp's form of our value is no change, and an edit since then stays."""
        self.account.sync_priority = "remote"
        self.in_odoo("Odoo Ltd, edited since")
        self.in_mailchimp(COMPANY="Odoo Ltd")
        self.forget_marks()
        self.take(source="export", COMPANY="Odoo Ltd")
        self.assertCompany("Odoo Ltd, edited since")
        self.assertEqual(self.bases(), {})
        self.assertTrue(self.is_marked(), "the edit goes on, whoever made it")

    def test_answer_to_an_edit_that_was_taken_back(self):
        """Odoo holds what both agreed on before, which is newer than the answer."""
        self.account.sync_priority = "remote"
        self.in_mailchimp(COMPANY="Odoo Ltd")
        self.take(source="export", COMPANY="Odoo Ltd")
        self.assertCompany("Old Ltd")
        self.assertEqual(self.bases(), {})

    def test_answer_may_tell_of_a_change_in_mailchimp(self):
        self.in_mailchimp(COMPANY="Chimp Ltd")
        self.take(source="export")
        self.assertCompany("Chimp Ltd")
