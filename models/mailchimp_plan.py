from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang
from odoo.tools.constants import GC_UNLINK_LIMIT

KINDS = [
    ("export", "Export to MailChimp"),
    ("auto_export", "Auto Export"),
    ("update", "Update to MailChimp"),
    ("import", "Fetch Members"),
]
# What happens to a record, and the field of the plan that counts it.
ACTIONS = [
    ("create", "Add"),
    ("update", "Update"),
    ("unsubscribe", "Unsubscribe"),
    ("archive", "Archive"),
    ("skip", "Leave Out"),
    ("none", "Nothing to Do"),
]
KEEP_DAYS = 30
# Lines that the form shows; all of them are in their list.
SHOWN = 40


class MailchimpPlan(models.Model):
    """A dry run: what would happen, line by line; then *Apply* does just that.

    Computing writes no more than the plan. Nothing about what an operation does is
    decided here: the very code of the operation runs, and is undone.
    """

    _name = "mailchimp.plan"
    _description = "MailChimp Plan"
    _order = "id desc"

    name = fields.Char(required=True, readonly=True)
    kind = fields.Selection(KINDS, string="Operation", required=True, readonly=True)
    state = fields.Selection(
        [
            ("running", "Computing"),
            ("ready", "To Review"),
            ("applying", "Being Applied"),
            ("applied", "Applied"),
            ("failed", "Failed"),
        ],
        default="running",
        required=True,
        readonly=True,
        index=True,
    )
    audience_id = fields.Many2one(
        "mailchimp.audience",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    account_id = fields.Many2one(related="audience_id.account_id")
    company_id = fields.Many2one(
        related="audience_id.company_id", store=True, index=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="Asked by",
        readonly=True,
        default=lambda self: self.env.user,
    )
    run_id = fields.Many2one(
        "mailchimp.run", ondelete="set null", index="btree_not_null", readonly=True
    )
    apply_run_id = fields.Many2one(
        "mailchimp.run",
        string="Applied by",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    progress = fields.Float(related="run_id.progress")
    message = fields.Text(related="run_id.message")
    planned_at = fields.Datetime(string="Computed on", readonly=True)
    # Whom it is about, and where to read it again.
    res_model = fields.Char(readonly=True)
    res_ids = fields.Json(readonly=True)
    leaving_ids = fields.Json(readonly=True)
    # Of an auto export: who matches its filter, and is not to be added.
    beside_ids = fields.Json(readonly=True)
    window = fields.Json(readonly=True)

    create_count = fields.Integer(string="Added", readonly=True)
    update_count = fields.Integer(string="Updated", readonly=True)
    unsubscribe_count = fields.Integer(string="Unsubscribed", readonly=True)
    archive_count = fields.Integer(string="Archived", readonly=True)
    skip_count = fields.Integer(string="Left Out", readonly=True)
    none_count = fields.Integer(string="Unchanged", readonly=True)
    moved_count = fields.Integer(string="Changed Meanwhile", readonly=True)

    line_ids = fields.One2many("mailchimp.plan.line", "plan_id", readonly=True)
    shown_line_ids = fields.Many2many(
        "mailchimp.plan.line", compute="_compute_shown_line_ids"
    )
    has_reasons = fields.Boolean(
        compute="_compute_shown_line_ids", help="Whether a shown line gives a reason."
    )
    line_count = fields.Integer(compute="_compute_line_count", string="Lines")
    skip_summary = fields.Html(compute="_compute_skip_summary")
    cost_hint = fields.Char(compute="_compute_hints")
    needs_approval = fields.Boolean(compute="_compute_hints")
    needs_policy = fields.Boolean(compute="_compute_hints")

    # === COMPUTE METHODS === #

    def _compute_shown_line_ids(self):
        Line = self.env["mailchimp.plan.line"]
        for plan in self:
            plan.shown_line_ids = Line.search([("plan_id", "=", plan.id)], limit=SHOWN)
            plan.has_reasons = any(plan.shown_line_ids.mapped("reason"))

    def _compute_line_count(self):
        counts = dict(
            self.env["mailchimp.plan.line"]._read_group(
                [("plan_id", "in", self.ids)], ["plan_id"], ["__count"]
            )
        )
        for plan in self:
            plan.line_count = counts.get(plan, 0)

    @api.depends_context("lang")
    def _compute_skip_summary(self):
        Line = self.env["mailchimp.plan.line"]
        labels = dict(Line._fields["category"]._description_selection(self.env))
        row = Markup("<li><strong>%s</strong> %s</li>")
        groups = Line._read_group(
            [("plan_id", "in", self.ids), ("action", "=", "skip")],
            ["plan_id", "category"],
            ["__count"],
        )
        for plan in self:
            rows = [
                row % (count, labels.get(category, ""))
                for owner, category, count in groups
                if owner == plan
            ]
            plan.skip_summary = (
                Markup("<ul class='list-unstyled mb-0'>%s</ul>") % Markup().join(rows)
                if rows
                else False
            )

    @api.depends("create_count", "kind", "state")
    @api.depends_context("lang")
    def _compute_hints(self):
        for plan in self:
            audience, sends = plan.audience_id, plan.kind != "import"
            adds = sends and plan.create_count
            leave = plan.unsubscribe_count + plan.archive_count
            over = audience._over_limits({"new": plan.create_count, "leave": leave})
            is_open = plan.state == "ready"
            plan.cost_hint = plan._cost_text() if adds else False
            plan.needs_approval = sends and is_open and bool(over)
            plan.needs_policy = (
                sends
                and is_open
                and not audience.account_id.new_member_status
                and plan._misses_policy()
            )

    def _cost_text(self):
        """Say how much bigger the audience gets: Mailchimp bills by contacts."""
        audience = self.audience_id
        billed = audience.remote_subscribed + audience.remote_unsubscribed
        return self.env._(
            "New contacts: %(new)s. The audience has %(now)s, subscribed and "
            "unsubscribed, which both count for the price of your Mailchimp plan.",
            new=formatLang(self.env, self.create_count, digits=0),
            now=formatLang(self.env, billed, digits=0),
        )

    def _misses_policy(self):
        """Tell whether people stay out because nobody chose what they become."""
        domain = [("plan_id", "=", self.id), ("code", "=", "no_policy")]
        return bool(self.env["mailchimp.plan.line"].search_count(domain, limit=1))

    # === ACTION METHODS === #

    def action_apply(self):
        """Do what the plan says, in a run, but for what changed meanwhile."""
        self.ensure_one()
        self.check_access("read")
        if self.state != "ready":
            raise UserError(
                self.env._("This plan was applied already, or is not computed yet.")
            )
        self.audience_id._check_connected()
        # sudo: users ask for it, only the connector writes plans and runs.
        run = self.sudo()._start_apply()
        return run.with_env(self.env)._open()

    def action_view_lines(self):
        """Open the lines; the context says of which action (``plan_action``)."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "mailchimp_connector.mailchimp_plan_line_action"
        )
        context = {"search_default_group_by_action": 1}
        if chosen := self.env.context.get("plan_action"):
            context = {f"search_default_{chosen}": 1}
        return dict(action, domain=[("plan_id", "=", self.id)], context=context)

    def action_view_run(self):
        """Open the run that applied the plan, or that computes it."""
        self.ensure_one()
        return (self.apply_run_id or self.run_id)._open()

    def _open(self):
        """Return the action that shows these plans to the person who asked."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "mailchimp_connector.mailchimp_plan_action"
        )
        if len(self) == 1:
            return dict(action, views=[(False, "form")], res_id=self.id)
        return dict(action, domain=[("id", "in", self.ids)])

    # === AUTOVACUUM === #

    @api.autovacuum
    def _gc_old(self):
        """Forget plans after a month: by then they say nothing any more.

        :return: how many were deleted, and whether more are left
        """
        before = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        # Their lines go with them, in the database; one plan may have many.
        plans = self.search([("create_date", "<", before)], limit=GC_UNLINK_LIMIT)
        plans.unlink()
        return len(plans), len(plans) == GC_UNLINK_LIMIT
