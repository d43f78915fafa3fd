from odoo import api, fields, models


class MailchimpCampaignSection(models.Model):
    """What a campaign puts into one of the named places of its template.

    HTML of others: shown as code, never rendered by Odoo.
    """

    _name = "mailchimp.campaign.section"
    _description = "Mailchimp Campaign Section"
    _order = "campaign_id, sequence, id"

    campaign_id = fields.Many2one(
        "mailchimp.campaign", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="campaign_id.company_id")
    sequence = fields.Integer(default=10)
    name = fields.Char(
        string="Section", required=True, help="As the template names it."
    )
    html = fields.Text(string="Content (HTML)")

    _campaign_name_uniq = models.Constraint(
        "UNIQUE(campaign_id, name)", "A campaign fills each section once."
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Note that the campaign was edited, unless Mailchimp has it already."""
        sections = super().create(vals_list)
        sections.campaign_id._note_section_edit()
        return sections

    def write(self, vals):
        """Note that the campaign was edited, unless Mailchimp has it already."""
        before = self.campaign_id
        result = super().write(vals)
        (before | self.campaign_id)._note_section_edit()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_from_drafts(self):
        self.campaign_id._note_section_edit()
