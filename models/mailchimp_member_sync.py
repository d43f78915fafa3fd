from odoo import api, fields, models
from odoo.tools import SQL

STATES = [
    ("synced", "Up to Date"),
    ("to_push", "To Push"),
    ("error", "Sync Error"),
    ("conflict", "Conflict"),
]


class MailchimpMemberSync(models.Model):
    """What of a member is still on its way from Odoo to Mailchimp."""

    _inherit = "mailchimp.member"

    base_values = fields.Json(
        readonly=True,
        help="The merge values both sides agreed on last, where Mailchimp's are newer.",
    )
    added_by_odoo = fields.Boolean(
        string="Added by Odoo",
        readonly=True,
        help="The contact was exported from Odoo; it was not in the audience before.",
    )
    error_code = fields.Char(readonly=True)
    ignored = fields.Boolean(
        readonly=True, help="Not to be tried again before it changes."
    )
    sync_state = fields.Selection(
        STATES, compute="_compute_sync_state", search="_search_sync_state"
    )

    # === COMPUTE METHODS === #

    @api.depends("sync_result")
    def _compute_sync_state(self):
        changed = self.env["mailchimp.change"]._changed_members(self.ids)
        for member in self:
            waits = member.id in changed
            member.sync_state = "to_push" if waits else member.sync_result

    @api.model
    def _search_sync_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        Change = self.env["mailchimp.change"]
        Change._write_marks()
        changed = SQL("(%s)", Change._waiting_query())
        settled = [
            ("sync_result", "in", [state for state in value if state != "to_push"]),
            ("id", "not in", changed),
        ]
        if "to_push" not in value:
            return settled
        return ["|", ("id", "in", changed), *["&", *settled]]

    # === CHANGES === #

    def _mark_changed(self):
        """Let these members be pushed, whatever the options of their accounts say."""
        if not self:
            return
        self.env["mailchimp.change"]._add(self.ids)
        for audience in self.audience_id:
            audience._enqueue_push()
