from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.tools import SQL

from ..const import PRIORITY_WEBHOOK

# A change that waited so long was left behind, or its push failed.
SWEEP_AFTER = timedelta(minutes=10)
# So long a push that failed for good is not tried again by itself.
SWEEP_PAUSE = timedelta(hours=1)


class MailchimpAudienceChanges(models.Model):
    """How the changes of an audience get pushed."""

    _name = "mailchimp.audience"
    _inherit = ["mailchimp.audience", "mailchimp.watched"]
    _watched_fields = frozenset({"active"})

    # === PUSH === #

    @api.model
    @tools.ormcache()
    def _pushed(self):
        """Return the audiences whose changes are pushed automatically.

        Asked for with every edit of a contact, hence kept.

        :return: {id of the audience: (its name, id of its account)}
        """
        domain = [
            ("account_id.auto_push_contacts", "=", True),
            ("account_id.active", "=", True),
        ]
        # sudo: what is pushed does not depend on who edits a contact.
        found = self.sudo().with_context(active_test=True).search(domain)
        return {one.id: (one.name, one.account_id.id) for one in found}

    def _enqueue_push(self, run=None, priority=PRIORITY_WEBHOOK):
        """Queue the push of the members of this audience that changed.

        :param recordset run: the `mailchimp.run` to report to, if any
        :param int priority: of the job
        """
        self.ensure_one()
        pushed = self._pushed().get(self.id)
        name, account_id = pushed or (self.name, self.account_id.id)
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_push",
            name=self.env._("Push changes of %s", name),
            identity=f"push:{self.id}",
            run=run,
            account=self.env["mailchimp.account"].browse(account_id),
            priority=priority,
            args={"run_id": run.id if run else False},
            in_passing=not run,
        )

    @api.model
    def _sweep_changes(self):
        """Queue the pushes of changes that wait without a job.

        Such as those of members whose batch is over, or that were put off. Batches that
        are under way look after their members themselves.
        """
        self.env["mailchimp.change"]._spread()
        now = fields.Datetime.now()
        # Asked several times a second. Changes, of which there may be a million while a
        # job is at them, are looked at only where none is. LATERAL and jit: see
        # `mailchimp.member.import`.
        query = SQL(
            """SET LOCAL jit TO off;
               WITH idle AS MATERIALIZED (
                   SELECT a.id FROM mailchimp_audience a
                    WHERE (a.active OR a.is_gone) AND NOT EXISTS (
                          SELECT FROM mailchimp_job
                           WHERE identity = 'push:' || a.id AND state = 'pending'
                          OFFSET 0)
                      AND NOT EXISTS (
                          SELECT FROM mailchimp_job
                           WHERE identity = 'push:' || a.id AND state = 'failed'
                             AND finished_at > %s OFFSET 0))
               SELECT id FROM idle
                WHERE EXISTS (
                      SELECT FROM mailchimp_change c
                        JOIN LATERAL (
                             SELECT audience_id, batch_id FROM mailchimp_member
                              WHERE id = c.member_id OFFSET 0) m ON TRUE
                       WHERE m.audience_id = idle.id AND m.batch_id IS NULL
                         AND c.create_date < %s)""",
            now - SWEEP_PAUSE,
            now - SWEEP_AFTER,
        )
        ids = [row[0] for row in self.env.execute_query(query)]
        for audience in self.browse(ids):
            audience._enqueue_push()
