from odoo import api, fields, models

from ..const import MEMBER_FIELDS, PRIORITY_USER
from ..tools.labels import VIP_KEY, Label


class MailchimpAudienceLabels(models.Model):
    """What the tags, groups, VIP mark and permissions of an audience stand for."""

    _inherit = "mailchimp.audience"

    interest_ids = fields.One2many(
        "mailchimp.interest", "audience_id", string="All Groups"
    )
    marketing_permission_ids = fields.One2many(
        "mailchimp.marketing.permission", "audience_id", string="Marketing Permissions"
    )
    permission_warning = fields.Char(compute="_compute_permission_warning")
    vip_category_id = fields.Many2one(
        "res.partner.category",
        string="VIP Tag",
        ondelete="set null",
        help="Contacts with this Odoo tag are VIPs in Mailchimp, and the other way "
        "round. Mailchimp takes 5,000 VIPs per account.",
    )
    vip_settled = fields.Boolean(readonly=True, copy=False)

    # === COMPUTE METHODS === #

    @api.depends(
        "marketing_permissions",
        "marketing_permission_ids.partner_category_id",
        "marketing_permission_ids.field_path",
    )
    def _compute_permission_warning(self):
        for audience in self:
            audience.permission_warning = (
                audience.marketing_permissions and audience._permission_warning()
            )

    def _permission_warning(self):
        """Say what becomes of permissions that Odoo knows nothing of."""
        permissions = self.marketing_permission_ids
        if not permissions:
            return self.env._(
                "Marketing permissions are on, but Mailchimp tells them only with a "
                "member, and none was read yet. Fetch the members; then choose what "
                "each permission stands for in Odoo."
            )
        loose = permissions.filtered(
            lambda p: not p.partner_category_id and not p._target()
        )
        if not loose:
            return False
        return self.env._(
            "Marketing permissions that stand for nothing in Odoo: %s. Who is "
            "added by Odoo does not have them, and campaigns that respect them skip "
            "these people.",
            ", ".join(f"“{name}”" for name in loose.mapped("name")),
        )

    # === LABELS === #

    def _labels(self):
        """Return the `tools.labels.Label` of all that stands for something in Odoo.

        :return: {key: label}; of two tags with one name, the one that Odoo manages
        """
        self.ensure_one()
        tags = self.tag_ids.filtered(lambda tag: tag.type == "static")
        records = [*tags.sorted("managed"), *self.interest_ids]
        records += self.marketing_permission_ids
        found = {label.key: label for label in (r._label() for r in records)}
        if self.vip_category_id:
            found[VIP_KEY] = self._vip_label()
        return {
            key: label
            for key, label in found.items()
            if label.category_id or label.field
        }

    def _vip_label(self):
        return Label(VIP_KEY, self.vip_category_id.id, None, True, self.vip_settled)

    def _outgoing_labels(self):
        """Return the labels that the push adds and takes away (list)."""
        return [one for one in self._labels().values() if one.owned and one.settled]

    def _member_fields(self):
        """Return what is asked for of members; permissions only where there are some.

        Whatever is asked for is part of the fingerprint of a member.
        """
        if self.marketing_permissions:
            return [*MEMBER_FIELDS, "marketing_permissions"]
        return MEMBER_FIELDS

    # === CRUD METHODS === #

    def write(self, vals):
        """Bring both sides together when the VIP tag changes; read new permissions."""
        vip = self.filtered(
            lambda a: "vip_category_id" in vals
            and a.vip_category_id.id != vals["vip_category_id"]
        )
        asks = vals.get("marketing_permissions") and not all(
            self.mapped("marketing_permissions")
        )
        if asks:
            vals = dict(vals, pulled_at=False)
        result = super().write(vals)
        if vip:
            vip.vip_settled = False
            for audience in vip:
                audience._enqueue_settle_labels()
        return result

    # === BACK-FILL === #

    def _enqueue_settle_labels(self):
        """Queue that both sides get the labels that were mapped just now."""
        self.ensure_one()
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_settle_labels",
            name=self.env._("Bring tags and groups of %s together", self.name),
            identity=f"labels:{self.id}",
            account=self.account_id,
            priority=PRIORITY_USER,
        )

    def _job_settle_labels(self):
        """Give both sides the labels that either has; see `mailchimp.label.settle`.

        Nothing was agreed on when something was mapped: nobody loses anything by it.

        :return: a generator with a checkpoint after each part of the contacts
        """
        for record in self._unsettled_records():
            yield from self.env["mailchimp.label.settle"]._settle(self, record._label())
            record.settled = True
        if self.vip_category_id and not self.vip_settled:
            label = self._vip_label()
            yield from self.env["mailchimp.label.settle"]._settle(self, label)
            self.vip_settled = True

    def _unsettled_records(self):
        """Return records of several models that were mapped and are not settled."""
        tags = self.tag_ids.filtered(lambda t: t.type == "static" and t.category_id)
        permissions = self.marketing_permission_ids.filtered(
            lambda p: p.partner_category_id or p._target()
        )
        groups = self.interest_ids.filtered("partner_category_id")
        return [
            record
            for records in (tags, groups, permissions)
            for record in records
            if not record.settled
        ]

    # === ACTION METHODS === #

    def action_manage_tags(self):
        """Choose Odoo tags that Odoo adds to members and takes away from them."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Manage Odoo Tags in Mailchimp"),
            "res_model": "mailchimp.tag.declare",
            "view_mode": "form",
            "target": "new",
            "context": {"default_audience_id": self.id},
        }
