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
        reasons = {
            "no_email": (
                self.env._("There is no email address."),
                self.env._("Enter one; the record is sent by itself then."),
            ),
            "bad_email": (
                self.env._("“%s” is not an email address.", row["record"].email),
                self.env._("Correct it; the record is sent by itself then."),
            ),
            "blacklisted": (
                self.env._("The address is on the blacklist of Odoo."),
                self.env._(
                    "Nothing is sent. Take it off the blacklist if the person agrees."
                ),
            ),
            "not_routed": (
                self.env._("No customer with this address matches a routing rule."),
                self.env._("Choose another audience, or change the rules of this one."),
            ),
            "other_company": (
                self.env._(
                    "The customer belongs to another company than the audience."
                ),
                self.env._("Choose an audience of the customer's company."),
            ),
        }
        if row["code"] == "duplicate":
            return self._export_duplicate_reason(row)
        return reasons.get(row["code"]) or self._export_consent_reason(row)

    @api.model
    def _export_duplicate_reason(self, row):
        return (
            self.env._("%s speaks for this address.", row["speaker"].display_name),
            self.env._(
                "Nothing to do, unless this record is the right one: choose it in "
                "MailChimp > Shared Addresses."
            ),
        )

    @api.model
    def _export_consent_reason(self, row):
        reason, advice = self.env["mailchimp.member.push"]._words(row["code"])
        if row["code"] in ("opted_out", "archived"):
            advice = self.env._(
                "It stays that way. If the person wants to come back, open the member "
                "and press Request Opt-in: Mailchimp asks for a confirmation."
            )
        return reason, advice
