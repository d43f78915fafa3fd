from odoo import fields, models
from odoo.exceptions import UserError


class MailchimpPointer(models.AbstractModel):
    """Something that is said about a record, which may be gone, or not be seen."""

    _name = "mailchimp.pointer"
    _description = "MailChimp Link to a Record"

    res_model = fields.Char(string="Type of Record", readonly=True)
    res_id = fields.Many2oneReference(
        model_field="res_model", string="Record", readonly=True
    )

    # === ACTION METHODS === #

    def action_open_record(self):
        """Open the record this line is about.

        :raise UserError: it is gone, or not for this user to see
        """
        self.ensure_one()
        record = self._record()
        if not record:
            raise UserError(
                self.env._(
                    "%s does not exist any more, so it cannot be opened.", self.name
                )
            )
        if not record.has_access("read"):
            raise UserError(
                self.env._(
                    "You may not see %s. It may belong to another company: choose it "
                    "at the top right, or ask your administrator.",
                    self.name,
                )
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _record(self):
        """Return the record this line is about: for a member, the person in Odoo."""
        if self.res_model not in self.env or not self.res_id:
            return self.env["mailchimp.run"]
        record = self.env[self.res_model].browse(self.res_id).exists()
        if record._name == "mailchimp.member":
            member = record.sudo()  # sudo: only to know where it points
            person = member.contact_id or member.partner_id
            return person.sudo(False) or record
        return record
