from odoo import models


class ResPartnerExport(models.Model):
    """Customers go to the audiences that a wizard asks for."""

    _name = "res.partner"
    _inherit = ["res.partner", "mailchimp.exportable"]

    def action_mailchimp_export(self):
        """Ask to which audiences these customers shall go."""
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "mailchimp_connector.mailchimp_export_action"
            ),
            "context": {"active_model": self._name, "active_ids": self.ids},
        }
