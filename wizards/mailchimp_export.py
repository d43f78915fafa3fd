from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..models.mailchimp_contact_merge import LINKS
from ..models.mailchimp_member_export import KEPT_OUT
from ..tools.coerce import normalize_email
from ..tools.subscriber import subscriber_hashes


class MailchimpExport(models.TransientModel):
    """*Export to MailChimp*: to which audiences the selected people shall go.

    Works on ``active_model`` and ``active_ids`` of the context.
    """

    _name = "mailchimp.export"
    _description = "Export to MailChimp"

    audience_ids = fields.Many2many(
        "mailchimp.audience",
        string="MailChimp List",
        required=True,
        default=lambda self: self._default_audience_ids(),
    )
    has_audiences = fields.Boolean(
        default=lambda self: self._has_audiences(),
        readonly=True,
        help="Whether there is an audience to choose.",
    )
    res_model = fields.Char(
        default=lambda self: self.env.context.get("active_model"), readonly=True
    )
    res_ids = fields.Json(
        default=lambda self: self.env.context.get("active_ids"), readonly=True
    )
    record_count = fields.Integer(compute="_compute_counts", string="Selected")
    no_email_count = fields.Integer(compute="_compute_counts")
    bad_email_count = fields.Integer(compute="_compute_counts")
    blacklisted_count = fields.Integer(compute="_compute_counts")
    opted_out_count = fields.Integer(compute="_compute_counts")
    member_count = fields.Integer(compute="_compute_counts")
    shared_count = fields.Integer(compute="_compute_counts")
    policy_account_ids = fields.Many2many(
        "mailchimp.account", compute="_compute_policy_account_ids"
    )

    def _default_audience_ids(self):
        audiences = self.env["mailchimp.audience"].search(self._audience_domain())
        return audiences if len(audiences) == 1 else audiences.browse()

    @api.model
    def _has_audiences(self):
        Audience = self.env["mailchimp.audience"]
        return bool(Audience.search_count(self._audience_domain(), limit=1))

    @api.model
    def _audience_domain(self):
        return [
            ("company_id", "in", self.env.companies.ids),
            ("account_id.state", "=", "connected"),
            ("account_id.active", "=", True),
        ]

    # === COMPUTE METHODS === #

    @api.depends("res_model", "res_ids", "audience_ids")
    def _compute_counts(self):
        for wizard in self:
            records = wizard._records()
            usable = records.filtered(lambda r: normalize_email(r.email_normalized))
            emails = set(usable.mapped("email_normalized"))
            raw = (records - usable).filtered("email")
            wizard.record_count = len(records)
            wizard.bad_email_count = len(raw)
            wizard.no_email_count = len(records - usable - raw)
            wizard.shared_count = len(usable) - len(emails)
            wizard.blacklisted_count = self._blacklisted_count(emails)
            wizard.opted_out_count = wizard._opted_out_count(records, emails)
            wizard.member_count = wizard._member_count(records, emails)

    @api.depends("audience_ids")
    def _compute_policy_account_ids(self):
        for wizard in self:
            wizard.policy_account_ids = wizard.audience_ids.account_id.filtered(
                lambda account: not account.new_member_status
            )

    @api.model
    def _blacklisted_count(self, emails):
        # sudo: marketing users may not read all of the blacklist.
        blacklist = self.env["mail.blacklist"].sudo()
        return blacklist.search_count([("email", "in", list(emails))])

    def _members_domain(self, records, emails):
        link = LINKS[records._name]
        return Domain("audience_id", "in", self.audience_ids.ids) & (
            Domain(link, "in", records.ids)
            | Domain("subscriber_hash", "in", subscriber_hashes(emails))
        )

    def _opted_out_count(self, records, emails):
        out = Domain("opt_out_by", "!=", False) | Domain("status", "in", [*KEPT_OUT])
        return self._distinct(self._members_domain(records, emails) & out)

    def _member_count(self, records, emails):
        is_in = Domain("status", "in", ("subscribed", "pending", "transactional"))
        is_in &= Domain("opt_out_by", "=", False)
        return self._distinct(self._members_domain(records, emails) & is_in)

    @api.model
    def _distinct(self, domain):
        """Count people, who may be members of several audiences."""
        [[count]] = self.env["mailchimp.member"]._read_group(
            domain, [], ["email:count_distinct"]
        )
        return count

    def _records(self):
        """Return the selected records that still exist."""
        if self.res_model not in LINKS:
            raise UserError(
                self.env._("Select customers or mailing contacts to export.")
            )
        return self.env[self.res_model].browse(self.res_ids or ()).exists()

    # === ACTION METHODS === #

    def action_export(self):
        """Export what was selected to the chosen audiences."""
        return self._selected()._mailchimp_export(self.audience_ids)

    def action_preview(self):
        """Show what the export would do, without doing it."""
        return self._selected()._mailchimp_preview(self.audience_ids)

    def _selected(self):
        self.ensure_one()
        records = self._records()
        if not records:
            raise UserError(self.env._("There is nothing selected to export."))
        return records
