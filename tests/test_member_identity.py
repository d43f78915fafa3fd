"""People who change their address, are deleted, and come back."""

from odoo.tests import tagged

from .test_consent import ConsentCase


@tagged("post_install", "-at_install")
class TestNewAddress(ConsentCase):
    """A person who changes the address stays one member and one contact."""

    def test_contact_follows(self):
        self.remote.add_member("ann@a.example", tags=["VIP"])
        self.import_audiences()
        contact, member = self.contact("ann@a.example"), self.member("ann@a.example")
        self.later()
        self.people.change_email(self.remote, "ann@a.example", "ann@b.example")
        run = self.fetch()
        self.assertEqual(member.email, "ann@b.example")
        self.assertEqual(member.contact_id, contact)
        self.assertEqual(contact.email, "ann@b.example")
        self.assertFalse(self.contact("ann@a.example"))
        self.assertEqual((run.created, run.updated), (0, 1))

    def test_opt_out_made_in_odoo_moves_along(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        self.subscription("ann@a.example").opt_out = True
        self.later()
        self.people.change_email(self.remote, "ann@a.example", "ann@b.example")
        self.fetch()
        self.assertTrue(self.subscription("ann@b.example").opt_out)

    def test_address_edited_in_odoo_stays_until_mailchimp_changes_it(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        contact = self.contact("ann@a.example")
        contact.email = "ann@odoo.example"
        self.update("ann@a.example", FNAME="Ann")
        self.assertEqual(contact.email, "ann@odoo.example")
        self.assertEqual(contact.name, "Ann")

    def test_new_address_is_another_contact_in_odoo(self):
        other = self.new_contact("ann@b.example", name="Other")
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        contact = self.contact("ann@a.example")
        self.later()
        self.people.change_email(self.remote, "ann@a.example", "ann@b.example")
        run = self.fetch()
        self.assertEqual(self.member("ann@b.example").contact_id, contact)
        self.assertEqual(contact.email, "ann@b.example")
        [line] = run.line_ids
        self.assertEqual((line.state, line.res_id), ("notice", contact.id))
        self.assertIn(f"#{other.id}", line.advice)

    def test_new_address_was_another_member(self):
        self.remote.add_member("ann@a.example")
        self.remote.add_member("ann@b.example")
        self.import_audiences()
        kept, gone = self.member("ann@a.example"), self.member("ann@b.example")
        self.later()
        self.people.delete_permanently(self.remote, "ann@b.example")
        self.people.change_email(self.remote, "ann@a.example", "ann@b.example")
        run = self.fetch()
        self.run_jobs()
        self.assertEqual(run.state, "done", run.message)
        self.assertEqual(kept.email, "ann@b.example")
        self.assertEqual(kept.status, "subscribed")
        self.assertTrue(gone.forgotten)
        self.assertFalse(kept.forgotten)

    def test_two_people_swap_their_addresses(self):
        self.remote.add_member("ann@a.example", merge_fields={"FNAME": "Ann"})
        self.remote.add_member("bob@a.example", "unsubscribed")
        self.import_audiences()
        ann, bob = self.member("ann@a.example"), self.member("bob@a.example")
        self.later()
        change = self.people.change_email
        change(self.remote, "ann@a.example", "temp@a.example")
        change(self.remote, "bob@a.example", "ann@a.example")
        change(self.remote, "temp@a.example", "bob@a.example")
        run = self.fetch()
        self.assertEqual(run.state, "done", run.message)
        self.assertEqual((ann.email, ann.status), ("bob@a.example", "subscribed"))
        self.assertEqual((bob.email, bob.status), ("ann@a.example", "unsubscribed"))
        self.assertFalse(ann.subscription_id.opt_out)
        self.assertTrue(bob.subscription_id.opt_out)


@tagged("post_install", "-at_install")
class TestForgotten(ConsentCase):
    """People who were deleted for good in Mailchimp."""

    def forget(self, email="ann@a.example"):
        """Delete a member in Mailchimp, and fetch all members.

        :return: the member
        """
        member = self.member(email)
        self.later()
        self.people.delete_permanently(self.remote, email)
        self.fetch(full=True)
        return member

    def test_only_the_hash_is_kept(self):
        self.remote.add_oddity("no_email")  # not a member, yet Mailchimp counts it
        self.remote.add_member("bob@a.example")
        self.remote.add_member(
            "ann@a.example", merge_fields={"FNAME": "Ann"}, ip_opt="192.0.2.1"
        )
        self.import_audiences()
        contact, hash_ = (
            self.contact("ann@a.example"),
            self.member("ann@a.example").subscriber_hash,
        )
        member = self.forget()
        self.assertTrue(member.forgotten)
        self.assertEqual(member.subscriber_hash, hash_)
        for name in ("email", "merge_values", "remote_contact_id", "ip_opt"):
            self.assertFalse(member[name], name)
        self.assertEqual(member.contact_id, contact)
        self.assertTrue(member.subscription_id.opt_out)
        self.assertFalse(self.member("bob@a.example").forgotten)
        self.assertEqual(
            self.ledger(), [(False, "subscribed"), ("subscribed", "forgotten")]
        )
        [entry] = self.env["mailchimp.consent"].search(
            [("new_status", "=", "forgotten")]
        )
        self.assertEqual(entry.source, "fetch")

    def test_second_fetch_does_not_resurrect(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        member = self.forget()
        self.fetch(full=True)
        self.fetch()
        self.assertTrue(member.forgotten)
        self.assertFalse(member.email)
        self.assertEqual(len(self.ledger()), 2)

    def test_person_comes_back_by_the_form(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        contact = self.contact("ann@a.example")
        member = self.forget()
        self.later()
        self.people.subscribe_by_form(self.remote, "ann@a.example")
        self.fetch()
        self.assertFalse(member.forgotten)
        self.assertEqual((member.email, member.status), ("ann@a.example", "subscribed"))
        self.assertEqual(member.contact_id, contact)
        self.assertFalse(member.subscription_id.opt_out)
        self.assertEqual(self.ledger()[-1][1], "subscribed")

    def test_opt_out_made_in_odoo_outlives_it(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        self.subscription("ann@a.example").opt_out = True
        member = self.forget()
        self.later()
        self.people.subscribe_by_form(self.remote, "ann@a.example")
        self.fetch()
        self.assertTrue(member.subscription_id.opt_out)
        # Odoo's opt-out stands until somebody clears it there: it is told again.
        self.assertEqual(member.status, "unsubscribed")

    def test_contact_is_removed_if_the_account_says_so(self):
        self.account.remove_deleted_contacts = True
        other = self.remote_account.add_audience("Other")
        other.add_member("both@a.example")
        for email in ("ann@a.example", "both@a.example"):
            self.remote.add_member(email)
        self.import_audiences()
        self.forget("ann@a.example")
        member = self.forget("both@a.example")
        self.assertFalse(self.contact("ann@a.example"))
        self.assertTrue(self.contact("both@a.example"), "it is in another audience")
        self.assertTrue(member.subscription_id.opt_out)
