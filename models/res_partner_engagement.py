from odoo import fields, models

GROUP = "mass_mailing.group_mass_mailing_user"


class ResPartner(models.Model):
    """What customers do with Mailchimp campaigns.

    For everybody who sends mailings: the figures stand in domains of recipients.
    """

    _name = "res.partner"
    _inherit = ["res.partner", "mailchimp.engaged"]

    mailchimp_last_sent = fields.Datetime(groups=GROUP)
    mailchimp_last_open = fields.Datetime(groups=GROUP)
    mailchimp_last_click = fields.Datetime(groups=GROUP)
    mailchimp_sent_count = fields.Integer(groups=GROUP)
    mailchimp_opened_count = fields.Integer(groups=GROUP)
    mailchimp_clicked_count = fields.Integer(groups=GROUP)
    mailchimp_open_rate = fields.Float(groups=GROUP)
    mailchimp_click_rate = fields.Float(groups=GROUP)
    mailchimp_unopened_count = fields.Integer(groups=GROUP)
    mailchimp_soft_bounce_count = fields.Integer(groups=GROUP)
    mailchimp_rating = fields.Integer(groups=GROUP)
    mailchimp_rating_stars = fields.Selection(groups=GROUP)
