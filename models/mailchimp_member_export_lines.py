from odoo import api, models


class MailchimpMemberExportLines(models.Model):
    """What an export says about the people whom it leaves out, in plain words."""

    _inherit = "mailchimp.member"

    @api.model
    def _export_line(self, audience, row):
        """Return values of the `mailchimp.run.line` about a row that stays out."""
        reason, advice = self._export_reason(row)
        record, member = row["record"], row["member"]
        # The other one is a member, not this one.
        is_other = row["code"] == "duplicate"
        return {
            "state": "skipped",
            "code": row["code"],
            "name": record.display_name or row["email"] or "?",
            "reason": reason,
            "advice": advice,
            "res_model": record._name,
            "res_id": record.id,
            "member_id": False if is_other else member.id,
        }

    @api.model
    def _export_reason(self, row):
        """Return why a row stays out, and what to do about it."""
        _ = self.env._
        reasons = {
            "no_email": (
                _("There is no email address."),
                _("Enter one; the record is sent by itself then."),
            ),
            "bad_email": (
                _("“%s” is not an email address.", row["record"].email),
                _("Correct it; the record is sent by itself then."),
            ),
            "blacklisted": (
                _("The address is on the blacklist of Odoo."),
                _("Nothing is sent. Take it off the blacklist if the person agrees."),
            ),
            "not_routed": (
                _("No customer with this address matches a routing rule."),
                _("Choose another audience, or change the rules of this one."),
            ),
            "other_company": (
                _("The customer belongs to another company than the audience."),
                _("Choose an audience of the customer's company."),
            ),
        }
        return reasons.get(row["code"]) or self._export_consent_reason(row)

    @api.model
    def _export_consent_reason(self, row):
        _ = self.env._
        if row["code"] == "duplicate":
            return (
                _("%s speaks for this address.", row["speaker"].display_name),
                _(
                    "Nothing to do, unless this record is the right one: choose it in "
                    "MailChimp > Shared Addresses."
                ),
            )
        ask = _(
            "It stays that way. If the person wants to come back, open the member and "
            "press Request Opt-in: Mailchimp asks for a confirmation."
        )
        return {
            "opted_out": (_("The person opted out of this audience."), ask),
            "archived": (_("The person was archived in Mailchimp."), ask),
            "cleaned": (
                _("Mailchimp gave the address up: mails to it bounced."),
                _("Ask the person for another address."),
            ),
            "forgotten": (
                _("The person was permanently deleted in Mailchimp."),
                _("Only the person can sign up again, with a form of Mailchimp."),
            ),
        }[row["code"]]
