from datetime import timedelta

import psycopg2.errors

from odoo import api, fields, models
from odoo.tools import SQL

SAVEPOINT = SQL.identifier("mailchimp_in_passing")


class MailchimpJobPassing(models.Model):
    """Jobs that people ask for with each edit, without knowing it."""

    _inherit = "mailchimp.job"

    @api.model
    def _find_in_passing(self, vals):
        """Find the job that stands for one that is asked for in passing.

        As `_coalesce`, in fewer round trips. The queue was called when that job was
        made. Should a worker pass by it while we hold it, it looks again a minute
        later, if it is told to.

        :param dict vals: of the job, with an identity
        :return: the job, None when there has to be a new one
        """
        self.flush_model()
        at = fields.Datetime.now().replace(second=0) + timedelta(minutes=2)
        known = self.env["ir.model.data"]
        cron_id = known._xmlid_to_res_id("mailchimp_connector.ir_cron_run_jobs")
        query = SQL(
            """SAVEPOINT %s;
               WITH same AS (%s)
               SELECT (SELECT id FROM same),
                      EXISTS (SELECT FROM ir_cron_trigger
                               WHERE cron_id = %s AND call_at = %s)""",
            SAVEPOINT,
            self._coalesce_query(vals),
            cron_id or None,
            at,
        )
        try:
            self.env.cr.execute(query, log_exceptions=False)
            job_id, is_called = self.env.cr.fetchone()
        except psycopg2.errors.SerializationFailure:  # it was run since we began
            self.env.cr.execute(SQL("ROLLBACK TO SAVEPOINT %s", SAVEPOINT))
            return None
        self.env.cr.execute(SQL("RELEASE SAVEPOINT %s", SAVEPOINT))
        if job_id and not is_called:
            self._wake(at - timedelta(minutes=1))
        # sudo: as `_enqueue` returns it
        return self.sudo().browse(job_id) if job_id else None
