from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.constants import GC_UNLINK_LIMIT

from ..const import RUN_KINDS
from ..tools.client_action import SOFT_RELOAD
from ..tools.coerce import capped

OPEN_STATES = ("pending", "running", "paused", "approval")


class MailchimpRun(models.Model):
    """One operation that a person can follow, pause, resume and cancel.

    A run counts what happened to every record it met and keeps a line for each one
    that failed or was skipped. ``checkpoint`` is where its job goes on after a pause
    or a crash.
    """

    _name = "mailchimp.run"
    _description = "Mailchimp Run"
    _order = "id desc"

    name = fields.Char(required=True, readonly=True)
    kind = fields.Selection(RUN_KINDS, string="Operation", required=True, readonly=True)
    trigger = fields.Selection(
        [
            ("user", "A user"),
            ("schedule", "A scheduled action"),
            ("webhook", "Webhook"),
        ],
        string="Asked by",
        required=True,
        readonly=True,
        default="user",
    )
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("running", "Running"),
            ("paused", "Paused"),
            ("approval", "To Approve"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        default="pending",
        required=True,
        readonly=True,
        index=True,
    )
    account_id = fields.Many2one(
        "mailchimp.account",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True
    )
    account_state = fields.Selection(related="account_id.state", string="Account State")
    account_paused = fields.Boolean(related="account_id.paused")
    audience_id = fields.Many2one(
        "mailchimp.audience", ondelete="cascade", index="btree_not_null", readonly=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="Started by",
        readonly=True,
        default=lambda self: self.env.user,
    )
    started_at = fields.Datetime(string="Started on", readonly=True)
    finished_at = fields.Datetime(string="Ended on", readonly=True)
    checkpoint = fields.Json(readonly=True)

    total = fields.Integer(readonly=True, help="Records that Mailchimp announced.")
    done = fields.Integer(readonly=True, help="Records looked at so far.")
    created = fields.Integer(readonly=True, help="New in Odoo.")
    updated = fields.Integer(readonly=True, help="Differed, and follow now.")
    unchanged = fields.Integer(readonly=True, help="Were as Odoo had them.")
    skipped = fields.Integer(
        readonly=True, help="Left out on purpose; the logs say why."
    )
    failed = fields.Integer(
        readonly=True, help="Could not be processed; the logs say why."
    )
    progress = fields.Float(compute="_compute_progress", string="Progress (%)")
    message = fields.Text(readonly=True, help="Why the run waits or failed.")
    next_try_at = fields.Datetime(compute="_compute_next_try_at", string="Next Try")

    line_ids = fields.One2many(
        "mailchimp.run.line", "run_id", string="Logs", readonly=True
    )
    line_count = fields.Integer(string="Number of Logs", compute="_compute_line_count")
    job_ids = fields.One2many(
        "mailchimp.job", "run_id", string="Queue Jobs", readonly=True
    )
    job_count = fields.Integer(string="Number of Jobs", compute="_compute_job_counts")
    failed_job_count = fields.Integer(
        string="Number of Failed Jobs", compute="_compute_job_counts"
    )

    # === COMPUTE METHODS === #

    @api.depends("total", "done", "state")
    def _compute_progress(self):
        for run in self:
            if run.state == "done":
                run.progress = 100
            else:
                run.progress = min(100 * run.done / run.total, 100) if run.total else 0

    # === BUSINESS METHODS === #

    @api.model
    def _open_run(self, account, kind, trigger, audience=None):
        """Create the record of a new operation.

        :param recordset account: `mailchimp.account`
        :param str kind: what is done (`kind`)
        :param str trigger: who asked (`trigger`)
        :param recordset audience: `mailchimp.audience`, if it is about one
        :return: the run
        """
        label = dict(self._fields["kind"]._description_selection(self.env))[kind]
        target = audience or account
        return self.create(
            {
                "name": f"{label}: {target.name}",
                "kind": kind,
                "trigger": trigger,
                "account_id": account.id,
                "audience_id": audience.id if audience else False,
            }
        )

    @api.model
    def _find_open(self, audiences, kinds):
        """Return the unfinished runs of these kinds on these audiences."""
        return self.search(
            [
                ("audience_id", "in", audiences.ids),
                ("kind", "in", kinds),
                ("state", "in", OPEN_STATES),
            ]
        )

    def _open(self):
        """Return the action that shows these runs to the person who started them."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "mailchimp_connector.mailchimp_run_action"
        )
        if len(self) == 1:
            return dict(action, views=[(False, "form")], res_id=self.id)
        return dict(action, domain=[("id", "in", self.ids)])

    def _start(self):
        """Note that the first job of this run began to work."""
        self.filtered(lambda run: run.state == "pending").write(
            {"state": "running", "started_at": fields.Datetime.now(), "message": False}
        )

    def _count(self, **counts):
        """Add to the counters of this run.

        :param counts: field name -> how many more (int)
        """
        for run in self:
            news = {name: more for name, more in counts.items() if more}
            # Mailchimp may announce anything.
            run.write({name: capped(run[name] + more) for name, more in news.items()})

    def _add_lines(self, vals_list):
        """Keep one line for each record that failed or was skipped, and count them.

        :param list vals_list: values of `mailchimp.run.line`, without the run
        """
        if not self or not vals_list:
            return
        self.env["mailchimp.run.line"].create(
            [dict(vals, run_id=self.id) for vals in vals_list]
        )
        states = [vals.get("state", "failed") for vals in vals_list]
        self._count(failed=states.count("failed"), skipped=states.count("skipped"))

    def _job_finished(self):
        """Close runs none of whose jobs is left to do."""
        idle = self.filtered(lambda run: run.state in OPEN_STATES)._without_pending()
        ended = self.env["mailchimp.job"]._read_group(
            [("run_id", "in", idle.ids)], ["run_id", "state"]
        )
        now = fields.Datetime.now()
        for state in ("failed", "done", "cancelled"):  # the first that occurs
            runs = self.browse(run.id for run, occurs in ended if occurs == state)
            if runs := runs & idle:
                runs.write({"state": state, "finished_at": now})
                idle -= runs

    def _without_pending(self):
        """Return those of these runs that have no pending job.

        Asked several times a second, of runs that may have thousands. OFFSET 0 leaves
        the planner no choice but the index of pending jobs.
        """
        self.env["mailchimp.job"].flush_model(["run_id", "state"])
        query = SQL(
            """SELECT r.id FROM unnest(%s::int[]) AS r(id) WHERE NOT EXISTS (
                      SELECT FROM mailchimp_job j
                       WHERE j.run_id = r.id AND j.state = 'pending' OFFSET 0)""",
            self.ids,
        )
        return self.browse(id_ for (id_,) in self.env.execute_query(query))

    def _job_failed(self, job):
        """Say on the run what its job met, and when it goes on.

        :param recordset job: the `mailchimp.job` whose failure was just recorded
        """
        self.write({"message": job.error})
        if job.state == "failed":
            self._job_finished()

    def _go_on(self):
        """Forget why these runs waited: what kept them waiting is over."""
        self.filtered("message").write({"message": False})

    def _reopen(self):
        """Let runs go on whose jobs are tried again."""
        self.filtered(lambda run: run.state not in OPEN_STATES).write(
            {"state": "running", "finished_at": False, "message": False}
        )

    # === ACTION METHODS === #

    def action_pause(self):
        """Stop after the page at work; nothing that was done is lost."""
        # sudo: users steer runs, only the connector writes them.
        self.filtered(lambda run: run.state in ("pending", "running")).sudo().write(
            {"state": "paused"}
        )

    def action_resume(self):
        """Go on where the run was paused."""
        # sudo: as above
        paused = self.filtered(lambda run: run.state == "paused").sudo()
        for run in paused:
            run.state = "running" if run.started_at else "pending"
        self.env["mailchimp.job"]._wake()

    def action_cancel(self):
        """Give up what is left to do; what was done stays.

        A job at work is not waited for: it ends after its step, see
        `mailchimp.job._settle`.
        """
        # sudo: as above
        runs = self.filtered(lambda run: run.state in OPEN_STATES).sudo()
        runs.write({"state": "cancelled", "finished_at": fields.Datetime.now()})
        runs.job_ids.filtered(lambda job: job.state == "pending")._cancel()
        self.env["mailchimp.job"]._wake()

    def action_retry_failed(self):
        """Try the failed jobs again, from their last checkpoint."""
        self.job_ids.filtered(lambda job: job.state == "failed").action_retry()

    def action_refresh(self):
        """Show how far the run is by now."""
        return SOFT_RELOAD

    def action_view_lines(self):
        """Open the records that failed or were skipped, by reason."""
        return self._view("mailchimp_run_line_action", search_default_group_by_reason=1)

    def action_view_jobs(self):
        """Open the queue jobs of this run."""
        return self._view("mailchimp_job_action")

    def _view(self, name, **context):
        """Return the action of this name for what belongs to this run."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"mailchimp_connector.{name}"
        )
        return dict(action, domain=[("run_id", "=", self.id)], context=context)

    # === AUTOVACUUM === #

    @api.autovacuum
    def _gc_finished(self):
        """Forget runs that ended over 180 days ago.

        :return: how many were deleted, and whether more are left
        """
        before = fields.Datetime.now() - timedelta(days=180)
        runs = self.search([("finished_at", "<", before)], limit=GC_UNLINK_LIMIT)
        runs.unlink()
        return len(runs), len(runs) == GC_UNLINK_LIMIT
