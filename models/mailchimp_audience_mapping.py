from odoo import models
from odoo.tools import SQL


class MailchimpAudienceMapping(models.Model):
    """The mapping of merge fields, seen from the audience."""

    _inherit = "mailchimp.audience"

    def _outgoing_context(self):
        """Return the context in which values are read for Mailchimp.

        Labels and times are those of the company, whoever pressed the button.
        """
        self.ensure_one()
        company = self.company_id.sudo()
        partner = company.partner_id
        lang = self.env["res.lang"]._lang_get(partner.lang or "")
        return {
            "lang": lang.code if lang else "en_US",
            "tz": partner.tz or "UTC",
            "allowed_company_ids": company.ids,
        }

    def _push_all_members(self):
        """Let all members be pushed; by SQL because there may be a million."""
        self.ensure_one()
        Member = self.env["mailchimp.member"]
        Member.flush_model(["audience_id", "contact_id", "partner_id", "forgotten"])
        found = self.env.execute_query(
            SQL(
                """SELECT id FROM mailchimp_member
                    WHERE audience_id = %s AND forgotten IS NOT TRUE
                      AND (contact_id IS NOT NULL OR partner_id IS NOT NULL)""",
                self.id,
            )
        )
        if found:
            self.env["mailchimp.change"]._add([id_ for (id_,) in found])
            self._enqueue_push()
