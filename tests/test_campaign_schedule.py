"""Scheduling: on the quarter of an hour, in the time zone of the user."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from ..tools.quarter_hour import is_quarter, next_quarter
from .campaign_case import CampaignCase

USER = "mailchimp_connector.group_mailchimp_user"


@tagged("post_install", "-at_install")
class TestCampaignSchedule(CampaignCase):
    """From the button to what Mailchimp has scheduled."""

    def test_schedule(self):
        campaign = self.new_campaign()
        wizard = self.wizard(campaign, "schedule")
        self.assertTrue(is_quarter(wizard.schedule_time))
        at = self.soon(15)
        wizard.schedule_time = at
        kind, _text = self.told(wizard.action_confirm())
        self.assertEqual(kind, "success")
        self.assertEqual((campaign.status, campaign.send_time), ("schedule", at))
        self.assertEqual(self.there(campaign).status, "schedule")
        [request] = self.requested("POST", "/actions/schedule")
        self.assertEqual(
            request.json, {"schedule_time": f"{at:%Y-%m-%dT%H:%M:%S}+00:00"}
        )
        campaign.action_unschedule()
        self.assertEqual(campaign.status, "save")
        self.assertFalse(campaign.send_time)
        campaign.subject = "It may be edited again"

    def test_scheduled_time_is_the_users(self):
        user = new_test_user(self.env, "mc_tz", groups=USER, tz="Asia/Kathmandu")
        wizard = self.wizard(self.new_campaign().with_user(user), "schedule")
        self.assertEqual(wizard.timezone, "Asia/Kathmandu")
        at = wizard.schedule_time
        _kind, text = self.told(wizard.action_confirm())
        local = fields.Datetime.context_timestamp(wizard.with_context(tz=user.tz), at)
        self.assertIn(f"{local:%M:%S}", text)
        self.assertIn(local.minute, (0, 15, 30, 45))

    def test_schedule_in_each_time_zone(self):
        wizard = self.wizard(self.new_campaign(), "schedule")
        wizard.timewarp = True
        self.assertEqual(self.told(wizard.action_confirm())[0], "success")
        self.assertTrue(self.there(wizard.campaign_id).settings["timewarp"])

    def test_schedule_in_batches(self):
        campaign = self.new_campaign()
        wizard = self.wizard(campaign, "schedule")
        with Form(wizard) as form:
            form.in_batches = True
            form.batch_count = 4
            form.batch_delay = "20"
            last = fields.Datetime.add(wizard.schedule_time, hours=1)
            self.assertEqual(form.last_batch_time, last)
        self.assertEqual(self.told(wizard.action_confirm())[0], "success")
        [request] = self.requested("POST", "/actions/schedule")
        asked = {"batch_count": 4, "batch_delay": 20}
        self.assertEqual(request.json["batch_delivery"], asked)
        self.assertNotIn("timewarp", request.json)
        there = self.there(campaign)
        self.assertEqual((there.batches, there.batch_delay), (4, 1200))
        said = "".join(campaign.message_ids.mapped("body"))
        self.assertIn("in 4 batches, one every 20 minutes", said)
        campaign.action_unschedule()
        self.assertEqual((campaign.status, there.batches), ("save", 1))

    def test_batches_that_mailchimp_does_not_know(self):
        campaign = self.new_campaign()
        wizard = self.wizard(campaign, "schedule")
        for vals, reason in (
            ({"batch_count": 1}, "2 to 26"),
            ({"batch_count": 27}, "2 to 26"),
            ({"batch_delay": False}, "time between"),
            ({"timewarp": True}, "either"),
        ):
            usual = {"batch_count": 2, "batch_delay": "5", "timewarp": False}
            wizard.write({"in_batches": True, **usual, **vals})
            with self.assertRaisesRegex(UserError, reason):
                wizard.action_confirm()
        plain = self.wizard(
            self.new_campaign(type="plaintext", html=False, plain_text="*|UNSUB|*"),
            "schedule",
        )
        plain.in_batches = True
        with self.assertRaisesRegex(UserError, "regular"):
            plain.action_confirm()
        self.assertFalse(self.requested("POST", "/actions/schedule"))
        self.assertNotSent(campaign)

    def test_batches_do_not_matter_when_it_is_sent_now(self):
        wizard = self.wizard(self.new_campaign())
        wizard.write({"in_batches": True, "batch_count": 99})
        wizard.action_confirm()
        self.assertSentOnce(wizard.campaign_id)

    def test_other_minutes(self):
        wizard = self.wizard(self.new_campaign(), "schedule")
        odd = self.soon() + timedelta(minutes=7)
        with Form(wizard) as form:
            form.schedule_time = odd
            self.assertEqual(form.schedule_time, next_quarter(odd))
        wizard.schedule_time = odd
        with self.assertRaisesRegex(UserError, "quarter"):
            wizard.action_confirm()
        wizard.schedule_time = self.soon() - timedelta(days=1)
        with self.assertRaisesRegex(UserError, "over"):
            wizard.action_confirm()
        wizard.schedule_time = False
        with self.assertRaisesRegex(UserError, "Choose when"):
            wizard.action_confirm()
        self.assertNotSent(wizard.campaign_id)

    def test_schedule_with_a_lost_answer(self):
        for kind, told in (("answer_lost", "success"), ("connection_reset", "danger")):
            campaign = self.new_campaign(name=kind)
            wizard = self.wizard(campaign, "schedule")
            wizard.in_batches = True
            self.sandbox.faults.inject(kind, match="POST */actions/schedule")
            self.assertEqual(self.told(wizard.action_confirm())[0], told)
            sent = 2 if told == "success" else 1
            self.assertEqual(self.there(campaign).batches, sent)
            log = "".join(campaign.message_ids.mapped("body"))
            self.assertEqual("in 2 batches" in log, told == "success")
            expected = "schedule" if told == "success" else "save"
            self.assertEqual(campaign.status, expected)
            self.assertEqual(self.there(campaign).status, expected)
