from odoo import api, fields, models
from odoo.tools import groupby

from ..const import PRIORITY_USER
from ..exceptions import MailchimpNotFound
from .mailchimp_member_push import Look
from .mailchimp_plan_compute import STEP

# A plan is applied by a run of the operation that it plans.
RUN_KINDS = {"import": "members"}


class MailchimpPlanApply(models.Model):
    """*Apply*: what the plan says, unless something else would be done by now.

    What would be done is computed anew, page by page, right before it is done; lines
    whose digest differs are left alone. A line is applied once, so that the job may
    begin again after a crash.
    """

    _inherit = "mailchimp.plan"

    def _start_apply(self):
        """Queue the application of this plan.

        :return: the run of it
        """
        audience, kind = self.audience_id, RUN_KINDS.get(self.kind, self.kind)
        run = self.env["mailchimp.run"]._open_run(
            audience.account_id, kind, "user", audience
        )
        if self.kind != "import":
            run.total = self.line_count
        self.write({"state": "applying", "apply_run_id": run.id})
        identity = f"members:{audience.id}" if self.kind == "import" else None
        self._enqueue_job("_job_apply", run, identity)
        return run

    def _job_apply(self, run_id):
        """Do what the plan says.

        :param int run_id: the `mailchimp.run` to report to
        :return: a generator with a checkpoint after each page
        """
        run = self.env["mailchimp.run"].browse(run_id)
        run._start()
        try:
            if self.kind == "import":
                yield from self._apply_import(run)
            else:
                yield from self._apply_push(run)
        except MailchimpNotFound:
            self.audience_id._mark_gone(run)
        self.state = "applied"

    def _apply_push(self, run):
        """Send what was planned to Mailchimp, after a look at who changed there."""
        audience, push = self.audience_id, self.env["mailchimp.member.push"]
        push._look(push._new_sending(audience, run), Look())
        yield
        if self.kind == "auto_export":
            audience.exported_at = fields.Datetime.now()
        while lines := self._planned_lines(limit=STEP):
            for how, ours in self._by_deed(lines):
                fresh = self._still_true(
                    ours, self._outlook(how, ours.mapped("res_id"))
                )
                (ours - fresh)._refuse(run)
                fresh.state = "applied"
                if fresh:
                    getattr(self, f"_apply_{how}")(fresh, run)
            yield

    def _planned_lines(self, limit=None, domain=()):
        domain = [("plan_id", "=", self.id), ("state", "=", "planned"), *domain]
        return self.env["mailchimp.plan.line"].search(domain, limit=limit)

    def _by_deed(self, lines):
        """Yield what is done, see `_outlook`, and the lines about it."""
        beside = set(self.beside_ids or ())
        for how, of_deed in groupby(lines, lambda line: self._how(line, beside)):
            yield how, lines.browse(line.id for line in of_deed)

    def _how(self, line, beside):
        if self.kind == "update":
            return "update"
        if line.res_model == "mailchimp.member":
            return "archive"
        return "stay" if line.res_id in beside else "export"

    @api.model
    def _still_true(self, lines, entries):
        """Return the lines for which the same would be done now.

        :param list entries: what would be done now, see `_outlook`
        """
        now = {entry["res_id"]: entry["digest"] for entry in entries}
        return lines.filtered(lambda line: now.get(line.res_id) == line.digest)

    def _apply_export(self, lines, run):
        records = self.env[self.res_model].browse(lines.mapped("res_id"))
        self.env["mailchimp.member"]._export(
            self.audience_id, records, run, PRIORITY_USER
        )

    def _apply_stay(self, lines, run):
        """Name whom the plan leaves out: an auto export does not look at them."""
        lines._leave_out(run)

    def _apply_update(self, lines, run):
        members = self.env["mailchimp.member"].browse(lines.mapped("res_id"))
        members._queue_update(run, PRIORITY_USER)

    def _apply_archive(self, lines, run):
        members = self.env["mailchimp.member"].browse(lines.mapped("res_id"))
        self.audience_id._start_archive(members)
        run._count(done=len(lines))


class MailchimpRunPlan(models.Model):
    """A run that fails or is cancelled tells its plan."""

    _inherit = "mailchimp.run"

    def write(self, vals):
        """Let plans end, or be applied again, whose run ends before its time."""
        result = super().write(vals)
        if vals.get("state") in ("failed", "cancelled"):
            # sudo: whoever cancels a run, only the connector writes plans.
            Plan = self.env["mailchimp.plan"].sudo()
            of_run = Plan.search(
                [("run_id", "in", self.ids), ("state", "=", "running")]
            )
            of_run.state = "failed"
            applied = Plan.search(
                [("apply_run_id", "in", self.ids), ("state", "=", "applying")]
            )
            applied.state = "ready"
        return result
