"""What people do at Mailchimp arrives in Odoo, each event from end to end."""

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.tools.subscriber import subscriber_hash

from .webhook_common import WebhookCase

ANN = "ann@example.com"


@tagged("post_install", "-at_install")
class TestWebhookEvents(WebhookCase):
    def setUp(self):
        super().setUp()
        self.register()
        self.later()
        self.sandbox.monitor.clear()

    def ledger(self):
        """Return the consents from webhooks, the oldest first."""
        return self.env["mailchimp.consent"].search(
            [("source", "=", "webhook")], order="id"
        )

    def one_subscription(self, email=ANN):
        """Return the subscription of the only contact with an address."""
        contact = self.contact(email)
        self.assertEqual(len(contact), 1)
        return contact.subscription_ids

    # === EVENTS === #

    def test_subscribe(self):
        self.people.subscribe_by_form(self.remote, "bob@example.com", {"FNAME": "Bob"})
        self.deliver()
        member = self.member("bob@example.com")
        self.assertEqual(member.status, "subscribed")
        self.assertEqual(member.contact_id.first_name, "Bob")
        self.assertFalse(self.one_subscription("bob@example.com").opt_out)
        self.assertEqual(self.ledger().new_status, "subscribed")

    def test_unsubscribe(self):
        self.people.unsubscribe(self.remote, ANN, campaign_id="c1", reason="Too many")
        self.deliver()
        self.assertEqual(self.member(ANN).status, "unsubscribed")
        self.assertTrue(self.one_subscription().opt_out)
        entry = self.ledger()
        self.assertEqual(entry.old_status, "subscribed")
        self.assertEqual(entry.new_status, "unsubscribed")
        self.assertEqual(entry.evidence["campaign_id"], "c1")
        self.assertEqual(entry.evidence["reason"], "Too many")
        self.assertTrue(entry.evidence["fired_at"])

    def test_complaint(self):
        self.people.complain(self.remote, ANN)
        self.deliver()
        self.assertTrue(self.one_subscription().opt_out)

    def test_profile(self):
        self.people.update_profile(self.remote, ANN, {"FNAME": "Anna"})
        self.deliver()
        self.assertEqual(self.contact(ANN).first_name, "Anna")
        self.assertFalse(self.ledger())

    def test_many_changes_of_a_profile_are_one_job(self):
        for name in ("Anna", "Annie", "Annette"):
            self.people.update_profile(self.remote, ANN, {"FNAME": name})
            self.later()
        self.deliver()
        self.assertEqual(len(self.jobs("done")), 1)
        self.assertEqual(self.contact(ANN).first_name, "Annette")

    def test_cleaned(self):
        self.people.bounce(self.remote, ANN)
        self.deliver()
        self.assertEqual(self.member(ANN).status, "cleaned")
        self.assertTrue(self.one_subscription().opt_out)
        self.assertTrue(self.env["mail.blacklist"].search_count([("email", "=", ANN)]))
        self.assertEqual(self.ledger().evidence["reason"], "hard")

    def test_campaign_is_acknowledged(self):
        body = self.body("campaign", email="", id="c1", status="sent")
        self.assertEqual(self.post(body, **self.signature(body)), 200)
        self.run_jobs()
        self.assertEqual(self.jobs("done").args["event"]["campaign_id"], "c1")
        [asked] = self.sandbox.requests
        self.assertEqual(asked.path, "/campaigns/c1", "a hint, which is looked after")
        self.assertFalse(self.env["mailchimp.campaign"].search([]))

    def test_archived(self):
        self.people.archive(self.remote, ANN)
        self.deliver()
        self.assertEqual(self.member(ANN).status, "archived")
        self.assertFalse(self.member(ANN).forgotten)

    def test_deleted_permanently(self):
        member = self.member(ANN)
        self.people.delete_permanently(self.remote, ANN)
        self.deliver()
        self.assertTrue(member.forgotten)
        self.assertFalse(member.email)
        self.assertTrue(self.one_subscription().opt_out)
        self.assertEqual(self.ledger().new_status, "forgotten")
        self.assertTrue(self.ledger().evidence["fired_at"])

    def test_deleted_permanently_with_the_contact(self):
        self.account.remove_deleted_contacts = True
        self.people.delete_permanently(self.remote, ANN)
        self.deliver()
        self.assertFalse(self.contact(ANN))

    def test_a_404_because_the_audience_is_gone_forgets_nobody(self):
        self.people.update_profile(self.remote, ANN, {"FNAME": "Anna"})
        with self.reachable():
            self.sandbox.webhooks.deliver()
        self.remote_account.audiences.clear()
        self.run_jobs()
        self.assertFalse(self.member(ANN).forgotten)
        self.assertFalse(self.list.active)

    # === ANOTHER ADDRESS === #

    def assertMoved(self, member):
        self.assertEqual(member.email, "new@example.com")
        self.assertEqual(member.subscriber_hash, subscriber_hash("new@example.com"))
        self.assertFalse(member.forgotten)
        self.assertEqual(self.env["mailchimp.member"].search_count([]), 1)
        self.assertEqual(len(self.contact(ANN) | self.contact("new@example.com")), 1)
        self.assertFalse(self.ledger())

    def test_another_address(self):
        member = self.member(ANN)
        self.people.change_email(self.remote, ANN, "new@example.com")
        self.deliver()
        self.assertMoved(member)

    def test_another_address_newest_event_first(self):
        member = self.member(ANN)
        self.sandbox.webhooks.reverse = True
        self.people.change_email(self.remote, ANN, "new@example.com")
        self.deliver()
        self.assertMoved(member)

    def test_an_event_about_the_old_address_comes_late(self):
        member = self.member(ANN)
        late = self.body("profile")
        self.people.change_email(self.remote, ANN, "new@example.com")
        self.assertEqual(self.post(late, **self.signature(late)), 200)
        self.run_jobs()
        self.assertMoved(member)
        self.deliver()
        self.assertMoved(member)

    # === WHAT CAN HAPPEN ON THE WAY === #

    def test_every_event_twice(self):
        self.sandbox.webhooks.copies = 2
        self.people.unsubscribe(self.remote, ANN)
        self.deliver()
        self.assertEqual(len(self.jobs("done")), 1)
        self.assertEqual(len(self.ledger()), 1)
        again = self.sandbox.webhooks.deliveries[0].body
        self.assertEqual(self.post(again, **self.signature(again)), 200)
        self.run_jobs()
        self.assertEqual(len(self.ledger()), 1)

    def test_events_in_the_wrong_order(self):
        self.sandbox.webhooks.reverse = True
        self.people.unsubscribe(self.remote, ANN)
        self.later()
        self.people.subscribe_by_form(self.remote, ANN)
        self.later()
        self.deliver()
        self.assertEqual(self.member(ANN).status, "subscribed")
        self.assertFalse(self.one_subscription().opt_out)

    def test_an_echo_writes_nothing(self):
        member, contact = self.member(ANN), self.contact(ANN)
        self.env.flush_all()
        before = self.row_versions(member, contact, contact.subscription_ids)
        self.assertTrue(all(before))
        body = self.body("profile")
        self.assertEqual(self.post(body, **self.signature(body)), 200)
        self.run_jobs()
        self.assertEqual(self.jobs("done").state, "done")
        after = self.row_versions(member, contact, contact.subscription_ids)
        self.assertEqual(after, before)
        self.assertEqual(len(self.sandbox.requests), 1)

    def row_versions(self, *recordsets):
        """Return where PostgreSQL keeps rows: each write moves one."""
        versions = []
        for records in recordsets:
            self.env.cr.execute(
                f"SELECT ctid FROM {records._table} WHERE id = %s",  # noqa: S608
                [records.id],
            )
            versions.append(self.env.cr.fetchone())
        return versions

    def test_mailchimp_is_down_when_the_job_runs(self):
        self.people.unsubscribe(self.remote, ANN)
        fault = self.sandbox.faults.inject("502_html", match="GET /lists/*/members/*")
        self.deliver()
        self.assertEqual(fault.hits, 1)
        job = self.jobs()
        self.assertTrue(job.error)
        job.action_run_now()
        self.account.paused_until = False
        self.run_jobs()
        self.assertTrue(self.one_subscription().opt_out)

    def test_alive(self):
        self.assertFalse(self.list.webhook_last_event_at)
        self.people.update_profile(self.remote, ANN, {"FNAME": "Anna"})
        self.deliver()
        first = self.list.webhook_last_event_at
        self.assertTrue(first)
        self.people.update_profile(self.remote, ANN, {"FNAME": "Annie"})
        self.deliver()
        self.assertEqual(self.list.webhook_last_event_at, first)
        self.list.webhook_last_event_at = "2020-01-01 00:00:00"
        self.people.update_profile(self.remote, ANN, {"FNAME": "Ann"})
        self.deliver()
        self.assertGreaterEqual(self.list.webhook_last_event_at, first)
