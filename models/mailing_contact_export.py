from odoo import models
from odoo.exceptions import UserError

from ..const import PRIORITY_USER


class MailingContactExport(models.Model):
    """Mailing contacts go to the audiences of the lists that they are on."""

    _name = "mailing.contact"
    _inherit = ["mailing.contact", "mailchimp.exportable"]

    def action_mailchimp_export(self):
        """Export to the audiences on the *Subscriptions* lines of these contacts."""
        self.check_access("read")
        audiences = self._mailchimp_audiences()
        if not audiences:
            raise UserError(
                self.env._(
                    "No mailing list on the Subscriptions tab stands for a Mailchimp "
                    "audience. Add such a list, one with the MailChimp mark, first."
                )
            )
        if len(self) == 1:
            return self._mailchimp_export(audiences)
        audiences.account_id._check_connected()
        runs = self.env["mailchimp.run"]
        for audience in audiences:
            mailing_list = audience.mailing_list_id
            listed = self.filtered(lambda c, ml=mailing_list: ml in c.list_ids)
            runs |= listed._mailchimp_start_export(audience, "user", PRIORITY_USER)
        self._mailchimp_note_unlisted(audiences, runs[:1])
        return runs._open()

    def _mailchimp_audiences(self):
        """Return the audiences that the user sees among the lists of these contacts."""
        lists = self.subscription_ids.list_id
        return self.env["mailchimp.audience"].search(
            [("mailing_list_id", "in", lists.ids)]
        )

    def _mailchimp_note_unlisted(self, audiences, run):
        """Name the contacts of a selection that are on no list of an audience."""
        lists = audiences.mailing_list_id
        self._mailchimp_note(
            self.filtered(lambda contact: not contact.list_ids & lists),
            run,
            "no_list",
            self.env._("The contact is on no mailing list of an audience."),
            self.env._("Add a list with the MailChimp mark to its Subscriptions."),
        )
