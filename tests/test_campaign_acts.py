"""Tests, copies, stopping and deleting."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .campaign_case import CampaignCase

USER = "mailchimp_connector.group_mailchimp_user"
MANAGER = "mailchimp_connector.group_mailchimp_manager"


@tagged("post_install", "-at_install")
class TestCampaignActs(CampaignCase):
    """What people do with a campaign beside sending it."""

    def test_send_test(self):
        campaign = self.new_campaign()
        action = campaign.action_send_test()
        wizard = (
            self.env[action["res_model"]].with_context(**action["context"]).create({})
        )
        self.assertEqual(wizard.emails, self.env.user.email)
        wizard.emails = "Ann@a.example, bob@a.example\nann@a.example"
        self.assertEqual(self.told(wizard.action_send())[0], "success")
        mails = [m for m in self.sandbox.monitor.mails if m["kind"] == "test"]
        self.assertEqual(
            [m["email"] for m in mails], ["ann@a.example", "bob@a.example"]
        )
        self.assertNotSent(campaign)

    def test_test_to_nobody(self):
        campaign = self.new_campaign()
        for emails in ("nonsense", "a@b.example x@", " , "):
            wizard = self.env["mailchimp.campaign.test"].create(
                {"campaign_id": campaign.id, "emails": emails}
            )
            with self.assertRaises(UserError):
                wizard.action_send()
        self.assertFalse(self.remote_account.campaigns)

    def test_test_to_what_no_mail_reaches(self):
        wizard = self.env["mailchimp.campaign.test"].create(
            {"campaign_id": self.new_campaign().id, "emails": "me@example, a@a.example"}
        )
        with self.assertRaisesRegex(UserError, "no email addresses: me@example$"):
            wizard.action_send()
        self.assertFalse(self.requested("POST", "/actions/test"))

    def test_test_that_is_refused_or_lost(self):
        campaign = self.new_campaign(html=False)
        wizard = self.env["mailchimp.campaign.test"].create(
            {"campaign_id": campaign.id, "emails": "a@a.example"}
        )
        kind, text = self.told(wizard.action_send())
        self.assertEqual(kind, "danger")
        self.assertIn("no content", text)
        self.sandbox.faults.inject("answer_lost", match="POST */actions/test")
        self.there(campaign).html = "x"
        kind, text = self.told(wizard.action_send())
        self.assertEqual(kind, "warning")
        self.assertIn("on its way or not", text)

    def sending(self):
        """Return a campaign that is on its way."""
        self.remote_account.sending_seconds = 3600
        campaign = self.saved_campaign()
        self.wizard(campaign).action_confirm()
        self.assertEqual(campaign.status, "sending")
        return campaign

    def test_cancel(self):
        campaign = self.sending()
        self.assertEqual(self.told(campaign.action_cancel_send())[0], "success")
        self.assertEqual(self.there(campaign).stored_status, "canceled")
        self.assertEqual(campaign.status, "canceled")

    def test_cancel_is_a_paid_feature(self):
        campaign = self.sending()
        self.remote_account.plan = "forever_free"
        kind, text = self.told(campaign.action_cancel_send())
        self.assertEqual(kind, "danger")
        self.assertIn("paid plans", text)
        self.assertIn("Your plan does not include this feature", text)
        self.assertEqual(self.account.state, "connected")

    def test_cancel_with_a_lost_answer(self):
        for kind, told in (("answer_lost", "success"), ("connection_reset", "danger")):
            campaign = self.sending()
            self.sandbox.faults.inject(kind, match="POST */actions/cancel-send")
            self.assertEqual(self.told(campaign.action_cancel_send())[0], told)
            expected = "canceled" if told == "success" else "sending"
            self.assertEqual(campaign.status, expected)

    def test_wrong_state(self):
        campaign = self.saved_campaign()
        before = dict(self.remote_account.campaigns)
        for name in ("action_cancel_send", "action_resume"):
            self.assertEqual(self.told(getattr(campaign, name)())[0], "danger")
        with self.assertRaisesRegex(UserError, "not sent yet"):
            campaign.action_resend()
        self.assertEqual(campaign.status, "save")
        self.assertEqual(self.remote_account.campaigns, before)

    def test_pause_and_resume(self):
        campaign = self.saved_campaign()
        self.there(campaign).type = "rss"
        self.there(campaign).stored_status = "sending"
        self.there(campaign).sending_until = self.sandbox.clock.now() + 3600
        self.refreshed(campaign)
        self.assertEqual(self.told(campaign.action_pause())[0], "success")
        self.assertEqual(campaign.status, "paused")
        self.assertEqual(self.told(campaign.action_resume())[0], "success")
        self.assertNotEqual(campaign.status, "paused")

    # === COPIES === #

    def test_replicate(self):
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "From Odoo",
                "mailing_model_id": self.env["ir.model"]._get_id("mailing.list"),
                "body_html": "<p>Hello</p>",
            }
        )
        campaign = self.saved_campaign(content_source="mailing", mailing_id=mailing.id)
        self.wizard(campaign).action_confirm()
        action = campaign.action_replicate()
        copy = self.env["mailchimp.campaign"].browse(action["res_id"])
        self.assertNotEqual(copy, campaign)
        self.assertEqual(copy.status, "save")
        self.assertEqual(copy.name, "November (copy 01)")
        self.assertEqual(copy.audience_id, campaign.audience_id)
        self.assertEqual(copy.mailing_id, mailing)
        self.assertNotEqual(copy.utm_campaign_id, campaign.utm_campaign_id)
        self.assertFalse(copy.to_push)
        self.assertIn("Hello", self.there(copy).html)
        self.wizard(copy).action_confirm()
        self.assertEqual(self.there(copy).sendings, 1)

    def test_replicate_before_mailchimp_has_it(self):
        campaign = self.new_campaign()
        action = campaign.action_replicate()
        copy = self.env["mailchimp.campaign"].browse(action["res_id"])
        self.assertTrue(copy.to_push)
        self.assertFalse(copy.mailchimp_id)
        self.assertFalse(self.remote_account.campaigns)

    def test_replicate_with_a_lost_answer(self):
        campaign = self.saved_campaign()
        self.sandbox.faults.inject("answer_lost", match="POST */actions/replicate")
        self.later()
        action = campaign.action_replicate()
        copy = self.env["mailchimp.campaign"].browse(action["res_id"])
        self.assertEqual(copy.name, "November (copy 01)")
        self.assertEqual(len(self.remote_account.campaigns), 2)
        self.sandbox.faults.inject("connection_reset", match="POST */actions/replicate")
        self.assertEqual(self.told(campaign.action_replicate())[0], "danger")
        self.assertEqual(len(self.remote_account.campaigns), 2)

    def test_resend_to_those_who_did_not_open(self):
        campaign = self.saved_campaign()
        self.wizard(campaign).action_confirm()
        action = campaign.action_resend()
        copy = self.env["mailchimp.campaign"].browse(action["res_id"])
        self.assertEqual(copy.parent_mailchimp_id, campaign.mailchimp_id)
        self.assertEqual(copy.status, "save")

    # === THE END === #

    def test_delete(self):
        campaign = self.saved_campaign()
        user = new_test_user(self.env, "mc_deleter", groups=USER)
        with self.assertRaises(AccessError):
            campaign.with_user(user).action_delete_remote()
        manager = new_test_user(self.env, "mc_manager", groups=MANAGER)
        campaign.with_user(manager).action_delete_remote()
        self.assertFalse(self.remote_account.campaigns)
        self.assertTrue(campaign.gone)
        self.assertFalse(campaign.active)

    def test_delete_with_a_lost_answer(self):
        campaign = self.saved_campaign()
        self.sandbox.faults.inject("answer_lost", match="DELETE /campaigns/*")
        campaign.action_delete_remote()
        self.assertFalse(self.remote_account.campaigns)
        self.assertTrue(campaign.gone)

    def test_only_drafts_are_deleted(self):
        campaign = self.saved_campaign()
        self.there(campaign).send(self.sandbox.clock.now())
        kind, text = self.told(campaign.action_delete_remote())
        self.assertEqual(kind, "danger")
        self.assertIn("Only drafts", text)
        self.assertIn(campaign.mailchimp_id, self.remote_account.campaigns)
        self.assertFalse(campaign.gone)

    def test_what_was_sent_is_not_created_again(self):
        campaign = self.saved_campaign()
        self.wizard(campaign).action_confirm()
        del self.remote_account.campaigns[campaign.mailchimp_id]
        self.refreshed(campaign)
        self.assertTrue(campaign.gone)
        with self.assertRaisesRegex(UserError, "was sent before"):
            campaign.action_create_again()
        self.assertEqual(campaign.status, "sent")

    def test_what_was_designed_there_is_not_lost(self):
        """A copy, or one that is created again, has the content that Odoo has read."""
        campaign = self.saved_campaign(content_source="mailchimp", html=False)
        self.there(campaign).html = "<p>Designed</p>"
        campaign.action_refresh()
        copy = campaign.copy()
        copy.action_push()
        self.assertEqual(self.there(copy).html, "<p>Designed</p>")
        del self.remote_account.campaigns[campaign.mailchimp_id]
        self.refreshed(campaign)
        campaign.action_create_again()
        self.assertEqual(self.there(campaign).html, "<p>Designed</p>")

    def test_gone_while_something_is_done(self):
        for name in ("action_unschedule", "action_replicate"):
            campaign = self.saved_campaign()
            del self.remote_account.campaigns[campaign.mailchimp_id]
            kind, text = self.told(getattr(campaign, name)())
            self.assertEqual(kind, "danger")
            self.assertIn("deleted in Mailchimp", text)
            self.assertTrue(campaign.gone)
