import psycopg2.errors

from odoo import api, fields, models
from odoo.tools import SQL

# First key of the advisory locks on identities; any number that nobody else uses.
IDENTITY_LOCK = 0x6D636A62


class MailchimpJob(models.Model):
    """The choice of what is run next, and the lock on it."""

    _inherit = "mailchimp.job"

    @api.model
    def _due_condition(self):
        """SQL: a pending job ``j`` whose time has come and that nothing holds back.

        Of one identity, the job that has begun comes first, then the oldest; one whose
        run a person holds keeps nobody waiting. OFFSET 0
        keeps the planner from joining whole tables before it takes the first jobs.
        """
        return SQL(
            """j.state = 'pending' AND j.run_after <= %(now)s
               AND j.run_after > '-infinity'
               AND NOT EXISTS (SELECT FROM mailchimp_run r WHERE r.id = j.run_id
                                AND r.state IN ('paused', 'approval', 'cancelled')
                             OFFSET 0)
               AND NOT EXISTS (SELECT FROM mailchimp_account a
                                WHERE a.id = j.account_id
                                  AND (a.state != 'connected' OR a.active IS NOT TRUE
                                       OR a.paused_until > %(now)s) OFFSET 0)
               AND (j.identity IS NULL OR NOT EXISTS (
                    SELECT FROM mailchimp_job o
                     WHERE o.identity = j.identity AND o.state = 'pending'
                       AND (o.steps = 0, o.id) < (j.steps = 0, j.id)
                       AND NOT EXISTS (
                           SELECT FROM mailchimp_run h WHERE h.id = o.run_id
                              AND h.state IN ('paused', 'approval') OFFSET 0)
                    OFFSET 0))""",
            now=fields.Datetime.now(),
        )

    @api.model
    def _lock_due(self, limit):
        """Lock the most urgent jobs that no other worker holds.

        Our own table, and the lock must be taken by the very query that chooses:
        between a search and a lock another worker would get there first. It is the
        first query of its transaction, whose view of the data begins with it. The lock
        on the identity is for jobs that were not there, or failed, when another one
        of theirs was chosen. Statistics lag behind a burst of jobs: a planner that may
        sort would sort all of them for each batch.
        """
        query = SQL("SET LOCAL enable_sort TO off; %s", self._lock_query(limit))
        while True:
            try:
                self.env.cr.execute(query, log_exceptions=False)
                jobs = self.browse(row[0] for row in self.env.cr.fetchall())
            except psycopg2.errors.SerializationFailure:
                # Somebody finished, or changed, one of them since it was looked up.
                self.env.cr.rollback()
            else:
                self.env.cr.execute("RESET enable_sort")
                return jobs

    @api.model
    def _lock_query(self, limit):
        return SQL(
            """WITH due AS MATERIALIZED (
                   SELECT j.id, j.identity FROM mailchimp_job j WHERE %s
                    ORDER BY j.priority, j.id LIMIT %s FOR UPDATE OF j SKIP LOCKED)
               SELECT id FROM due
                WHERE identity IS NULL
                   OR pg_try_advisory_xact_lock(%s, hashtext(identity))""",
            self._due_condition(),
            limit,
            IDENTITY_LOCK,
        )

    @api.model
    def _count_due(self):
        self.env.flush_all()
        query = SQL(
            "SELECT count(*) FROM mailchimp_job j WHERE %s", self._due_condition()
        )
        return self.env.execute_query(query)[0][0]
