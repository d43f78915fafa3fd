from odoo import models

# What one recipient may do again and again.
REPEATED = frozenset({"open", "click"})


class MailchimpCampaignUse(models.Model):
    """From the figures of a campaign to the people behind them."""

    _inherit = "mailchimp.campaign"

    # === ACTION METHODS === #

    def action_view_sent(self):
        """Show to whom this campaign was sent."""
        return self._view_activity("sent")

    def action_view_opened(self):
        """Show who opened this campaign, and when."""
        return self._view_activity("open")

    def action_view_clicked(self):
        """Show who followed which link of this campaign."""
        return self._view_activity("click")

    def action_view_bounced(self):
        """Show whom this campaign did not reach."""
        return self._view_activity("bounce")

    def action_view_unsubscribed(self):
        """Show who left because of this campaign."""
        return self._view_activity("unsubscribe")

    def _view_activity(self, action):
        """Return the action that shows events of these campaigns.

        :param str action: what to filter by at first
        """
        chosen = [action]
        if action in REPEATED:  # as the button counts: each recipient once
            chosen.append("group_by_member_id")
        return self.env["mailchimp.campaign.activity"]._action(
            [("campaign_id", "in", self.ids)],
            context={f"search_default_{name}": 1 for name in chosen},
        )
