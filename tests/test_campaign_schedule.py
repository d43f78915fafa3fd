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
            self.sandbox.faults.inject(kind, match="POST */actions/schedule")
            self.assertEqual(self.told(wizard.action_confirm())[0], told)
            expected = "schedule" if told == "success" else "save"
            self.assertEqual(campaign.status, expected)
            self.assertEqual(self.there(campaign).status, expected)
