from odoo import fields, models
from odoo.exceptions import UserError

from ..tools.client_action import SOFT_RELOAD


class MailchimpTagDeclare(models.TransientModel):
    """*Manage Odoo Tags*: which of them go to an audience, and come back."""

    _name = "mailchimp.tag.declare"
    _description = "Manage Odoo Tags in MailChimp"

    audience_id = fields.Many2one("mailchimp.audience", required=True, readonly=True)
    category_ids = fields.Many2many("res.partner.category", string="Odoo Tags")

    def action_declare(self):
        """Let Odoo manage the tags that the Odoo tags stand for."""
        self.ensure_one()
        if not self.category_ids:
            raise UserError(self.env._("Choose the Odoo tags first."))
        self.audience_id.check_access("write")
        # sudo: only the connector creates what stands for a thing of Mailchimp's.
        tags = self.env["mailchimp.tag"].sudo()
        tags._declare(self.audience_id.sudo(), self.category_ids)
        return SOFT_RELOAD
