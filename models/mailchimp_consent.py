from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_datetime

from ..const import MEMBER_STATUSES
from ..tools.coerce import parse_datetime

# What of the evidence is a time, in UTC.
EVIDENCE_TIMES = frozenset({"fired_at", "timestamp_opt", "timestamp_signup"})


class MailchimpConsent(models.Model):
    """Append-only ledger: each change of a person's consent, and where it came from."""

    _name = "mailchimp.consent"
    _description = "Mailchimp Consent"
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
        "res.partner",
        string="Customer",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    old_status = fields.Selection(MEMBER_STATUSES, readonly=True)
    new_status = fields.Selection(
        [
            *MEMBER_STATUSES,
            ("forgotten", "Permanently Deleted"),
            ("granted", "Permission Given"),
            ("withdrawn", "Permission Withdrawn"),
            ("complained", "Complaint"),
        ],
        required=True,
        readonly=True,
    )
    source = fields.Selection(
        [
            ("fetch", "Fetch"),
            ("webhook", "Webhook"),
            ("export", "Push"),
            ("user", "User"),
            ("page", "Unsubscribe Page"),
            ("blacklist", "Blacklist"),
            ("import", "File Import"),
            ("archive", "Gone From Odoo"),
            ("erasure", "Erasure"),
            ("report", "Campaign Report"),
        ],
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one("res.users", ondelete="set null", readonly=True)
    occurred_at = fields.Datetime(string="Happened on", required=True, readonly=True)
    evidence = fields.Json(
        readonly=True, help="What Mailchimp knows about it: addresses, times, reason."
    )

    evidence_summary = fields.Char(
        string="Evidence in Short", compute="_compute_evidence_summary"
    )

    @api.depends("evidence")
    @api.depends_context("lang", "tz", "uid")
    def _compute_evidence_summary(self):
        labels = self._evidence_labels()
        for consent in self:
            consent.evidence_summary = ", ".join(
                f"{labels.get(key) or key}: {self._evidence_text(key, value)}"
                for key, value in (consent.evidence or {}).items()
                if value
            )

    @api.model
    def _evidence_labels(self):
        """Name pieces of evidence as the member's form does, where it shows them."""
        known = self.env["mailchimp.member"]._fields
        names = ("ip_signup", "timestamp_signup", "ip_opt", "timestamp_opt", "source")
        return {
            "fired_at": self.env._("Reported on"),
            "reason": self.env._("Reason"),
            "campaign_id": self.env._("Campaign"),
            "campaign": self.env._("Campaign Title"),
            "ip": self.env._("IP Address"),
            "page": self.env._("Page"),
            "mailing": self.env._("Mailing"),
            "requested_by": self.env._("Requested by"),
            "reason_given": self.env._("Reason Given"),
            **{name: known[name]._description_string(self.env) for name in names},
        }

    @api.model
    def _evidence_text(self, key, value):
        """Return a piece of evidence for people: times in their zone and format."""
        moment = parse_datetime(value) if key in EVIDENCE_TIMES else False
        if not moment:
            return value
        return format_datetime(self.env, moment, tz=self.env.context.get("tz"))

    # pylint: disable=method-required-super
    def write(self, vals):
        """Refuse: history is not rewritten, so there is nothing to call."""
        raise AccessError(self.env._("The consent ledger cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise AccessError(self.env._("The consent ledger cannot be changed."))
