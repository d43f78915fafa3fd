from odoo import models

from ..const import CAMPAIGN_FIELDS
from ..exceptions import MailchimpRetryLater
from ..tools.coerce import as_map, short_text, with_ids
from .mailchimp_document_lost import CLOCKS_APART


class MailchimpCampaignLost(models.Model):
    """Creating a campaign once, although an answer may be lost."""

    _inherit = "mailchimp.campaign"

    def _created(self, gateway):
        """Create the campaign, unless it is there already.

        What an answer that was lost tells to be this one is linked, and looked at like
        any other before it is changed: it may as well be somebody else's.

        https://mailchimp.com/developer/marketing/api/campaigns/add-campaign/

        :return: the answer, None where the campaign is to be changed
        :raise MailchimpError:
        """
        if self.mailchimp_id or self._link_lost(gateway):
            return None
        body = {"type": self.type, **self._mailchimp_values()}
        try:
            data = self._try_to_create(gateway.api.campaigns.create, body)
        except MailchimpRetryLater:
            if self._link_lost(gateway):
                return None
            raise
        self._take_over_identity(data)
        self._connector_write({"remote_content_digest": self._digest_there({})})
        return data

    def _link_lost(self, gateway):
        """Link this campaign with the one that an answer was lost about.

        :return: whether there is one
        """
        found = self._find_lost(gateway)
        if found:
            self._connector_write(
                {
                    "mailchimp_id": found,
                    # Odoo put nothing into it so far.
                    "remote_content_digest": self._digest_there({}),
                }
            )
        return bool(found)

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
