from odoo import models
from odoo.exceptions import AccessError


class MailchimpGuard(models.AbstractModel):
    """Keeps what a record stands for at Mailchimp out of people's hands.

    A form shows it readonly, which does not keep anybody from writing it: an audience
    that is moved to the account of another company would be read with its key.
    """

    _name = "mailchimp.guard"
    _description = "Fields Written by the Mailchimp Connector"

    _connector_fields = frozenset()

    def write(self, vals):
        """Refuse fields that only the connector writes, as superuser."""
        names = vals.keys() & self._connector_fields
        if names and not self.env.su:
            raise AccessError(
                self.env._(
                    "Only the connector may change %s.", ", ".join(sorted(names))
                )
            )
        return super().write(vals)
