import psycopg2.errors
from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import MAX_ATTEMPTS

COLUMNS = (
    "name",
    "model",
    "res_ids",
    "method",
    "args",
    "identity",
    "run_id",
    "account_id",
    "priority",
    "run_after",
)


class MailchimpJobBrief(models.Model):
    """Jobs left by a request that does nothing else, many times a second."""

    _inherit = "mailchimp.job"

    @api.model
    def _enqueue_briefly(self, vals):
        """Queue a job, or find the one that stands for it, in a third of the time.

        By SQL, for it is our own table and nothing in the transaction has looked at it,
        so that no cache goes stale. It is nobody's job: who asks for so much is a
        machine. Somebody may just have run the job that stands for it, or deleted the
        trigger: a new transaction, which sees that, makes a new job, or a new trigger.
        With a savepoint instead there would be two more round trips each time.

        :param dict vals: of the job, with an identity
        :return: the job, as superuser
        """
        self.flush_model()
        while True:
            try:
                job_id, is_woken = self._find_or_insert(vals)
                break
            except psycopg2.errors.SerializationFailure:
                self.env.cr.rollback()
        if not is_woken:
            self._wake()
        return self.sudo().browse(job_id)  # sudo: as `_enqueue` returns it

    @api.model
    def _find_or_insert(self, vals):
        """Insert the job unless there is the same.

        :param dict vals: of the job
        :return: id of the job (int), whether the queue will be run anyway (bool)
        """
        query = SQL(
            """WITH same AS (%s), made AS (
               INSERT INTO mailchimp_job
                      (state, attempts, steps, max_attempts, create_date, write_date,
                       name, model, res_ids, method, args, identity, run_id,
                       account_id, priority, run_after)
               SELECT 'pending', 0, 0, %s, now() AT TIME ZONE 'UTC',
                      now() AT TIME ZONE 'UTC',
                      %s, %s, %s, %s, %s, %s, %s::int, %s::int, %s, %s::timestamp
                WHERE NOT EXISTS (SELECT FROM same)
            RETURNING id)
               SELECT (SELECT id FROM same UNION ALL SELECT id FROM made),
                      EXISTS (SELECT FROM (%s) AS shared)""",
            self._coalesce_query(vals),
            MAX_ATTEMPTS,
            *self._column_values(vals),
            self._shared_trigger_query(),
        )
        self.env.cr.execute(query, log_exceptions=False)
        return self.env.cr.fetchone()

    @api.model
    def _column_values(self, vals):
        row = {name: value or None for name, value in vals.items()}
        row |= {name: Json(vals[name]) for name in ("res_ids", "args")}
        return [row[name] for name in COLUMNS]

    @api.model
    def _shared_trigger_query(self):
        """SQL: hold on to a trigger that is due, if there is one that we can lock.

        A new one costs a connection for its notification, which is most of the time of
        a webhook. A run of the queue deletes the triggers first: for one that we hold
        it waits until we commit, and sees our job then; one that it has deleted cannot
        be locked.
        """
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id(
            "mailchimp_connector.ir_cron_run_jobs", raise_if_not_found=False
        )
        return SQL(
            """SELECT id FROM ir_cron_trigger WHERE cron_id = %s AND call_at <= %s
                LIMIT 1 FOR KEY SHARE SKIP LOCKED""",
            cron_id or None,
            fields.Datetime.now(),
        )
