from odoo import models


class MailchimpAudienceMapping(models.Model):
    """The mapping of merge fields, seen from the audience."""

    _inherit = "mailchimp.audience"

    def _outgoing_context(self):
        """Return the context in which values are read for Mailchimp.

        Labels and times are those of the company, whoever pressed the button.
        """
        self.ensure_one()
        company = self.company_id.sudo()
        partner = company.partner_id
        lang = self.env["res.lang"]._lang_get(partner.lang or "")
        return {
            "lang": lang.code if lang else "en_US",
            "tz": partner.tz or "UTC",
            "allowed_company_ids": company.ids,
        }
