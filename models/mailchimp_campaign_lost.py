from odoo import models

from ..const import CAMPAIGN_FIELDS
from ..exceptions import MailchimpRetryLater
from ..tools.coerce import as_map, short_text, with_ids
from .mailchimp_document_lost import CLOCKS_APART


class MailchimpCampaignLost(models.Model):
    """Creating a campaign once, although an answer may be lost."""

    _inherit = "mailchimp.campaign"

    def _create_in_mailchimp(self, gateway, body):
        """Create the campaign, unless an answer that was lost tells that it is there.

        https://mailchimp.com/developer/marketing/api/campaigns/add-campaign/
        """
        body = {"type": self.type, **body}
        if found := self._find_lost(gateway):
            return gateway.api.campaigns.update(found, self._mailchimp_values(found))
        try:
            return self._try_to_create(gateway.api.campaigns.create, body)
        except MailchimpRetryLater:
            if found := self._find_lost(gateway):
                return gateway.api.campaigns.get(found, fields=CAMPAIGN_FIELDS)
            raise

    def _find_lost(self, gateway):
        """Return the id of a campaign that must be this one, None if there is none.

        It was created since Odoo tried to, has the title, the subject and the audience
        of this one, and is unknown to Odoo.
        """
        tried_at = self._waiting_since()
        if not tried_at:
            return None
        since = tried_at - CLOCKS_APART
        drafts = self._unknown_since(gateway, since, status="save")
        ours = (
            (self.name or "").strip(),
            self._with_inline_tags(self.subject).strip(),
            self.audience_id.mailchimp_id or "",
        )
        for data in drafts:
            settings = as_map(data.get("settings"))
            audience = as_map(data.get("recipients")).get("list_id")
            names = (settings.get("title"), settings.get("subject_line"), audience)
            if tuple(short_text(name) or "" for name in names) == ours:
                return data["id"]
        return None

    def _unknown_since(self, gateway, since, **filters):
        """Read campaigns that were created lately, and that Odoo does not know.

        :param datetime since: naive UTC
        :return: payloads (list), the newest first
        """
        pages = gateway.pages(
            gateway.api.campaigns.list,
            key="campaigns",
            fields=[f"campaigns.{name}" for name in CAMPAIGN_FIELDS],
            since_create_time=since.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            sort_field="create_time",
            sort_dir="DESC",
            **filters,
        )
        found = with_ids([item for page in pages for item in page.items])
        # sudo: an id that another company holds is taken, too.
        known = (
            self.sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("account_id", "=", self.account_id.id),
                    ("mailchimp_id", "in", [item["id"] for item in found]),
                ]
            )
        )
        taken = set(known.mapped("mailchimp_id"))
        return [item for item in found if item["id"] not in taken]
