from odoo import api, fields, models

from ..const import MEMBER_STATUSES

# Each of them opts out, see `mass_mailing`.
OPT_OUT_FIELDS = frozenset({"opt_out", "opt_out_datetime", "opt_out_reason_id"})


class MailingSubscription(models.Model):
    """What Mailchimp says about the subscription of a contact to a list."""

    _inherit = "mailing.subscription"

    mailchimp_member_id = fields.Many2one(
        "mailchimp.member",
        compute="_compute_mailchimp_member_id",
        groups="mailchimp_connector.group_mailchimp_user",
    )
    mailchimp_status = fields.Selection(
        MEMBER_STATUSES,
        string="Status (Mailchimp)",
        compute="_compute_mailchimp_member_id",
        groups="mailchimp_connector.group_mailchimp_user",
    )

    subscribed_at = fields.Datetime(
        string="Subscription Date",
        compute="_compute_subscribed_at",
        compute_sudo=True,
        help="When the person opted in, as far as Mailchimp knows it.",
    )

    @api.depends("contact_id.mailchimp_member_ids.status", "list_id")
    def _compute_mailchimp_member_id(self):
        members = self._mailchimp_members()
        for subscription in self:
            member = members.get((subscription.contact_id, subscription.list_id))
            subscription.mailchimp_member_id = member
            subscription.mailchimp_status = member.status if member else False

    @api.depends(
        "create_date", "contact_id.mailchimp_member_ids.timestamp_opt", "list_id"
    )
    def _compute_subscribed_at(self):
        members = self._mailchimp_members()
        for subscription in self:
            member = members.get((subscription.contact_id, subscription.list_id))
            subscription.subscribed_at = (
                member and (member.timestamp_opt or member.timestamp_signup)
            ) or subscription.create_date

    def write(self, vals):
        """Remember that Odoo opted somebody out: Mailchimp must not undo it."""
        is_import = self.env.context.get("mailchimp_import")
        if is_import or not OPT_OUT_FIELDS & vals.keys():
            return super().write(vals)
        before = {subscription: subscription.opt_out for subscription in self}
        result = super().write(vals)
        changed = self.filtered(lambda sub: sub.opt_out != before[sub])
        changed._note_decision_of_odoo()
        return result

    def _note_decision_of_odoo(self):
        # sudo: everybody who may edit a subscription has a say here.
        subscriptions = self.sudo()
        members = subscriptions._mailchimp_members()
        for subscription in subscriptions:
            member = members.get((subscription.contact_id, subscription.list_id))
            if member:
                member._opted_in_odoo(out=subscription.opt_out)

    def _mailchimp_members(self):
        """Return {(contact, mailing list): member} of these subscriptions."""
        members = self.env["mailchimp.member"].search(
            [
                ("contact_id", "in", self.contact_id.ids),
                ("audience_id.mailing_list_id", "in", self.list_id.ids),
            ]
        )
        return {(m.contact_id, m.audience_id.mailing_list_id): m for m in members}
