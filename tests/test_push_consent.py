"""No way leads an opted-out person back, whatever happens while we push."""

from odoo.fields import Command
from odoo.tests import tagged

from .push_common import PushCase

# What happens to a person in Mailchimp while Odoo pushes, and what it comes to.
LEAVE = {
    "unsubscribe": "unsubscribed",
    "bounce": "cleaned",
    "complain": "unsubscribed",
    "archive": "archived",
    "delete_permanently": None,
}


class ConsentCase(PushCase):
    def leave(self, deed, *emails):
        """Let people leave in Mailchimp."""
        self.sandbox.clock.advance(1)
        for email in emails:
            getattr(self.people, deed)(self.remote, email)

    def assertLeft(self, deed, email):
        """A person is where the deed led."""
        there = self.there(email)
        self.assertEqual(there.status if there else None, LEAVE[deed], (deed, email))
        self.assertNobodyCameBack()


@tagged("post_install", "-at_install")
class TestConsentOfMembers(ConsentCase):
    """People whom Odoo believes subscribed leave before the push reaches them."""

    def setUp(self):
        super().setUp()
        self.emails = [f"m{number}@a.example" for number in range(16)]
        for email in self.emails:
            self.remote.add_member(email, merge_fields={"FNAME": "Ann"})
        self.import_audiences()
        self.later()

    def edit(self, emails):
        for email in emails:
            self.contact(email).first_name = "Edith"
        self.env.flush_all()

    def test_left_before_a_single_push(self):
        for number, deed in enumerate(LEAVE):
            email = self.emails[number]
            self.leave(deed, email)
            self.edit([email])
            self.drive()
            self.assertLeft(deed, email)

    def test_left_between_read_and_write_of_a_single_push(self):
        for number, deed in enumerate(LEAVE):
            email = self.emails[number]
            self.edit([email])
            with self.before_write(lambda d=deed, e=email: self.leave(d, e)):
                self.drive()
            self.assertLeft(deed, email)

    def test_left_before_a_batch(self):
        self.edit(self.emails)
        for email, deed in zip(self.emails, LEAVE, strict=False):
            self.leave(deed, email)
        self.drive()
        for email, deed in zip(self.emails, LEAVE, strict=False):
            self.assertLeft(deed, email)

    def test_left_while_a_batch_waits(self):
        self.edit(self.emails)
        self.sandbox.batches.hold()
        self.run_jobs()
        self.env["mailchimp.job"].search([("state", "=", "pending")]).action_run_now()
        self.run_jobs()
        for email, deed in zip(self.emails, LEAVE, strict=False):
            self.leave(deed, email)
        self.sandbox.batches.release()
        self.drive()
        for email, deed in zip(self.emails, LEAVE, strict=False):
            self.assertLeft(deed, email)
        self.fetch()
        self.drive()
        for email, deed in zip(self.emails, LEAVE, strict=False):
            self.assertTrue(
                deed == "delete_permanently" or self.subscription(email).opt_out, deed
            )

    def test_bodies_of_profile_pushes_never_name_a_status(self):
        self.edit(self.emails)
        self.drive()
        bodies = [r.json for r in self.sandbox.requests if r.in_batch]
        self.assertEqual(len(bodies), len(self.emails))
        self.assertFalse([body for body in bodies if "status" in body])


@tagged("post_install", "-at_install")
class TestConsentOfStrangers(ConsentCase):
    """People who are new to Odoo, and not to Mailchimp."""

    def setUp(self):
        super().setUp()
        self.import_audiences()
        self.later()

    def contacts(self, count):
        found = self.env["mailing.contact"]
        for number in range(count):
            found |= self.new_contact(f"n{number}@a.example")
        return found

    def arrive_and_leave(self, deed, email):
        self.people.subscribe_by_form(self.remote, email)
        self.leave(deed, email)

    def test_were_there_and_left_before_one_is_exported(self):
        for number, deed in enumerate(LEAVE):
            email = f"s{number}@a.example"
            self.arrive_and_leave(deed, email)
            self.export(self.new_contact(email))
            self.assertLeft(deed, email)

    def test_left_between_read_and_write_of_one(self):
        for number, deed in enumerate(LEAVE):
            email = f"s{number}@a.example"
            contact = self.new_contact(email)
            with self.before_write(
                lambda d=deed, e=email: self.arrive_and_leave(d, e), "PUT *"
            ):
                self.export(contact)
            self.assertLeft(deed, email)

    def test_were_there_and_left_before_many_are_exported(self):
        contacts = self.contacts(20)
        for number, deed in enumerate(LEAVE):
            self.arrive_and_leave(deed, f"n{number}@a.example")
        self.export(contacts)
        for number, deed in enumerate(LEAVE):
            self.assertLeft(deed, f"n{number}@a.example")
        self.assertEqual(self.there("n9@a.example").status, "subscribed")

    def test_left_right_before_the_bulk_call(self):
        """Whoever was on the list when Odoo looked is known, and never bulk-created."""
        contacts = self.contacts(20)
        people = [f"n{number}@a.example" for number in range(5)]
        for email in people:
            self.people.subscribe_by_form(self.remote, email)

        def leave():
            for email, deed in zip(people, LEAVE, strict=True):
                self.leave(deed, email)

        with self.before_write(leave, f"POST /lists/{self.remote.id}"):
            self.export(contacts)
        for email, deed in zip(people, LEAVE, strict=True):
            self.assertLeft(deed, email)


@tagged("post_install", "-at_install")
class TestOptOutInOdoo(ConsentCase):
    """What is decided in Odoo reaches Mailchimp."""

    def setUp(self):
        super().setUp()
        for number in range(16):
            self.remote.add_member(f"m{number}@a.example")
        self.remote.add_member("asked@a.example", "pending")
        self.import_audiences()
        self.later()

    def test_of_a_subscription(self):
        self.subscription("m1@a.example").opt_out = True
        self.drive()
        self.assertEqual(self.there("m1@a.example").status, "unsubscribed")
        member = self.member("m1@a.example")
        self.assertEqual((member.status, member.opt_out_by), ("unsubscribed", "odoo"))
        self.assertEqual(member.sync_state, "synced")
        told = member.consent_ids.sorted("id").mapped("new_status")
        self.assertEqual(told[-2:], ["unsubscribed", "unsubscribed"])
        self.assertWellFormed()

    def test_of_a_pending_one(self):
        self.member("asked@a.example")._opt_out_everywhere()
        self.drive()
        self.assertEqual(self.there("asked@a.example").status, "unsubscribed")

    def test_with_an_edit(self):
        contact = self.contact("m1@a.example")
        contact.first_name = "Max"
        contact.subscription_ids.opt_out = True
        self.drive()
        there = self.there("m1@a.example")
        self.assertEqual((there.status, there.merges["FNAME"]), ("unsubscribed", "Max"))

    def test_whatever_the_options_of_the_account(self):
        self.account.write({"auto_push_contacts": False, "two_way_sync": False})
        self.subscription("m1@a.example").opt_out = True
        self.drive()
        self.assertEqual(self.there("m1@a.example").status, "unsubscribed")

    def test_required_values_do_not_keep_anybody_in(self):
        self.remote.field("FNAME").required = True
        self.subscription("m1@a.example").opt_out = True
        self.drive()
        self.assertEqual(self.there("m1@a.example").status, "unsubscribed")

    def test_of_many_at_once(self):
        subscriptions = self.audience().member_ids.subscription_id
        subscriptions.opt_out = True
        self.drive()
        self.assertEqual(
            {m.status for m in self.remote.members.values()},
            {"pending", "unsubscribed"},
        )
        self.assertTrue(self.env["mailchimp.batch"].search([("state", "=", "done")]))

    def test_who_is_archived_meanwhile_stays_archived(self):
        subscriptions = self.audience().member_ids.subscription_id
        subscriptions.opt_out = True
        self.leave("archive", "m1@a.example")
        self.leave("delete_permanently", "m2@a.example")
        self.drive()
        self.assertEqual(self.there("m1@a.example").status, "archived")
        self.assertIsNone(self.there("m2@a.example"))
        self.assertNobodyCameBack()

    def test_who_is_opted_out_is_not_created(self):
        contact = self.new_contact("new@a.example")
        run = contact._mailchimp_start_export(self.audience(), "user", 5)
        self.run_export_only()
        contact.subscription_ids.opt_out = True
        self.drive()
        self.assertIsNone(self.there("new@a.example"))
        self.assertEqual(run.line_ids.mapped("code"), ["opted_out"])

    def test_who_opted_out_before_any_export_stays_out_when_added_again(self):
        lists = self.audience().mailing_list_id
        ann, bob = (self.new_contact(f"{name}@a.example") for name in ("ann", "bob"))
        (ann | bob).subscription_ids.opt_out = True
        ann.subscription_ids.unlink()
        ann.list_ids = lists
        bob.unlink()
        bob = self.new_contact("bob@a.example")
        imported = {"email": "cyd@a.example", "name": "Cyd"}
        line = Command.create({"list_id": lists.id, "opt_out": True})
        cyd = self.env["mailing.contact"].create(
            {**imported, "subscription_ids": [line]}
        )
        cyd.subscription_ids.unlink()
        cyd.list_ids = lists
        run = self.export(ann | bob | cyd)
        self.assertEqual(run.line_ids.mapped("code"), ["opted_out"] * 3)
        self.assertIsNone(self.there("ann@a.example"))
        self.member("bob@a.example").action_request_optin()
        self.drive()
        self.assertEqual(self.there("bob@a.example").status, "pending")

    def test_who_was_opted_in_again_before_any_export_is_created(self):
        contact = self.new_contact("new@a.example")
        contact.subscription_ids.opt_out = True
        contact.subscription_ids.opt_out = False
        self.export(contact)
        self.assertEqual(self.there("new@a.example").status, "subscribed")
        entries = self.env["mailchimp.consent"].search(
            [("email", "=", "new@a.example")], order="id"
        )
        self.assertEqual(
            entries.mapped(lambda e: (e.source, e.new_status)),
            [
                ("user", "unsubscribed"),
                ("user", "subscribed"),
                ("export", "subscribed"),
            ],
        )

    def run_export_only(self):
        """Run the export, and not yet the push."""
        jobs = self.env["mailchimp.job"].search([("state", "=", "pending")])
        self.assertEqual(jobs.mapped("method"), ["_job_mailchimp_export"])
        for _step in jobs._dispatch():
            pass
        jobs._record_success()
