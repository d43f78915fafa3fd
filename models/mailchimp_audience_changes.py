from odoo import models

from ..const import PRIORITY_WEBHOOK


class MailchimpAudienceChanges(models.Model):
    """How the changes of an audience get pushed."""

    _inherit = "mailchimp.audience"

    def _enqueue_push(self, run=None, priority=PRIORITY_WEBHOOK):
        """Queue the push of the members of this audience that changed.

        :param recordset run: the `mailchimp.run` to report to, if any
        :param int priority: of the job
        """
        self.ensure_one()
        if not hasattr(self, "_job_push"):
            return
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_push",
            name=self.env._("Push changes of %s", self.name),
            identity=f"push:{self.id}",
            run=run,
            account=self.account_id,
            priority=priority,
            args={"run_id": run.id if run else False},
        )
