import re

from odoo import fields, models
from odoo.exceptions import UserError

from ..exceptions import MailchimpError, MailchimpRetryLater
from ..tools.client_action import notification
from ..tools.coerce import normalize_email


class MailchimpCampaignTest(models.TransientModel):
    """Who gets a test of a campaign."""

    _name = "mailchimp.campaign.test"
    _inherit = ["mailchimp.campaign.pointer"]
    _description = "Send a Test of a Mailchimp Campaign"

    emails = fields.Text(
        string="Recipients",
        required=True,
        default=lambda self: self.env.user.email,
        help="Email addresses, one a line or separated by commas.",
    )
    send_type = fields.Selection(
        [("html", "HTML"), ("plaintext", "Plain Text")],
        string="Format",
        default="html",
        required=True,
    )

    def action_send(self):
        """Save the campaign if that is due, and let Mailchimp send the test."""
        self.ensure_one()
        campaign = self.campaign_id
        campaign._check_act()
        emails = self._addresses()
        campaign._lock()
        if campaign._needs_push() and not campaign._push():
            return campaign._tell_push_error()
        body = {"test_emails": emails, "send_type": self.send_type}
        gateway = campaign.account_id._gateway(interactive=True)
        try:
            gateway.api.campaigns.send_test_email(campaign.mailchimp_id, body)
        except MailchimpRetryLater as error:
            return campaign._tell("warning", self._unsure_text(error))
        except MailchimpError as error:
            return campaign._tell("danger", campaign._act_error_text(error))
        text = self.env._("A test is on its way to %s.", ", ".join(emails))
        campaign._message_log(body=f"{self.env.user.name}: {text}")
        return notification(text)

    def _unsure_text(self, error):
        return self.env._(
            "Mailchimp did not answer: the test may be on its way or not. %s", error
        )

    def _deliverable(self, word):
        """Return the address that a word is, False if mail cannot get there."""
        email = normalize_email(word)
        return email and "." in email.rpartition("@")[2] and email

    def _addresses(self):
        """Return the addresses, each once."""
        words = re.split(r"[\s,;]+", self.emails or "")
        emails = {word: self._deliverable(word) for word in words if word}
        if wrong := [word for word, email in emails.items() if not email]:
            raise UserError(
                self.env._("These are no email addresses: %s", ", ".join(wrong))
            )
        if not emails:
            raise UserError(self.env._("Enter an email address."))
        return list(dict.fromkeys(emails.values()))
