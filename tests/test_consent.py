"""Who may be mailed: nothing that Mailchimp says undoes an opt-out made in Odoo."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_contact_sync import ContactCase


class ConsentCase(ContactCase):
    """What people do in Mailchimp, and what it means in Odoo."""

    def ledger(self, email="ann@a.example"):
        """Return the changes of a person's consent, oldest first."""
        entries = self.env["mailchimp.consent"].search([("email", "=", email)])
        return [(e.old_status, e.new_status) for e in entries.sorted("id")]

    def mailable(self, email):
        """Tell whether Odoo's Email Marketing would mail a person on the list."""
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "News",
                "mailing_model_id": self.env.ref("mass_mailing.model_mailing_list").id,
                "contact_list_ids": self.audience().mailing_list_id.ids,
            }
        )
        blacklisted = self.contact(email).is_blacklisted
        return not blacklisted and email not in mailing._get_opt_out_list()


@tagged("post_install", "-at_install")
class TestOptOut(ConsentCase):
    """Status, opt-out and dates of subscriptions."""

    def test_only_subscribed_people_may_be_mailed(self):
        statuses = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional")
        for status in statuses:
            self.remote.add_member(f"{status}@a.example", status)
        self.import_audiences()
        for status in statuses:
            subscription = self.subscription(f"{status}@a.example")
            self.assertEqual(subscription.mailchimp_status, status)
            self.assertEqual(subscription.opt_out, status != "subscribed")
            self.assertEqual(
                self.mailable(f"{status}@a.example"), status == "subscribed", status
            )

    def test_opt_out_has_the_date_of_mailchimp(self):
        self.remote.add_member("ann@a.example")
        self.remote.add_member("old@a.example", "unsubscribed")
        self.import_audiences()
        self.later(3600)
        self.people.unsubscribe(self.remote, "ann@a.example")
        self.fetch()
        for email in ("ann@a.example", "old@a.example"):
            member = self.member(email)
            self.assertEqual(
                self.subscription(email).opt_out_datetime, member.last_changed
            )
            self.assertEqual(member.opt_out_by, "mailchimp")

    def test_who_opted_out_in_mailchimp_may_come_back_there(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        self.later()
        self.people.unsubscribe(self.remote, "ann@a.example", reason="Too many mails")
        self.fetch()
        self.assertEqual(
            self.member("ann@a.example").unsubscribe_reason, "Too many mails"
        )
        self.later()
        self.people.subscribe_by_form(self.remote, "ann@a.example")
        self.fetch()
        self.assertFalse(self.subscription("ann@a.example").opt_out)
        self.assertEqual(
            self.ledger(),
            [
                (False, "subscribed"),
                ("subscribed", "unsubscribed"),
                ("unsubscribed", "subscribed"),
            ],
        )

    def test_opt_out_made_in_odoo_stays(self):
        self.remote.add_member("ann@a.example", merge_fields={"FNAME": "Ann"})
        self.import_audiences()
        self.subscription("ann@a.example").opt_out = True
        self.assertEqual(self.member("ann@a.example").opt_out_by, "odoo")
        self.update("ann@a.example", FNAME="Anna")
        self.fetch(full=True)
        self.assertTrue(self.subscription("ann@a.example").opt_out)
        self.assertFalse(self.mailable("ann@a.example"))
        [line] = [ln for ln in self.lines() if "opted out in Odoo" in ln[2]]
        self.assertEqual(line[:2], ("notice", "ann@a.example"))
        [remote] = self.remote.members.values()
        self.assertEqual(remote.status, "unsubscribed")

    def test_opt_out_of_both_sides_stays_when_mailchimp_takes_it_back(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        self.subscription("ann@a.example").opt_out = True
        self.later()
        self.people.unsubscribe(self.remote, "ann@a.example")
        self.fetch()
        self.later()
        self.people.subscribe_by_form(self.remote, "ann@a.example")
        self.fetch()
        self.assertTrue(self.subscription("ann@a.example").opt_out)

    def test_opt_out_renewed_in_odoo_is_odoos(self):
        self.remote.add_member("ann@a.example", "unsubscribed")
        self.import_audiences()
        subscription = self.subscription("ann@a.example")
        subscription.opt_out = False
        subscription.opt_out = True
        self.later()
        self.people.subscribe_by_form(self.remote, "ann@a.example")
        self.fetch()
        self.assertTrue(subscription.opt_out)

    def test_opt_out_survives_the_deletion_of_the_contact(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        self.subscription("ann@a.example").opt_out = True
        self.contact("ann@a.example").unlink()
        self.fetch(full=True)
        self.assertTrue(self.contact("ann@a.example"))
        self.assertTrue(self.subscription("ann@a.example").opt_out)

    def test_opt_out_survives_the_deletion_of_the_subscription(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        subscription = self.subscription("ann@a.example")
        subscription.opt_out = True
        subscription.unlink()
        self.update("ann@a.example", FNAME="Anna")
        self.assertTrue(self.subscription("ann@a.example").opt_out)

    def test_contact_that_opted_out_before_there_was_a_member(self):
        self.import_audiences()
        mailing_list = self.audience().mailing_list_id
        contact = self.new_contact("ann@a.example")
        self.env["mailing.subscription"].create(
            {"contact_id": contact.id, "list_id": mailing_list.id, "opt_out": True}
        )
        self.remote.add_member("ann@a.example")
        self.fetch()
        self.assertTrue(self.subscription("ann@a.example").opt_out)
        self.assertEqual(self.member("ann@a.example").opt_out_by, "odoo")

    def test_archived_in_mailchimp(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        self.later()
        self.people.archive(self.remote, "ann@a.example")
        self.fetch()
        self.assertEqual(self.member("ann@a.example").status, "archived")
        self.assertTrue(self.subscription("ann@a.example").opt_out)
        self.later()
        self.people.subscribe_by_form(self.remote, "ann@a.example")
        self.fetch()
        self.assertFalse(self.subscription("ann@a.example").opt_out)


@tagged("post_install", "-at_install")
class TestBlacklist(ConsentCase):
    """Addresses that bounce for good."""

    def blacklisted(self, email):
        """Tell whether an address is on the blacklist."""
        return bool(self.env["mail.blacklist"].search([("email", "=", email)]))

    def test_cleaned_is_blacklisted(self):
        self.remote.add_member("old@a.example", "cleaned")
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        self.later()
        self.people.bounce(self.remote, "ann@a.example")
        self.fetch()
        for email in ("old@a.example", "ann@a.example"):
            self.assertTrue(self.blacklisted(email))
            self.assertTrue(self.subscription(email).opt_out)

    def test_taken_off_by_a_person_it_stays_off(self):
        member = self.remote.add_member("ann@a.example", "cleaned")
        self.import_audiences()
        self.env["mail.blacklist"]._remove("ann@a.example")
        self.later()
        self.remote.put_tag(member, self.remote.make_tag("VIP"))
        self.remote.touch(member)
        self.fetch()
        self.assertFalse(self.blacklisted("ann@a.example"))

    def test_bouncing_again_puts_it_on_again(self):
        self.remote.add_member("ann@a.example", "cleaned")
        self.import_audiences()
        self.env["mail.blacklist"]._remove("ann@a.example")
        self.later()
        self.people.subscribe_by_form(self.remote, "ann@a.example")
        self.fetch()
        self.assertFalse(self.blacklisted("ann@a.example"))
        self.later()
        self.people.bounce(self.remote, "ann@a.example")
        self.fetch()
        self.assertTrue(self.blacklisted("ann@a.example"))

    def test_subscribed_in_mailchimp_does_not_leave_odoos_blacklist(self):
        self.env["mail.blacklist"]._add("ann@a.example")
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        self.assertTrue(self.blacklisted("ann@a.example"))
        self.assertFalse(self.mailable("ann@a.example"))


@tagged("post_install", "-at_install")
class TestLedger(ConsentCase):
    """Append-only, with evidence."""

    def test_evidence(self):
        stamp = self.sandbox.clock.now() - 100
        self.remote.add_member(
            "ann@a.example",
            "unsubscribed",
            ip_signup="192.0.2.1",
            timestamp_signup=stamp,
            ip_opt="192.0.2.2",
            timestamp_opt=stamp,
            reason="No longer interested",
        )
        self.import_audiences()
        entry = self.env["mailchimp.consent"].search([("email", "=", "ann@a.example")])
        self.assertEqual(entry.evidence["ip_signup"], "192.0.2.1")
        self.assertEqual(entry.evidence["ip_opt"], "192.0.2.2")
        self.assertEqual(entry.evidence["reason"], "No longer interested")
        self.assertIn("timestamp_opt", entry.evidence)
        member = self.member("ann@a.example")
        self.assertRecordValues(
            entry,
            [
                {
                    "member_id": member.id,
                    "contact_id": member.contact_id.id,
                    "audience_id": self.audience().id,
                    "company_id": self.account.company_id.id,
                    "source": "fetch",
                    "old_status": False,
                    "new_status": "unsubscribed",
                    "occurred_at": member.last_changed,
                }
            ],
        )

    def test_nobody_rewrites_history(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        entry = self.env["mailchimp.consent"].search([("email", "=", "ann@a.example")])
        admin = self.env.ref("base.user_admin")
        for user in (admin, self.env.ref("base.user_root")):
            for records in (entry.with_user(user), entry.with_user(user).sudo()):
                with self.assertRaises(AccessError):
                    records.write({"new_status": "unsubscribed"})
                with self.assertRaises(AccessError):
                    records.unlink()

    def test_ledger_outlives_contact_audience_and_account(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        entry = self.env["mailchimp.consent"].search([("email", "=", "ann@a.example")])
        self.contact("ann@a.example").unlink()
        self.account.unlink()
        self.env.invalidate_all()
        self.assertTrue(entry.exists())
        self.assertFalse(entry.audience_id)
