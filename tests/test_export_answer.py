"""The entries of the cog menu: one person gets an answer, a selection gets a run."""

from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .export_common import ExportCase
from .job_common import JOB_LOGGERS

FAKE = "test@example.com"


class AnswerCase(ExportCase):
    def setUp(self):
        super().setUp()
        self.fetch()
        self.user = new_test_user(
            self.env,
            "mailchimp_user",
            "base.group_user,base.group_partner_manager,"
            "mailchimp_connector.group_mailchimp_user",
        )

    def answer(self, action):
        """Return the kind and the text of what a person reads."""
        self.assertEqual(action["tag"], "display_notification")
        return action["params"]["type"], action["params"]["message"]

    def wizard(self, records, **vals):
        """Open the wizard on a selection."""
        context = {"active_model": records._name, "active_ids": records.ids}
        Wizard = self.env["mailchimp.export"].with_user(self.user)
        return Wizard.with_context(**context).create(vals)


@tagged("post_install", "-at_install")
class TestExportOne(AnswerCase):
    def test_contact_is_there_at_once(self):
        ann = self.new_contact("ann@a.example", name="Ann Lee")
        action = ann.with_user(self.user).action_mailchimp_export()
        kind, text = self.answer(action)
        self.assertEqual(kind, "success", text)
        self.assertIn("ann@a.example is in Newsletter: Subscribed", text)
        self.assertEqual(self.remote.by_email("ann@a.example").status, "subscribed")
        self.assertEqual(self.member("ann@a.example").sync_state, "synced")
        self.assertEqual(self.runs("export").state, "done")
        self.assertFalse(self.env["mailchimp.change"].search([]))
        before = len(self.sandbox.requests)
        self.run_jobs()
        self.assertEqual(len(self.sandbox.requests), before, "nothing is left to send")

    def test_customer_through_the_wizard(self):
        ada = self.new_partner("ada@a.example", name="Ada")
        wizard = self.wizard(ada)
        self.assertEqual(wizard.audience_ids, self.audience(), "there is only one")
        self.assertEqual(self.answer(wizard.action_export())[0], "success")
        self.assertEqual(self.member("ada@a.example").partner_id, ada)
        self.assertTrue(self.remote.by_email("ada@a.example"))

    def test_refused_in_plain_words(self):
        fake = self.new_contact(FAKE)
        kind, text = self.answer(fake.action_mailchimp_export())
        self.assertEqual(kind, "danger")
        self.assertIn("fake", text)
        member = self.member(FAKE)
        self.assertEqual((member.sync_state, member.status), ("error", False))
        self.assertEqual(self.runs("export").line_ids.resolution, "open")

    def test_somebody_else_was_faster(self):
        self.remote.add_member("ann@a.example", merge_fields={"FNAME": "Remote"})
        ann = self.new_contact("ann@a.example", name="Ann")
        kind, text = self.answer(ann.action_mailchimp_export())
        self.assertEqual(kind, "success", text)
        self.assertEqual(len(self.members()), 1)
        self.assertEqual(self.member("ann@a.example").sync_state, "synced")

    def test_left_out_in_plain_words(self):
        self.env["mail.blacklist"]._add("ann@a.example")
        ann = self.new_contact("ann@a.example")
        kind, text = self.answer(ann.action_mailchimp_export())
        self.assertEqual(kind, "warning")
        self.assertIn("blacklist", text)
        self.assertFalse(self.sent("POST") + self.sent("PUT"))
        self.assertEqual(self.runs("export").state, "done")

    def test_no_policy_says_what_to_choose(self):
        self.account.new_member_status = False
        kind, text = self.answer(
            self.new_contact("ann@a.example").action_mailchimp_export()
        )
        self.assertEqual(kind, "danger", text)
        self.assertIn("settings", text)

    @mute_logger(*JOB_LOGGERS)
    def test_mailchimp_is_down(self):
        """It is said, and sent as soon as Mailchimp is back."""
        ann = self.new_contact("ann@a.example")
        self.sandbox.faults.inject("503_akamai", times=None, match="*")
        kind, text = self.answer(ann.action_mailchimp_export())
        self.assertEqual(kind, "warning")
        self.assertIn("queued", text)
        self.assertEqual(self.member("ann@a.example").sync_state, "to_push")
        self.assertIn(self.runs("export").state, ("pending", "running"))
        self.sandbox.faults.clear()
        self.run_jobs()
        self.assertTrue(self.remote.by_email("ann@a.example"))
        self.assertEqual(self.runs("export").state, "done")
        self.assertEqual(self.member("ann@a.example").sync_state, "synced")

    def test_without_a_list(self):
        ann = self.new_contact("ann@a.example", list_ids=[])
        with self.assertRaisesRegex(UserError, "Subscriptions"):
            ann.action_mailchimp_export()

    def test_of_an_account_that_is_not_connected(self):
        ann = self.new_contact("ann@a.example")
        self.account.state = "draft"
        with self.assertRaisesRegex(UserError, "not connected"):
            ann.action_mailchimp_export()


@tagged("post_install", "-at_install")
class TestUpdateOne(AnswerCase):
    def test_update(self):
        self.remote.add_member("ann@a.example", merge_fields={"FNAME": "Ann"})
        self.fetch()
        ann = self.contact("ann@a.example")
        ann.first_name = "Anna"
        kind, text = self.answer(ann.with_user(self.user).action_mailchimp_update())
        self.assertEqual(kind, "success", text)
        merged = self.remote.by_email("ann@a.example").merges
        self.assertEqual(merged["FNAME"], "Anna")

    def test_whole_name_is_what_people_see(self):
        """Where Odoo does not split names, its parts are hidden."""
        self.account.two_way_sync = True
        merges = {"FNAME": "Mary Ann", "LNAME": "Lee"}
        self.remote.add_member("ann@a.example", merge_fields=merges)
        self.fetch()
        ann = self.contact("ann@a.example")
        there = self.remote.by_email("ann@a.example")
        for name, first, last in (
            ("Mary Ann Jones", "Mary Ann", "Jones"),
            ("Ann Lee", "Ann", "Lee"),
            ("Frida Kahlo", "Frida", "Kahlo"),
        ):
            ann.name = name
            ann.action_mailchimp_update()
            self.assertEqual(
                (there.merges["FNAME"], there.merges["LNAME"]), (first, last)
            )
            self.assertEqual(ann.name, name)
        self.later()
        self.people.update_profile(self.remote, "ann@a.example", {"LNAME": "Rivera"})
        self.fetch()
        self.assertEqual(ann.name, "Frida Rivera")

    def test_no_member_yet(self):
        ann = self.new_contact("ann@a.example", name="Ann")
        bob = self.new_contact("bob@a.example")
        for people, words in ((ann, "Ann is not in"), (ann | bob, "None of these")):
            with (
                self.subTest(words),
                self.assertRaisesRegex(RedirectWarning, words) as refused,
            ):
                people.with_user(self.user).action_mailchimp_update()
            _message, action_id, _label, context = refused.exception.args
            action = self.env["ir.actions.act_window"].browse(action_id)
            wizard = self.env[action.res_model].with_context(**context).create({})
            self.assertEqual(wizard._records(), people, "they are exported there")

    def test_update_brings_nobody_back(self):
        self.remote.add_member("ann@a.example", "unsubscribed")
        self.fetch()
        partner = self.new_partner("ann@a.example", name="Ann")
        kind, text = self.answer(partner.action_mailchimp_update())
        self.assertEqual(kind, "warning", text)
        self.assertEqual(self.member("ann@a.example").partner_id, partner)
        self.assertEqual(self.remote.by_email("ann@a.example").status, "unsubscribed")


@tagged("post_install", "-at_install")
class TestExportMany(AnswerCase):
    def test_selection_becomes_a_run(self):
        people = self.new_contact("ann@a.example")
        people |= self.new_contact("bob@a.example")
        people |= self.new_contact(False, name="Nobody")
        people |= self.new_contact("carl@a.example", list_ids=[], name="Carl")
        action = people.with_user(self.user).action_mailchimp_export()
        run = self.runs("export")
        self.assertEqual((action["res_model"], action["res_id"]), (run._name, run.id))
        self.assertFalse(self.sent("POST"), "nobody waits for Mailchimp")
        self.run_jobs()
        self.assertEqual(run.state, "done")
        self.assertEqual((run.total, run.done, run.created, run.skipped), (4, 4, 2, 2))
        self.assertEqual(
            {line.name: line.code for line in run.line_ids},
            {"Nobody": "no_email", "Carl": "no_list"},
        )
        self.assertTrue(self.remote.by_email("bob@a.example"))

    def test_update_of_a_selection(self):
        self.remote.add_member("ann@a.example", merge_fields={"FNAME": "Ann"})
        self.fetch()
        ann = self.contact("ann@a.example")
        ann.first_name = "Anna"
        bob = self.new_contact("bob@a.example", name="Bob")
        (ann | bob).action_mailchimp_update()
        self.run_jobs()
        run = self.runs("update")
        self.assertEqual((run.state, run.total, run.done), ("done", 2, 2))
        self.assertEqual(run.line_ids.mapped("code"), ["not_member"])
        self.assertEqual(self.remote.by_email("ann@a.example").merges["FNAME"], "Anna")

    def test_job_that_starts_again_repeats_no_step(self):
        run = self.new_contact(False)._mailchimp_start_export(
            self.audience(), "user", 5
        )
        run.checkpoint = {"left": 0}
        self.run_jobs()
        self.assertEqual((run.state, run.skipped), ("done", 0))

    def test_corrected_address_is_sent_and_solves_the_log(self):
        """Also where changes are not pushed: this one was asked for."""
        self.assertFalse(self.account.auto_push_contacts)
        nobody = self.new_contact("nobody(at)a", name="Nobody")
        nobody.action_mailchimp_export()
        [line] = self.runs("export").line_ids
        self.assertEqual(line.resolution, "open")
        nobody.email = "nobody@a.example"
        self.run_jobs()
        self.assertTrue(self.remote.by_email("nobody@a.example"))
        self.assertEqual(line.resolution, "solved")
        self.assertEqual(len(nobody.mailchimp_member_ids), 1)

    def test_corrected_customer_has_a_name(self):
        ada = self.new_partner("ada(at)a", name="Ada Byron")
        self.answer(self.wizard(ada).action_export())
        ada.email = "ada@a.example"
        self.run_jobs()
        there = self.remote.by_email("ada@a.example")
        self.assertEqual(
            (there.merges["FNAME"], there.merges["LNAME"]), ("Ada", "Byron")
        )
        self.assertEqual(self.contact("ada@a.example").name, "Ada Byron")
        self.assertTrue(self.subscription("ada@a.example"))


@tagged("post_install", "-at_install")
class TestExportWizard(AnswerCase):
    def test_counts(self):
        self.remote.add_member("in@a.example")
        self.remote.add_member("out@a.example", "unsubscribed")
        self.fetch()
        self.env["mail.blacklist"]._add("black@a.example")
        people = self.env["res.partner"]
        emails = (False, "broken(at)a", "in@a.example", "IN@a.example")
        for email in (*emails, "out@a.example", "black@a.example"):
            people |= self.new_partner(email)
        wizard = self.wizard(people)
        self.assertRecordValues(
            wizard,
            [
                {
                    "record_count": 6,
                    "no_email_count": 1,
                    "bad_email_count": 1,
                    "shared_count": 1,
                    "member_count": 1,
                    "opted_out_count": 1,
                    "blacklisted_count": 1,
                }
            ],
        )
        self.assertFalse(wizard.policy_account_ids)
        self.account.new_member_status = False
        wizard.invalidate_recordset()
        self.assertEqual(wizard.policy_account_ids, self.account)

    def test_audiences_of_other_companies(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.account.company_id = company
        people = self.new_partner("ada@a.example")
        wizard = self.wizard(people)
        self.assertFalse(wizard.audience_ids)
        self.assertFalse(wizard.has_audiences, "there is nothing to choose")
        self.account.company_id = self.env.company
        self.assertTrue(self.wizard(people).has_audiences)
        self.account.active = False
        asked = {"active_model": people._name, "active_ids": people.ids}
        with Form(self.env["mailchimp.export"].with_context(**asked)) as form:
            self.assertFalse(form.has_audiences, "it is saved to leave for others")
        self.account.write({"active": True, "company_id": company.id})
        with self.assertRaises(AccessError):
            self.wizard(people, audience_ids=[Command.link(self.audience().id)])
        with self.assertRaises(AccessError):
            people.with_user(self.user)._mailchimp_export(self.audience())

    def test_asks_for_a_selection(self):
        wizard = self.env["mailchimp.export"].create({})
        with self.assertRaises(UserError):
            wizard.action_export()
        partner = self.new_partner("ada@a.example")
        wizard = self.wizard(partner)
        partner.unlink()
        with self.assertRaises(UserError):
            wizard.action_export()

    def test_others_may_not(self):
        ann = self.new_contact("ann@a.example")
        user = new_test_user(
            self.env,
            "marketeer",
            "base.group_user,mass_mailing.group_mass_mailing_user",
        )
        with self.assertRaises(AccessError):
            ann.with_user(user).action_mailchimp_export()
