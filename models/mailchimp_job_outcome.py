import logging
import random
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools.constants import GC_UNLINK_LIMIT

from ..exceptions import MailchimpAuthError, MailchimpError, MailchimpRetryLater
from .mailchimp_job import storable

_logger = logging.getLogger(__name__)

# Tries at once of a job that others' changes get in the way of.
MAX_CONFLICTS = 5
MINUTE = timedelta(minutes=1)
MAX_BACKOFF = timedelta(hours=6)
MAX_WAIT = timedelta(days=7)
ERROR_LENGTH = 4000


class MailchimpJob(models.Model):
    """What comes of a job: success, the next try, failure; and what people may do."""

    _inherit = "mailchimp.job"

    # === OUTCOME === #

    def _record_success(self):
        """Note that these jobs are done, all those of a transaction at once."""
        if not self:
            return
        now = fields.Datetime.now()
        self.filtered("error").run_id._go_on()
        self.write({"state": "done", "error": False, "finished_at": now})
        try:
            with self.env.cr.savepoint():
                self.run_id._job_finished()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            _logger.debug("Mailchimp runs of jobs %s are settled later", self.ids)

    def _record_step(self):
        if self.error:
            self.run_id._go_on()
        vals = {"attempts": 0, "error": False, "started_at": False}
        self.write(dict(vals, steps=self.steps + 1))

    def _record_conflict(self, error, worker):
        """Somebody changed the same rows: again at once, on what they left behind."""
        worker.conflicts[self.id] += 1
        _logger.debug("Mailchimp job %s met a concurrent update: %s", self.id, error)
        if worker.conflicts[self.id] >= MAX_CONFLICTS:
            del worker.conflicts[self.id]
            after = fields.Datetime.now() + MINUTE
            self.write({"run_after": after, "error": self._error_text(error)})
            self._wake(after)

    def _record_failure(self, error):
        """Plan the next try of this job, or park it with its reason."""
        vals = self._failure_vals(error)
        try:
            with self.env.cr.savepoint():
                self.write(vals)
                self._report_failure(error)
        except Exception:
            # Whatever keeps us from telling must not keep the job from waiting.
            _logger.warning(
                "Mailchimp job %s: failure not told", self.id, exc_info=True
            )
            self.write(vals)

    def _failure_vals(self, error):
        seconds = self._retry_exception(error)
        waits_for_person = isinstance(error, MailchimpAuthError) and self.account_id
        attempts = self.attempts + (0 if waits_for_person else 1)
        vals = {
            "attempts": attempts,
            "error": self._error_text(error),
            "started_at": False,
        }
        if seconds is None or attempts >= self.max_attempts:
            vals |= {"state": "failed", "finished_at": fields.Datetime.now()}
        else:
            vals["run_after"] = self._next_try(attempts, seconds)
        return vals

    @api.model
    def _next_try(self, attempts, seconds):
        """Return when to try again: exponential, with jitter, never before asked."""
        backoff = min(MINUTE * 2 ** min(max(attempts - 1, 0), 10), MAX_BACKOFF)
        backoff *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, no secret
        asked = timedelta(seconds=min(seconds, MAX_WAIT.total_seconds()))
        return fields.Datetime.now() + max(backoff, asked)

    @api.model
    def _error_text(self, error):
        try:
            text = str(error)
        except Exception:  # of an error that another module made
            text = ""
        if not isinstance(error, (MailchimpError, UserError)):
            text = f"{type(error).__name__}: {text}"
        return storable(text)[:ERROR_LENGTH]

    def _report_failure(self, error):
        """Tell the account, the run and the log what this job met."""
        if self.state == "pending":
            self._wake(self.run_after)
        if not isinstance(error, (MailchimpError, UserError)):
            _logger.error("Mailchimp job %s crashed", self.id, exc_info=error)
        if isinstance(error, MailchimpAuthError):
            self.account_id._on_auth_error(error)
        if isinstance(error, MailchimpRetryLater) and self.account_id:
            self._pause_account(error)
        self.run_id._job_failed(self)

    def _pause_account(self, error):
        """Keep the other jobs of the account from the same trouble.

        One job probes whether an outage is over; the others keep their attempts.
        """
        if error.throttled:
            until = self.run_after
        elif not error.status or error.status >= 500:
            until = fields.Datetime.now() + MINUTE
        else:
            return
        self.account_id._pause_until(until)
        self._wake(self.account_id.paused_until)

    @api.model
    def _blame_started(self):
        """Note a failure of the job that ran when the last worker died.

        Else the one that kills would be the first to run for ever.
        """
        domain = [("state", "=", "pending"), ("started_at", "!=", False)]
        for job in self.search(domain).try_lock_for_update():
            job._record_failure(
                ChildProcessError("The process died while it ran this.")
            )
        self._commit()

    # === ACTION METHODS === #

    def action_retry(self):
        """Try failed or cancelled jobs again, from their last checkpoint."""
        jobs = self.filtered(lambda job: job.state in ("failed", "cancelled"))
        # sudo: users may ask for it, the queue itself is read-only for them.
        jobs.sudo().write(
            {
                "state": "pending",
                "attempts": 0,
                "error": False,
                "started_at": False,
                "finished_at": False,
                "run_after": fields.Datetime.now(),
            }
        )
        jobs.run_id.sudo()._reopen()
        self._wake()

    def action_run_now(self):
        """Let waiting jobs run at once, even if their account was told to wait."""
        # sudo: as above
        waiting = self.filtered(lambda job: job.state == "pending").sudo()
        waiting.try_lock_for_update().write({"run_after": fields.Datetime.now()})
        waiting.account_id.filtered("paused_until").write({"paused_until": False})
        self._wake()

    def action_cancel(self):
        """Cancel jobs that did not finish.

        :raise UserError: when they are all running at this moment
        """
        # sudo: as above
        pending = self.filtered(lambda job: job.state == "pending").sudo()
        if pending and not pending._cancel():
            raise UserError(
                self.env._(
                    "This is running right now. Cancel its run, or try again in a "
                    "moment."
                )
            )

    def _cancel(self):
        """Cancel those of these pending jobs that no worker holds; return them.

        Waiting for the others would take as long as their request to Mailchimp, and
        then meet their next step.
        """
        free = self.try_lock_for_update()
        free.write({"state": "cancelled", "finished_at": fields.Datetime.now()})
        free.run_id._job_finished()
        return free

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
