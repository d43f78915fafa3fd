import secrets

from odoo import api, models
from odoo.tools import SQL

from .mailchimp_engagement import FIGURES


class MailchimpPersonActivity(models.AbstractModel):
    """What people did with campaigns, as a part of what is known about them."""

    _inherit = "mailchimp.person"

    @api.model
    def _told(self, person):
        """Override: with what was sent to them, and what they did with it."""
        return [*super()._told(person), self._activity_of(person)]

    @api.model
    def _activity_of(self, person):
        """Return the events of a person: of the members, and of the addresses.

        By campaign, as the index of the events is; of those the user may see.
        """
        Activity = self.env["mailchimp.campaign.activity"]
        Campaign = self.env["mailchimp.campaign"].with_context(active_test=False)
        return Activity.search(
            [
                "|",
                ("member_id", "in", person.members.ids),
                "&",
                ("campaign_id", "in", Campaign.search([("id", "!=", False)]).ids),
                ("email_id", "in", list(person.hashes)),
            ]
        )

    def _erase_person(self, in_mailchimp=True):
        """Override: nobody finds out any more whose events these are."""
        # Before the members are erased, by which they are found.
        person = self._person()
        activity = self._activity_of(person)
        result = super()._erase_person(in_mailchimp)
        # sudo: only the connector writes them; the user may see these.
        activity.sudo()._erase_content()
        person.members.sudo().write(dict.fromkeys(FIGURES, False))
        return result


class MailchimpMember(models.Model):
    """Events of people whose data were erased, and whom Mailchimp deleted at last."""

    _inherit = "mailchimp.member"

    def _forget(self, source):
        """Override: of erased people, what came until then is erased as well."""
        erased = self.filtered(
            lambda member: (
                any(member.consent_ids.mapped("erased_at"))
                or not (member.email or member.fingerprint)
            )
        )
        hashes = erased.mapped("subscriber_hash")
        result = super()._forget(source)
        # sudo: only the connector writes them.
        activity = self.env["mailchimp.campaign.activity"].sudo()
        campaigns = self.env["mailchimp.campaign"].sudo()
        campaigns = campaigns.with_context(active_test=False).search(
            [("account_id", "in", erased.account_id.ids)]
        )
        activity.search(
            [("campaign_id", "in", campaigns.ids), ("email_id", "in", hashes)]
        )._erase_content()
        return result


class MailchimpCampaignActivity(models.Model):
    """Events of people whose data were erased."""

    _inherit = "mailchimp.campaign.activity"

    def _erase_content(self):
        """Erase whose events these are; how many there were of each campaign stays.

        Recipients get a name of their own in each campaign, out of a secret that is not
        kept. A link keeps where it led, without what it said about the reader.
        """
        if not self:
            return
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                """UPDATE mailchimp_campaign_activity a
                      SET email_id = 'erased:' || md5(%s || campaign_id || email_id),
                          member_id = NULL, ip = NULL, reason = NULL,
                          url = split_part(split_part(url, '?', 1), '#', 1)
                    WHERE id = ANY(%s)""",
                secrets.token_hex(32),
                self.ids,
            )
        )
        self.invalidate_recordset()
