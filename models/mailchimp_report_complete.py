import logging
from datetime import timedelta

from odoo import api, models

from ..tools.coerce import parse_datetime

_logger = logging.getLogger(__name__)

# How often a part is read when its rows moved while it was being read.
MAX_PASSES = 3
# What comes later than a reading looks back is only found by reading everything again;
# so often at most.
FULL_EVERY = timedelta(days=1)


class MailchimpReportComplete(models.AbstractModel):
    """The end of a reading: whether it was complete, and what has to be read again."""

    _inherit = "mailchimp.campaign.report"

    @api.model
    def _next_reading(self, campaign, run, reading):
        """Return what is to be read next of this part, False when it is complete.

        Whoever leaves the list shifts the pages behind, which the total shows.
        """
        if reading["moved"] and reading["passes"] < MAX_PASSES:
            again = {"offset": 0, "total": None, "moved": False}
            return {**reading, **again, "passes": reading["passes"] + 1}
        if reading["moved"]:
            _logger.info("The report of %s keeps changing", campaign.mailchimp_id)
            return False
        if self._complete(campaign, run, reading):
            return False
        return self._new_reading(campaign, reading["part"], full=True)

    @api.model
    def _complete(self, campaign, run, reading):
        """Note with which figures a part was read to its end.

        :return: whether nothing is missing that reading everything could bring
        """
        part, figures = reading["part"], reading["figures"]
        seen = {**(campaign.report_seen or {})}
        known = seen.get(part) or {}
        entry = {"figures": figures}
        whole = True
        if part == "activity":
            missing = self._missing(campaign, figures)
            full = not reading["since"]
            entry |= {
                "since": reading["until"],
                "sent": figures[0],
                "sent_at": reading["sent_at"],
                "full_at": reading["until"] if full else known.get("full_at"),
                "missing": missing if full else known.get("missing", 0),
            }
            whole = full or missing <= entry["missing"] or not self._is_due(entry)
            if not whole:
                entry["figures"] = None
        if reading["odd"]:
            self._tell_odd(campaign, run, reading["odd"])
        campaign.report_seen = {**seen, part: entry}
        return whole

    @api.model
    def _missing(self, campaign, figures):
        """Return how many opens, clicks and bounces Odoo has less than the figures.

        Mailchimp lists 1,000 opens and clicks of a recipient at most; so there may be
        some, however often everything is read.
        """
        held = self.env["mailchimp.campaign.activity"].search_count(
            [
                ("campaign_id", "=", campaign.id),
                ("action", "in", ("open", "click", "bounce")),
            ]
        )
        _sent, opens, clicks, bounces, *_last = figures
        return max(0, opens + clicks + bounces - held)

    @api.model
    def _is_due(self, entry):
        """Tell whether everything was not read again lately."""
        last, now = parse_datetime(entry["full_at"]), parse_datetime(entry["since"])
        return not last or not now or now - last >= FULL_EVERY
