"""What keeps a push from going on keeps neither others waiting nor Mailchimp busy."""

from fnmatch import fnmatchcase
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.mailchimp_connector.sandbox import problems
from odoo.addons.mailchimp_connector.sandbox.app import refuse

from .push_common import PushCase

ANN, BEN = "ann@a.example", "ben@a.example"


@tagged("post_install", "-at_install")
class TestPushStuck(PushCase):
    def setUp(self):
        super().setUp()
        for email in (ANN, BEN):
            self.remote.add_member(email, merge_fields={"FNAME": "Old"})

    def rename(self):
        """Give both people another name, Ann first."""
        self.import_audiences()
        self.later()
        for email in (ANN, BEN):
            self.contact(email).first_name = "New"
            self.env.cr.flush()

    def trouble(self, match):
        """Let Mailchimp fail at some requests, from now on."""
        return self.sandbox.faults.inject("500_problem", None, match)

    def refuse(self, match):
        """Let Mailchimp refuse some requests for good, from now on."""
        application = self.sandbox.application
        run = application.run

        def refusing(call):
            if fnmatchcase(f"{call.method} {call.path}", match):
                return refuse(call, problems.invalid("No."))
            return run(call)

        self.startPatcher(patch.object(application, "run", refusing))

    def run_push(self, rounds, minutes=60):
        """Run the queue so often, as if that many minutes passed between.

        As far as the push is concerned; what is put off longer waits.
        """
        Job = self.env["mailchimp.job"]
        for _round in range(rounds):
            self.run_jobs()
            soon = fields.Datetime.add(fields.Datetime.now(), minutes=minutes)
            pushes = [("method", "=", "_job_push"), ("state", "=", "pending")]
            Job.search([*pushes, ("run_after", "<", soon)]).action_run_now()
        self.env.invalidate_all()

    def names(self):
        return [self.there(email).merges["FNAME"] for email in (ANN, BEN)]

    def test_member_that_mailchimp_fails_at_keeps_nobody_waiting(self):
        self.rename()
        contact_id = self.there(ANN).contact_id
        self.trouble(f"PATCH /lists/*/members/{contact_id}")
        self.run_push(6)
        self.assertEqual(self.names(), ["Old", "New"])
        member = self.member(ANN)
        self.assertEqual(
            (member.sync_result, member.error_code), ("error", "unavailable")
        )
        self.sandbox.faults.clear()
        self.drive()
        self.assertEqual(self.names(), ["New", "New"])
        self.assertEqual(member.sync_state, "synced")
        self.assertFalse(member.error_code)

    def test_outage_sets_nobody_aside(self):
        self.rename()
        self.trouble("*")
        self.run_push(6)
        self.assertEqual(self.names(), ["Old", "Old"])
        self.assertEqual(
            set(self.audience().member_ids.mapped("sync_state")), {"to_push"}
        )
        self.sandbox.faults.clear()
        self.drive()
        self.assertEqual(self.names(), ["New", "New"])

    def test_fetch_that_fails_for_good_is_not_begun_again_and_again(self):
        self.account.auto_sync_members = False
        self.import_audiences(members=False)
        self.refuse("GET /lists/*/members")
        contact = self.new_contact("new@a.example")
        contact._mailchimp_start_export(self.audience(), "user", 5)
        self.run_push(8, minutes=30)
        self.assertEqual(set(self.runs().mapped("state")), {"failed"})
        self.assertEqual(len(self.runs()), 2)
