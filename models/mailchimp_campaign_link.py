from odoo import fields, models


class MailchimpCampaignLink(models.Model):
    """A link of a campaign and how often it was followed.

    Rows are written by `mailchimp.campaign.report`.
    """

    _name = "mailchimp.campaign.link"
    _description = "Mailchimp Campaign Link"
    _order = "total_clicks desc, id"
    _rec_name = "url"
    _log_access = False

    campaign_id = fields.Many2one(
        "mailchimp.campaign",
        required=True,
        ondelete="cascade",
        readonly=True,
    )
    company_id = fields.Many2one(related="campaign_id.company_id")
    mailchimp_id = fields.Char(string="Mailchimp ID", required=True, readonly=True)
    url = fields.Char(string="Link", required=True, readonly=True)
    total_clicks = fields.Integer(string="Clicks", readonly=True)
    click_percentage = fields.Float(
        string="Share of Clicks", readonly=True, digits=0, aggregator=None
    )
    unique_clicks = fields.Integer(
        string="Clicked by", readonly=True, help="Recipients who followed it."
    )
    unique_click_percentage = fields.Float(
        string="Share of Those Who Clicked",
        readonly=True,
        digits=0,
        aggregator=None,
    )
    last_click = fields.Datetime(readonly=True)

    _campaign_mailchimp_uniq = models.Constraint(
        "UNIQUE(campaign_id, mailchimp_id)", "This link was fetched already."
    )
