"""Members of Mailchimp on Odoo's contacts, customers, subscriptions and blacklist."""

from odoo.fields import Command
from odoo.tests import tagged

from .common import MailchimpCase


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

    def test_contact_that_took_the_address_of_another_member(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        contact = self.contact("ann@a.example")
        contact.email = "bob@a.example"
        self.remote.add_member("bob@a.example")
        run = self.fetch()
        self.assertEqual((run.state, run.failed), ("done", 0), run.message)
        self.assertEqual(len(contact.mailchimp_member_ids), 2)
        self.later()
        self.people.unsubscribe(self.remote, "ann@a.example")
        self.fetch()
        self.assertTrue(contact.subscription_ids.opt_out)

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
