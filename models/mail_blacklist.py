from odoo import api, models

from ..tools.inside import inside, trusted
from ..tools.subscriber import subscriber_hashes


class MailBlacklist(models.Model):
    """Who must not be mailed at all is opted out of every audience."""

    _inherit = "mail.blacklist"

    @api.model_create_multi
    def create(self, vals_list):
        """Opt out whom somebody blacklists."""
        entries = super().create(vals_list)
        entries._opt_out_of_mailchimp()
        return entries

    def write(self, vals):
        """Opt out whom somebody blacklists again, or under another address."""
        result = super().write(vals)
        if vals.get("active") or "email" in vals:
            self._opt_out_of_mailchimp()
        return result

    def _opt_out_of_mailchimp(self):
        """Opt out the members with these addresses, unless Odoo did so before.

        Nobody is opted in again by leaving the blacklist: that is an act of its own.
        """
        emails = self.filtered("active").mapped("email")
        if not emails or trusted(self.env, "mailchimp_import"):
            return
        # sudo: whoever blacklists an address may not see its members.
        members = self.env["mailchimp.member"].sudo()
        members = members.search(
            [
                ("forgotten", "=", False),
                ("opt_out_by", "in", (False, "mailchimp")),
                "|",
                ("subscriber_hash", "in", subscriber_hashes(emails)),
                ("contact_id.email_normalized", "in", emails),
            ]
        )
        if not trusted(self.env, "mailchimp_consent"):
            members = members.with_context(
                **inside(mailchimp_consent={"source": "blacklist"})
            )
        members._opt_out_everywhere()
