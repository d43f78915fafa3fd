from odoo import api, models


class MailchimpMemberImport(models.AbstractModel):
    """What came in without complaint solves the logs about it."""

    _inherit = "mailchimp.member.import"

    @api.model
    def _take_over(self, audience, rows, run, mapping):
        """Override: close the logs of members that are up to date now."""
        result = super()._take_over(audience, rows, run, mapping)
        Line = self.env["mailchimp.run.line"]
        Line._solve([row["member_id"] for row in rows if not row["error"]])
        return result
