from datetime import timedelta

from odoo import fields, models

from ..const import PRIORITY_WEBHOOK
from ..exceptions import MailchimpNotFound, MailchimpRetryLater
from .mailchimp_audience_changes import SWEEP_PAUSE
from .mailchimp_member_push_outcome import LATER
from .mailchimp_run_outcome import FETCHES

# What is fetched first may take a while.
FETCH_PAUSE = timedelta(seconds=30)


class MailchimpAudiencePush(models.Model):
    """The jobs that push the members of an audience."""

    _inherit = "mailchimp.audience"

    looked_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="Mailchimp's clock: the push knows who changed until then.",
    )

    def _job_push(self, run_id=False):
        """Send the members that changed; see `mailchimp.member.push`.

        :param int run_id: the `mailchimp.run` to report to, if any
        :return: a generator with a checkpoint after each step
        """
        run = self.env["mailchimp.run"].browse(run_id or ()).exists()
        run = run or self._run_in_line()
        if not self.active:
            if self.is_gone:  # else what waits goes on when the audience is taken back
                self._give_up_push(run)
            return
        self.env["mailchimp.batch"]._resume(self)
        if not self.pulled_at:
            self._fetch_before_push(run)
            return
        self.merge_field_ids._report_broken(self, run)
        try:
            yield from self.env["mailchimp.member.push"]._push(self, run)
        except MailchimpNotFound as error:
            gateway = self.account_id._gateway()
            importer = self.env["mailchimp.member.import"]
            if importer._refresh_audience(self, gateway, run):
                # What is missing was there when this was planned: plan again.
                raise MailchimpRetryLater(str(error), status=404) from error
            self._give_up_push(run)

    def _run_in_line(self):
        """Return the run whose push comes after this one, which leaves it nothing."""
        domain = [
            ("identity", "=", f"push:{self.id}"),
            ("state", "=", "pending"),
            ("run_id.state", "in", ("pending", "running")),
        ]
        return self.env["mailchimp.job"].search(domain, order="id", limit=1).run_id

    def _job_push_later(self, member_ids):
        """Push members once more whom Mailchimp did not take before.

        :param list member_ids: ids of `mailchimp.member`
        """
        members = self.env["mailchimp.member"].browse(member_ids).exists()
        members.filtered(lambda m: m.error_code in LATER)._mark_changed()

    def _fetch_before_push(self, run):
        """Read the members first, for nobody may be new whom Odoo never looked for.

        A fetch that failed for good, or that somebody cancelled, is not begun again
        every half a minute.

        :param recordset run: the `mailchimp.run` that waits for it, if any
        """
        Run = self.env["mailchimp.run"]
        fetches = [("audience_id", "=", self.id), ("kind", "in", FETCHES)]
        is_over = Run.search(fetches, limit=1).state in ("failed", "cancelled")
        self._start_fetch("schedule", PRIORITY_WEBHOOK)
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_push",
            name=self.env._("Push changes of %s", self.name),
            identity=f"push:{self.id}",
            run=run,
            account=self.account_id,
            priority=PRIORITY_WEBHOOK,
            run_after=fields.Datetime.now() + (SWEEP_PAUSE if is_over else FETCH_PAUSE),
            args={"run_id": run.id if run else False},
        )

    def _give_up_push(self, run):
        """An audience that was deleted in Mailchimp takes nothing any more."""
        Change = self.env["mailchimp.change"]
        ids, seen = Change._claim(self.with_context(active_test=False), None)
        Change._settle(ids, seen)
        run._add_lines(
            [
                {
                    "state": "failed",
                    "code": "gone",
                    "name": self.name,
                    "reason": self.env._("The audience was deleted in Mailchimp."),
                    "advice": self.env._("Its contacts were kept; nothing was sent."),
                    "res_model": self._name,
                    "res_id": self.id,
                }
            ]
        )
