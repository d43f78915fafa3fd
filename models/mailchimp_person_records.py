"""The records whose people may be told what is known about them, or be erased."""

from odoo import models


class MailingContact(models.Model):
    """A person on a mailing list."""

    _name = "mailing.contact"
    _inherit = ["mailing.contact", "mailchimp.person"]


class ResPartner(models.Model):
    """A person who is a customer."""

    _name = "res.partner"
    _inherit = ["res.partner", "mailchimp.person"]


class MailchimpMember(models.Model):
    """A person in an audience."""

    _name = "mailchimp.member"
    _inherit = ["mailchimp.member", "mailchimp.person"]


class MailchimpConsent(models.Model):
    """A person whose consent changed."""

    _name = "mailchimp.consent"
    _inherit = ["mailchimp.consent", "mailchimp.person"]
