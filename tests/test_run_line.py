"""Logs to act upon: who is named, what a person can do, and when it is solved."""

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .export_common import ExportCase

FAKE = "test@example.com"


class LineCase(ExportCase):
    def setUp(self):
        super().setUp()
        self.fetch()
        self.account.auto_push_contacts = True
        self.user = new_test_user(
            self.env,
            "mailchimp_user",
            "base.group_user,mailchimp_connector.group_mailchimp_user",
        )

    def refused(self, email=FAKE):
        """Export a contact that Mailchimp refuses.

        :return: the contact, and the log about it
        """
        contact = self.new_contact(email, name="Faker")
        contact.action_mailchimp_export()
        return contact, self.runs("export")[:1].line_ids

    def assertLeadsTo(self, action, run):
        [link] = action["params"]["links"]
        self.assertEqual(link["url"], f"/odoo/mailchimp-runs/{run.id}")
        self.assertIn("%s", action["params"]["message"], "the link is shown")


@tagged("post_install", "-at_install")
class TestRunLine(LineCase):
    def test_refused_is_open_and_named(self):
        contact, line = self.refused()
        self.assertRecordValues(
            line,
            [
                {
                    "state": "failed",
                    "resolution": "open",
                    "code": "fake_email",
                    "category": "fake_email",
                    "member_id": contact.mailchimp_member_ids.id,
                }
            ],
        )
        action = line.with_user(self.user).action_open_record()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (contact._name, contact.id)
        )

    def test_reason_of_another_module(self):
        run = self.runs()[:1]
        run._add_lines([{"name": "x", "reason": "r", "code": "something_new"}])
        self.assertEqual(run.line_ids[0].category, "other")

    def test_who_was_left_out_on_purpose_needs_nobody(self):
        self.env["mail.blacklist"]._add("ann@a.example")
        self.new_contact("ann@a.example").action_mailchimp_export()
        self.assertFalse(self.runs("export").line_ids.resolution)

    def test_who_has_no_address_is_called_by_name(self):
        self.new_contact("not an address", name="Bodega").action_mailchimp_export()
        member = self.runs("export").line_ids.member_id
        self.assertEqual(member.display_name, "Bodega")
        member.forgotten = True
        self.assertEqual(member.display_name, "Forgotten Member")

    def test_the_same_again_is_counted_once(self):
        contact, first = self.refused()
        contact.action_mailchimp_export()
        second = self.runs("export")[:1].line_ids
        self.assertEqual((first.resolution, second.resolution), ("repeated", "open"))

    def test_corrected_record_goes_out_and_solves_the_log(self):
        contact, line = self.refused()
        contact.email = "real@a.example"
        self.run_jobs()
        self.assertEqual(self.remote.by_email("real@a.example").status, "subscribed")
        self.assertEqual(line.resolution, "solved")
        self.assertEqual(contact.mailchimp_member_ids.sync_state, "synced")

    def test_retry(self):
        contact, line = self.refused()
        self.env["mailchimp.merge.field"].search([]).required = False
        before = len(self.sent("PUT") + self.sent("POST"))
        action = line.with_user(self.user).action_retry()
        self.assertEqual(contact.mailchimp_member_ids.sync_state, "to_push")
        self.run_jobs()
        self.assertGreater(len(self.sent("PUT") + self.sent("POST")), before)
        self.assertEqual(contact.mailchimp_member_ids.sync_state, "error")
        self.assertEqual(line.resolution, "repeated", "it was refused once more")
        self.assertLeadsTo(action, self.runs("update")[:1])

    def test_retry_of_who_is_no_member(self):
        self.env["mail.blacklist"]._add("ann@a.example")
        ann = self.new_contact("ann@a.example")
        ann.action_mailchimp_export()
        line = self.runs("export").line_ids
        self.env["mail.blacklist"]._remove("ann@a.example")
        action = line.with_user(self.user).action_retry()
        self.assertLeadsTo(action, self.runs("export")[:1])
        self.run_jobs()
        self.assertTrue(self.remote.by_email("ann@a.example"))

    def test_retry_of_what_was_read(self):
        self.remote.add_member("ann@a.example")
        self.fetch()
        member = self.member("ann@a.example")
        run = self.runs()[:1]
        run._add_lines([{"name": "x", "reason": "r", "member_id": member.id}])
        reads = len(self.sent("GET"))
        action = run.line_ids.with_user(self.user).action_retry()
        again = self.runs("refresh")
        self.assertLeadsTo(action, again)
        self.run_jobs()
        self.assertEqual(len(self.sent("GET")), reads + 1)
        self.assertEqual((again.state, again.total, again.done), ("done", 1, 1))
        self.assertFalse(self.sent("PATCH") + self.sent("PUT"))

    def test_retry_of_several_leads_to_all_runs(self):
        _contact, line = self.refused()
        run = self.runs()[:1]
        run._add_lines([{"name": "x", "reason": "r", "member_id": line.member_id.id}])
        action = (line | run.line_ids).action_retry()
        [link] = action["params"]["links"]
        self.assertEqual(link["url"], "/odoo/mailchimp-runs")

    def test_nothing_to_retry(self):
        run = self.runs()[:1]
        run._add_lines([{"name": "x", "reason": "r"}])
        with self.assertRaisesRegex(UserError, "nothing to try again"):
            run.line_ids.action_retry()

    def test_ignore_until_changed(self):
        contact, line = self.refused()
        line.with_user(self.user).action_ignore()
        member = contact.mailchimp_member_ids
        self.assertEqual((line.resolution, member.ignored), ("ignored", True))
        contact.email = "real@a.example"
        self.run_jobs()
        self.assertFalse(contact.mailchimp_member_ids.ignored)
        self.assertEqual(line.resolution, "solved")

    def test_record_that_is_gone(self):
        contact, line = self.refused()
        contact.unlink()
        line.res_id = contact.id
        with self.assertRaisesRegex(UserError, "does not exist any more"):
            line.action_open_record()

    def test_record_of_another_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        partner = self.new_partner("ada@a.example", company_id=company.id)
        run = self.runs()[:1]
        vals = {"res_model": "res.partner", "res_id": partner.id}
        run._add_lines([{"name": "Ada", "reason": "r", **vals}])
        with self.assertRaisesRegex(UserError, "may not see Ada"):
            run.line_ids[0].with_user(self.user).action_open_record()


@tagged("post_install", "-at_install")
class TestCallPeople(LineCase):
    """One activity a day for an account, if something needs a person."""

    def call(self):
        """Run the scheduled action.

        :return: the open activities of the account
        """
        self.env["mailchimp.account"]._cron_call_people()
        self.run_jobs()
        kind = "mailchimp_connector.mail_activity_type_attention"
        return self.account.activity_search([kind])

    def test_one_for_all(self):
        self.assertFalse(self.call(), "nothing is to be done")
        self.refused()
        self.refused("test2@example.com")
        activity = self.call()
        self.assertEqual(activity.user_id, self.account._responsible())
        self.assertIn("Records not synchronized, see the logs: 2", activity.note)
        self.assertEqual(self.call(), activity, "it is refreshed")

    def test_closes_itself(self):
        contact, line = self.refused()
        self.assertTrue(self.call())
        contact.email = "real@a.example"
        self.run_jobs()
        self.assertEqual(line.resolution, "solved")
        self.assertFalse(self.call())

    def test_ignored_and_deleted_need_nobody(self):
        _contact, line = self.refused()
        line.action_ignore()
        other, _line = self.refused("test2@example.com")
        other.unlink()
        self.assertFalse(self.call())

    def test_conflicts_and_failed_jobs(self):
        self.remote.add_member("ann@a.example")
        self.fetch()
        self.member("ann@a.example").sync_result = "conflict"
        self.runs()[:1].job_ids[:1].state = "failed"
        note = self.call().note
        self.assertIn("Members changed on both sides, to decide: 1", note)
        self.assertIn("Failed queue jobs, to retry or cancel: 1", note)
