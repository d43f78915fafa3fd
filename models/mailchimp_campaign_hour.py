from odoo import fields, models


class MailchimpCampaignHour(models.Model):
    """One of the first 24 hours of a campaign.

    Rows are written by `mailchimp.campaign.report`.
    """

    _name = "mailchimp.campaign.hour"
    _description = "Mailchimp Campaign Hour"
    _order = "campaign_id, hour_start"
    _rec_name = "hour_start"
    _log_access = False

    campaign_id = fields.Many2one(
        "mailchimp.campaign",
        required=True,
        ondelete="cascade",
        readonly=True,
    )
    company_id = fields.Many2one(related="campaign_id.company_id")
    hour_start = fields.Datetime(string="Hour Begins", required=True, readonly=True)
    hour = fields.Integer(string="Hour After Sending", readonly=True, aggregator=None)
    emails_sent = fields.Integer(readonly=True)
    unique_opens = fields.Integer(string="Opened by", readonly=True)
    recipients_clicks = fields.Integer(string="Clicked by", readonly=True)

    _campaign_hour_uniq = models.Constraint(
        "UNIQUE(campaign_id, hour_start)", "This hour was fetched already."
    )
