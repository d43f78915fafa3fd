import re
from datetime import timedelta

import psycopg2.errors

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..const import MAX_ATTEMPTS, PRIORITY_SCHEDULED, PRIORITY_USER

# Only `_enqueue` holds this object: no RPC call, server action or import can forge it.
_ENQUEUE = object()
_OPTIONS = frozenset(
    {"args", "priority", "account", "run_after", "brief", "in_passing"}
)
_CALL_FIELDS = frozenset({"model", "res_ids", "method", "args", "identity"})
# What PostgreSQL cannot keep: NUL, and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# On a cursor: the jobs that its transaction runs.
RUNNING = "mailchimp_jobs_running"


class MailchimpJob(models.Model):
    """A unit of work that talks to Mailchimp.

    Business code leaves a row with ``_enqueue`` in its own transaction; the scheduled
    action *Process Queue Jobs (MailChimp)* runs it after the commit. The row is the
    lock: whoever holds it ``FOR UPDATE`` runs the job. A job runs at least once, so
    every ``_job_*`` method is idempotent, and none of them commits.

    A ``_job_*`` method may be a generator. Each ``yield`` is a checkpoint: what was
    done so far is committed, more urgent jobs get their turn, and after a crash the
    method starts again from the place it had saved.
    """

    _name = "mailchimp.job"
    _description = "Mailchimp Queue Job"
    _order = "priority, id"

    name = fields.Char(required=True, readonly=True)
    model = fields.Char(string="Type of Record", required=True, readonly=True)
    res_ids = fields.Json(string="Record IDs", readonly=True)
    method = fields.Char(required=True, readonly=True)
    args = fields.Json(
        string="Arguments",
        readonly=True,
        # Addresses, and why people opted out; jobs without an account are everybody's.
        groups="base.group_system",
    )
    identity = fields.Char(
        readonly=True,
        help="Jobs of one identity run one after the other; an identical pending job "
        "is not queued twice.",
    )
    account_id = fields.Many2one(
        "mailchimp.account", ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one(related="account_id.company_id", string="Company")
    run_id = fields.Many2one(
        "mailchimp.run", ondelete="cascade", index="btree_not_null", readonly=True
    )
    user_id = fields.Many2one("res.users", string="Requested by", readonly=True)
    priority = fields.Integer(default=PRIORITY_SCHEDULED, aggregator=None)
    state = fields.Selection(
        [
            ("pending", "Pending"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        default="pending",
        required=True,
        readonly=True,
    )
    attempts = fields.Integer(string="Tries", readonly=True, default=0, aggregator=None)
    max_attempts = fields.Integer(
        string="Tries at Most", default=MAX_ATTEMPTS, aggregator=None
    )
    steps = fields.Integer(
        readonly=True,
        default=0,
        aggregator=None,
        help="Checkpoints passed; tells a worker that another one went on meanwhile.",
    )
    run_after = fields.Datetime(
        string="Next Try", required=True, default=fields.Datetime.now
    )
    started_at = fields.Datetime(
        readonly=True,
        help="Kept only while a worker follows one that died: which job was begun.",
    )
    finished_at = fields.Datetime(string="Ended on", readonly=True)
    error = fields.Text(readonly=True)

    # Statistics lag behind a burst of jobs: if all queries for pending jobs could use
    # it, PostgreSQL would read it from end to end rather than look up one identity.
    _next_idx = models.Index(
        "(priority, id, run_after) WHERE state = 'pending' AND run_after > '-infinity'"
    )
    _identity_idx = models.Index(
        "(identity) WHERE state = 'pending' AND identity IS NOT NULL"
    )
    _run_pending_idx = models.Index(
        "(run_id) WHERE state = 'pending' AND run_id IS NOT NULL"
    )
    _finished_idx = models.Index("(finished_at) WHERE state != 'pending'")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse all but ``_enqueue``: a job names a method that will be called."""
        self._check_enqueued()
        return super().create(vals_list)

    def write(self, vals):
        """Keep the call of a job as it was enqueued."""
        if _CALL_FIELDS & vals.keys():
            self._check_enqueued()
        return super().write(vals)

    def _check_enqueued(self):
        if self.env.context.get("mailchimp_enqueue") is not _ENQUEUE:
            raise AccessError(
                self.env._("Queue jobs are created by Mailchimp operations only.")
            )

    # === ENQUEUE === #

    @api.model
    def _enqueue(self, records, method, *, name, identity=None, run=None, **options):
        """Queue ``records.method(**args)`` for after the commit of this transaction.

        :param Model records: the recordset the method is called on
        :param str method: its name, starting with ``_job_``
        :param str name: what the job does, for people
        :param str identity: jobs with the same identity never run at once; one with
            the same call and run that has not begun stands for the new one too
        :param recordset run: the `mailchimp.run` this belongs to
        :param options: ``args`` (JSON-able dict), ``priority`` (int, low first),
            ``account`` (`mailchimp.account`), ``run_after`` (datetime), ``brief``
            (bool): the transaction has nothing else to lose, which makes it cheap;
            ``in_passing`` (bool): people ask for it with each edit, so that the queue
            need not be called for a job that waits already
        :return: the `mailchimp.job` that will do it, as superuser
        :raise ValueError: when the method is not a job method
        """
        if not method.startswith("_job_") or not hasattr(records, method):
            raise ValueError(f"{records._name}.{method} is not a job method")
        if unknown := options.keys() - _OPTIONS:
            raise TypeError(f"unknown options of a job: {sorted(unknown)}")
        account = options.get("account")
        vals = {
            "name": storable(name),
            "model": records._name,
            "res_ids": records.ids,
            "method": method,
            "args": storable(options.get("args") or {}),
            "identity": storable(identity or False),
            "run_id": run.id if run else False,
            "account_id": account.id if account else False,
            "user_id": self.env.uid,
            "priority": options.get("priority", PRIORITY_SCHEDULED),
            "run_after": options.get("run_after") or fields.Datetime.now(),
        }
        if options.get("brief"):
            return self._enqueue_briefly(vals)
        if options.get("in_passing"):
            if job := self._find_in_passing(vals):
                return job
        else:
            job = self._coalesce(vals) if identity else None
        self._wake(vals["run_after"])
        # sudo: whoever may ask for the operation may not write the queue by hand.
        creator = self.sudo().with_context(mailchimp_enqueue=_ENQUEUE)
        return job or creator.create(vals).with_context(mailchimp_enqueue=None)

    @api.model
    def _coalesce(self, vals):
        """Find a pending job that will surely see what this transaction changed.

        A job that a worker holds may have read its data before our commit, and so may
        one that has begun: only one that we can lock will do, before its first step.
        It is written to, for a worker whose transaction is older than our commit would
        not mind a mere lock that is gone.

        :param dict vals: of the job that would be created
        :return: the job, more urgent and sooner if asked for; or None
        """
        self.flush_model()
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(self._coalesce_query(vals), log_exceptions=False)
                # sudo: as what is created, see `_enqueue`
                job = self.sudo().browse(row[0] for row in self.env.cr.fetchall())
        except psycopg2.errors.SerializationFailure:
            return None  # it was run since our transaction began
        job.invalidate_recordset(flush=False)
        return job or None

    @api.model
    def _coalesce_query(self, vals):
        return SQL(
            """UPDATE mailchimp_job
                  SET priority = LEAST(priority, %(priority)s),
                      run_after = CASE WHEN attempts = 0 OR %(person)s
                          THEN LEAST(run_after, %(run_after)s) ELSE run_after END,
                      attempts = CASE WHEN %(person)s THEN 0 ELSE attempts END,
                      write_date = now() AT TIME ZONE 'UTC'
                WHERE id = (SELECT id FROM mailchimp_job WHERE %(same)s
                          ORDER BY id DESC LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id""",
            priority=vals["priority"],
            run_after=vals["run_after"],
            # A person asks again: that is a new chance, not one try of many.
            person=vals["priority"] <= PRIORITY_USER,
            same=self._same_call(vals),
        )

    @api.model
    def _same_call(self, vals):
        """SQL: a pending job like the one of ``vals`` that has not begun."""
        same = [
            SQL(
                "%s IS NOT DISTINCT FROM %s::jsonb",
                SQL.identifier(name),
                self._fields[name].convert_to_column(vals[name], self),
            )
            for name in ("res_ids", "args")
        ]
        return SQL(
            """state = 'pending' AND steps = 0 AND identity = %s AND model = %s
               AND method = %s AND run_id IS NOT DISTINCT FROM %s AND id != ALL(%s)
               AND %s""",
            vals["identity"],
            vals["model"],
            vals["method"],
            vals["run_id"] or None,
            # A job of our own transaction is not locked for us, and yet it runs.
            list(self.env.cr.cache.get(RUNNING, ())),
            SQL(" AND ").join(same),
        )

    @api.model
    def _wake(self, at=None):
        """Run the queue once this transaction is committed, or at a later time.

        Scheduled actions look at the clock once a minute: one trigger per minute will
        do, and one per transaction for now.
        """
        if not self._engine_is_cron():
            return
        if at and at > fields.Datetime.now():
            at = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
        else:
            at = None
        woken = self.env.cr.precommit.data.setdefault("mailchimp_woken", set())
        # A worker looks again after each transaction of its own.
        if at in woken or (not at and self.env.cr.cache.get(RUNNING)):
            return
        # In memory; `ref` would be one more query of each edit of a contact.
        known = self.env["ir.model.data"]
        cron_id = known._xmlid_to_res_id("mailchimp_connector.ir_cron_run_jobs")
        if not cron_id:
            return
        woken.add(at)
        # sudo: everybody's change may wake the queue, nobody may edit the action.
        domain = [("cron_id", "=", cron_id), ("call_at", "=", at)]
        if not at or not self.env["ir.cron.trigger"].sudo().search(domain, limit=1):
            self.env["ir.cron"].sudo().browse(cron_id)._trigger(at)


def storable(value):
    """Return a JSON-able value without the characters that PostgreSQL refuses."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value)
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value
