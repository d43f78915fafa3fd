"""What somebody with bad intentions, or bad luck, does to the two-way sync."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .push_common import PushUserCase


@tagged("post_install", "-at_install")
class TestForgedContext(PushUserCase):
    """The context comes from the client: it proves nothing."""

    def setUp(self):
        super().setUp()
        self.forged = {
            "mailchimp_import": True,
            "mailchimp_user": 2,
            "mailchimp_evidence": {"ip": "203.0.113.9"},
            "mailchimp_consent": {
                "source": "page",
                "evidence": {"page": "/forged"},
            },
            "mailchimp_dry": True,
            "mailchimp_source": "webhook",
        }

    def test_an_opt_out_cannot_be_hidden(self):
        self.call(
            self.subscription("m0@a.example"), "write", {"opt_out": True}, **self.forged
        )
        self.drive()
        self.assertEqual(self.there("m0@a.example").status, "unsubscribed")

    def test_an_opt_out_is_not_told_as_the_act_of_another(self):
        self.call(
            self.subscription("m0@a.example"), "write", {"opt_out": True}, **self.forged
        )
        entry = self.ledger("m0@a.example")[0]
        self.assertEqual((entry.source, entry.user_id), ("user", self.user))
        self.assertNotIn("forged", str(entry.evidence))

    def test_nobody_is_put_on_the_list_again_in_secret(self):
        member = self.member("out@a.example")
        contact = member.contact_id
        member.subscription_id.unlink()
        self.call(
            contact,
            "write",
            {
                "subscription_ids": [
                    Command.create({"list_id": self.audience().mailing_list_id.id})
                ]
            },
            **self.forged,
        )
        self.assertOptedOut("out@a.example")

    def test_a_blacklisting_cannot_be_hidden(self):
        self.env["mail.blacklist"].with_context(**self.forged).create(
            {"email": "m1@a.example"}
        )
        self.drive()
        self.assertEqual(self.there("m1@a.example").status, "unsubscribed")
        self.assertNotIn("page", self.ledger("m1@a.example").mapped("source"))

    def test_an_edit_is_pushed(self):
        self.contact("m2@a.example").with_context(**self.forged).first_name = "Zoe"
        self.drive()
        self.assertEqual(self.there("m2@a.example").merges["FNAME"], "Zoe")

    def test_the_ledger_is_not_signed_by_another(self):
        member = self.member("m3@a.example")
        self.sandbox.clock.advance(1)
        self.people.unsubscribe(self.remote, "m3@a.example")
        self.contact("m3@a.example").first_name = "Zoe"
        self.env.flush_all()
        self.call(member, "action_push", **self.forged)
        entry = self.ledger("m3@a.example")[0]
        self.assertEqual(entry.new_status, "unsubscribed")
        self.assertFalse(entry.user_id)
        self.assertNotIn("203.0.113.9", str(entry.evidence))

    def test_the_brake_cannot_be_released(self):
        self.account.brake_share = 10
        for number in range(20):
            self.remote.add_member(f"x{number}@a.example")
        self.fetch()
        members = self.audience().member_ids
        manager = self.env.ref("base.user_admin")
        self.call(
            members,
            "action_archive_remote",
            default_approved_by=manager.id,
            default_asked={"leave": 10_000, "new": 10_000},
            default_state="running",
        )
        run = self.runs("archive")[0]
        self.assertEqual((run.state, run.user_id), ("approval", self.user))
        self.assertFalse(run.approved_by)

    def test_only_a_manager_gives_up_what_waits_for_one(self):
        """Opt-outs that wait would never reach Mailchimp."""
        self.account.brake_share = 10
        for number in range(20):
            self.remote.add_member(f"x{number}@a.example")
        self.fetch()
        subscriptions = self.audience().member_ids.subscription_id
        subscriptions.opt_out = True
        self.run_jobs()
        run = self.runs("update").filtered(lambda r: r.state == "approval")
        with self.assertRaises(AccessError):
            self.call(run, "action_cancel")
        self.assertEqual(run.state, "approval")

    def test_a_run_is_not_started_by_another(self):
        manager = self.env.ref("base.user_admin")
        self.call(
            self.member("m0@a.example"), "action_push", default_user_id=manager.id
        )
        self.assertEqual(self.runs("update")[0].user_id, self.user)


@tagged("post_install", "-at_install")
class TestBackOnTheList(PushUserCase):
    """Ways onto the list of an audience for somebody who opted out of it."""

    def test_the_address_of_another_contact_becomes_theirs(self):
        self.contact("m0@a.example").email = "Out@A.example"
        self.assertOptedOut("out@a.example")
        self.drive()
        self.assertEqual(self.there("out@a.example").status, "unsubscribed")
        self.assertNobodyCameBack()

    def test_a_new_contact_takes_their_address_later(self):
        contact = self.new_contact("typo@a.example")
        contact.email = "out@a.example"
        self.assertOptedOut("out@a.example")
        self.drive()
        self.assertNobodyCameBack()

    def test_a_subscription_moves_to_their_contact(self):
        contact = self.member("out@a.example").contact_id
        self.member("out@a.example").subscription_id.unlink()
        self.new_contact("new@a.example").subscription_ids.contact_id = contact
        self.assertOptedOut("out@a.example")

    def test_a_subscription_moves_to_the_list(self):
        member = self.member("out@a.example")
        member.subscription_id.unlink()
        other = self.env["mailing.list"].create({"name": "Other"})
        sub = self.env["mailing.subscription"].create(
            {"list_id": other.id, "contact_id": member.contact_id.id}
        )
        sub.list_id = self.audience().mailing_list_id
        self.assertOptedOut("out@a.example")

    def test_a_member_moves_to_an_address_that_opted_out_in_odoo_only(self):
        """The one who opted out was never in Mailchimp."""
        other = self.new_contact("odoo@a.example")
        other.subscription_ids.opt_out = True
        self.contact("m0@a.example").email = "odoo@a.example"
        self.drive()
        self.assertEqual(self.there("odoo@a.example").status, "unsubscribed")

    def test_a_member_moves_to_an_address_that_waits_opted_out(self):
        """The one who opted out waited for an export when they did."""
        other = self.new_contact("odoo@a.example")
        self.account.new_member_status = False
        self.export(other)
        other.subscription_ids.opt_out = True
        self.account.new_member_status = "subscribed"
        self.contact("m0@a.example").email = "odoo@a.example"
        self.drive()
        self.assertEqual(self.there("odoo@a.example").status, "unsubscribed")


@tagged("post_install", "-at_install")
class TestActsUnderWay(PushUserCase):
    """Acts on members whose batch is under way are done, only later."""

    def hold_batch(self):
        for number in range(12):
            self.remote.add_member(f"b{number}@a.example")
        self.fetch()
        self.later()
        members = self.env["mailchimp.member"].search([("email", "=like", "b%")])
        members.contact_id.first_name = "Zoe"
        self.env.flush_all()
        self.sandbox.batches.hold()
        self.run_jobs()
        self.env["mailchimp.job"].search([("state", "=", "pending")]).action_run_now()
        self.run_jobs()
        members.invalidate_recordset()
        self.assertTrue(members.batch_id)
        return members

    def test_permanent_deletion_of_several(self):
        members = self.hold_batch()
        self.call(members[:2], "action_archive_remote")
        self.run_jobs()
        self.sandbox.batches.release()
        self.drive()
        for member in members[:2]:
            self.assertEqual(self.there(member.email).status, "archived")

    def test_erasure(self):
        members = self.hold_batch()
        email = members[0].email
        members[0].contact_id._erase_person(True)
        self.run_jobs()
        self.sandbox.batches.release()
        self.drive()
        self.assertIsNone(self.there(email))
