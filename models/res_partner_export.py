from odoo import api, fields, models


class ResPartnerExport(models.Model):
    """Customers go to the audiences that a wizard asks for."""

    _name = "res.partner"
    _inherit = ["res.partner", "mailchimp.exportable"]

    mailchimp_problem = fields.Char(
        string="What Is Wrong",
        compute="_compute_mailchimp_problem",
        groups="mailchimp_connector.group_mailchimp_user",
    )
    mailchimp_opted_out = fields.Boolean(
        string="Opted out in Mailchimp",
        compute="_compute_mailchimp_opted_out",
        search="_search_mailchimp_opted_out",
        groups="mailchimp_connector.group_mailchimp_user",
    )

    # === COMPUTE METHODS === #

    @api.depends("mailchimp_member_ids.error")
    def _compute_mailchimp_problem(self):
        for partner in self:
            errors = partner.mailchimp_member_ids.filtered("error").mapped("error")
            partner.mailchimp_problem = errors[0] if errors else False

    @api.depends("mailchimp_member_ids.opt_out_by")
    def _compute_mailchimp_opted_out(self):
        for partner in self:
            deciders = partner.mailchimp_member_ids.mapped("opt_out_by")
            partner.mailchimp_opted_out = "mailchimp" in deciders

    @api.model
    def _search_mailchimp_opted_out(self, operator, _value):
        if operator != "in":
            return NotImplemented
        return [("mailchimp_member_ids", "any", [("opt_out_by", "=", "mailchimp")])]

    # === ACTION METHODS === #

    def action_mailchimp_export(self):
        """Ask to which audiences these customers shall go."""
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "mailchimp_connector.mailchimp_export_action"
            ),
            "context": {"active_model": self._name, "active_ids": self.ids},
        }
