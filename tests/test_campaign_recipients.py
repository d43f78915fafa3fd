"""To whom a campaign goes when things changed behind its back."""

from contextlib import suppress

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .campaign_case import TaggedCase


@tagged("post_install", "-at_install")
class TestRecipients(TaggedCase):
    def test_all_tags_are_gone(self):
        campaign = self.for_tags("VIP")
        self.tags["VIP"].active = False
        self.env.flush_all()
        self.env.invalidate_all()
        campaign.subject = "Another one"
        with suppress(UserError):
            campaign.action_push()
        self.assertEqual(len(self.opts(campaign)["conditions"]), 1)

    def test_tag_records_of_a_campaign_stay(self):
        """Whoever may delete them: "all of" fewer tags would be more people."""
        campaign = self.for_tags("VIP", "Press", tag_match="all")
        for tag in (self.tags["VIP"], self.list.tag_ids):
            with self.assertRaisesRegex(UserError, campaign.name):
                tag.unlink()
        campaign.active = False
        with self.assertRaisesRegex(UserError, "Archive it instead"):
            self.tags["Press"].unlink()
        campaign.recipient_tag_ids -= self.tags["Press"]
        self.tags["Press"].unlink()
        self.assertEqual(campaign.recipient_tag_ids, self.tags["VIP"])

    def test_segment_record_of_a_campaign_stays(self):
        segment = self.env["mailchimp.tag"].create(
            {
                "audience_id": self.list.id,
                "name": "Often",
                "type": "saved",
                "mailchimp_id": "777",
            }
        )
        self.new_campaign(recipient_kind="segment", segment_id=segment.id)
        with self.assertRaisesRegex(UserError, "would be sent to others"):
            segment.unlink()

    def test_managed_tag_records_stay(self):
        tag = self.tags["VIP"]
        tag.managed = True
        with self.assertRaisesRegex(UserError, "VIP"):
            tag.unlink()
        tag.managed = False
        tag.unlink()

    def test_audience_goes_with_its_tags(self):
        """It is Odoo's copy; a draft says then what it lacks."""
        campaign = self.for_tags("VIP")
        opts = dict(self.opts(campaign))
        self.list.unlink()
        self.env.invalidate_all()
        campaign.subject = "Another one"
        with self.assertRaisesRegex(UserError, "the tags"):
            campaign.action_push()
        self.assertEqual(self.opts(campaign), opts)

    def test_account_goes_with_all_of_it(self):
        campaign = self.for_tags("VIP")
        self.account.unlink()
        self.assertFalse(campaign.exists() or self.tags["VIP"].exists())

    def test_raw_without_conditions(self):
        """'As set in Mailchimp' is not everybody."""
        campaign = self.for_tags("Press")
        campaign.with_user(self.user).write({"recipient_kind": "raw"})
        before = dict(self.opts(campaign))
        self.env.flush_all()
        campaign.action_push()
        self.assertEqual(self.opts(campaign), before)

    def test_tags_survive_a_copy(self):
        campaign = self.new_campaign(
            recipient_tag_ids=[Command.set(self.tags["Press"].ids)]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        copy = campaign.copy()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(copy.recipient_kind, "tags")
        self.assertEqual(copy.recipient_tag_ids, self.tags["Press"])

    def test_sent_again_behind_the_form(self):
        """The button is hidden for what was sent; the method is not."""
        campaign = self.saved_campaign()
        self.wizard(campaign).action_confirm()
        self.later(600)
        campaign._refresh()
        self.assertEqual(campaign.status, "sent")
        del self.remote_account.campaigns[campaign.mailchimp_id]
        campaign._refresh()
        with self.assertRaises(UserError):
            campaign.with_user(self.user).action_create_again()
