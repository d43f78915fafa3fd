from odoo import api, models

from ..exceptions import MailchimpAuthError, MailchimpNotFound, MailchimpRejected
from ..tools.coerce import short_text

# A 403 that is about the account as a whole, and not about its reports.
ACCOUNT_TITLES = frozenset({"User Disabled", "Wrong Datacenter"})
NAMED = 20


class MailchimpReportWords(models.AbstractModel):
    """What a run says about reports that cannot be read."""

    _inherit = "mailchimp.campaign.report"

    @api.model
    def _name_unknown(self, run, items):
        """Add a line to the run about campaigns that are not in Odoo."""
        names = [
            short_text(item.get("campaign_title") or item.get("subject_line"))
            or item["id"]
            for item in items
        ]
        run._add_lines(
            [
                {
                    "state": "notice",
                    "name": ", ".join(names[:NAMED]),
                    "reason": self.env._(
                        "Reports left out because their campaign is not in Odoo: %s",
                        len(names),
                    ),
                    "advice": self.env._(
                        "Import the campaigns with MailChimp Operations. (The mails of "
                        "automations have reports too, but cannot be imported.)"
                    ),
                    "detail": "\n".join(names),
                }
            ]
        )

    @api.model
    def _name_busy(self, run, campaigns):
        """Add a line for each campaign that another run reads already."""
        run._add_lines(
            [
                {
                    "state": "notice",
                    "name": campaign.display_name,
                    "reason": self.env._("An earlier run reads this report already."),
                    "advice": self.env._("Follow that run; nothing is left out."),
                    "res_model": campaign._name,
                    "res_id": campaign.id,
                }
                for campaign in campaigns
            ]
        )

    @api.model
    def _tell(self, run, record, error):
        """Add a line about a report that cannot be read; the others go on.

        :param recordset record: the campaign, or the account if it is about all
        :raise MailchimpError: ``error``, if it is not about this report alone
        """
        reason, advice = self._refusal(error)
        if not reason:
            raise error
        run._add_lines(
            [
                {
                    "state": "skipped",
                    "code": "gone" if isinstance(error, MailchimpNotFound) else None,
                    "name": record.display_name,
                    "reason": reason,
                    "advice": advice,
                    "res_model": record._name,
                    "res_id": record.id,
                }
            ]
        )

    @api.model
    def _refusal(self, error):
        """Return why a report cannot be read, and what to do; two None if it can."""
        if isinstance(error, MailchimpNotFound):
            return (
                self.env._("Mailchimp has no report of this campaign."),
                self.env._(
                    "It comes some time after the sending: the next fetch looks again. "
                    "It is gone for good if the campaign was deleted in Mailchimp."
                ),
            )
        if isinstance(error, MailchimpAuthError):
            if error.status != 403 or error.title in ACCOUNT_TITLES:
                return None, None
            return (
                self.env._("Mailchimp does not show this report: %s", error),
                self.env._(
                    "The API key has the rights of the user who made it: give that "
                    "user a role in Mailchimp that may see reports."
                ),
            )
        if isinstance(error, MailchimpRejected):
            return (
                self.env._("Mailchimp refuses this report: %s", error),
                self.env._("The next fetch tries again."),
            )
        return None, None

    @api.model
    def _tell_odd(self, campaign, run, count):
        run._add_lines(
            [
                {
                    "state": "notice",
                    "name": campaign.display_name,
                    "reason": self.env._(
                        "Entries of the report that could not be understood: %s",
                        count,
                    ),
                    "advice": self.env._(
                        "They were left out. A newer version of the connector may know "
                        "them."
                    ),
                    "res_model": campaign._name,
                    "res_id": campaign.id,
                }
            ]
        )
