from odoo import api, fields, models


class MailchimpCampaignPointer(models.AbstractModel):
    """A wizard about one campaign, which its user may see.

    Even the name of another company's campaign is not for everybody, and that is what
    Odoo shows of a record that another one points to.
    """

    _name = "mailchimp.campaign.pointer"
    _inherit = ["mailchimp.guard"]
    _description = "Wizard About a Mailchimp Campaign"

    _identity_fields = frozenset({"campaign_id"})

    campaign_id = fields.Many2one(
        "mailchimp.campaign", required=True, readonly=True, ondelete="cascade"
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse campaigns that the user may not see."""
        wizards = super().create(vals_list)
        wizards.campaign_id.check_access("read")
        return wizards
