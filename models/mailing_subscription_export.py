from odoo import api, fields, models

from .mailchimp_member_sync import STATES


class MailingSubscriptionExport(models.Model):
    """How far the export of a subscription is."""

    _inherit = "mailing.subscription"

    mailchimp_sync_state = fields.Selection(
        STATES,
        string="Sync",
        compute="_compute_mailchimp_sync_state",
        groups="mailchimp_connector.group_mailchimp_user",
    )
    mailchimp_error = fields.Char(
        string="Sync Error",
        compute="_compute_mailchimp_sync_state",
        groups="mailchimp_connector.group_mailchimp_user",
    )

    @api.depends(
        "list_id",
        "contact_id.mailchimp_member_ids.sync_result",
        "contact_id.mailchimp_member_ids.error",
    )
    def _compute_mailchimp_sync_state(self):
        members = self._mailchimp_members()
        for subscription in self:
            member = members.get((subscription.contact_id, subscription.list_id))
            subscription.mailchimp_sync_state = member.sync_state if member else False
            subscription.mailchimp_error = member.error if member else False
