from odoo import api, models


class MailchimpPayloadReasons(models.AbstractModel):
    """What is wrong with a value, and what to do: one method for each code.

    Each gets the tag of the merge field and what is to be shown: the value, or the
    names of fields; and returns two sentences, reason and advice.
    """

    _inherit = "mailchimp.payload"

    @api.model
    def _correct(self):
        return self.env._("Correct the value in Odoo; it is sent again by itself.")

    @api.model
    def _reason_no_email(self, _tag, _shown):
        reason = self.env._("There is no email address.")
        return reason, self.env._("Fill it in: Mailchimp knows people by it.")

    @api.model
    def _reason_bad_email(self, _tag, shown):
        reason = self.env._("“%s” is not an email address.", shown)
        return reason, self._correct()

    @api.model
    def _reason_too_long(self, tag, _shown):
        reason = self.env._("%s is longer than 255 bytes and is sent cut.", tag)
        return reason, self.env._("Shorten it in Odoo if the end matters.")

    @api.model
    def _reason_bad_choice(self, tag, shown):
        reason = self.env._(
            "“%(value)s” is not a choice of %(tag)s.", value=shown, tag=tag
        )
        advice = self.env._("Add the choice in Mailchimp, or change the value in Odoo.")
        return reason, advice

    @api.model
    def _reason_incomplete_address(self, tag, names):
        fields = self.env["res.partner"]._fields
        labels = [fields[name]._description_string(self.env) for name in names]
        reason = self.env._(
            "The address is not sent, it is incomplete (%(tag)s). Missing: %(parts)s.",
            tag=tag,
            parts=", ".join(labels),
        )
        advice = self.env._("Mailchimp takes whole addresses only: fill in the rest.")
        return reason, advice

    @api.model
    def _reason_required_missing(self, tag, _shown):
        reason = self.env._("Mailchimp requires %s, and it is empty.", tag)
        advice = self.env._(
            "Fill in the value in Odoo, or make the field optional in Mailchimp."
        )
        return reason, advice

    @api.model
    def _reason_unfit(self, tag, shown):
        reason = self.env._("“%(value)s” does not fit %(tag)s.", value=shown, tag=tag)
        return reason, self._correct()
