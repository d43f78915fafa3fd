import logging
import random
import time
from datetime import timedelta

import psycopg2.errors

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL
from odoo.tools.constants import GC_UNLINK_LIMIT

from ..const import MAX_ATTEMPTS, PRIORITY_SCHEDULED
from ..exceptions import MailchimpAuthError, MailchimpError, MailchimpRetryLater

_logger = logging.getLogger(__name__)

# Only `_enqueue` holds this object: no RPC call, server action or import can forge it.
_ENQUEUE = object()
_END = object()
_CALL_FIELDS = frozenset({"model", "res_ids", "method", "args", "identity"})

# Well below the two minutes after which Odoo kills a cron worker: a request to
# Mailchimp may take another one.
LOOP_SECONDS = 50
# Jobs taken with one query while they are quick; a slow one goes back to one at a time
# so that it does not keep others from a free worker.
MAX_BATCH = 64
QUICK_SECONDS = 0.05
MAX_BACKOFF = timedelta(hours=6)


class MailchimpJob(models.Model):
    """A unit of work that talks to Mailchimp.

    Business code leaves a row with ``_enqueue`` in its own transaction; the scheduled
    action *Process Queue Jobs (MailChimp)* runs it after the commit. The row is the
    lock: whoever holds it ``FOR UPDATE`` runs the job. A job runs at least once, so
    every ``_job_*`` method is idempotent, and none of them commits.

    A ``_job_*`` method may be a generator. Each ``yield`` is a checkpoint: what was
    done so far is committed, more urgent jobs get their turn, and after a crash the
    method starts again from what it had saved.
    """

    _name = "mailchimp.job"
    _description = "MailChimp Queue Job"
    _order = "priority, id"

    name = fields.Char(required=True, readonly=True)
    model = fields.Char(required=True, readonly=True)
    res_ids = fields.Json(readonly=True)
    method = fields.Char(required=True, readonly=True)
    args = fields.Json(readonly=True)
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
    attempts = fields.Integer(readonly=True, aggregator=None)
    max_attempts = fields.Integer(default=MAX_ATTEMPTS, aggregator=None)
    steps = fields.Integer(
        readonly=True,
        aggregator=None,
        help="Checkpoints passed; tells a worker that another one went on meanwhile.",
    )
    run_after = fields.Datetime(string="Next Try", default=fields.Datetime.now)
    finished_at = fields.Datetime(readonly=True)
    error = fields.Text(readonly=True)

    _next_idx = models.Index("(priority, id) WHERE state = 'pending'")
    _identity_idx = models.Index("(identity, id) WHERE state = 'pending'")
    _finished_idx = models.Index("(finished_at) WHERE state != 'pending'")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse anything but ``_enqueue``: a job names a method that will be called."""
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
                self.env._("Queue jobs are created by MailChimp operations only.")
            )

    # === ENQUEUE === #

    @api.model
    def _enqueue(self, records, method, *, name, identity=None, run=None, **options):
        """Queue ``records.method(**args)`` for after the commit of this transaction.

        :param Model records: the recordset the method is called on
        :param str method: its name, starting with ``_job_``
        :param str name: what the job does, for people
        :param str identity: jobs with the same identity never run at once, and a
            pending one that nobody runs at this moment stands for the new one too
        :param recordset run: the `mailchimp.run` this belongs to
        :param options: ``args`` (JSON-able dict), ``priority`` (int, low first),
            ``account`` (`mailchimp.account`), ``run_after`` (datetime)
        :return: the `mailchimp.job` that will do it, as superuser
        :raise ValueError: when the method is not a job method
        """
        if not method.startswith("_job_") or not hasattr(records, method):
            raise ValueError(f"{records._name}.{method} is not a job method")
        if identity and (job := self._coalesce(identity, options.get("priority"))):
            self._wake()
            return job
        account = options.get("account")
        # sudo: whoever may ask for the operation may not write the queue by hand.
        job = (
            self.sudo()
            .with_context(mailchimp_enqueue=_ENQUEUE)
            .create(
                {
                    "name": name,
                    "model": records._name,
                    "res_ids": records.ids,
                    "method": method,
                    "args": options.get("args") or {},
                    "identity": identity,
                    "run_id": run.id if run else False,
                    "account_id": account.id if account else False,
                    "user_id": self.env.uid,
                    "priority": options.get("priority", PRIORITY_SCHEDULED),
                    "run_after": options.get("run_after") or fields.Datetime.now(),
                }
            )
            .with_context(mailchimp_enqueue=None)
        )
        self._wake(options.get("run_after"))
        return job

    @api.model
    def _coalesce(self, identity, priority=None):
        """Find a pending job that will surely see what this transaction changed.

        A job that a worker holds may have read its data before our commit, so only one
        that we can lock will do.
        """
        self.env["mailchimp.job"].flush_model()
        query = SQL(
            """SELECT id FROM mailchimp_job
                WHERE identity = %s AND state = 'pending'
             ORDER BY id DESC LIMIT 1 FOR UPDATE SKIP LOCKED""",
            identity,
        )
        try:
            with self.env.cr.savepoint(flush=False):
                rows = self.env.execute_query(query)
        except psycopg2.errors.SerializationFailure:
            return None  # it was run since our transaction began
        if not rows:
            return None
        job = self.sudo().browse(rows[0][0])
        if priority is not None and priority < job.priority:
            job.priority = priority
        return job

    @api.model
    def _wake(self, at=None):
        """Run the queue once this transaction is committed, or at a later time.

        Several calls of one transaction wake it once per point in time.
        """
        if not self._engine_is_cron():
            return
        woken = self.env.cr.precommit.data.setdefault("mailchimp_woken", set())
        if at in woken:
            return
        woken.add(at)
        # sudo: everybody's change may wake the queue, nobody may edit the action.
        cron = self.env.ref("mailchimp_connector.ir_cron_run_jobs", False)
        if cron:
            cron.sudo()._trigger(at)

    # === HOOKS FOR ANOTHER ENGINE === #

    def _dispatch(self):
        """Call the method of this job, as superuser in the company of the account.

        :return: None, or a generator that has more to do at each step
        :raise ValueError: when the job names anything but a job method
        """
        self.ensure_one()
        if not self.method.startswith("_job_"):
            raise ValueError(f"{self.method} is not a job method")
        records = self.env[self.model].browse(self.res_ids or ()).exists()
        if self.res_ids and not records:
            return None  # deleted meanwhile: nothing is left to do
        records = records.with_user(SUPERUSER_ID).with_context(
            lang=self.user_id.lang, mailchimp_job_id=self.id
        )
        if self.company_id:
            records = records.with_company(self.company_id)
        return getattr(records, self.method)(**(self.args or {}))

    @api.model
    def _retry_exception(self, error):
        """Tell whether and when a failed job is tried again.

        :param Exception error: what the job raised
        :return: seconds to wait at least, None when it failed for good
        """
        if isinstance(error, MailchimpRetryLater):
            return error.seconds
        return None

    @api.model
    def _engine_is_cron(self):
        """Tell whether our scheduled action runs the jobs, and not another engine."""
        return True

    # === ENGINE === #

    @api.model
    def _cron_run_jobs(self):
        """Run everything that is due, most urgent first, within the time of a cron."""
        deadline = time.monotonic() + LOOP_SECONDS
        generators = {}
        batch = 1
        try:
            while time.monotonic() < deadline:
                started = time.monotonic()
                jobs = self._lock_due(batch)
                for job in jobs:
                    job._run_step(generators)
                self._commit(len(jobs))
                if not jobs:
                    break
                quick = time.monotonic() - started < QUICK_SECONDS
                batch = min(batch * 2, MAX_BATCH) if quick and not generators else 1
        finally:
            for _steps, generator in generators.values():
                generator.close()
        self._commit(remaining=self._count_due())

    @api.model
    def _commit(self, processed=0, remaining=None):
        self.env["ir.cron"]._commit_progress(processed, remaining=remaining)

    @api.model
    def _due_condition(self):
        """SQL: a pending job ``j`` whose time has come and that nothing holds back."""
        return SQL(
            """j.state = 'pending' AND j.run_after <= %s
               AND NOT EXISTS (SELECT FROM mailchimp_run r WHERE r.id = j.run_id
                                AND r.state IN ('paused', 'cancelled'))
               AND NOT EXISTS (SELECT FROM mailchimp_account a
                                WHERE a.id = j.account_id AND a.paused_until > %s)
               AND NOT EXISTS (SELECT FROM mailchimp_job o
                                WHERE o.identity = j.identity AND o.id < j.id
                                  AND o.state = 'pending')""",
            fields.Datetime.now(),
            fields.Datetime.now(),
        )

    @api.model
    def _lock_due(self, limit):
        """Lock the most urgent jobs that no other worker holds.

        Our own table, and the lock must be taken by the very query that chooses:
        between a search and a lock another worker would get there first.
        """
        self.env.flush_all()
        query = SQL(
            """SELECT j.id FROM mailchimp_job j WHERE %s
             ORDER BY j.priority, j.id LIMIT %s FOR UPDATE OF j SKIP LOCKED""",
            self._due_condition(),
            limit,
        )
        try:
            return self.browse(row[0] for row in self.env.execute_query(query))
        except psycopg2.errors.SerializationFailure:
            # Another worker finished one of them since this transaction began.
            self.env.cr.rollback()
            return self._lock_due(limit)

    @api.model
    def _count_due(self):
        self.env.flush_all()
        query = SQL(
            "SELECT count(*) FROM mailchimp_job j WHERE %s", self._due_condition()
        )
        return self.env.execute_query(query)[0][0]

    def _run_step(self, generators):
        """Run this locked job, or the next step of it, and record the outcome."""
        steps, generator = generators.pop(self.id, (None, None))
        if generator and steps != self.steps:
            generator.close()  # another worker went on from the checkpoint
            generator = None
        try:
            with self.env.cr.savepoint():
                generator = generator or self._dispatch()
                if generator is None or next(generator, _END) is _END:
                    self._record_success()
                else:
                    generators[self.id] = (self.steps + 1, generator)
                    self.write({"steps": self.steps + 1, "attempts": 0, "error": False})
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # Somebody changed the same rows: again, on what they left behind.
            generators.pop(self.id, None)
            _logger.debug("MailChimp job %s met a concurrent update", self.id)
        except Exception as error:  # noqa: BLE001 - every job ends in a recorded state
            self._record_failure(error)

    def _record_success(self):
        self.write(
            {"state": "done", "error": False, "finished_at": fields.Datetime.now()}
        )
        self.run_id._job_finished()

    def _record_failure(self, error):
        """Plan the next try of this job, or park it with its reason."""
        seconds = self._retry_exception(error)
        attempts = self.attempts + 1
        vals = {"attempts": attempts, "error": self._error_text(error)}
        if seconds is None or attempts >= self.max_attempts:
            vals |= {"state": "failed", "finished_at": fields.Datetime.now()}
        else:
            vals["run_after"] = self._next_try(attempts, seconds)
        try:
            with self.env.cr.savepoint():
                self.write(vals)
                self._report_failure(error)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            _logger.debug("MailChimp job %s: its failure is met again", self.id)

    @api.model
    def _next_try(self, attempts, seconds):
        """Return when to try again: exponential, with jitter, never before asked."""
        backoff = min(timedelta(minutes=2 ** (attempts - 1)), MAX_BACKOFF)
        backoff *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, no secret
        return fields.Datetime.now() + max(backoff, timedelta(seconds=seconds))

    @api.model
    def _error_text(self, error):
        if isinstance(error, (MailchimpError, UserError)):
            return str(error)
        return f"{type(error).__name__}: {error}"

    def _report_failure(self, error):
        """Tell the account, the run and the log what this job met."""
        if self.state == "pending":
            self._wake(self.run_after)
        if not isinstance(error, (MailchimpError, UserError)):
            _logger.error("MailChimp job %s crashed", self.id, exc_info=error)
        if isinstance(error, MailchimpAuthError):
            self.account_id._on_auth_error(error)
        if isinstance(error, MailchimpRetryLater) and error.throttled:
            self.account_id._pause_until(self.run_after)
        self.run_id._job_failed(self)

    # === ACTION METHODS === #

    def action_retry(self):
        """Try failed or cancelled jobs again, from their last checkpoint."""
        jobs = self.filtered(lambda job: job.state in ("failed", "cancelled"))
        # sudo: users may ask for a retry, the queue itself is read-only for them.
        jobs.sudo().write(
            {
                "state": "pending",
                "attempts": 0,
                "error": False,
                "finished_at": False,
                "run_after": fields.Datetime.now(),
            }
        )
        jobs.run_id.sudo()._reopen()
        self._wake()

    def action_run_now(self):
        """Let waiting jobs run at once instead of at their next try."""
        waiting = self.filtered(lambda job: job.state == "pending")
        waiting.sudo().write({"run_after": fields.Datetime.now()})
        self._wake()

    def action_cancel(self):
        """Cancel jobs that did not finish."""
        pending = self.filtered(lambda job: job.state == "pending")
        pending.sudo().write(
            {"state": "cancelled", "finished_at": fields.Datetime.now()}
        )
        pending.run_id.sudo()._job_finished()

    # === AUTOVACUUM === #

    @api.autovacuum
    def _gc_finished(self):
        """Forget finished jobs after 30 days, failed ones after 90.

        :return: how many were deleted, and whether more are left
        """
        now = fields.Datetime.now()
        jobs = self.search(
            Domain("finished_at", "<", now - timedelta(days=90))
            | Domain("finished_at", "<", now - timedelta(days=30))
            & Domain("state", "in", ("done", "cancelled")),
            limit=GC_UNLINK_LIMIT,
        )
        jobs.unlink()
        return len(jobs), len(jobs) == GC_UNLINK_LIMIT
