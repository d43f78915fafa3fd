from odoo import api, fields, models
from odoo.exceptions import UserError


class MailingList(models.Model):
    """The audience a mailing list stands for."""

    _inherit = "mailing.list"

    mailchimp_audience_ids = fields.One2many(
        "mailchimp.audience",
        "mailing_list_id",
        string="MailChimp Audience",
        readonly=True,
        context={"active_test": False},
        groups="mailchimp_connector.group_mailchimp_user",
    )
    is_mailchimp_list = fields.Boolean(
        string="MailChimp",
        compute="_compute_is_mailchimp_list",
        search="_search_is_mailchimp_list",
        compute_sudo=True,
        help="The list stands for an audience and follows it.",
    )

    @api.depends("mailchimp_audience_ids")
    def _compute_is_mailchimp_list(self):
        for mailing_list in self:
            mailing_list.is_mailchimp_list = bool(mailing_list.mailchimp_audience_ids)

    @api.model
    def _search_is_mailchimp_list(self, operator, _value):
        if operator != "in":
            return NotImplemented
        # sudo: everybody who sees the lists may know which ones are Mailchimp's.
        audiences = self.env["mailchimp.audience"].sudo()
        query = audiences.with_context(active_test=False)._search([])
        return [("id", "in", query.subselect("mailing_list_id"))]

    @api.ondelete(at_uninstall=False)
    def _unlink_except_mailchimp(self):
        # sudo: the list may stand for an audience that the user does not see.
        lists = self.sudo().filtered("mailchimp_audience_ids")
        if lists:
            raise UserError(
                self.env._(
                    "%s stands for a Mailchimp audience, whose contacts would be lost. "
                    "Delete the audience in Odoo first, or archive the list.",
                    lists[0].display_name,
                )
            )

    def action_view_mailchimp_audience(self):
        """Open the audience this list stands for."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "mailchimp.audience",
            "res_id": self.mailchimp_audience_ids.id,
            "views": [(False, "form")],
        }
