from odoo import api, fields, models
from odoo.exceptions import ValidationError


class MailchimpMergeFieldState(models.Model):
    """Whether a mapping works, in words."""

    _inherit = "mailchimp.merge.field"

    mapping_problem = fields.Char(
        string="Problem", compute="_compute_mapping_problem", compute_sudo=True
    )
    account_rule = fields.Char(
        compute="_compute_account_rule",
        compute_sudo=True,
        help="Who is right where the merge field has no rule of its own.",
    )

    def _source_label(self, source):
        """Return the way to an Odoo field in words: Customer > Country > Code."""
        model = "res.partner" if source.of_partner else "mailing.contact"
        words = [self.env._("Customer") if source.of_partner else self.env._("Contact")]
        for name in source.names:
            field = self.env[model]._fields[name]
            words.append(field._description_string(self.env))
            model = field.comodel_name
        if source.field is None:
            words.append(self.env._("Address"))
        return " > ".join(words)

    @api.depends("field_path", "type", "direction", "required")
    def _compute_mapping_problem(self):
        for merge_field in self:
            merge_field.mapping_problem = merge_field._mapping_problem()

    def _mapping_problem(self):
        """Say in a sentence what keeps the mapping from working, False if nothing."""
        if not self.field_path:
            required = self.required and self.env._(
                "Required in Mailchimp, but not mapped: new contacts are refused."
            )
            return required or False
        words = {"path": self.field_path, "tag": self.tag}
        if self.direction != "to_mailchimp" and not self._target_field():
            return self.env._(
                "%(path)s is not a field that a value of %(tag)s can be written to.",
                **words,
            )
        if self.direction != "to_odoo" and not self._source():
            return self.env._(
                "%(path)s cannot be sent to Mailchimp as %(tag)s.", **words
            )
        return False

    @api.depends(
        "audience_id.account_id.sync_priority",
        "audience_id.account_id.auto_push_contacts",
        "audience_id.account_id.two_way_sync",
    )
    @api.depends_context("lang")
    def _compute_account_rule(self):
        words = dict(self._fields["ownership"]._description_selection(self.env))
        for merge_field in self:
            account = merge_field.audience_id.account_id
            merge_field.account_rule = words[account._merge_rule()]

    @api.constrains("field_path", "direction")
    def _check_field_path(self):
        for merge_field in self.filtered("field_path"):
            if problem := merge_field._mapping_problem():
                raise ValidationError(problem)

    @api.model
    def _broken(self, audience):
        """Return the mapped fields of an audience whose mapping does not work."""
        return audience.merge_field_ids.filtered(
            lambda field: field.field_path and field._mapping_problem()
        )

    @api.model
    def _report_broken(self, audience, run):
        """Name the mappings that do not work (any more), once; the others go on.

        :param recordset audience: one `mailchimp.audience`
        :param recordset run: the `mailchimp.run` to report to; may be empty
        """
        if not run:
            return
        told = self.env["mailchimp.run.line"].search(
            [("run_id", "=", run.id), ("code", "=", "bad_mapping")]
        )
        advice = self.env._("Choose another field under Merge Fields of the audience.")
        run._add_lines(
            [
                {
                    "state": "notice",
                    "code": "bad_mapping",
                    "name": merge_field.tag,
                    "reason": merge_field._mapping_problem(),
                    "advice": advice,
                    "res_model": audience._name,
                    "res_id": audience.id,
                }
                for merge_field in self._broken(audience)
                if merge_field.tag not in told.mapped("name")
            ]
        )
