"""A mail that is redesigned in Mailchimp while it is edited in Odoo."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.mailchimp_connector.sandbox.campaign import Campaign, Template

from .campaign_case import HTML, CampaignCase

THEIRS = "<html><body>A week of design <a href='*|UNSUB|*'>Bye</a></body></html>"
OURS = HTML.replace("Hello", "Good morning")


@tagged("post_install", "-at_install")
class TestRedesign(CampaignCase):
    """Nothing is overwritten before somebody said which one is right."""

    def redesign(self, campaign, html=THEIRS):
        """Somebody edits the content in Mailchimp."""
        self.there(campaign).html = html

    def mailing(self, body="<p>Hello</p>"):
        return self.env["mailing.mailing"].create(
            {
                "subject": "From Odoo",
                "mailing_model_id": self.env["ir.model"]._get_id("mailing.list"),
                "contact_list_ids": [Command.set(self.list.mailing_list_id.ids)],
                "body_arch": body,
                "body_html": body,
            }
        )

    def assertAsked(self, campaign):
        """Mailchimp's stands, and the form says so as of settings."""
        campaign.action_push()
        self.assertEqual(self.there(campaign).html, THEIRS)
        self.assertTrue(campaign.remote_changed and campaign.to_push)
        self.assertIn("Decide which one is right", campaign.push_error)

    # === BOTH SIDES === #

    def test_both_sides_changed(self):
        campaign = self.saved_campaign()
        self.redesign(campaign)
        campaign.write({"html": OURS, "subject": "Later news"})
        self.assertAsked(campaign)
        subject = self.there(campaign).settings["subject_line"]
        self.assertEqual(subject, "News of November", "a half of it was saved")
        self.assertAsked(campaign)
        action = campaign.action_send()
        self.assertEqual(action["tag"], "display_notification")
        self.assertNotSent(campaign)

    def test_keep_odoos(self):
        campaign = self.saved_campaign()
        self.redesign(campaign)
        campaign.html = OURS
        self.assertAsked(campaign)
        campaign.action_keep_odoo()
        campaign.action_push()
        self.assertEqual(self.there(campaign).html, OURS)
        self.assertFalse(campaign.to_push or campaign.push_error)

    def test_keep_odoos_as_it_was_before(self):
        campaign = self.saved_campaign()
        self.redesign(campaign)
        campaign.html = OURS
        self.assertAsked(campaign)
        campaign.html = HTML  # which was saved once
        campaign.action_keep_odoo()
        campaign.action_push()
        self.assertEqual(self.there(campaign).html, HTML)

    def test_redesigned_once_more_after_the_decision(self):
        campaign = self.saved_campaign()
        self.redesign(campaign, "<p>First</p>")
        campaign.html = OURS
        campaign.action_push()
        campaign.action_keep_odoo()
        self.redesign(campaign)
        self.assertAsked(campaign)

    def test_take_mailchimps(self):
        campaign = self.saved_campaign()
        self.redesign(campaign)
        campaign.html = OURS
        self.assertAsked(campaign)
        campaign.action_take_mailchimp()
        self.assertEqual(campaign.html, THEIRS)
        campaign.html = OURS
        campaign.action_push()
        self.assertEqual(self.there(campaign).html, OURS)

    def test_settings_and_content_are_asked_about_once(self):
        campaign = self.saved_campaign()
        self.redesign(campaign)
        self.there(campaign).settings["subject_line"] = "Theirs"
        campaign.write({"html": OURS, "subject": "Ours"})
        self.assertAsked(campaign)
        campaign.action_keep_odoo()
        campaign.action_push()
        self.assertEqual(self.there(campaign).html, OURS)
        self.assertFalse(campaign.remote_changed)

    def test_in_the_background(self):
        campaigns = self.saved_campaign() | self.saved_campaign(name="December")
        self.redesign(campaigns[0])
        campaigns.html = OURS
        campaigns.action_push()
        self.run_jobs()
        self.env.invalidate_all()
        self.assertEqual(self.there(campaigns[0]).html, THEIRS)
        self.assertEqual(self.there(campaigns[1]).html, OURS)
        self.assertEqual(campaigns.mapped("remote_changed"), [True, False])

    # === ONE SIDE === #

    def test_only_odoo_changed(self):
        campaign = self.saved_campaign()
        for html in (OURS, HTML, OURS):
            campaign.html = html
            campaign.action_push()
            self.assertEqual(self.there(campaign).html, html)
        self.assertFalse(campaign.remote_changed)

    def test_what_nobody_saw_is_not_overwritten(self):
        """Designed in Mailchimp after Odoo created it without any content."""
        campaign = self.saved_campaign(html=False)
        self.redesign(campaign)
        campaign.html = OURS
        self.assertAsked(campaign)

    def test_content_that_could_not_be_read(self):
        there = Campaign(self.remote_account, "regular")
        there.html, there.list_id = THEIRS, self.remote.id
        there.settings.update(
            title="T", subject_line="S", from_name="F", reply_to="f@a.example"
        )
        self.remote_account.campaigns[there.id] = there
        self.sandbox.faults.inject("500_problem", match="GET */content", times=None)
        self.account._start_import_campaigns("user", 5)
        self.run_jobs()
        self.sandbox.faults.clear()
        campaign = self.env["mailchimp.campaign"].search(
            [("mailchimp_id", "=", there.id)]
        )
        campaign.write({"content_source": "html", "html": OURS})
        self.assertAsked(campaign)

    # === MADE ELSEWHERE IN ODOO === #

    def test_mailing_edited_after_a_redesign(self):
        """What an import showed is not what both sides agreed on."""
        mailing = self.mailing()
        campaign = self.saved_campaign(content_source="mailing", mailing_id=mailing.id)
        self.redesign(campaign)
        campaign.action_refresh()
        self.assertEqual(campaign.html, THEIRS)
        mailing.body_html = "<p>Good morning</p>"
        self.assertAsked(campaign)
        campaign.action_keep_odoo()
        campaign.action_push()
        self.assertIn("Good morning", self.there(campaign).html)

    def test_the_mailing_again_after_taking_mailchimps(self):
        mailing = self.mailing()
        campaign = self.saved_campaign(content_source="mailing", mailing_id=mailing.id)
        self.redesign(campaign)
        mailing.body_html = "<p>Good morning</p>"
        self.assertAsked(campaign)
        campaign.action_take_mailchimp()
        self.assertEqual(campaign.content_source, "mailchimp")
        mailing.body_html = "<p>Hello</p>"  # as it was saved before
        campaign.content_source = "mailing"
        campaign.action_push()
        self.assertIn("<p>Hello</p>", self.there(campaign).html)

    def test_sections_of_a_template(self):
        html = '<html><body><div mc:edit="body">Body</div></body></html>'
        there = Template(self.remote_account, "Autumn", html)
        self.remote_account.templates[there.id] = there
        self.account._start_import_templates("user", 5)
        self.run_jobs()
        template = self.env["mailchimp.template"].search([("name", "=", "Autumn")])
        campaign = self.saved_campaign(
            content_source="template",
            template_id=template.id,
            section_ids=[Command.create({"name": "body", "html": "x"})],
        )
        self.redesign(campaign)
        campaign.section_ids.html = "y"
        self.assertAsked(campaign)

        template.unlink()
        self.env.invalidate_all()
        campaign.action_keep_odoo()
        with self.assertRaisesRegex(UserError, "Choose: Template"):
            campaign.action_push()
        self.assertTrue(campaign.to_push)
        campaign.content_source = "mailchimp"
        campaign.action_push()
        self.assertEqual(self.there(campaign).html, THEIRS)

    # === ANSWERS THAT WERE LOST, COPIES === #

    def test_lost_answer_is_no_redesign(self):
        campaign = self.saved_campaign()
        campaign.html = OURS
        self.sandbox.faults.inject("answer_lost", match="PUT */content", times=None)
        campaign.action_push()
        self.assertTrue(campaign.push_error)
        self.sandbox.faults.clear()
        self.there(campaign).html += "<!-- what Mailchimp made of it -->"
        campaign.action_push()
        self.assertFalse(campaign.remote_changed or campaign.push_error)

    def test_killed_after_it_was_saved(self):
        campaign = self.saved_campaign()
        self.env.flush_all()
        campaign.html = OURS
        self.env.flush_all()
        with self.env.cr.savepoint() as savepoint:
            campaign.action_push()
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        self.assertEqual(self.there(campaign).html, OURS)
        campaign.action_push()
        self.assertFalse(campaign.remote_changed or campaign.push_error)

    def test_copy_is_edited_at_once(self):
        campaign = self.saved_campaign()
        self.redesign(campaign)
        action = campaign.action_replicate()
        copy = campaign.browse(action["res_id"])
        self.assertEqual(copy.html, THEIRS)
        copy.html = OURS
        copy.action_push()
        self.assertEqual(self.there(copy).html, OURS)
        self.assertEqual(self.there(campaign).html, THEIRS)

    # === SENDING === #

    def test_redesigned_far_down_after_the_confirmation(self):
        """Whatever the length of the mail, all of it is what was confirmed."""
        long = HTML.replace("Hello", "Hello " * 4000)
        campaign = self.saved_campaign(html=long)
        wizard = self.wizard(campaign)
        self.redesign(campaign, long.replace("Bye", "Good bye"))
        wizard.action_confirm()
        self.assertNotSent(campaign)
        self.assertTrue(wizard.changed)
        wizard.action_confirm()
        self.assertSentOnce(campaign)
