from odoo import api, models
from odoo.tools import SQL

from .mailchimp_run_line_actions import PEOPLE


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


class MailchimpRunLine(models.Model):
    """Logs about what is gone need nobody."""

    _inherit = "mailchimp.run.line"

    @api.model
    def _solve_deleted(self):
        """Close the logs about contacts and customers that were deleted since."""
        self.flush_model()
        for model in PEOPLE:
            query = SQL(
                """UPDATE mailchimp_run_line l SET resolution = 'solved'
                    WHERE l.resolution = 'open' AND l.res_model = %s
                      AND NOT EXISTS (SELECT FROM %s r WHERE r.id = l.res_id)""",
                model,
                SQL.identifier(self.env[model]._table),
            )
            self.env.cr.execute(query)
        self.invalidate_model(["resolution"])
