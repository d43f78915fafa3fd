from odoo import fields, models

from ..const import ACTIVITY_ACTIONS


class MailchimpCampaignActivity(models.Model):
    """One thing that one recipient did with a campaign, or that happened to it.

    Rows are written by `mailchimp.campaign.report`, many at a time. They name the
    recipient by the hash of the address; whoever is not a member in Odoo has no more.
    """

    _name = "mailchimp.campaign.activity"
    _description = "Mailchimp Campaign Activity"
    _order = "occurred_at desc, id desc"
    _rec_name = "campaign_id"
    # There may be millions, written whole pages at a time.
    _log_access = False

    campaign_id = fields.Many2one(
        "mailchimp.campaign", required=True, ondelete="cascade", readonly=True
    )
    account_id = fields.Many2one(related="campaign_id.account_id")
    company_id = fields.Many2one(related="campaign_id.company_id")
    audience_id = fields.Many2one(related="campaign_id.audience_id")
    member_id = fields.Many2one("mailchimp.member", ondelete="set null", readonly=True)
    contact_id = fields.Many2one(related="member_id.contact_id")
    partner_id = fields.Many2one(related="member_id.partner_id")
    email_id = fields.Char(
        string="Subscriber Hash",
        required=True,
        readonly=True,
        help="The recipient as Mailchimp's reports name it.",
    )
    action = fields.Selection(ACTIVITY_ACTIONS, required=True, readonly=True)
    occurred_at = fields.Datetime(string="Happened on", required=True, readonly=True)
    number = fields.Integer(
        required=True,
        readonly=True,
        aggregator=None,
        help="Tells apart what one recipient did within one second.",
    )
    bounce_type = fields.Selection([("hard", "Hard"), ("soft", "Soft")], readonly=True)
    url = fields.Char(string="Link", readonly=True)
    ip = fields.Char(string="IP Address", readonly=True)
    reason = fields.Char(readonly=True)

    # What a person did, newest first; it also finds the rows of a member that goes.
    _member_time_idx = models.Index(
        "(member_id, occurred_at DESC) WHERE member_id IS NOT NULL"
    )
    _campaign_action_idx = models.Index("(campaign_id, action, occurred_at DESC)")
    # Recipients that may turn out to be members when more of them were imported
    _stranger_idx = models.Index("(campaign_id) WHERE member_id IS NULL")
    # Who read the same second again finds its rows by this.
    _event_uniq = models.Constraint(
        "UNIQUE(campaign_id, email_id, action, occurred_at, number)",
        "This activity was fetched already.",
    )
