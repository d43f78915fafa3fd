from odoo import fields, models


class MailchimpAccountPush(models.Model):
    """What an account does not send."""

    _inherit = "mailchimp.account"

    skip_relay_addresses = fields.Boolean(
        string="Skip Privacy Relay Addresses?",
        help="Do not export addresses of privacy relays (such as Hide My Email) and of "
        "marketplaces: they stop working, and nobody behind them asked for mails.",
    )
