from odoo import api, fields, models

from .mailchimp_plan import ACTIONS
from .mailchimp_run_line import REASONS


class MailchimpPlanLine(models.Model):
    """What would happen to one record: how it is, and how it would be.

    ``changes`` are (label, value before, value after) as people read them. ``digest``
    differs when something else would be done than when it was planned.
    """

    _name = "mailchimp.plan.line"
    _description = "MailChimp Plan Line"
    _inherit = ["mailchimp.pointer"]
    _order = "id"
    # Written by thousands, by nobody else than the connector.
    _log_access = False

    plan_id = fields.Many2one(
        "mailchimp.plan", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one("res.company", index=True, readonly=True)
    audience_id = fields.Many2one(related="plan_id.audience_id")
    action = fields.Selection(ACTIONS, required=True, readonly=True)
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("applied", "Applied"),
            ("moved", "Changed Meanwhile"),
        ],
        default="planned",
        required=True,
        readonly=True,
        help="Changed Meanwhile: the record or the member is not what it was when the "
        "plan was computed, so nothing was done about it.",
    )
    member_id = fields.Many2one(
        "mailchimp.member", ondelete="set null", index="btree_not_null", readonly=True
    )
    name = fields.Char(required=True, readonly=True)
    changes = fields.Json(readonly=True)
    before_text = fields.Text(compute="_compute_texts", string="Before")
    after_text = fields.Text(compute="_compute_texts", string="After")
    code = fields.Char(string="Reason Code", readonly=True)
    category = fields.Selection(REASONS, string="Reason", readonly=True)
    reason = fields.Text(string="Description", readonly=True)
    advice = fields.Text(string="What to Do", readonly=True)
    # Whom it is about at Mailchimp: of two with one address, one is planned.
    subscriber_hash = fields.Char(readonly=True)
    digest = fields.Char(readonly=True)

    _plan_hash_idx = models.Index("(plan_id, subscriber_hash)")
    _planned_idx = models.Index("(plan_id, id) WHERE state = 'planned'")

    # === COMPUTE METHODS === #

    @api.depends("changes")
    def _compute_texts(self):
        for line in self:
            changes = line.changes or ()
            line.before_text = _text((label, old) for label, old, _new in changes)
            line.after_text = _text((label, new) for label, _old, new in changes)

    # === BUSINESS METHODS === #

    def _refuse(self, run):
        """Leave these lines alone: something else would be done than they say.

        :param recordset run: the `mailchimp.run` that applies the plan
        """
        if not self:
            return
        self.state = "moved"
        self.plan_id.moved_count += len(self)
        reason = self.env._("It changed since the plan was computed.")
        advice = self.env._("Nothing was done about it; make a new plan.")
        lines = [line._run_line("moved", reason, advice) for line in self]
        run._add_lines(lines)
        run._count(done=len(self))

    def _leave_out(self, run):
        """Leave these lines out, as they say.

        :param recordset run: the `mailchimp.run` that applies the plan
        """
        lines = [line._run_line(line.code, line.reason, line.advice) for line in self]
        run._add_lines(lines)
        run._count(done=len(self))

    def _run_line(self, code, reason, advice):
        return {
            "state": "skipped",
            "code": code,
            "name": self.name,
            "reason": reason,
            "advice": advice,
            "res_model": self.res_model,
            "res_id": self.res_id,
            "member_id": self.member_id.id,
        }


def _text(values):
    """Return (label, value) as lines; None is no value, and not an empty one."""
    return "\n".join(f"{label}: {v or '–'}" for label, v in values if v is not None)
