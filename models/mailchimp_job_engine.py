import logging
import time
from collections import Counter
from collections.abc import Iterator

import psycopg2
import psycopg2.errors

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.base.models.ir_cron import MIN_TIME_PER_JOB

from ..exceptions import MailchimpAuthError, MailchimpRetryLater
from .mailchimp_job import RUNNING

_logger = logging.getLogger(__name__)

_END = object()

# Well below the two minutes after which Odoo kills a cron worker: a request to
# Mailchimp may take another one.
LOOP_SECONDS = 50
# Jobs that one transaction runs while they are quick. One that is not, that fails or
# that goes on later ends it, so that nothing urgent waits behind a batch.
MAX_BATCH = 64
BATCH_SECONDS = 0.1
# Beginning and ending a run costs more than most jobs: it stays for what comes within a
# second, and looks now and then. Who enqueues meanwhile need not wake another one.
LINGER_SECONDS = 1
LOOK_SECONDS = 0.2
# What may be gone when the same job is tried again. A bare Exception is how Odoo tells
# a worker that it used up its CPU time. What was unique when a job looked for it may
# have been made by another worker since.
_TEMPORARY = (
    MailchimpRetryLater,
    OSError,
    MemoryError,
    psycopg2.OperationalError,
    psycopg2.errors.UniqueViolation,
)


class Worker:
    """What one process remembers between two transactions of the queue.

    :param float seconds: how long it may take on new work
    :param bool careful: whether to find out which job killed the worker before
    :param float stay_until: when to leave, at the latest, if there is nothing to do
    """

    def __init__(self, seconds, careful=False, stay_until=0):
        self.deadline = time.monotonic() + seconds
        self.careful = careful
        self.stay_until = stay_until
        self.worked_at = time.monotonic()
        self.batch = 1
        self.conflicts = Counter()
        self._generators = {}

    def resume(self, job):
        """Return the generator of a job, unless another worker went on with it."""
        steps, generator = self._generators.pop(job.id, (None, None))
        if generator and steps != job.steps:
            self._close(generator)
            return None
        return generator

    def keep(self, job, generator):
        """Remember where a job goes on."""
        self._generators[job.id] = (job.steps, generator)

    def close(self):
        """Let go of what is under way; it goes on from its checkpoints."""
        for _steps, generator in self._generators.values():
            self._close(generator)
        self._generators.clear()

    def _close(self, generator):
        try:
            generator.close()
        except Exception:
            _logger.exception("A Mailchimp job could not be left in good order")


class MailchimpJob(models.Model):
    """The engine: what runs the jobs, and what comes of them."""

    _inherit = "mailchimp.job"

    # === HOOKS FOR ANOTHER ENGINE === #

    def _dispatch(self):
        """Call the method of this job, as superuser in the company of the account.

        :return: None, or a generator that has more to do at each step
        :raise ValueError: when the job names anything but a job method
        :raise UserError: when what it names is not there any more
        """
        self.ensure_one()
        if not self.method.startswith("_job_"):
            raise ValueError(f"{self.method} is not a job method")
        if not hasattr(self.env.get(self.model), self.method):
            raise UserError(
                self.env._(
                    "%(model)s.%(method)s does not exist any more: the module was "
                    "updated or removed.",
                    model=self.model,
                    method=self.method,
                )
            )
        records = self.env[self.model].browse(self.res_ids or ()).exists()
        if self.res_ids and not records:
            return None  # deleted meanwhile: nothing is left to do
        records = records.with_user(SUPERUSER_ID).with_context(
            lang=self.user_id.lang, mailchimp_attempts=self.attempts
        )
        # sudo: an action of another user may run the queue, too.
        if company := self.account_id.sudo().company_id:
            records = records.with_company(company)
        return getattr(records, self.method)(**(self.args or {}))

    @api.model
    def _retry_exception(self, error):
        """Tell whether and when a failed job is tried again.

        :param Exception error: what the job raised
        :return: seconds to wait at least, None when it failed for good
        """
        if isinstance(error, _TEMPORARY) or type(error) is Exception:
            return getattr(error, "seconds", 0)
        # The account is held back until a person has connected it again.
        return 0 if isinstance(error, MailchimpAuthError) else None

    @api.model
    def _engine_is_cron(self):
        """Tell whether our scheduled action runs the jobs, and not another engine."""
        return True

    # === LOOP === #

    @api.model
    def _cron_run_jobs(self):
        """Run everything that is due, most urgent first, within the time of a cron."""
        self._commit()
        worker = self._new_worker()
        drained = False
        try:
            while not drained and time.monotonic() < worker.deadline:
                drained = not self._run_batch(worker) and not self._linger(worker)
        finally:
            worker.close()
            self.env.cr.cache.pop(RUNNING, None)
        self._settle()
        # Jobs that others hold are due as well, but not for us.
        remaining = 0 if drained else self._count_due()
        if remaining and "ir_cron_progress_id" not in self.env.context:
            self._wake()
        self._commit(remaining=remaining)

    @api.model
    def _linger(self, worker):
        """Wait a moment for more to come, without a transaction.

        :param Worker worker: who waits
        :return: False when that took long enough
        """
        until = min(worker.stay_until, worker.worked_at + LINGER_SECONDS)
        if time.monotonic() >= until:
            return False
        self._settle()
        self._commit()
        time.sleep(LOOK_SECONDS)
        return True

    @api.model
    def _new_worker(self):
        """Make the worker of this call.

        Odoo calls a scheduled action with work left ten times and more before others
        get their turn: all these calls share one deadline. It gives them ten seconds in
        any case; so long it may wait for work.
        """
        turn_ends = self.env.context.get("cron_end_time", 0)
        used = time.monotonic() - turn_ends + MIN_TIME_PER_JOB if turn_ends else 0
        progress = self.env["ir.cron.progress"].sudo()
        progress = progress.browse(self.env.context.get("ir_cron_progress_id"))
        careful = progress.timed_out_counter > 1
        worker = Worker(LOOP_SECONDS - used, careful, stay_until=turn_ends)
        if worker.careful:
            self._blame_started()
        return worker

    @api.model
    def _commit(self, processed=0, remaining=1):
        """Commit; until the loop is over there may be more, should it break."""
        self.env["ir.cron"]._commit_progress(processed, remaining=remaining)

    @api.model
    def _run_batch(self, worker):
        """Run the most urgent jobs in one transaction and commit it.

        :param Worker worker: whose turn it is
        :return: whether there was any
        """
        started = time.monotonic()
        jobs = self._lock_due(1 if worker.careful else worker.batch)
        jobs = jobs.with_context(mailchimp_deadline=worker.deadline)
        if worker.careful and jobs and not jobs.started_at:
            jobs.started_at = fields.Datetime.now()
            self._commit()
            return True
        self.env.cr.cache[RUNNING] = set(jobs.ids)
        done, more, tried = self.browse(), True, 0
        for job in jobs:
            tried += 1
            outcome = job._run_step(worker)
            done |= job if outcome == "done" else self.browse()
            more = outcome == "done" and time.monotonic() - started < BATCH_SECONDS
            if not more:
                break
        done._record_success()
        self._commit(tried)
        self.env.cr.cache[RUNNING] = set()
        worker.batch = min(worker.batch * 2, MAX_BATCH) if more else 1
        if jobs:
            worker.worked_at = time.monotonic()
        return bool(jobs)

    @api.model
    def _settle(self):
        """Settle what workers could not see of each other.

        A run may be cancelled while one of its jobs runs, and the last two jobs of a
        run may finish at once.
        """
        runs = self.env["mailchimp.run"]
        try:
            with self.env.cr.savepoint():
                domain = [("state", "=", "pending"), ("run_id.state", "=", "cancelled")]
                self.search(domain)._cancel()
                runs.search([("state", "in", ("pending", "running"))])._job_finished()
                self.env["mailchimp.audience"]._sweep_changes()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            _logger.debug("Mailchimp runs are settled the next time")

    # === OUTCOME === #

    def _run_step(self, worker):
        """Run this locked job, or the next step of it.

        :param Worker worker: who runs it
        :return: "done" (still to be recorded), "more" or "failed"
        """
        try:
            with self.env.cr.savepoint():
                generator = worker.resume(self) or self._dispatch()
                if not isinstance(generator, Iterator) or next(generator, _END) is _END:
                    return "done"
                self._record_step()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY as error:
            self._record_conflict(error, worker)
        except Exception as error:  # noqa: BLE001 - every job ends in a recorded state
            self._record_failure(error)
        else:
            worker.conflicts.pop(self.id, None)
            worker.keep(self, generator)
            return "more"
        return "failed"
