from odoo import models


class MailingContact(models.Model):
    """What mailing contacts do with Mailchimp campaigns."""

    _name = "mailing.contact"
    _inherit = ["mailing.contact", "mailchimp.engaged"]
