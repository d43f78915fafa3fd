from odoo import models

from ..exceptions import MailchimpNotFound, MailchimpRejected, MailchimpRetryLater
from ..tools.coerce import as_map
from .mailchimp_campaign_source import CONTENT


class MailchimpCampaignPushContent(models.Model):
    """*Save to Mailchimp*: what is in the mail, unless it was redesigned there."""

    _inherit = "mailchimp.campaign"

    def _was_redesigned(self, gateway, content):
        """Look whether Mailchimp's content is another than both sides agreed on.

        What is found then is what somebody decides about: it is known from now on.

        :param dict content: what is about to be saved
        :return: whether somebody has to decide which one is right
        :raise MailchimpError:
        """
        if not self.remote_content_digest and not self.to_read:
            return False  # the answer to what Odoo saved was lost
        data = as_map(gateway.api.campaigns.get_content(self.mailchimp_id))
        found = self._digest_there(data)
        is_empty = not any(data.get(name) for name in CONTENT)
        is_ours = all(data.get(name) == text for name, text in content.items())
        if is_empty or is_ours or found == self.remote_content_digest:
            return False
        # What Odoo saved is there no more: whatever it holds is to be saved anew.
        digests = dict.fromkeys(("content_digest", "remote_content_digest"), found)
        self._connector_write({**digests, "remote_changed": True, "to_push": True})
        self._note_changed_there()
        return True

    def _push_content(self, gateway, content):
        """Save the content.

        https://mailchimp.com/developer/marketing/api/campaign-content/set-campaign-content/

        :param dict content: None where there is nothing to be saved
        :return: whether there was
        """
        if not content:
            return False
        answer = as_map(self._set_content(gateway, content))
        vals = {name: v for name, v in self._content_values(answer).items() if v}
        if self.content_source == "html":  # what stands there was typed here
            vals = {name: v for name, v in vals.items() if not self[name]}
        vals["content_digest"] = self._digest(content)
        vals["remote_content_digest"] = answer and self._digest_there(answer)
        self._connector_write(vals)
        return True

    def _set_content(self, gateway, content):
        try:
            return gateway.api.campaigns.set_content(self.mailchimp_id, content)
        except MailchimpRetryLater as error:
            if not error.throttled:  # who knows what is there now
                self._connector_write({"remote_content_digest": False})
            raise
        except MailchimpNotFound as error:
            if "template" not in content:
                raise
            # The campaign was answered about a moment ago.
            name = self.template_id.display_name
            raise MailchimpRejected(
                f"The template {name} does not exist in Mailchimp any more."
            ) from error
