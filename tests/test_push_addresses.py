"""Several people whose addresses change in Odoo at once."""

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.models.mailchimp_member_push import FEW

from .push_common import PushCase


@tagged("post_install", "-at_install")
class TestPushAddresses(PushCase):
    def begin(self, count):
        """Import people with a name each; return their contacts and addresses."""
        emails = [f"p{number}@a.example" for number in range(count)]
        for email in emails:
            self.remote.add_member(email, merge_fields={"FNAME": email[:2]})
        self.import_audiences()
        self.drive()
        self.later()
        return [self.contact(email) for email in emails], emails

    def move(self, contacts, emails):
        """Give contacts other addresses, all at once."""
        for contact, email in zip(contacts, emails, strict=True):
            contact.email = email
        self.drive()

    maxDiff = None

    def assertThere(self, contacts):
        """Everybody is a member by the own address, with the own name."""
        there = {one.email: (one.status, one.merges["FNAME"]) for one in self.members()}
        wanted = {one.email: ("subscribed", one.first_name) for one in contacts}
        self.assertEqual(there, wanted)
        for contact in contacts:
            self.assertEqual(self.member(contact.email).contact_id, contact)
        before = len(self.sandbox.requests)
        self.fetch()
        self.drive()
        self.assertEqual(self.writes(before), [])

    def members(self):
        """Return all members of the sandbox's audience."""
        return list(self.remote.members.values())

    def test_two_exchange_their_addresses(self):
        contacts, emails = self.begin(2)
        self.move(contacts, emails[::-1])
        self.assertThere(contacts)
        self.assertWellFormed()

    def test_many_in_a_circle(self):
        contacts, emails = self.begin(FEW + 2)
        self.move(contacts, emails[1:] + emails[:1])
        self.assertThere(contacts)

    def test_exchange_of_which_one_is_noticed_first(self):
        contacts, emails = self.begin(2)
        self.account.auto_push_contacts = False
        self.move(contacts, emails[::-1])
        self.member(emails[0])._mark_changed()
        self.drive()
        self.assertThere(contacts)

    def test_exchange_with_somebody_who_opted_out(self):
        contacts, emails = self.begin(2)
        contacts[1].subscription_ids.opt_out = True
        self.drive()
        self.move(contacts, emails[::-1])
        for contact in contacts:
            self.assertEqual(self.there(contact.email).status, "unsubscribed")
            self.assertTrue(contact.subscription_ids.opt_out)

    def test_one_after_the_other(self):
        contacts, emails = self.begin(3)
        self.move(contacts, [*emails[1:], "new@a.example"])
        self.assertThere(contacts)

    def test_many_one_after_the_other(self):
        contacts, emails = self.begin(FEW + 2)
        self.move(contacts, [*emails[1:], "new@a.example"])
        self.assertThere(contacts)

    def test_who_is_refused_keeps_the_next_one_waiting(self):
        contacts, emails = self.begin(2)
        self.remote.add_member("gone@a.example", "archived")
        self.fetch()
        self.move(contacts, [emails[1], "gone@a.example"])
        statuses = {one.email: one.status for one in self.members()}
        self.assertEqual(statuses[emails[0]], "subscribed")
        self.assertEqual(self.member(emails[0]).error_code, "exists")
        self.assertEqual(self.member(emails[0]).contact_id, contacts[0])
        contacts[1].email = "new@a.example"
        self.drive()
        addresses = {one.email: one.status for one in self.members()}
        self.assertEqual(addresses.pop("gone@a.example"), "archived")
        wanted = dict.fromkeys((emails[1], "new@a.example"), "subscribed")
        self.assertEqual(addresses, wanted)
