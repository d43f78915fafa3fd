from collections import Counter

from odoo import api, fields, models
from odoo.tools import float_round

from .mailchimp_campaign_report import BOUNCES

USER = "mailchimp_connector.group_mailchimp_user"
SUMS = ("emails_sent", "unique_opens", "unique_subscriber_clicks", *BOUNCES)


class UtmCampaign(models.Model):
    """The Mailchimp campaigns of a marketing campaign, and its statistics with them."""

    _inherit = "utm.campaign"

    mailchimp_campaign_ids = fields.One2many(
        "mailchimp.campaign",
        "utm_campaign_id",
        string="MailChimp Campaigns",
        readonly=True,
        groups=USER,
    )
    mailchimp_campaign_count = fields.Integer(
        string="MailChimp Campaigns #",
        compute="_compute_mailchimp_campaign_count",
        groups=USER,
    )
    mailchimp_clicks_ratio = fields.Float(
        compute="_compute_statistics",
        help="Recipients of Mailchimp campaigns who clicked, of all (%).",
    )

    @api.depends("mailchimp_campaign_ids")
    def _compute_mailchimp_campaign_count(self):
        counts = dict(
            self.env["mailchimp.campaign"]._read_group(
                [("utm_campaign_id", "in", self.ids)], ["utm_campaign_id"], ["__count"]
            )
        )
        for campaign in self:
            campaign.mailchimp_campaign_count = counts.get(campaign._origin, 0)

    def _compute_statistics(self):
        """Override: with Mailchimp's figures, as shares of all that was sent."""
        result = super()._compute_statistics()
        self.mailchimp_clicks_ratio = 0
        figures = self._mailchimp_figures()
        traces = self._mailchimp_traces(list(figures))
        for campaign in self:
            if sums := figures.get(campaign._origin.id):
                campaign.update(ratios(sums, traces[campaign._origin.id]))
        return result

    def _mailchimp_figures(self):
        """Return {id: sums} of those of which Mailchimp sent something.

        Whoever sees these statistics sees all, as of Odoo's own mailings.
        """
        # sudo: as above
        Campaign = self.env["mailchimp.campaign"].sudo()
        groups = Campaign._read_group(
            [("utm_campaign_id", "in", self.ids), ("emails_sent", ">", 0)],
            ["utm_campaign_id"],
            [f"{name}:sum" for name in SUMS],
        )
        return {
            campaign.id: dict(zip(SUMS, sums, strict=True))
            for campaign, *sums in groups
        }

    @api.model
    def _mailchimp_traces(self, ids):
        """Return {id: Counter} of Odoo's own mailings: by status, all, and sent."""
        # sudo: as above
        groups = (
            self.env["mailing.trace"]
            .sudo()
            ._read_group(
                [("campaign_id", "in", ids)],
                ["campaign_id", "trace_status"],
                ["__count", "sent_datetime:count"],
            )
        )
        found = {id_: Counter() for id_ in ids}
        for campaign, status, count, sent in groups:
            found[campaign.id].update({status: count, "all": count, "went": sent})
        return found

    # === ACTION METHODS === #

    def action_view_mailchimp_campaigns(self):
        """Show the Mailchimp campaigns of this campaign."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "mailchimp_connector.mailchimp_campaign_action"
        )
        return {
            **action,
            "domain": [("utm_campaign_id", "in", self.ids)],
            "context": {},
        }


def ratios(sums, traces):
    """Return the statistics of all mails together, as `mass_mailing` computes them.

    :param dict sums: of Mailchimp's figures
    :param Counter traces: of Odoo's mailings
    """
    bounced = sum(sums[name] for name in BOUNCES)
    total = traces["all"] - traces["cancel"] + sums["emails_sent"]
    parts = {
        "received_ratio": traces["went"]
        - traces["bounce"]
        + sums["emails_sent"]
        - bounced,
        "opened_ratio": traces["open"] + traces["reply"] + sums["unique_opens"],
        "replied_ratio": traces["reply"],
        "bounced_ratio": traces["bounce"] + bounced,
    }
    clicked = 100.0 * sums["unique_subscriber_clicks"] / sums["emails_sent"]
    return {
        **{
            name: float_round(100.0 * count / total, precision_digits=2)
            for name, count in parts.items()
        },
        "mailchimp_clicks_ratio": float_round(clicked, precision_digits=2),
    }
