"""Members from Odoo to Mailchimp, against the sandbox over real HTTP."""

from odoo.tests import tagged

from .push_common import PushCase


@tagged("post_install", "-at_install")
class TestPushUpdate(PushCase):
    """Edits of people who are in Mailchimp: only what differs travels."""

    def setUp(self):
        super().setUp()
        self.remote.add_member(
            "ann@a.example", merge_fields={"FNAME": "Ann", "LNAME": "Lee"}
        )
        self.import_audiences()

    def test_first_name_arrives(self):
        self.contact("ann@a.example").first_name = "Anna"
        self.later()
        before = len(self.sandbox.requests)
        self.drive()
        self.assertEqual(self.there("ann@a.example").merges["FNAME"], "Anna")
        [request] = self.writes(before)
        self.assertEqual(request.method, "PATCH")
        # All of the name: half of it would be nobody's.
        self.assertEqual(
            request.json, {"merge_fields": {"FNAME": "Anna", "LNAME": "Lee"}}
        )
        member = self.member("ann@a.example")
        self.assertEqual(member.sync_state, "synced")
        self.assertEqual(member.merge_values["FNAME"], "Anna")
        self.assertWellFormed()

    def test_what_does_not_differ_is_not_sent(self):
        self.member("ann@a.example")._mark_changed()
        before = len(self.sandbox.requests)
        self.drive()
        self.assertEqual(self.sandbox.requests[before:], [])
        self.assertEqual(self.member("ann@a.example").sync_state, "synced")

    def test_ten_edits_make_one_request(self):
        contact = self.contact("ann@a.example")
        for number in range(10):
            contact.first_name = f"Ann{number}"
            self.env.flush_all()
        before = len(self.sandbox.requests)
        self.drive()
        self.assertEqual(len(self.writes(before)), 1)

    def test_the_answer_is_no_news(self):
        self.contact("ann@a.example").first_name = "Anna"
        self.drive()
        self.later()
        run = self.fetch()
        self.assertEqual((run.updated, run.unchanged), (0, 1))

    def test_a_value_mailchimp_changed_meanwhile_is_not_overwritten(self):
        self.later()
        self.people.update_profile(self.remote, "ann@a.example", {"LNAME": "Moss"})
        self.contact("ann@a.example").first_name = "Anna"
        self.drive()
        self.assertEqual(self.there("ann@a.example").merges["LNAME"], "Moss")
        self.assertEqual(self.contact("ann@a.example").last_name, "Moss")

    def test_refused_value_is_told_once(self):
        self.remote.add_merge_field("SITE", "url")
        self.account._start_import_audiences("user", 5, members=False)
        self.drive()
        field = self.audience().merge_field_ids.filtered(lambda f: f.tag == "SITE")
        self.assertTrue(field)
        self.people.delete_permanently(self.remote, "ann@a.example")
        self.contact("ann@a.example").first_name = "Anna"
        self.drive()
        member = self.env["mailchimp.member"].search(
            [("audience_id", "=", self.audience().id)]
        )
        self.assertTrue(member.forgotten)
        self.assertNobodyCameBack()
        before = len(self.sandbox.requests)
        self.contact("ann@a.example").first_name = "Annie"
        self.drive()
        self.assertEqual(self.sandbox.requests[before:], [])

    def test_deleted_audience_says_so_and_ends(self):
        contact = self.contact("ann@a.example")
        del self.remote_account.audiences[self.remote.id]
        contact.first_name = "Anna"
        self.drive()
        self.assertFalse(self.audience().active)
        self.assertFalse(self.env["mailchimp.change"].search([]))


@tagged("post_install", "-at_install")
class TestPushCreate(PushCase):
    """People who are new to Mailchimp."""

    def setUp(self):
        super().setUp()
        self.import_audiences()

    def test_one(self):
        contact = self.new_contact("new@a.example", first_name="New", last_name="One")
        run = self.export(contact)
        there = self.there("new@a.example")
        self.assertEqual(there.status, "subscribed")
        self.assertEqual(there.merges["FNAME"], "New")
        self.assertEqual((run.state, run.created, run.done), ("done", 1, 1))
        self.assertEqual(self.member("new@a.example").status, "subscribed")
        self.assertEqual(
            self.member("new@a.example").remote_contact_id, there.contact_id
        )
        self.assertWellFormed()

    def test_many(self):
        contacts = self.env["mailing.contact"]
        for number in range(30):
            contacts |= self.new_contact(f"n{number}@a.example")
        before = len(self.sandbox.requests)
        run = self.export(contacts)
        self.assertEqual(len(self.remote.members), 30)
        self.assertEqual(
            [r.path for r in self.writes(before)], [f"/lists/{self.remote.id}"]
        )
        self.assertEqual((run.state, run.created, run.failed), ("done", 30, 0))
        members = contacts.mailchimp_member_ids
        self.assertEqual(set(members.mapped("status")), {"subscribed"})
        self.assertEqual(set(members.mapped("sync_state")), {"synced"})
        self.assertWellFormed()

    def test_push_that_comes_first_counts_for_the_run(self):
        contacts = self.new_contact("ann@a.example") | self.new_contact("bo@a.example")
        audience = self.audience()
        run = self.env["mailchimp.run"]._open_run(
            self.account, "export", "user", audience
        )
        audience._enqueue_push(priority=1)
        self.env["mailchimp.member"]._export(audience, contacts, run)
        self.drive()
        self.assertEqual((run.state, run.created), ("done", 2))

    def test_double_optin_asks_for_confirmation(self):
        self.remote.settings["double_optin"] = True
        self.account._start_import_audiences("user", 5, members=False)
        self.drive()
        self.export(self.new_contact("new@a.example"))
        self.assertEqual(self.there("new@a.example").status, "pending")
        contacts = self.env["mailing.contact"]
        for number in range(12):
            contacts |= self.new_contact(f"n{number}@a.example")
        self.export(contacts)
        self.assertEqual({m.status for m in self.remote.members.values()}, {"pending"})

    def test_no_policy_is_the_way_out(self):
        self.account.new_member_status = False
        run = self.export(self.new_contact("new@a.example"))
        self.assertFalse(self.remote.members)
        self.assertEqual(run.line_ids.mapped("code"), ["no_policy"])
        self.assertEqual((run.skipped, run.failed), (1, 0))
        self.assertTrue(run.line_ids.advice)

    def test_some_are_refused_the_others_arrive(self):
        contacts = self.env["mailing.contact"]
        for number in range(20):
            contacts |= self.new_contact(f"n{number}@a.example")
        contacts |= self.new_contact("nobody@example.com")
        self.remote_account.busy_addresses.add("n3@a.example")
        run = self.export(contacts)
        self.assertEqual(len(self.remote.members), 19)
        self.assertEqual(
            sorted(run.line_ids.mapped("code")), ["fake_email", "too_many_signups"]
        )
        fake = self.contact("nobody@example.com").mailchimp_member_ids
        self.assertEqual(fake.sync_state, "error")
        self.assertEqual(fake.error_code, "fake_email")
        before = len(self.sandbox.requests)
        self.drive()
        self.assertEqual(self.sandbox.requests[before:], [])

    def test_corrected_address_is_sent_by_itself(self):
        contact = self.new_contact("nobody@example.com")
        self.export(contact)
        contact.email = "somebody@a.example"
        self.drive()
        self.assertEqual(self.there("somebody@a.example").status, "subscribed")
        self.assertEqual(contact.mailchimp_member_ids.sync_state, "synced")

    def test_address_that_waits_is_tried_hours_later(self):
        contact = self.new_contact("new@a.example")
        self.remote_account.busy_addresses.add("new@a.example")
        self.export(contact)
        self.assertEqual(contact.mailchimp_member_ids.error_code, "too_many_signups")
        self.remote_account.busy_addresses.clear()
        later = self.env["mailchimp.job"].search([("method", "=", "_job_push_later")])
        later.action_run_now()
        self.drive()
        self.assertEqual(self.there("new@a.example").status, "subscribed")

    def test_relay_addresses_are_left_out_if_the_account_says_so(self):
        contact = self.new_contact("x1@privaterelay.appleid.com")
        self.account.skip_relay_addresses = True
        run = self.export(contact)
        self.assertEqual(run.line_ids.code, "relay_domain")
        self.assertFalse(self.remote.members)
        self.account.skip_relay_addresses = False
        self.export(contact)
        self.assertEqual(len(self.remote.members), 1)

    def test_audience_that_was_never_fetched_is_fetched_first(self):
        self.remote.add_member("old@a.example", "archived")
        self.audience().pulled_at = False
        contact = self.new_contact("old@a.example")
        self.export(contact)
        self.assertEqual(self.there("old@a.example").status, "archived")
        self.assertNobodyCameBack()

    def test_who_is_there_already_keeps_what_mailchimp_knows(self):
        self.later()
        self.people.subscribe_by_form(self.remote, "new@a.example", {"LNAME": "Form"})
        self.export(self.new_contact("new@a.example", first_name="New"))
        self.assertEqual(self.there("new@a.example").merges["LNAME"], "Form")
