from odoo import api, models
from odoo.exceptions import UserError

# So many campaigns are named.
NAMED = 10


class MailchimpTagUsed(models.Model):
    """Tags and segments that decide who gets a campaign are not deleted.

    Campaigns keep an archived one, and are not sent with it. The records of an audience
    go together with it; then a campaign has none of them left, which it says, too.
    """

    _inherit = "mailchimp.tag"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """Refuse it: without one of them, "all of the tags" would be more people."""
        # sudo: campaigns that the user may not see lose their recipients, too.
        campaigns = self.env["mailchimp.campaign"].sudo()
        campaigns = campaigns.with_context(active_test=False).search(
            [
                "|",
                ("recipient_tag_ids", "in", self.ids),
                ("segment_id", "in", self.ids),
            ]
        )
        if campaigns:
            raise UserError(
                self.env._(
                    "These campaigns are sent to it, and would be sent to others "
                    "without it: %s. Archive it instead, or choose other recipients "
                    "first.",
                    ", ".join(campaigns[:NAMED].mapped("name")),
                )
            )
        if managed := self.filtered("managed"):
            raise UserError(
                self.env._(
                    "Odoo gives these tags to members and takes them away: %s. Archive "
                    "them instead, or let Odoo manage them no more first.",
                    ", ".join(managed[:NAMED].mapped("name")),
                )
            )
