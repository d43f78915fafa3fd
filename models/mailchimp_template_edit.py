from odoo import api, models
from odoo.exceptions import UserError, ValidationError

from ..exceptions import MailchimpError
from ..tools.inside import IMPORTING, trusted

# What Mailchimp has to hear of when somebody changes it.
PUSHED_FIELDS = frozenset({"name", "html", "folder_id"})


class MailchimpTemplateEdit(models.Model):
    """Templates are edited in Odoo and saved to Mailchimp by a button.

    An edit only sets `to_push`. What comes from Mailchimp is written in the context
    `IMPORTING` and sets nothing.
    """

    _inherit = "mailchimp.template"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Note that Mailchimp does not have it yet, unless it comes from there."""
        templates = super().create(vals_list)
        if not trusted(self.env, "mailchimp_import"):
            templates._connector_write({"to_push": True})
        return templates

    def write(self, vals):
        """Refuse edits that Mailchimp would refuse, and note the others."""
        edited = PUSHED_FIELDS & vals.keys()
        if not edited or trusted(self.env, "mailchimp_import"):
            return super().write(vals)
        for template in self:
            if not template.editable:
                raise UserError(template._not_editable_text())
        result = super().write(vals)
        self._connector_write({"to_push": True})
        return result

    def _connector_write(self, vals):
        """Write what only the connector writes; it is no edit."""
        # sudo: users edit templates, only the connector notes what became of it.
        self.sudo().with_context(**IMPORTING).write(vals)

    @api.constrains("account_id", "folder_id")
    def _check_same_account(self):
        for template in self:
            if template.folder_id.account_id - template.account_id:
                raise ValidationError(
                    self.env._(
                        "The folder %s belongs to another account.",
                        template.folder_id.display_name,
                    )
                )

    def copy_data(self, default=None):
        """Give copies a name of their own."""
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for template, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", template.name)
        return vals_list

    def _not_editable_text(self):
        return self.env._(
            "%s was made with Mailchimp's drag-and-drop editor, or by Mailchimp: it "
            "can only be changed there.",
            self.display_name,
        )

    # === ACTION METHODS === #

    def action_keep_odoo(self):
        """What stands in Odoo is right; the next save overwrites Mailchimp's."""
        self.check_access("write")
        self._connector_write({"remote_changed": False, "to_push": True})

    def action_take_mailchimp(self):
        """What stands in Mailchimp is right; what was written in Odoo is put away."""
        self.check_access("write")
        for template in self:
            template._put_html_away()
        self._connector_write({"remote_changed": False, "to_push": False})
        return self.action_refresh()

    def action_refresh(self):
        """Read these templates from Mailchimp again.

        :raise UserError: when it does not answer
        """
        self.check_access("write")
        self.account_id._check_connected()
        try:
            self.with_context(mailchimp_interactive=True)._refresh()
            for templates in self.grouped("account_id").values():
                templates._read_sections()
        except MailchimpError as error:
            raise UserError(
                self.env._("Mailchimp could not be asked: %s", error)
            ) from error

    def action_create_again(self):
        """Let the next save create it in Mailchimp, where it was deleted."""
        self.check_access("write")
        gone = self.filtered("gone")
        gone._connector_write(
            {
                "mailchimp_id": False,
                "remote_values": False,
                "gone": False,
                "active": True,
                "to_push": True,
            }
        )

    def _put_html_away(self):
        """Keep the HTML that was written in Odoo as an attachment, and forget it."""
        if self.html:
            # As plain text: a browser must not render it with Odoo's rights.
            kept = (f"{self.name}.html.txt", self.html.encode())
            self.message_post(
                body=self.env._("The HTML that Odoo had of this template."),
                attachments=[kept],
            )
            self._connector_write({"html": False})
