from odoo import models
from odoo.exceptions import UserError

from ..tools import segment_opts
from ..tools.coerce import as_map
from .mailchimp_campaign_source import ODOO_TYPES

# Which of Mailchimp's settings each change has to name.
# https://mailchimp.com/developer/marketing/api/campaigns/update-campaign-settings/
REQUIRED_SETTINGS = ("subject", "from_name", "reply_to")


class MailchimpCampaignPayload(models.Model):
    """What Mailchimp should hold of a campaign, and what is missing for it."""

    _inherit = "mailchimp.campaign"

    # === MAPPING === #

    def _mailchimp_values(self):
        """Return what Mailchimp should hold of this campaign, without I/O."""
        settings = {
            "subject_line": self._with_inline_tags(self.subject),
            "preview_text": self._with_inline_tags(self.preview_text),
            "title": self.name,
            "from_name": self.from_name or "",
            "reply_to": self.reply_to or "",
            "to_name": self.to_name or "",
            "folder_id": self.folder_id.mailchimp_id or "",
        }
        if not self.mailchimp_id:
            settings = {name: value for name, value in settings.items() if value}
        return {
            "settings": settings,
            "tracking": {
                "opens": self.track_opens,
                "html_clicks": self.track_html_clicks,
                "text_clicks": self.track_text_clicks,
                "ecomm360": self.track_ecommerce,
                "google_analytics": self.google_analytics or "",
            },
            **self._mailchimp_recipients(),
        }

    def _holds(self, data):
        """Tell whether Mailchimp's settings are Odoo's already, without I/O.

        :param dict data: the campaign as Mailchimp says it is
        """
        values = self._mailchimp_values()
        for part in ("settings", "tracking"):
            there = as_map(data.get(part))
            if any((there.get(k) or "") != (v or "") for k, v in values[part].items()):
                return False
        return segment_opts.same(values.get("recipients"), data.get("recipients"))

    def _needs_push(self):
        """Tell whether Mailchimp holds something else than Odoo."""
        if not self.is_editable:
            return False
        if self.to_push or not self.mailchimp_id:
            return True
        if self.content_source != "mailing":  # which is edited elsewhere
            return False
        return bool(self._new_content())

    def _check_complete(self):
        """Refuse what Mailchimp would not take, before anything is sent."""
        self.ensure_one()
        if not self.is_editable:
            raise UserError(self._not_editable_text())
        if self.gone:
            raise UserError(self._gone_text())
        if not self.mailchimp_id and self.type not in ODOO_TYPES:
            raise UserError(
                self.env._(
                    "Odoo creates regular and plain-text campaigns. Create this one in "
                    "Mailchimp, and import it."
                )
            )
        missing = self._missing()
        if missing:
            raise UserError(
                self.env._(
                    "%(campaign)s cannot be saved to Mailchimp yet. Choose: "
                    "%(missing)s.",
                    campaign=self.display_name,
                    missing=", ".join(missing),
                )
            )

    def _missing(self):
        """Return what Mailchimp asks for (list of words)."""
        parts = self._missing_recipients(), self._missing_content()
        missing = [part for part in parts if part]
        if self.mailchimp_id:
            missing += [
                self._fields[name]._description_string(self.env)
                for name in REQUIRED_SETTINGS
                if not self[name]
            ]
        return missing
