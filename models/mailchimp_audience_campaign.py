from odoo import models

from ..tools.coerce import remote_id


class MailchimpAudience(models.Model):
    """What a webhook says of campaigns."""

    _inherit = "mailchimp.audience"

    def _on_campaign(self, event):
        """A campaign was sent or cancelled: read it again, import it if it is new."""
        if campaign_id := remote_id(event.campaign_id):
            self.env["mailchimp.campaign"]._import_one(self.account_id, campaign_id)
        return super()._on_campaign(event)
