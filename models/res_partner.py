from odoo import fields, models


class ResPartner(models.Model):
    """The audiences a customer belongs to."""

    _inherit = "res.partner"

    mailchimp_member_ids = fields.One2many(
        "mailchimp.member",
        "partner_id",
        string="Mailchimp Audiences",
        readonly=True,
        groups="mailchimp_connector.group_mailchimp_user",
    )
    mailchimp_consent_ids = fields.One2many(
        "mailchimp.consent",
        "partner_id",
        string="Consent History",
        readonly=True,
        groups="mailchimp_connector.group_mailchimp_user",
    )
