from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..const import PRIORITY_USER, SENT_STATUSES

# Longer than anybody keeps reading, and short enough for a calendar.
MOST_DAYS = 36_500


class MailchimpReportState(models.Model):
    """How long the report of a campaign is fetched, and what of it is not read yet."""

    _inherit = "mailchimp.campaign"

    report_state = fields.Selection(
        [("none", "No Report"), ("live", "Live"), ("frozen", "Frozen")],
        compute="_compute_report_state",
        search="_search_report_state",
        help="Live: fetched every hour. Frozen: Mailchimp is asked once a day whether "
        "the figures changed.",
    )
    report_live_until = fields.Datetime(
        compute="_compute_report_live_until",
        store=True,
        help="Until then the report is fetched every hour.",
    )
    # What somebody decided instead of what the account says
    report_decided_until = fields.Datetime(readonly=True, copy=False)
    # For each part of the report: the figures it was complete with, and since when the
    # next reading has to look
    report_seen = fields.Json(readonly=True, copy=False)
    # Where the reading of a part goes on
    report_reading = fields.Json(readonly=True, copy=False)

    # === COMPUTE METHODS === #

    @api.depends(
        "status", "send_time", "report_decided_until", "account_id.report_days"
    )
    def _compute_report_live_until(self):
        for campaign in self:
            sent_at = campaign.status in SENT_STATUSES and campaign.send_time
            campaign.report_live_until = sent_at and (
                campaign.report_decided_until
                or sent_at + campaign.account_id._report_window()
            )

    @api.depends("report_live_until")
    def _compute_report_state(self):
        now = fields.Datetime.now()
        for campaign in self:
            until = campaign.report_live_until
            campaign.report_state = (
                "none" if not until else "live" if until > now else "frozen"
            )

    @api.model
    def _search_report_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        domains = {
            "none": Domain("report_live_until", "=", False),
            "live": Domain("report_live_until", ">", now),
            "frozen": Domain("report_live_until", "<=", now),
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    # === BUSINESS METHODS === #

    def _signatures(self):
        """Return the figures that tell whether a part of the report has news.

        :return: {part: figures}; a part without any is left out
        """
        self.ensure_one()
        bounces = self.hard_bounces + self.soft_bounces + self.syntax_errors
        last = [str(self.last_open or ""), str(self.last_click or "")]
        opens, clicks = self.opens_total, self.clicks_total
        figures = {
            "activity": [self.emails_sent, opens, clicks, bounces, *last],
            "unsubscribed": [self.unsubscribed],
            "abuse": [self.abuse_reports],
            "links": [clicks, self.unique_clicks, last[1]],
        }
        return {part: found for part, found in figures.items() if any(found)}

    def _outdated_parts(self):
        """Return the parts of the report whose figures changed since they were read."""
        seen = self.report_seen or {}
        return [
            part
            for part, found in self._signatures().items()
            if (seen.get(part) or {}).get("figures") != found
        ]

    # === ACTION METHODS === #

    def action_fetch_report(self):
        """Fetch the reports of these campaigns now, in the background.

        :raise UserError: when none of them was sent, or their account is not connected
        """
        self.check_access("read")
        sent = self.filtered(lambda campaign: campaign.report_state != "none")
        if not sent:
            raise UserError(
                self.env._("There is no report before a campaign was sent.")
            )
        sent.account_id._check_connected()
        return sent.account_id._start_fetch_reports(
            "user", PRIORITY_USER, campaigns=sent
        )._open()

    def action_reopen_report(self):
        """Fetch these reports every hour again, for as long as after a sending."""
        self.check_access("write")
        now = fields.Datetime.now()
        for account, campaigns in self.grouped("account_id").items():
            # sudo: people decide it by this button only.
            campaigns.sudo().report_decided_until = now + account._report_window()

    def action_freeze_report(self):
        """Stop fetching these reports every hour."""
        self.check_access("write")
        # sudo: as above
        self.sudo().report_decided_until = fields.Datetime.now()


class MailchimpAccount(models.Model):
    """How long reports are fetched after a sending."""

    _inherit = "mailchimp.account"

    def _report_window(self):
        """Return for how long after its sending a campaign is live."""
        return timedelta(days=min(max(self.report_days, 0), MOST_DAYS))
