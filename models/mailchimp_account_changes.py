from odoo import fields, models


class MailchimpAccountChanges(models.Model):
    """What of Odoo's changes an account lets go to Mailchimp."""

    _inherit = "mailchimp.account"

    archived_contacts = fields.Selection(
        [
            ("keep", "Keep in Mailchimp"),
            ("archive", "Archive in Mailchimp"),
            ("unsubscribe", "Unsubscribe"),
        ],
        string="Contacts Gone From Odoo",
        default="keep",
        required=True,
        help="What becomes of a member when its customer is archived or deleted, or "
        "its mailing contact is deleted. Who is unsubscribed cannot be subscribed "
        "again without being asked.",
    )

    def write(self, vals):
        """Watch the contacts of accounts that push; see `mailchimp.merge.field`.

        Who begins to push brings those along whom Odoo kept out by itself until then.
        """
        begin = self.browse()
        if vals.get("auto_push_contacts"):
            begin = self.filtered(lambda account: not account.auto_push_contacts)
        result = super().write(vals)
        for audience in begin.audience_ids:
            audience._push_leaving()
        if vals.keys() & {"active", "auto_push_contacts"}:
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        """Delete the audiences first, with what people noted and planned about them."""
        self.with_context(active_test=False).audience_ids.unlink()
        return super().unlink()
