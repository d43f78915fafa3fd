"""To whom a campaign goes when tags are lost, and who may duplicate it."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.mailchimp_connector.sandbox.campaign import Campaign
from odoo.addons.mailchimp_connector.tools import segment_opts

from .campaign_case import StrangerCase, TaggedCase


@tagged("post_install", "-at_install")
class TestRecipientsGone(TaggedCase):
    # === LOST TAGS === #

    def test_one_of_all_tags_is_gone(self):
        """VIP and Press is not VIP."""
        campaign = self.for_tags("VIP", "Press", tag_match="all")
        self.assertEqual(len(self.opts(campaign)["conditions"]), 2)
        self.tags["Press"].active = False  # as an import does when it is deleted
        self.forget()
        campaign.subject = "Another one"
        with self.assertRaisesRegex(UserError, "something else than Press"):
            campaign.action_push()
        self.assertEqual(len(self.opts(campaign)["conditions"]), 2)
        self.assertEqual(campaign.with_user(self.user).recipients_edited, False)

    def test_one_of_all_tags_is_gone_and_it_is_sent(self):
        campaign = self.for_tags("VIP", "Press", tag_match="all")
        self.later(60)
        self.tags["Press"].active = False
        self.forget()
        campaign.preview_text = "Another one"
        with self.assertRaisesRegex(UserError, "something else than Press"):
            campaign.action_send()
        self.assertNotSent(campaign)

    def test_one_of_all_tags_is_gone_before_the_job_runs(self):
        campaigns = self.for_tags("VIP", "Press", tag_match="all")
        campaigns |= self.saved_campaign(name="Other")
        campaigns.subject = "Another one"
        campaigns.action_push()
        self.tags["Press"].active = False
        self.forget()
        self.run_jobs()
        self.assertEqual(len(self.opts(campaigns[0])["conditions"]), 2)
        self.assertIn("Press", campaigns[0].push_error)
        self.assertFalse(campaigns[1].push_error)

    def test_segment_is_gone(self):
        self.remote.add_segment("A people", "saved", {"match": "any", "conditions": []})
        self.import_audiences()
        segment = self.list.tag_ids.filtered(lambda tag: tag.type == "saved")
        campaign = self.saved_campaign(recipient_kind="segment", segment_id=segment.id)
        self.forget()
        segment.active = False
        self.forget()
        campaign.subject = "Another one"
        with self.assertRaisesRegex(UserError, "A people"):
            campaign.action_push()

    def test_tag_that_mailchimp_does_not_have_yet(self):
        tag = self.env["mailchimp.tag"].create(
            {
                "audience_id": self.list.id,
                "name": "New",
                "mailchimp_id": False,
                "type": "static",
            }
        )
        campaign = self.saved_campaign()
        campaign.write(
            {
                "recipient_kind": "tags",
                "tag_match": "any",
                "recipient_tag_ids": [Command.set(tag.ids)],
            }
        )
        with self.assertRaises(UserError):
            campaign.action_push()
        self.assertFalse(self.opts(campaign))

    # === CONDITIONS THAT ODOO ONLY KEEPS === #

    def test_new_raw_without_conditions(self):
        campaign = self.new_campaign(recipient_kind="raw")
        with self.assertRaises(UserError):
            campaign.action_push()

    def test_prebuilt_segment_is_not_everybody(self):
        options = {"prebuilt_segment_id": "subscribers-female"}
        self.assertEqual(segment_opts.read(options).kind, "other")

    # === THE SAME AUDIENCE === #

    def test_tags_survive_the_same_audience(self):
        other = self.remote_account.add_audience("Other")
        self.import_audiences()
        campaign = self.saved_campaign()
        moved = self.new_campaign(audience_id=self.audience(other).id, name="Moved")
        self.env.flush_all()
        campaign.write(
            {
                "recipient_tag_ids": [Command.set(self.tags["Press"].ids)],
                "recipient_kind": "tags",
                "tag_match": "any",
            }
        )
        self.env.flush_all()
        (campaign | moved).write({"audience_id": self.list.id, "to_name": "You"})
        self.forget()
        self.assertEqual(campaign.recipient_kind, "tags")
        self.assertEqual(campaign.recipient_tag_ids, self.tags["Press"])
        self.assertEqual(moved.audience_id, self.list)
        self.assertEqual((campaign | moved).mapped("to_name"), ["You", "You"])

    # === WHAT MAILCHIMP COUNTED === #

    def test_count_of_others_is_not_shown(self):
        campaign = self.saved_campaign()
        self.assertEqual(campaign.recipient_count, 2)
        self.assertFalse(campaign.recipients_edited)
        with Form(campaign) as form:
            form.subject = "Another one"
            self.assertFalse(form.recipients_edited)
            form.recipient_kind = "tags"
            form.recipient_tag_ids.add(self.tags["Press"])
            self.assertTrue(form.recipients_edited, "before it is saved, too")
            self.assertEqual(form.estimated_count, 1)
        self.assertTrue(campaign.recipients_edited)
        campaign.action_push()
        self.assertFalse(campaign.recipients_edited)
        self.assertEqual(campaign.recipient_count, 1)
        campaign.subject = "And another one"
        self.assertFalse(campaign.recipients_edited, "the count is right")


@tagged("post_install", "-at_install")
class TestDeletedTemplates(StrangerCase):
    def test_template_that_is_archived(self):
        """Mailchimp keeps what was deleted, as inactive."""
        template = self.env["mailchimp.template"].create(
            {"account_id": self.account.id, "name": "Letter", "html": "<p>Odoo</p>"}
        )
        template.action_push()
        self.remote_account.templates[int(template.mailchimp_id)].active = False
        template._refresh()
        self.assertFalse(template.active)
        campaign = self.new_campaign(content_source="template", template_id=template.id)
        with self.assertRaisesRegex(UserError, "Letter is not in Mailchimp"):
            campaign.with_user(self.user).action_push()
        self.assertFalse(self.remote_account.campaigns)


@tagged("post_install", "-at_install")
class TestDuplicates(StrangerCase):
    def test_user_duplicates(self):
        campaign = self.saved_campaign(
            recipient_tag_ids=[Command.set(self.list.tag_ids[:1].ids)]
        )
        copy = campaign.with_user(self.user).copy()
        self.assertFalse(copy.mailchimp_id)
        self.assertEqual(copy.recipient_tag_ids, self.list.tag_ids[:1])

    def test_user_duplicates_a_plain_one(self):
        campaign = self.saved_campaign()
        copy = campaign.with_user(self.user).copy()
        self.assertFalse(copy.mailchimp_id)
        unsaved = self.new_campaign().with_user(self.user)
        unsaved.action_replicate()

    def test_user_duplicates_an_imported_one_for_a_segment(self):
        options = {"match": "any", "conditions": [{"field": "EMAIL", "value": "a"}]}
        campaign = self.saved_campaign()
        campaign._connector_write({"segment_text": "x", "segment_opts": options})
        self.assertEqual(campaign.recipient_kind, "raw")
        copy = campaign.with_user(self.user).copy()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(copy.recipient_kind, "raw")
        self.assertEqual(copy.segment_opts, options)
        self.assertEqual(copy.segment_text, "x")
        self.assertTrue(copy.to_push)


@tagged("post_install", "-at_install")
class TestUnknownSegments(StrangerCase):
    def imported(self, **opts):
        there = Campaign(self.remote_account, "regular")
        there.list_id = opts.pop("list_id", self.remote.id)
        there.settings.update(title="There", subject_line="There")
        there.segment_opts = opts
        self.remote_account.campaigns[there.id] = there
        self.later(60)
        run = self.account._start_import_campaigns("user", 5)
        self.run_jobs()
        self.env.invalidate_all()
        self.assertEqual(run.state, "done", run.job_ids.mapped("error"))
        found = self.env["mailchimp.campaign"].search([("mailchimp_id", "=", there.id)])
        self.assertTrue(found)
        return found

    def condition(self, id_):
        return [{**segment_opts.TAG_CONDITION, "value": id_}]

    def test_segment_that_odoo_does_not_have(self):
        self.assertEqual(self.imported(saved_segment_id=999_999).recipient_kind, "raw")

    def test_tag_that_odoo_does_not_have(self):
        found = self.imported(match="any", conditions=self.condition(999_999))
        self.assertEqual(found.recipient_kind, "raw")

    def test_segment_of_an_audience_that_odoo_does_not_have(self):
        other = self.remote_account.add_audience("Other")
        found = self.imported(list_id=other.id, saved_segment_id=999_999)
        self.assertFalse(found.audience_id)

    def test_tag_that_was_archived(self):
        tag = self.list.tag_ids[:1]
        tag.active = False
        self.env.flush_all()
        conditions = self.condition(int(tag.mailchimp_id))
        found = self.imported(match="any", conditions=conditions)
        self.assertEqual(found.recipient_kind, "raw")
