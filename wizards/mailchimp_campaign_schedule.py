from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.quarter_hour import QUARTER, is_quarter, next_quarter

# https://mailchimp.com/help/schedule-batch-delivery/
FEWEST_BATCHES, MOST_BATCHES = 2, 26
BATCH_DELAYS = ("5", "10", "15", "20", "25", "30", "60")


class MailchimpCampaignSchedule(models.TransientModel):
    """When a campaign leaves, and how: all at once, zone by zone, or in batches."""

    _inherit = "mailchimp.campaign.send"

    type = fields.Selection(related="campaign_id.type", related_sudo=False)
    schedule_time = fields.Datetime(
        string="Send On",
        help="In your time zone, on a quarter of an hour.",
    )
    timezone = fields.Char(compute="_compute_timezone", string="Time Zone")
    timewarp = fields.Boolean(
        string="In Each Recipient's Time Zone",
        help="Mailchimp's Timewarp: at that time of the recipient's own day. Part of "
        "some paid plans, and it needs a day of notice.",
    )
    in_batches = fields.Boolean(
        help="Mailchimp's Batch Delivery: some recipients after the others, so that "
        "not all of them come to your website at once. Part of some paid plans.",
    )
    batch_count = fields.Integer(
        string="Number of Batches", default=FEWEST_BATCHES, help="From 2 to 26."
    )
    batch_delay = fields.Selection(
        [(minutes, f"{minutes} min") for minutes in BATCH_DELAYS],
        string="Time Between Batches",
        default="30",
    )
    last_batch_time = fields.Datetime(
        string="Last Batch", compute="_compute_last_batch_time"
    )

    # === COMPUTE METHODS === #

    def _compute_timezone(self):
        self.timezone = self.env.user.tz or "UTC"

    @api.depends("schedule_time", "in_batches", "batch_count", "batch_delay")
    def _compute_last_batch_time(self):
        for wizard in self:
            minutes = (wizard.batch_count - 1) * int(wizard.batch_delay or 0)
            wizard.last_batch_time = (
                wizard.in_batches
                and wizard.schedule_time
                and wizard.schedule_time + timedelta(minutes=minutes)
            )

    @api.onchange("schedule_time")
    def _onchange_schedule_time(self):
        """Round up to what Mailchimp takes, and say so."""
        if not self.schedule_time or is_quarter(self.schedule_time):
            return None
        self.schedule_time = next_quarter(self.schedule_time)
        return {
            "warning": {
                "title": self.env._("Rounded to the quarter hour"),
                "message": self.env._(
                    "Mailchimp sends on the quarter of an hour only: the next one was "
                    "chosen."
                ),
            }
        }

    # === BUSINESS METHODS === #

    def _propose_time(self):
        """Choose a time, unless the person did."""
        if self.mode == "schedule" and not self.schedule_time:
            # An hour from now, which leaves time to think again.
            self.schedule_time = next_quarter(fields.Datetime.now() + 4 * QUARTER)

    def _checked_time(self):
        """Return the time, if Mailchimp takes it."""
        if not self.schedule_time:
            raise UserError(self.env._("Choose when it is to be sent."))
        if self.schedule_time <= fields.Datetime.now():
            raise UserError(self.env._("This time is over. Choose a later one."))
        if not is_quarter(self.schedule_time):
            raise UserError(
                self.env._("Mailchimp sends on the quarter of an hour only.")
            )
        return self.schedule_time

    def _checked_delivery(self):
        """Return what the request to schedule says beside the time, if it may.

        https://mailchimp.com/developer/marketing/api/campaigns/schedule-campaign/
        """
        if not self.in_batches:
            return {"timewarp": True} if self.timewarp else {}
        if self.timewarp:
            raise UserError(
                self.env._("Choose either batches, or each recipient's time zone.")
            )
        if self.type != "regular":
            raise UserError(self.env._("Only regular campaigns are sent in batches."))
        if not FEWEST_BATCHES <= self.batch_count <= MOST_BATCHES:
            raise UserError(
                self.env._(
                    "Mailchimp sends in %(fewest)s to %(most)s batches.",
                    fewest=FEWEST_BATCHES,
                    most=MOST_BATCHES,
                )
            )
        if not self.batch_delay:
            raise UserError(self.env._("Choose the time between the batches."))
        return {
            "batch_delivery": {
                "batch_count": self.batch_count,
                "batch_delay": int(self.batch_delay),
            }
        }
