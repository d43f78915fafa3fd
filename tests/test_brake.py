from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import MailchimpCase


@tagged("post_install", "-at_install")
class TestBrake(MailchimpCase):
    """A run that would do a lot at Mailchimp stops, and asks a manager."""

    def setUp(self):
        super().setUp()
        self.account.write(
            {"new_member_status": "subscribed", "auto_push_contacts": True}
        )
        self.remote.fill(40)
        self.news = self.import_audiences()

    def there(self, status):
        """Return how many members have a status in Mailchimp."""
        return sum(m.status == status for m in self.remote.members.values())

    def opt_out(self, count):
        """Opt out so many people in Odoo; return their addresses."""
        subscriptions = self.env["mailing.subscription"].search(
            [("list_id", "=", self.news.mailing_list_id.id), ("opt_out", "=", False)],
            limit=count,
        )
        subscriptions.opt_out = True
        self.env.cr.precommit.run()
        return subscriptions.contact_id.mapped("email")

    def subscribed(self):
        """Find the members that are subscribed."""
        return self.news.member_ids.filtered(lambda m: m.status == "subscribed")

    def waiting(self):
        """Find the runs that wait for a manager."""
        return self.env["mailchimp.run"].search([("state", "=", "approval")])

    def user(self, group):
        """Create a user of a MailChimp group."""
        groups = self.env.ref(f"mailchimp_connector.{group}")
        return self.env["res.users"].create(
            {"name": group, "login": group, "group_ids": groups.ids}
        )

    def export(self, count):
        """Export so many contacts; return the run."""
        contacts = self.env["mailing.contact"].create(
            [
                {
                    "email": f"new{number}@harborlight.example",
                    "list_ids": self.news.mailing_list_id.ids,
                }
                for number in range(count)
            ]
        )
        contacts.action_mailchimp_export()
        self.run_jobs()
        return self.runs("export")[:1]

    def test_a_few_opt_outs_are_everyday_business(self):
        self.opt_out(8)
        self.run_jobs()
        self.assertEqual(self.there("unsubscribed"), 8)
        self.assertFalse(self.waiting())

    def test_whom_the_blacklist_of_odoo_meets_at_a_fetch_are_counted(self):
        emails = [f"black{number}@harborlight.example" for number in range(20)]
        self.env["mail.blacklist"].create([{"email": email} for email in emails])
        for email in emails:
            self.remote.add_member(email)
        self.fetch()
        self.assertEqual(self.there("unsubscribed"), 0)
        self.waiting().action_approve()
        self.run_jobs()
        self.sandbox.batches.wait()
        self.assertEqual(self.there("unsubscribed"), 20)

    def test_a_mass_opt_out_during_a_push_asks(self):
        opted_out = set()
        run = self.sandbox.application.run

        def meddled(call):
            if call.method == "PATCH" and not opted_out:
                opted_out.update(self.opt_out(20))
            return run(call)

        self.subscribed()[-1].contact_id.first_name = "Renamed"
        with patch.object(self.sandbox.application, "run", meddled):
            self.run_jobs()
        self.run_jobs()
        self.assertEqual(len(opted_out), 20)
        self.assertEqual(self.there("unsubscribed"), 0)
        self.assertEqual(self.waiting().asked, {"leave": 20})
        self.waiting().action_approve()
        self.run_jobs()
        self.assertEqual(self.there("unsubscribed"), 20)

    def test_a_mass_opt_out_asks_and_goes_on_when_approved(self):
        self.opt_out(20)
        self.run_jobs()
        self.assertEqual(self.there("unsubscribed"), 0)
        run = self.waiting()
        self.assertEqual(run.asked, {"leave": 20})
        self.assertIn("20", run.message)
        self.run_jobs()
        self.assertEqual(self.waiting(), run)
        run.with_user(self.user("group_mailchimp_manager")).action_approve()
        self.run_jobs()
        self.assertEqual(self.there("unsubscribed"), 20)
        self.assertFalse(self.waiting())

    def test_only_managers_approve(self):
        self.opt_out(20)
        self.run_jobs()
        with self.assertRaises(AccessError):
            self.waiting().with_user(self.user("group_mailchimp_user")).action_approve()
        self.assertTrue(self.waiting())

    def test_other_changes_do_not_wait_for_the_manager(self):
        out = set(self.opt_out(20))
        self.run_jobs()
        member = self.subscribed().filtered(lambda m: m.email not in out)[0]
        member.contact_id.first_name = "Renamed"
        self.env.cr.precommit.run()
        self.run_jobs()
        remote = self.remote.members[member.subscriber_hash]
        self.assertEqual(remote.merges["FNAME"], "Renamed")
        self.assertEqual(self.there("unsubscribed"), 0)

    def test_more_than_was_approved_asks_again(self):
        self.opt_out(20)
        self.run_jobs()
        run = self.waiting()
        run.action_approve()
        self.opt_out(15)
        self.run_jobs()
        self.assertEqual(self.waiting().asked, {"leave": 35})
        self.assertEqual(self.there("unsubscribed"), 0)

    def test_what_is_not_approved_is_given_up_and_named(self):
        emails = self.opt_out(20)
        self.run_jobs()
        self.waiting().action_cancel()
        self.run_jobs()
        self.assertFalse(self.waiting())
        self.assertEqual(self.there("unsubscribed"), 0)
        member = self.member(emails[0])
        self.assertEqual(member.error_code, "not_approved")
        self.assertEqual(member.sync_state, "error")

    def test_many_new_contacts_ask(self):
        self.account.brake_new = 15
        run = self.export(16)
        self.assertEqual(run.state, "approval")
        self.assertEqual(len(self.remote.members), 40)
        run.action_approve()
        self.run_jobs()
        self.assertEqual(len(self.remote.members), 56)
        self.assertEqual((run.state, run.created), ("done", 16))

    def test_as_many_as_allowed_do_not_ask(self):
        self.account.brake_new = 15
        self.assertEqual(self.export(15).state, "done")
        self.assertEqual(len(self.remote.members), 55)

    def test_a_limit_of_zero_never_asks(self):
        self.account.write({"brake_new": 0, "brake_share": 0})
        self.assertEqual(self.export(16).state, "done")
        self.opt_out(30)
        self.run_jobs()
        self.assertEqual(self.there("unsubscribed"), 30)

    def test_archiving_many_asks(self):
        self.subscribed()[:20].action_archive_remote()
        self.run_jobs()
        self.assertEqual(self.there("archived"), 0)
        self.waiting().action_approve()
        self.run_jobs()
        self.assertEqual(self.there("archived"), 20)

    def test_members_that_vanish_at_once_are_not_believed_unasked(self):
        emails = [m.email for m in list(self.remote.members.values())[:20]]
        for email in emails:
            self.people.delete_permanently(self.remote, email)
        self.fetch(full=True)
        forgotten = self.news.member_ids.filtered("forgotten")
        self.assertFalse(forgotten)
        run = self.waiting()
        self.assertEqual(run.kind, "members_full")
        run.action_approve()
        self.run_jobs()
        self.news.invalidate_recordset()
        self.assertEqual(len(self.news.member_ids.filtered("forgotten")), 20)

    def test_the_responsible_person_is_called(self):
        self.opt_out(20)
        self.run_jobs()
        [activity] = self.account.activity_ids
        self.assertIn("approval", activity.note)
        self.waiting().with_user(self.user("group_mailchimp_manager")).action_approve()
        self.run_jobs()
        self.assertFalse(self.account.activity_ids)

    def test_nobody_is_called_about_what_was_given_up(self):
        self.opt_out(20)
        self.run_jobs()
        self.waiting().with_user(self.user("group_mailchimp_manager")).action_cancel()
        self.run_jobs()
        notes = self.account.activity_ids.mapped("note")
        self.assertNotIn("approval", " ".join(notes))

    def test_a_question_about_members_is_not_reworded_by_opt_outs(self):
        members = self.subscribed()
        members[:20].action_archive_remote()
        self.run_jobs()
        archive = self.waiting()
        (members[20:35]).subscription_id.opt_out = True
        self.env.cr.precommit.run()
        self.run_jobs()
        self.assertEqual(archive.asked, {"leave": 20})
        self.assertIn("20", archive.message)
        self.assertEqual((self.waiting() - archive).asked, {"leave": 15})
        archive.action_approve()
        self.run_jobs()
        self.assertEqual(self.there("archived"), 20)
        self.assertEqual(self.there("unsubscribed"), 0)

    def test_opt_outs_outlive_an_archive_that_nobody_wants(self):
        members = self.subscribed()
        members[:20].action_archive_remote()
        members[20:23].subscription_id.opt_out = True
        self.env.cr.precommit.run()
        self.waiting().action_cancel()
        self.run_jobs()
        self.assertEqual(self.there("archived"), 0)
        self.assertEqual(self.there("unsubscribed"), 3)
