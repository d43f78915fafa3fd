"""Whoever presses a button, or asks what happened, is told."""

from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from ..tools.client_action import notification
from .common import MailchimpCase
from .job_common import JobCase


@tagged("post_install", "-at_install")
class TestJobButtons(JobCase):
    """*Run Now* says what becomes of the jobs."""

    def told(self, jobs):
        """Press the button; return the kind of the notification."""
        action = jobs.action_run_now()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(action["params"]["next"]["tag"], "soft_reload")
        return action["params"]["type"]

    def test_it_begins(self):
        self.assertEqual(self.told(self.enqueue("x")), "success")

    def test_nothing_waits(self):
        job = self.enqueue("x")
        self.run_queue()
        self.assertEqual(self.told(job), "info")

    def test_a_user_is_told_too(self):
        groups = "base.group_user,mailchimp_connector.group_mailchimp_user"
        job = self.enqueue("x")
        user = new_test_user(self.env, "user", groups)
        self.assertEqual(self.told(job.with_user(user)), "success")

    def test_what_holds_them_back(self):
        run = self.new_run()
        jobs = self.enqueue("x", run=run) | self.enqueue("y")
        run.action_pause()
        self.assertEqual(self.told(jobs), "warning")
        self.assertIn(": 1", jobs.action_run_now()["params"]["message"])
        run.action_resume()
        self.account.active = False
        self.assertEqual(self.told(jobs), "warning")
        self.account.write({"active": True, "state": "error"})
        self.assertIn(": 2", jobs.action_run_now()["params"]["message"])

    def test_leaving_the_archive_wakes_the_queue(self):
        self.enqueue("x")
        self.account.active = False
        self.run_queue()
        self.assertFalse(self.log)
        self.forget_triggers()
        self.account.active = True
        self.assertTrue(self.triggers())
        self.run_queue()
        self.assertEqual(self.log, ["x"])


@tagged("post_install", "-at_install")
class TestScheduledActions(MailchimpCase):
    """Scheduled actions that are run by hand say where to look."""

    def run_manually(self, xmlid):
        with self.enter_registry_test_mode():
            return self.env.ref(xmlid).method_direct_trigger()

    def test_ours(self):
        action = self.run_manually("mailchimp_connector.ir_cron_fetch_audiences")
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(action["params"]["message"].count("%s"), 1)
        self.assertEqual(action["params"]["links"][0]["url"], "/odoo/mailchimp-runs")
        self.assertTrue(self.runs("audiences"))

    def test_percent_signs_are_no_places_for_links(self):
        """As the web client does it: each link in the place of a %s."""
        link = {"label": "Runs", "url": "/x"}
        shown = notification("100%s, 5%% and %(x)s", links=[link])["params"]
        self.assertEqual(shown["message"] % ("<a>",), "100%s, 5%% and %(x)s <a>")
        plain = notification("100%s")["params"]
        self.assertEqual(plain["message"], "100%s")

    def test_others_answer_as_before(self):
        self.assertIs(self.run_manually("base.autovacuum_job"), True)


@tagged("post_install", "-at_install")
class TestOutcome(MailchimpCase):
    """A fetch that found nothing says so, instead of only zeros."""

    def test_nothing_new(self):
        self.remote.add_member("ann@a.example")
        audience = self.import_audiences()
        self.assertFalse(self.runs().outcome, "it created a member")
        self.later(60)
        self.env.user.tz = "Asia/Tokyo"
        since = audience.pulled_at
        run = self.fetch()
        self.assertEqual(run.since, since)
        self.assertIn("Nothing new in Mailchimp since", run.outcome)
        tokyo = run.with_context(tz="Asia/Tokyo").outcome
        self.assertNotEqual(tokyo, run.with_context(tz="UTC").outcome)

    def test_all_is_as_it_was(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        run = self.fetch(full=True)
        self.assertFalse(run.since)
        self.assertIn("Odoo has all members", run.outcome)

    def test_nobody_there(self):
        self.import_audiences()
        self.assertIn("no members", self.runs().outcome)

    def test_something_new(self):
        self.import_audiences()
        self.later()
        self.remote.add_member("ann@a.example")
        run = self.fetch()
        self.assertTrue(run.since)
        self.assertFalse(run.outcome)

    def test_unknown_status_is_nobodys_mistake(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        self.later()
        self.remote.add_oddity("unknown_status")
        self.fetch()
        line = self.env["mailchimp.run.line"].search([], limit=1)
        self.assertIn("unknown to this version", line.reason)
        self.assertNotIn("Correct", line.advice)
        self.assertIn("stays in Odoo as it was", line.advice)


@tagged("post_install", "-at_install")
class TestOptions(MailchimpCase):
    """Options that are changed later, and what to do then."""

    def test_full_fetch_creates_customers_of_unchanged_members(self):
        for number, status in enumerate(("subscribed", "pending", "unsubscribed")):
            self.remote.add_member(f"p{number}@a.example", status)
        self.import_audiences()
        self.account.auto_create_partner = True
        self.fetch()
        self.assertFalse(self.member("p0@a.example").partner_id)
        run = self.fetch(full=True)
        self.assertEqual(run.updated, 2)
        self.assertEqual(self.member("p0@a.example").partner_id.email, "p0@a.example")
        self.assertTrue(self.member("p1@a.example").partner_id)
        self.assertFalse(self.member("p2@a.example").partner_id)
        self.assertEqual(self.fetch(full=True).unchanged, 3)

    def test_full_fetch_without_the_option(self):
        self.remote.add_member("p@a.example")
        self.import_audiences()
        self.assertEqual(self.fetch(full=True).unchanged, 1)
        self.assertFalse(self.member("p@a.example").partner_id)

    def test_new_mapping_links_its_fetch(self):
        self.remote.add_merge_field("FIRM", "text")
        self.remote.add_merge_field("CALLED", "text")
        audience = self.import_audiences()
        fields = {field.tag: field for field in audience.merge_field_ids}
        fields["FIRM"].field_path = "company_name"
        fields["CALLED"].field_path = "name"
        run = self.runs().filtered(lambda run: run.state == "pending")
        bodies = audience.message_ids.filtered("body").mapped("body")
        linked = [body for body in bodies if f"data-oe-id='{run.id}'" in body]
        linked += [body for body in bodies if f'data-oe-id="{run.id}"' in body]
        self.assertEqual(len(linked), 2)
        self.assertIn(run.name, linked[0])

    def test_operations_without_an_account(self):
        self.account.state = "draft"
        form = Form(self.env["mailchimp.import"])
        self.assertFalse(form.is_connected)
        with self.assertRaisesRegex(UserError, "Choose an account"):
            form.save().action_process()
        self.account.state = "connected"
        self.assertTrue(Form(self.env["mailchimp.import"]).is_connected)

    def test_evidence_in_the_time_zone_of_the_reader(self):
        consent = self.env["mailchimp.consent"].new(
            {
                "evidence": {
                    "fired_at": "2026-03-26 21:35:57",
                    "timestamp_opt": "2026-03-26 20:00:00",
                    "ip_opt": "192.0.2.7",
                    "reason": "2026",
                }
            }
        )
        lang = self.env["res.lang"]._get_data(code="en_US")
        self.env["res.lang"].browse(lang.id).date_format = "%d.%m.%Y"
        summary = consent.with_context(tz="Asia/Tokyo").evidence_summary
        self.assertIn("Reported on: 27.03.2026", summary)
        self.assertIn("Confirmed on: 27.03.2026", summary)
        self.assertIn("192.0.2.7", summary)
        self.assertIn("Reason: 2026", summary)
        utc = consent.with_context(tz="UTC").evidence_summary
        self.assertIn("Reported on: 26.03.2026", utc)
