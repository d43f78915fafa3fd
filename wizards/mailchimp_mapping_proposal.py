from odoo import api, fields, models
from odoo.fields import Command

from ..models.mailchimp_merge_field import DIRECTIONS
from ..tools.client_action import CLOSE


class MailchimpMappingProposal(models.TransientModel):
    """*Propose Mappings*: what the fields of an audience are likely to mean."""

    _name = "mailchimp.mapping.proposal"
    _description = "MailChimp Mapping Proposals"

    audience_id = fields.Many2one("mailchimp.audience", required=True, readonly=True)
    line_ids = fields.One2many("mailchimp.mapping.proposal.line", "proposal_id")

    @api.model
    def _open(self, audience):
        """Return the action that shows what is proposed for an audience."""
        proposals = audience.merge_field_ids._proposals()
        lines = [
            {"merge_field_id": merge_field.id, **merge_field._proposed_values(path)}
            for merge_field, path in proposals.items()
        ]
        proposal = self.create(
            {"audience_id": audience.id, "line_ids": [*map(Command.create, lines)]}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Propose Mappings"),
            "res_model": self._name,
            "res_id": proposal.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_apply(self):
        """Map the fields as proposed; lines that were removed stay unmapped."""
        self.ensure_one()
        for line in self.line_ids.filtered("field_path"):
            line.merge_field_id.write(
                {"field_path": line.field_path, "direction": line.direction}
            )
        return CLOSE


class MailchimpMappingProposalLine(models.TransientModel):
    """A field and what it is likely to mean."""

    _name = "mailchimp.mapping.proposal.line"
    _description = "MailChimp Mapping Proposal"

    proposal_id = fields.Many2one(
        "mailchimp.mapping.proposal", required=True, ondelete="cascade"
    )
    merge_field_id = fields.Many2one(
        "mailchimp.merge.field", required=True, ondelete="cascade", readonly=True
    )
    tag = fields.Char(related="merge_field_id.tag")
    type = fields.Selection(related="merge_field_id.type")
    field_path = fields.Char(string="Odoo Field")
    direction = fields.Selection(
        DIRECTIONS,
        required=True,
        default="both",
    )

    @api.onchange("field_path")
    def _onchange_field_path(self):
        merge_field = self.merge_field_id
        if self.field_path and merge_field:
            self.direction = merge_field._proposed_values(self.field_path)["direction"]
