import json

from odoo import api, fields, models
from odoo.tools import format_time

from ..tools.coerce import capped
from ..tools.report import COUNTS, PERCENTAGES, RATES, TEXTS, TIMES, figures

# What a report fills, and nobody else; `emails_sent` is guarded by the campaign.
REPORT_FIELDS = frozenset(
    {*COUNTS, *RATES, *PERCENTAGES, *TIMES, *TEXTS}
    | {"total_spent", "total_revenue", "currency_id", "report_details"}
    | {"report_fetched_at", "report_decided_until", "report_live_until"}
    | {"report_seen", "report_reading"}
    | {"bounces", "bounce_rate", "unsub_rate", "abuse_rate"}
)


BOUNCES = ("hard_bounces", "soft_bounces", "syntax_errors")


def rate(string, text=None, **options):
    """Return a field for a share of all, or for an average."""
    options = {"readonly": True, "copy": False, "aggregator": "avg", **options}
    return fields.Float(string=string, help=text, digits=0, **options)


class MailchimpCampaignReport(models.Model):
    """What became of a campaign, in figures.

    They are Mailchimp's own, not counted from the activity: it keeps at most 1,000
    opens and clicks of a recipient, and nothing about those who were erased.
    """

    _inherit = "mailchimp.campaign"

    report_fetched_at = fields.Datetime(
        string="Figures of",
        readonly=True,
        copy=False,
        help="When the report was read and differed from what Odoo had.",
    )
    opens_total = fields.Integer(string="Opens", readonly=True, copy=False)
    unique_opens = fields.Integer(
        string="Opened by",
        readonly=True,
        copy=False,
        help="Recipients who opened it. Mail programs that load pictures by themselves "
        "(Apple Mail) count as well.",
    )
    open_rate = rate(
        "Open Rate", "Recipients who opened it, of those it was delivered to."
    )
    last_open = fields.Datetime(readonly=True, copy=False)
    clicks_total = fields.Integer(string="Clicks", readonly=True, copy=False)
    unique_clicks = fields.Integer(
        readonly=True,
        copy=False,
        help="Each link counts once for each recipient.",
    )
    unique_subscriber_clicks = fields.Integer(
        string="Clicked by",
        readonly=True,
        copy=False,
        help="Recipients who clicked at least once.",
    )
    click_rate = rate(
        "Click Rate", "Recipients who clicked, of those it was delivered to."
    )
    last_click = fields.Datetime(readonly=True, copy=False)
    hard_bounces = fields.Integer(
        readonly=True, copy=False, help="The address does not exist any more."
    )
    soft_bounces = fields.Integer(
        readonly=True, copy=False, help="The mailbox was full, or did not answer."
    )
    syntax_errors = fields.Integer(
        readonly=True, copy=False, help="No address that mail can be sent to."
    )
    unsubscribed = fields.Integer(readonly=True, copy=False)
    abuse_reports = fields.Integer(string="Complaints", readonly=True, copy=False)
    forwards_count = fields.Integer(string="Forwards", readonly=True, copy=False)
    forwards_opens = fields.Integer(
        string="Opens of Forwards", readonly=True, copy=False
    )
    facebook_likes = fields.Integer(readonly=True, copy=False)
    facebook_recipient_likes = fields.Integer(
        string="Likes by Recipients", readonly=True, copy=False
    )
    facebook_unique_likes = fields.Integer(
        string="Unique Likes", readonly=True, copy=False
    )
    report_share_url = fields.Char(
        string="Shared Report",
        readonly=True,
        copy=False,
        help="Mailchimp asks for the password, if there is one; Odoo does not know it.",
    )

    # Money, where Mailchimp knows the store
    currency_id = fields.Many2one("res.currency", readonly=True, copy=False)
    total_orders = fields.Integer(string="Orders", readonly=True, copy=False)
    total_spent = fields.Monetary(
        string="Spent",
        readonly=True,
        copy=False,
        help="The totals of the orders that Mailchimp attributes to the campaign.",
    )
    total_revenue = fields.Monetary(
        string="Revenue", readonly=True, copy=False, help="Without shipping and taxes."
    )

    # Others, to compare with
    industry_type = fields.Char(string="Industry", readonly=True, copy=False)
    industry_open_rate = rate("Open Rate of the Industry")
    industry_click_rate = rate("Click Rate of the Industry")
    industry_bounce_rate = rate("Bounce Rate of the Industry")
    industry_unopen_rate = rate("Unopened in the Industry")
    industry_unsub_rate = rate("Unsubscribe Rate of the Industry")
    industry_abuse_rate = rate("Complaint Rate of the Industry")
    list_open_rate = rate("Open Rate of the Audience")
    list_click_rate = rate("Click Rate of the Audience")
    list_sub_rate = rate("Subscriptions a Month")
    list_unsub_rate = rate("Unsubscribes a Month")
    report_details = fields.Json(readonly=True, copy=False)
    # Our own shares, to show beside those of others
    bounces = fields.Integer(
        compute="_compute_shares",
        store=True,
        help="Recipients whom it did not reach, for a while or for good.",
    )
    bounce_rate = rate("Bounce Rate", compute="_compute_shares", store=True)
    unsub_rate = rate("Unsubscribe Rate", compute="_compute_shares", store=True)
    abuse_rate = rate("Complaint Rate", compute="_compute_shares", store=True)

    link_ids = fields.One2many(
        "mailchimp.campaign.link", "campaign_id", string="Links", readonly=True
    )
    hour_ids = fields.One2many(
        "mailchimp.campaign.hour", "campaign_id", string="First Day", readonly=True
    )
    opens_graph = fields.Text(compute="_compute_graphs")
    clicks_graph = fields.Text(compute="_compute_graphs")

    # === COMPUTE METHODS === #

    @api.depends("emails_sent", "unsubscribed", "abuse_reports", *BOUNCES)
    def _compute_shares(self):
        for campaign in self:
            bounces = sum(campaign[name] for name in BOUNCES)
            campaign.bounces = capped(bounces)
            campaign.bounce_rate = bounces / max(1, campaign.emails_sent)
            delivered = max(1, campaign.emails_sent - bounces)
            campaign.unsub_rate = campaign.unsubscribed / delivered
            campaign.abuse_rate = campaign.abuse_reports / delivered

    @api.depends("hour_ids.unique_opens", "hour_ids.recipients_clicks")
    @api.depends_context("tz", "lang")
    def _compute_graphs(self):
        for campaign in self:
            opens, clicks = [], []
            for hour in campaign.hour_ids.sorted("hour_start"):
                at = fields.Datetime.context_timestamp(self, hour.hour_start)
                label = format_time(self.env, at.time(), time_format="short")
                point = {"label": label, "type": "future"}
                opens.append({**point, "value": hour.unique_opens})
                clicks.append({**point, "value": hour.recipients_clicks})
            campaign.opens_graph = _graph(self.env._("Opened by"), opens)
            campaign.clicks_graph = _graph(self.env._("Clicked by"), clicks)

    # === CRUD METHODS === #

    @api.model
    def _guarded_fields(self):
        return super()._guarded_fields() | REPORT_FIELDS

    # === MAPPING === #

    @api.model
    def _report_from_mailchimp(self, data):
        """Turn a report into field values, without I/O and without its money.

        :param dict data: https://mailchimp.com/developer/marketing/api/reports/
        """
        return figures(data)


def _graph(label, values):
    """Return what the web client draws; see its `dashboard_graph`."""
    return json.dumps([{"key": label, "values": values}])
