from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import PRIORITY_WEBHOOK

# A change that waited so long was left behind, or its push failed.
SWEEP_AFTER = timedelta(minutes=10)
# So long a push that failed for good is not tried again by itself.
SWEEP_PAUSE = timedelta(hours=1)


class MailchimpAudienceChanges(models.Model):
    """How the changes of an audience get pushed."""

    _inherit = "mailchimp.audience"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Watch the contacts of new audiences; see `mailchimp.merge.field`."""
        result = super().create(vals_list)
        self.env.registry.clear_cache()
        return result

    def write(self, vals):
        """Watch the contacts of the audiences that are active now."""
        result = super().write(vals)
        if "active" in vals:
            self.env.registry.clear_cache()
        return result

    # === PUSH === #

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
            # Each edit of a contact asks for it: the cheap way.
            brief=not run,
        )

    @api.model
    def _sweep_changes(self):
        """Queue the pushes of changes that wait without a job.

        Such as those of members whose batch is over, or that were put off. Batches that
        are under way look after their members themselves.
        """
        now = fields.Datetime.now()
        batch = "batch_id" in self.env["mailchimp.member"]._fields
        query = SQL(
            """SELECT DISTINCT m.audience_id
                 FROM mailchimp_change c
                 JOIN mailchimp_member m ON m.id = c.member_id AND %s
                WHERE c.create_date < %s AND NOT EXISTS (
                      SELECT FROM mailchimp_job j
                       WHERE j.identity = 'push:' || m.audience_id
                         AND (j.state = 'pending'
                              OR j.state = 'failed' AND j.finished_at > %s))""",
            SQL("m.batch_id IS NULL") if batch else SQL("TRUE"),
            now - SWEEP_AFTER,
            now - SWEEP_PAUSE,
        )
        ids = [row[0] for row in self.env.execute_query(query)]
        for audience in self.browse(ids):
            audience._enqueue_push()
