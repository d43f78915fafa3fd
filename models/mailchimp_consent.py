from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..const import MEMBER_STATUSES


class MailchimpConsent(models.Model):
    """Append-only ledger: each change of a person's consent, and where it came from."""

    _name = "mailchimp.consent"
    _description = "MailChimp Consent"
    _order = "occurred_at desc, id desc"
    _rec_name = "email"
    # Rows are only ever added, and say themselves who did what and when.
    _log_access = False

    email = fields.Char(readonly=True, index=True)
    audience_id = fields.Many2one(
        "mailchimp.audience", ondelete="set null", readonly=True
    )
    company_id = fields.Many2one("res.company", ondelete="set null", readonly=True)
    member_id = fields.Many2one(
        "mailchimp.member", ondelete="set null", index=True, readonly=True
    )
    contact_id = fields.Many2one(
        "mailing.contact", ondelete="set null", index="btree_not_null", readonly=True
    )
    partner_id = fields.Many2one(
        "res.partner", ondelete="set null", index="btree_not_null", readonly=True
    )
    old_status = fields.Selection(MEMBER_STATUSES, readonly=True)
    new_status = fields.Selection(
        [*MEMBER_STATUSES, ("forgotten", "Permanently Deleted")],
        required=True,
        readonly=True,
    )
    source = fields.Selection(
        [("fetch", "Fetch"), ("webhook", "Webhook"), ("user", "User")],
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one("res.users", ondelete="set null", readonly=True)
    occurred_at = fields.Datetime(required=True, readonly=True)
    evidence = fields.Json(
        readonly=True, help="What Mailchimp knows about it: addresses, times, reason."
    )

    evidence_summary = fields.Char(
        string="Evidence in Short", compute="_compute_evidence_summary"
    )

    @api.depends("evidence")
    def _compute_evidence_summary(self):
        known = self.env["mailchimp.member"]._fields
        for consent in self:
            consent.evidence_summary = ", ".join(
                f"{_label(known.get(key), key, self.env)}: {value}"
                for key, value in (consent.evidence or {}).items()
                if value
            )

    # pylint: disable=method-required-super
    def write(self, vals):
        """Refuse: history is not rewritten, so there is nothing to call."""
        raise AccessError(self.env._("The consent ledger cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise AccessError(self.env._("The consent ledger cannot be changed."))


def _label(field, key, env):
    """Name a piece of evidence as the member's form does, if it is shown there."""
    if field:
        return field._description_string(env)
    return key.replace("_", " ").capitalize()
