from odoo import fields, models


class MailchimpRunLine(models.Model):
    """A record that an operation could not, or would not, process; and the way out."""

    _name = "mailchimp.run.line"
    _description = "MailChimp Log"
    _order = "id desc"

    run_id = fields.Many2one(
        "mailchimp.run", required=True, ondelete="cascade", index=True, readonly=True
    )
    kind = fields.Selection(related="run_id.kind", string="During")
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    audience_id = fields.Many2one(related="run_id.audience_id", store=True, index=True)
    state = fields.Selection(
        [("failed", "Error"), ("skipped", "Skipped"), ("notice", "Notice")],
        string="Type",
        required=True,
        default="failed",
        readonly=True,
    )
    name = fields.Char(required=True, readonly=True)
    reason = fields.Char(string="Description", required=True, readonly=True)
    advice = fields.Char(string="What to Do", readonly=True)
    detail = fields.Text(readonly=True)
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(
        model_field="res_model", string="Record", readonly=True
    )
    date = fields.Datetime(related="create_date", string="Logged on")

    def action_open_record(self):
        """Open the record this line is about."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
