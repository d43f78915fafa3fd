"""What people do about members: acts with consequences, each on record."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .push_common import PushCase


@tagged("post_install", "-at_install")
class TestMemberActions(PushCase):
    def setUp(self):
        super().setUp()
        for number in range(14):
            self.remote.add_member(f"m{number}@a.example")
        for status in ("unsubscribed", "cleaned", "pending", "transactional"):
            self.remote.add_member(f"{status}@a.example", status)
        self.remote.add_member("archived@a.example", "archived")
        self.import_audiences()
        self.assertEqual(len(self.audience().member_ids), 19)
        self.later()
        self.user = new_test_user(
            self.env, "uma", "mailchimp_connector.group_mailchimp_user"
        )
        self.manager = new_test_user(
            self.env, "max", "mailchimp_connector.group_mailchimp_manager"
        )

    def as_user(self, email, user=None):
        return self.member(email).with_user(user or self.user)

    def told(self, action):
        """Return kind and message of what is shown."""
        self.assertEqual(action["tag"], "display_notification")
        return action["params"]["type"], action["params"]["message"]

    def act(self, method, email, user=None, **context):
        """Do something about one member.

        :return: kind and message of what is shown
        """
        member = self.as_user(email, user).with_context(**context)
        return self.told(getattr(member, method)())

    def ledger(self, email):
        """Return the newest entry of the ledger about a member."""
        return self.env["mailchimp.consent"].search(
            [("email", "=", email)], order="id desc", limit=1
        )

    # === PUSH === #

    def test_push_of_one_tells_the_answer(self):
        self.contact("m1@a.example").first_name = "Ann"
        self.env.flush_all()
        kind, message = self.act("action_push", "m1@a.example")
        self.assertEqual(kind, "success", message)
        self.assertEqual(self.there("m1@a.example").merges["FNAME"], "Ann")

    def test_push_of_one_tells_why_it_is_refused(self):
        self.contact("m1@a.example").email = "m1@example.com"
        self.env.flush_all()
        kind, message = self.act("action_push", "m1@a.example")
        self.assertEqual(kind, "danger")
        self.assertIn("fake", message)

    def test_push_of_one_while_mailchimp_is_down(self):
        self.contact("m1@a.example").first_name = "Ann"
        self.env.flush_all()
        self.sandbox.faults.inject("503_akamai", times=1)
        kind, _message = self.act("action_push", "m1@a.example")
        self.assertEqual(kind, "warning")
        self.drive()
        self.assertEqual(self.there("m1@a.example").merges["FNAME"], "Ann")

    def test_push_of_several_is_a_run(self):
        members = self.audience().member_ids.with_user(self.user)
        action = members.action_push()
        self.assertEqual(action["res_model"], "mailchimp.run")
        self.drive()
        run = self.runs("update")
        self.assertEqual((run.state, run.user_id), ("done", self.user))
        self.assertEqual(run.done, len(members))

    # === OPT-IN === #

    def test_request_optin_asks_the_person(self):
        self.people.unsubscribe(self.remote, "m1@a.example")
        self.fetch()
        kind, message = self.act(
            "action_request_optin", "m1@a.example", mailchimp_reason="By telephone"
        )
        self.assertEqual(kind, "success", message)
        self.assertEqual(self.there("m1@a.example").status, "pending")
        entry = self.ledger("m1@a.example")
        self.assertEqual(
            (entry.old_status, entry.new_status, entry.source, entry.user_id),
            ("unsubscribed", "pending", "user", self.user),
        )
        self.assertEqual(entry.evidence["reason_given"], "By telephone")
        self.assertIn("Reason Given: By telephone", entry.evidence_summary)
        self.assertTrue(self.subscription("m1@a.example").opt_out)
        self.drive()
        self.later()
        self.people.confirm(self.remote, "m1@a.example")
        self.fetch()
        self.drive()
        self.assertFalse(self.subscription("m1@a.example").opt_out)
        self.assertEqual(self.there("m1@a.example").status, "subscribed")
        self.assertNobodyCameBack()
        self.assertWellFormed()

    def test_optin_takes_back_an_opt_out_of_odoo_when_confirmed(self):
        self.subscription("m1@a.example").opt_out = True
        self.drive()
        self.act("action_request_optin", "m1@a.example")
        self.drive()
        self.assertEqual(self.there("m1@a.example").status, "pending")
        self.later()
        self.people.confirm(self.remote, "m1@a.example")
        self.fetch()
        self.drive()
        self.assertEqual(self.there("m1@a.example").status, "subscribed")
        self.assertFalse(self.subscription("m1@a.example").opt_out)

    def test_nobody_is_asked_twice(self):
        kind, message = self.act("action_request_optin", "pending@a.example")
        self.assertEqual(kind, "warning")
        self.assertIn("same question twice", message)
        self.assertEqual(list(self.sandbox.monitor.mails), [])

    def test_optin_of_a_blacklisted_address_is_refused(self):
        self.env["mail.blacklist"].create({"email": "m1@a.example"})
        self.drive()
        self.assertEqual(self.there("m1@a.example").status, "unsubscribed")
        kind, message = self.act("action_request_optin", "m1@a.example")
        self.assertEqual(kind, "warning")
        self.assertIn("blacklist", message)
        self.assertEqual(self.there("m1@a.example").status, "unsubscribed")
        self.assertEqual(self.member("m1@a.example").opt_out_by, "odoo")

    def test_optin_of_a_subscriber_changes_nothing(self):
        before = len(self.sandbox.requests)
        kind, _message = self.act("action_request_optin", "m1@a.example")
        self.assertEqual(kind, "warning")
        self.assertEqual(self.writes(before), [])

    # === UNSUBSCRIBE === #

    def test_unsubscribe(self):
        kind, message = self.act("action_unsubscribe", "m1@a.example")
        self.assertEqual(kind, "success", message)
        self.assertEqual(self.there("m1@a.example").status, "unsubscribed")
        self.assertTrue(self.subscription("m1@a.example").opt_out)
        self.assertEqual(self.member("m1@a.example").opt_out_by, "odoo")
        users = self.member("m1@a.example").consent_ids.user_id
        self.assertIn(self.user, users)

    # === ARCHIVE === #

    def test_archive(self):
        kind, message = self.act("action_archive_remote", "m1@a.example")
        self.assertEqual(kind, "success", message)
        self.assertEqual(self.there("m1@a.example").status, "archived")
        entry = self.ledger("m1@a.example")
        self.assertEqual((entry.new_status, entry.user_id), ("archived", self.user))
        self.assertWellFormed()

    def test_archive_of_who_cannot_be(self):
        for email in ("cleaned@a.example", "pending@a.example"):
            kind, message = self.act("action_archive_remote", email)
            self.assertEqual(kind, "warning")
            self.assertIn("cannot archive", message)
        kind, _message = self.act("action_archive_remote", "archived@a.example")
        self.assertEqual(kind, "warning")

    # === DELETE === #

    def test_delete_permanently(self):
        member = self.member("m1@a.example")
        kind, message = self.act(
            "action_delete_permanently", "m1@a.example", self.manager
        )
        self.assertEqual(kind, "success", message)
        self.assertIsNone(self.there("m1@a.example"))
        self.assertTrue(member.forgotten)
        self.assertFalse(member.email)
        entry = self.env["mailchimp.consent"].search(
            [("member_id", "=", member.id)], order="id desc", limit=1
        )
        self.assertEqual((entry.new_status, entry.user_id), ("forgotten", self.manager))
        self.assertWellFormed()

    def test_delete_is_for_managers(self):
        with self.assertRaises(AccessError):
            self.as_user("m1@a.example").action_delete_permanently()
        self.assertEqual(self.there("m1@a.example").status, "subscribed")

    # === SEVERAL === #

    def test_several_are_a_run(self):
        emails = [f"m{number}@a.example" for number in range(12)]
        members = self.env["mailchimp.member"].search([("email", "in", emails)])
        wizard = (
            self.env["mailchimp.member.act"]
            .with_user(self.manager)
            .with_context(active_ids=members.ids)
            .create({"act": "archive", "reason": "Spring clean"})
        )
        self.assertEqual(wizard.member_count, 12)
        self.assertTrue(wizard.consequence and wizard.way_back)
        self.assertEqual(wizard.action_confirm()["res_model"], "mailchimp.run")
        run = self.runs("archive")
        self.drive()
        self.assertEqual({self.there(email).status for email in emails}, {"archived"})
        self.assertEqual((run.state, run.updated), ("done", 12))
        entry = self.ledger("m1@a.example")
        self.assertEqual(entry.user_id, self.manager)
        self.assertEqual(entry.evidence["reason_given"], "Spring clean")
        self.assertNobodyCameBack()

    def test_delete_several(self):
        emails = [f"m{number}@a.example" for number in range(12)]
        members = self.env["mailchimp.member"].search([("email", "in", emails)])
        members.with_user(self.manager).action_delete_permanently()
        self.drive()
        self.assertFalse([email for email in emails if self.there(email)])
        self.assertEqual(set(members.mapped("forgotten")), {True})

    def test_ask_several(self):
        emails = [f"m{number}@a.example" for number in range(12)]
        for email in emails:
            self.people.unsubscribe(self.remote, email)
        self.fetch()
        members = self.env["mailchimp.member"].search([("email", "in", emails)])
        members.with_user(self.user).action_request_optin()
        self.drive()
        self.assertEqual({self.there(email).status for email in emails}, {"pending"})
        self.assertEqual(set(members.mapped("status")), {"pending"})
        self.assertNobodyCameBack()

    def test_unsubscribe_several(self):
        emails = [f"m{number}@a.example" for number in range(12)]
        members = self.env["mailchimp.member"].search([("email", "in", emails)])
        members.with_user(self.user).action_unsubscribe()
        self.drive()
        self.assertEqual(
            {self.there(email).status for email in emails}, {"unsubscribed"}
        )
