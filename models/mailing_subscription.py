from odoo import api, fields, models

from ..const import MEMBER_STATUSES


class MailingSubscription(models.Model):
    """What Mailchimp says about the subscription of a contact to a list."""

    _inherit = "mailing.subscription"

    mailchimp_member_id = fields.Many2one(
        "mailchimp.member", compute="_compute_mailchimp_member_id"
    )
    mailchimp_status = fields.Selection(
        MEMBER_STATUSES,
        string="Status (Mailchimp)",
        compute="_compute_mailchimp_member_id",
    )

    @api.depends("contact_id.mailchimp_member_ids.status", "list_id")
    def _compute_mailchimp_member_id(self):
        members = self.env["mailchimp.member"].search(
            [
                ("contact_id", "in", self.contact_id.ids),
                ("audience_id.mailing_list_id", "in", self.list_id.ids),
            ]
        )
        by_pair = {(m.contact_id, m.audience_id.mailing_list_id): m for m in members}
        for subscription in self:
            member = by_pair.get((subscription.contact_id, subscription.list_id))
            subscription.mailchimp_member_id = member
            subscription.mailchimp_status = member.status if member else False
