from odoo import fields, models

from ..tools.coerce import remote_id


class MailchimpAudience(models.Model):
    """The campaigns of an audience, and what a webhook says of them."""

    _inherit = "mailchimp.audience"

    odoo_campaign_count = fields.Integer(
        string="Campaigns in Odoo", compute="_compute_odoo_campaign_count"
    )

    def _compute_odoo_campaign_count(self):
        counts = dict(
            self.env["mailchimp.campaign"]._read_group(
                [("audience_id", "in", self.ids)], ["audience_id"], ["__count"]
            )
        )
        for audience in self:
            audience.odoo_campaign_count = counts.get(audience, 0)

    def action_view_campaigns(self):
        """Show the campaigns that were sent to these audiences, or will be."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "mailchimp_connector.mailchimp_campaign_action"
        )
        return {**action, "domain": [("audience_id", "in", self.ids)], "context": {}}

    # === WEBHOOK === #

    def _on_campaign(self, event):
        """A campaign was sent or cancelled: read it again, import it if it is new."""
        if campaign_id := remote_id(event.campaign_id):
            self.env["mailchimp.campaign"]._import_one(self.account_id, campaign_id)
        return super()._on_campaign(event)
