"""Who a member is when addresses change in Odoo."""

from odoo.tests import new_test_user, tagged

from .push_common import PushCase, PushUserCase


@tagged("post_install", "-at_install")
class TestPushIdentity(PushCase):
    def setUp(self):
        super().setUp()
        self.remote.add_member("ann@a.example", tags=["Blue"])
        self.remote.add_member("bob@a.example")
        self.import_audiences()
        self.later()

    def move(self, old, new):
        contact = self.contact(old)
        contact.email = new
        self.drive()
        return contact

    def test_address_moves_with_the_person(self):
        there = self.there("ann@a.example")
        contact = self.move("ann@a.example", "anna@a.example")
        self.assertEqual(there.email, "anna@a.example")
        self.assertEqual(len(self.remote.members), 2)
        member = self.member("anna@a.example")
        self.assertEqual(member.contact_id, contact)
        self.assertEqual(member.remote_contact_id, there.contact_id)
        self.assertEqual(member.tag_ids.mapped("name"), ["Blue"])
        self.assertFalse(self.member("ann@a.example"))
        self.assertEqual(contact.email, "anna@a.example")
        self.assertWellFormed()

    def test_address_of_the_customer_moves_the_person(self):
        there = self.there("ann@a.example")
        partner = self.env["res.partner"].create(
            {"name": "Ann", "email": "Ann@A.example"}
        )
        self.member("ann@a.example").partner_id = partner
        stranger = new_test_user(
            self.env, "stranger", groups="base.group_user,base.group_partner_manager"
        )
        partner.with_user(stranger).email = "anna@a.example"
        self.drive()
        self.assertEqual(there.email, "anna@a.example")
        self.assertEqual(self.member("anna@a.example").partner_id, partner)
        self.assertEqual(len(self.remote.members), 2)
        partner.email = False
        partner.email = "not an address"
        self.drive()
        self.assertEqual(there.email, "anna@a.example")
        self.assertWellFormed()

    def test_lost_answer_of_a_move(self):
        for fault in ("answer_lost", "empty_body", "broken_json"):
            with self.subTest(fault):
                old, new = f"x{fault}@a.example", f"y{fault}@a.example"
                there = self.remote.add_member(old)
                self.fetch()
                self.sandbox.faults.inject(fault, times=3, match="PATCH *")
                self.move(old, new)
                self.assertEqual(there.email, new)
                self.assertEqual(self.member(new).remote_contact_id, there.contact_id)
                self.assertFalse(self.member(old))

    def test_many_move_with_tags(self):
        emails = [f"m{number}@a.example" for number in range(15)]
        for email in emails:
            self.remote.add_member(email)
        self.fetch()
        for email in emails:
            self.contact(email).email = f"new-{email}"
        self.drive()
        for email in emails:
            self.assertTrue(self.there(f"new-{email}"), email)
            self.assertFalse(self.there(email))
        self.assertEqual(len(self.remote.members), 17)

    def test_move_to_an_address_that_is_there(self):
        """Both become one: the one who has the address speaks, the other one goes."""
        old, new = self.there("ann@a.example"), self.there("bob@a.example")
        contact = self.move("ann@a.example", "bob@a.example")
        self.assertEqual((old.status, new.status), ("archived", "subscribed"))
        self.assertIn(
            self.member("bob@a.example").contact_id, self.contact("bob@a.example")
        )
        self.assertFalse(contact.subscription_ids.opt_out)
        self.assertNobodyCameBack()

    def test_opt_out_survives_the_merge(self):
        self.people.unsubscribe(self.remote, "ann@a.example")
        self.fetch()
        self.contact("bob@a.example").unlink()
        self.drive()
        contact = self.move("ann@a.example", "bob@a.example")
        self.assertTrue(contact.subscription_ids.opt_out)
        self.assertEqual(self.there("bob@a.example").status, "unsubscribed")
        self.assertEqual(self.there("ann@a.example").status, "archived")
        self.assertNobodyCameBack()

    def test_move_to_an_address_that_was_deleted(self):
        self.people.delete_permanently(self.remote, "bob@a.example")
        self.move("ann@a.example", "bob@a.example")
        member = self.member("ann@a.example")
        self.assertEqual(
            (member.sync_result, member.error_code), ("error", "forgotten")
        )
        self.assertEqual(self.there("ann@a.example").status, "subscribed")
        self.assertNobodyCameBack()

    def test_move_to_an_address_that_is_archived(self):
        self.people.archive(self.remote, "bob@a.example")
        self.move("ann@a.example", "bob@a.example")
        member = self.member("ann@a.example")
        self.assertEqual((member.sync_result, member.error_code), ("error", "archived"))
        self.assertEqual(self.there("bob@a.example").status, "archived")

    def test_edits_that_wait_with_a_refused_address(self):
        """They arrive as soon as the address is corrected, or taken back."""
        there, contact = self.there("ann@a.example"), self.contact("ann@a.example")
        for remedy in ("anna@a.example", "ann@a.example"):
            with self.subTest(remedy):
                contact.write({"first_name": remedy, "email": "ann@example.com"})
                self.drive()
                self.fetch()
                self.assertEqual(contact.mailchimp_member_ids.error_code, "fake_email")
                contact.last_name = f"Later {remedy}"
                self.drive()
                self.assertNotEqual(there.merges.get("FNAME"), remedy)
                contact.email = remedy
                self.drive()
                self.assertEqual(there.merges["FNAME"], remedy)
                self.assertEqual(there.merges["LNAME"], f"Later {remedy}")
                self.assertEqual((there.email, there.status), (remedy, "subscribed"))
                self.assertFalse(contact.mailchimp_member_ids.error)

    def test_opt_out_does_not_wait_with_a_refused_address(self):
        contact = self.move("ann@a.example", "ann@example.com")
        self.assertEqual(self.member("ann@a.example").error_code, "fake_email")
        contact.subscription_ids.opt_out = True
        self.drive()
        self.assertEqual(self.there("ann@a.example").status, "unsubscribed")

    def test_opt_out_of_a_new_address_reaches_the_old_one(self):
        """What the contact shows as opted out is not mailed at any address."""
        self.people.archive(self.remote, "bob@a.example")
        contact = self.move("ann@a.example", "bob@a.example")
        self.assertTrue(contact.subscription_ids.opt_out)
        self.assertEqual(self.there("ann@a.example").status, "unsubscribed")
        self.assertEqual(self.there("bob@a.example").status, "archived")

    def test_malformed_addresses_never_reach_the_api(self):
        before = len(self.sandbox.requests)
        contact = self.contact("ann@a.example")
        for email in ("ann@", "", "ann at a.example"):
            contact.email = email
            self.drive()
        self.assertEqual(self.writes(before), [])
        member = self.member("ann@a.example")
        self.assertEqual(member.sync_result, "error")
        self.assertIn(member.error_code, ("no_email", "bad_email"))
        contact.email = "ann@a.example"
        self.drive()
        self.assertEqual(member.sync_state, "synced")

    def test_two_contacts_with_one_address_make_one_member(self):
        one, two = self.new_contact("x@a.example"), self.new_contact("y@a.example")
        self.export(one | two)
        two.email = "x@a.example"
        self.drive()
        addresses = {m.email: m.status for m in self.remote.members.values()}
        self.assertEqual(addresses["x@a.example"], "subscribed")
        self.assertEqual(addresses["y@a.example"], "archived")

    def test_move_onto_somebody_who_waits_to_be_created(self):
        self.account.new_member_status = False
        waiting = self.new_contact("new@a.example")
        self.export(waiting)
        self.account.new_member_status = "subscribed"
        there = self.there("ann@a.example")
        self.move("ann@a.example", "new@a.example")
        self.assertEqual(there.email, "new@a.example")
        self.assertEqual(len(self.remote.members), 2)
        self.assertFalse(waiting.subscription_ids.opt_out)

    def test_refused_move_keeps_nobody_from_being_created(self):
        self.account.new_member_status = False
        waiting = self.new_contact("new@a.example")
        self.export(waiting)
        self.account.new_member_status = "subscribed"

        def require():
            self.remote.add_merge_field("CODE", "text", required=True)

        contact = self.contact("ann@a.example")
        contact.email = "new@a.example"
        with self.before_write(require, "PATCH *"):
            self.drive()
        self.assertEqual(self.member("ann@a.example").sync_result, "error")
        held = self.member("new@a.example")
        self.assertEqual((held.contact_id, held.status), (waiting, False))

    def test_move_to_the_address_of_an_erased_person(self):
        erased = self.env["mailing.contact"].create({"email": "gone@a.example"})
        erased._erase_person()
        before = len(self.sandbox.requests)
        contact = self.contact("ann@a.example")
        contact.email = "gone@a.example"
        self.drive()
        sent = [str(request.body) for request in self.writes(before)]
        self.assertNotIn("gone@", " ".join(sent))
        member = self.member("ann@a.example")
        self.assertEqual(
            (member.sync_result, member.error_code), ("error", "erased_address")
        )
        fingerprints = self.audience().member_ids.filtered("forgotten")
        self.assertEqual(len(fingerprints), 1)
        contact.email = "anna@a.example"
        self.drive()
        self.assertTrue(self.there("anna@a.example"))
        self.assertEqual(fingerprints.mapped("forgotten"), [True])


@tagged("post_install", "-at_install")
class TestTwoBecomeOne(PushUserCase):
    """Who moves to somebody else's address or contact takes an opt-out along."""

    def assertLeft(self, email):
        self.assertOptedOut(email)
        self.drive()
        self.assertOptedOut(email)
        self.assertEqual(self.there(email).status, "unsubscribed")

    def test_contact_that_opted_out_in_odoo_only(self):
        contact = self.new_contact("new@a.example")
        contact.subscription_ids.opt_out = True
        contact.email = "m0@a.example"
        self.assertLeft("m0@a.example")

    def test_contact_that_opted_out_in_mailchimp(self):
        self.contact("out@a.example").email = "m0@a.example"
        self.assertLeft("m0@a.example")
        self.assertEqual(self.there("out@a.example").status, "archived")

    def test_subscription_that_is_opted_out(self):
        contact = self.new_contact("new@a.example")
        contact.subscription_ids.opt_out = True
        self.subscription("m0@a.example").unlink()
        contact.subscription_ids.contact_id = self.contact("m0@a.example")
        self.assertLeft("m0@a.example")

    def test_who_only_waits_opts_nobody_out(self):
        self.member("out@a.example").action_request_optin()
        self.drive()
        self.contact("out@a.example").email = "m0@a.example"
        self.drive()
        self.assertEqual(self.there("m0@a.example").status, "subscribed")

    def test_the_same_address_in_another_spelling_is_no_move(self):
        twin = self.new_contact("m0@a.example")
        twin.subscription_ids.opt_out = True
        self.subscription("m0@a.example").opt_out = True
        self.subscription("m0@a.example").opt_out = False
        twin.email = "M0@A.example"
        self.drive()
        self.assertEqual(self.there("m0@a.example").status, "subscribed")

    def test_an_address_that_somebody_left_and_moved_on_from(self):
        """An older file knows it still; only who is asked may come in."""
        self.contact("out@a.example").email = "moved@a.example"
        self.drive()
        self.assertEqual(self.there("moved@a.example").status, "unsubscribed")
        again = self.new_contact("out@a.example")
        run = self.export(again)
        self.assertEqual(run.line_ids.code, "opted_out")
        self.assertFalse(self.there("out@a.example"))
        self.member("out@a.example").action_request_optin()
        self.drive()
        self.assertEqual(self.there("out@a.example").status, "pending")
        self.assertNobodyCameBack()
