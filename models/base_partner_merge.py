from odoo import models


# An extension, not a wizard of ours.
# pylint: disable=no-wizard-in-models
class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Members follow the customer that is left of several."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Push the members of the customers that are merged, as their new customer.

        They are moved past the ORM, together with the history of consent, which is all
        that happens to them: nobody is subscribed, or opted out, by being merged. What
        all of them did with campaigns is what the one that is left did.
        """
        self.env["mailchimp.member"].flush_model()
        result = super()._update_foreign_keys(src_partners, dst_partner)
        self.env["mailchimp.member"].invalidate_model(["partner_id"])
        # sudo: whoever merges customers may not see their members.
        env = self.sudo().env
        env["mailchimp.member"]._leave_customers([("partner_id", "=", dst_partner.id)])
        env["mailchimp.change"]._mark("partner_id", dst_partner.ids)
        env["mailchimp.engagement.mark"]._mark("res.partner", dst_partner.ids)
        return result
