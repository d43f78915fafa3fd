from odoo import models


class MailchimpReportRun(models.Model):
    """What a fetch of reports came to, where the numbers say too little."""

    _inherit = "mailchimp.run"

    def _compute_outcome(self):
        """Override: say so when no report had any news."""
        result = super()._compute_outcome()
        for run in self:
            quiet = run.kind == "reports" and not (run.created or run.updated)
            if quiet and run.state == "done" and not (run.skipped or run.failed):
                run.outcome = run._no_news()
        return result

    def _no_news(self):
        if self.unchanged:
            return self.env._("Nothing new: %s reports are as before.", self.unchanged)
        return self.env._("No report was due.")
