"""Saving and sending what somebody else changes, too, or what a crash interrupts."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.mailchimp_connector.sandbox.campaign import Campaign, Template

from .campaign_case import StrangerCase


@tagged("post_install", "-at_install")
class TestChangedThere(StrangerCase):
    def test_edit_there_is_not_overwritten(self):
        campaign = self.saved_campaign()
        self.later()
        self.there(campaign).settings["subject_line"] = "Corrected there"
        campaign.preview_text = "Only this"
        campaign.action_push()
        self.assertEqual(
            self.there(campaign).settings["subject_line"], "Corrected there"
        )
        self.assertTrue(campaign.remote_changed and campaign.to_push)
        campaign.action_push()
        self.assertTrue(campaign.remote_changed, "somebody has to decide")
        campaign.action_keep_odoo()
        self.assertFalse(campaign.push_error)
        campaign.action_push()
        self.assertFalse(campaign.to_push)
        self.assertEqual(
            self.there(campaign).settings["subject_line"], campaign.subject
        )

    def test_edit_there_stops_the_queue(self):
        campaigns = self.saved_campaign(name="A") | self.saved_campaign(name="B")
        there = self.there(campaigns[0])
        there.settings["subject_line"] = "Corrected there"
        campaigns.write({"preview_text": "Only this"})
        campaigns.action_push()
        self.run_jobs()
        self.assertEqual(there.settings["subject_line"], "Corrected there")
        self.assertEqual(campaigns.mapped("to_push"), [True, False])
        self.assertEqual(campaigns.mapped("remote_changed"), [True, False])

    def test_the_same_edit_needs_no_decision(self):
        campaign = self.saved_campaign()
        self.there(campaign).settings["subject_line"] = "Both"
        campaign.subject = "Both"
        campaign.action_push()
        self.assertFalse(campaign.remote_changed or campaign.to_push)

    def test_segment_chosen_in_mailchimp_meanwhile(self):
        tags = {tag.name: tag for tag in self.list.tag_ids}
        campaign = self.saved_campaign()
        self.later(60)
        there = self.there(campaign)
        there.segment_opts = {
            "match": "any",
            "conditions": [
                {
                    "condition_type": "StaticSegment",
                    "field": "static_segment",
                    "op": "static_is",
                    "value": int(tags["Press"].mailchimp_id),
                }
            ],
        }
        campaign.preview_text = "Only this was edited in Odoo"
        self.assertEqual(self.told(campaign.action_send())[0], "danger")
        self.assertTrue(campaign.remote_changed)
        self.assertNotSent(campaign)
        campaign.action_take_mailchimp()
        self.assertEqual(campaign.recipient_tag_ids, tags["Press"])
        self.wizard(campaign).action_confirm()
        self.later(600)
        self.assertEqual(
            {person["email_address"] for person in there.recipients},
            {"ada@a.example"},
        )

    def test_content_redesigned_after_the_confirmation(self):
        campaign = self.saved_campaign()
        wizard = self.wizard(campaign)
        self.there(campaign).html = "<p>Something else altogether</p>"
        wizard.action_confirm()
        self.assertNotSent(campaign)
        self.assertTrue(wizard.changed)


@tagged("post_install", "-at_install")
class TestKilled(StrangerCase):
    def test_killed_while_mailchimp_may_be_at_it(self):
        """What keeps from sending twice survives the crash."""
        campaign = self.saved_campaign()
        wizard = self.wizard(campaign)
        self.sandbox.faults.inject("connection_reset", match="POST */actions/send")
        self.env.flush_all()
        with self.env.cr.savepoint() as savepoint:
            wizard.action_confirm()
            savepoint.rollback()  # the worker was killed, or the commit failed
        self.env.invalidate_all(flush=False)
        self.assertIn("may still be at it", self.told(wizard.action_confirm())[1])
        self.assertEqual(len(self.requested("POST", "/actions/send")), 1)
        self.minutes_later()
        wizard.action_confirm()
        self.assertEqual(self.there(campaign).sendings, 1)

    def test_not_forgotten_while_mailchimp_may_be_at_it(self):
        """An import would make it anew, and somebody would send it again."""
        campaign, other = self.saved_campaign(), self.saved_campaign(name="Other")
        self.sandbox.faults.inject("connection_reset", match="POST */actions/send")
        self.wizard(campaign).action_confirm()
        with self.assertRaisesRegex(UserError, "may still be at it"):
            (campaign | other).unlink()
        other.unlink()
        self.minutes_later()
        campaign.unlink()

    def test_unscheduled_is_sent_at_once(self):
        """A request that was answered keeps nobody waiting."""
        campaign = self.saved_campaign()
        wizard = self.wizard(campaign, "schedule")
        wizard.schedule_time = self.soon()
        wizard.action_confirm()
        said = campaign.message_ids.mapped("body")
        self.assertIn(campaign._send_time_text(), " ".join(said))
        campaign.action_unschedule()
        self.wizard(campaign).action_confirm()
        self.assertSentOnce(campaign)

    def test_killed_while_it_was_created(self):
        campaign = self.new_campaign()
        self.env.flush_all()
        with self.env.cr.savepoint() as savepoint:
            campaign.action_push()
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        self.assertFalse(campaign.mailchimp_id)
        campaign.action_push()
        self.assertEqual(list(self.remote_account.campaigns), [campaign.mailchimp_id])


@tagged("post_install", "-at_install")
class TestSameName(StrangerCase):
    def somebodys_draft(self, campaign):
        theirs = Campaign(self.remote_account, "regular")
        theirs.settings.update(title=campaign.name, subject_line=campaign.subject)
        theirs.html = "<p>A week of design</p>"
        theirs.create_time = self.sandbox.clock.now()
        self.remote_account.campaigns[theirs.id] = theirs
        return theirs

    def test_draft_of_somebody_with_the_same_name(self):
        campaign = self.new_campaign()
        self.later()
        theirs = self.somebodys_draft(campaign)
        campaign.action_push()
        self.assertEqual(theirs.html, "<p>A week of design</p>")
        self.assertTrue(campaign.mailchimp_id)
        self.assertNotEqual(campaign.mailchimp_id, theirs.id)

    def test_draft_of_somebody_after_a_refusal(self):
        """What was refused did not create anything."""
        campaign = self.new_campaign()
        self.sandbox.faults.inject("403_problem", match="POST /campaigns")
        campaign.action_push()
        self.assertFalse(campaign.mailchimp_id)
        theirs = self.somebodys_draft(campaign)
        campaign.action_push()
        self.assertEqual(theirs.html, "<p>A week of design</p>")

    def test_draft_of_somebody_that_cannot_be_told_apart(self):
        """It is linked, for it may be ours; what is in it is not overwritten."""
        campaign = self.new_campaign()
        self.sandbox.faults.inject("connection_reset", match="POST /campaigns")
        campaign.action_push()
        theirs = self.somebodys_draft(campaign)
        theirs.list_id = self.remote.id
        campaign.action_push()
        self.assertEqual(theirs.html, "<p>A week of design</p>")
        self.assertEqual(campaign.mailchimp_id, theirs.id)
        self.assertTrue(campaign.remote_changed and campaign.to_push)
        campaign.action_keep_odoo()
        campaign.action_push()
        self.assertEqual(theirs.html, campaign.html)
        self.assertEqual(len(self.remote_account.campaigns), 1)

    def test_draft_for_another_audience(self):
        campaign = self.new_campaign()
        self.sandbox.faults.inject("connection_reset", match="POST /campaigns")
        campaign.action_push()
        theirs = self.somebodys_draft(campaign)
        theirs.list_id = self.remote_account.add_audience("Other").id
        campaign.action_push()
        self.assertEqual(theirs.html, "<p>A week of design</p>")

    def test_template_of_somebody_with_the_same_name(self):
        template = self.env["mailchimp.template"].create(
            {"account_id": self.account.id, "name": "Letter", "html": "<p>Odoo</p>"}
        )
        self.later()
        theirs = Template(self.remote_account, "Letter", "<p>Designed</p>", "user", "")
        self.remote_account.templates[theirs.id] = theirs
        template.action_push()
        self.assertEqual(theirs.html, "<p>Designed</p>")
        self.assertNotEqual(template.mailchimp_id, str(theirs.id))

    def test_an_import_leaves_what_was_never_tried(self):
        campaign = self.new_campaign()
        self.later()
        theirs = self.somebodys_draft(campaign)
        self.account._start_import_campaigns("user", 5)
        self.run_jobs()
        self.assertFalse(campaign.mailchimp_id)
        self.assertTrue(
            self.env["mailchimp.campaign"].search([("mailchimp_id", "=", theirs.id)])
        )

    def test_nothing_is_saved_unread(self):
        campaign = self.saved_campaign()
        campaign.subject = "New"
        self.sandbox.faults.inject("500_problem", match="GET /campaigns/*")
        self.assertEqual(self.told(campaign.action_push())[0], "danger")
        self.assertFalse(self.requested("PATCH", campaign.mailchimp_id))
        campaign.action_push()
        self.assertFalse(campaign.to_push)
