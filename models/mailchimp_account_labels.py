from odoo import fields, models


class MailchimpAccountLabels(models.Model):
    """What of tags and languages an account lets through."""

    _inherit = "mailchimp.account"

    push_customer_tags = fields.Boolean(
        string="Tags of the Customer, Too?",
        help="The tags of the customer count like those of the mailing contact: what "
        "is managed in Mailchimp goes there from both, and is taken away from both.",
    )
    sync_language = fields.Boolean(
        string="Update the Language?",
        help="Mailchimp gets the language of the customer. With two-way "
        "synchronization, customers without a language get the one from Mailchimp.",
    )

    def write(self, vals):
        """Record permissions on customers where their tags count."""
        result = super().write(vals)
        if "push_customer_tags" in vals:
            self.env.registry.clear_cache()
        return result
