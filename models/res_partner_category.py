from odoo import api, models


class ResPartnerCategory(models.Model):
    """Tags can be given to customers from their own side, too."""

    _inherit = "res.partner.category"

    @api.model_create_multi
    def create(self, vals_list):
        """Push the customers that get a new tag."""
        categories = super().create(vals_list)
        if any("partner_ids" in vals for vals in vals_list):
            categories.partner_ids._mailchimp_mark_tagged()
        return categories

    def write(self, vals):
        """Push the customers that get or lose a tag."""
        if "partner_ids" not in vals:
            return super().write(vals)
        before = self.partner_ids
        result = super().write(vals)
        after = self.partner_ids
        ((before | after) - (before & after))._mailchimp_mark_tagged()
        return result


class ResPartner(models.Model):
    """Customers whose tags were written past them."""

    _inherit = "res.partner"

    def _mailchimp_mark_tagged(self):
        # sudo: whoever edits a tag may not see the members.
        self.env["mailchimp.change"].sudo()._mark_written(self, ["category_id"])
