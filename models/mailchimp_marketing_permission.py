from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..tools.labels import PERMISSION, Label
from .mailchimp_merge_field import PARTNER_PREFIX


class MailchimpMarketingPermission(models.Model):
    """What people may allow an audience to use their data for, one by one.

    Mailchimp lists them nowhere but on its members: they come with those.
    """

    _name = "mailchimp.marketing.permission"
    _description = "Mailchimp Marketing Permission"
    _inherit = ["mailchimp.label", "mailchimp.watched"]
    _order = "audience_id, id"
    _mapping_fields = ("partner_category_id", "field_path")
    _watched_fields = frozenset({"active", *_mapping_fields})

    active = fields.Boolean(default=True)
    audience_id = fields.Many2one(
        "mailchimp.audience",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one(related="audience_id.company_id")
    mailchimp_id = fields.Char(string="Mailchimp ID", required=True, readonly=True)
    name = fields.Char(string="Permission", required=True, readonly=True)
    partner_category_id = fields.Many2one(
        "res.partner.category",
        string="Odoo Tag",
        ondelete="set null",
        help="Contacts with this tag gave the permission.",
    )
    field_path = fields.Char(
        string="Odoo Field",
        help="Instead of a tag: the technical name of a check box of the mailing "
        "contact; or, after “partner_id.”, of the customer.",
    )

    _audience_mailchimp_uniq = models.Constraint(
        "UNIQUE(audience_id, mailchimp_id)", "This permission was imported already."
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("field_path", "partner_category_id")
    def _check_mapping(self):
        for permission in self.filtered("field_path"):
            if permission.partner_category_id:
                raise ValidationError(
                    self.env._(
                        "“%s” is mapped to a tag and to a field. Choose one of them.",
                        permission.name,
                    )
                )
            if not permission._target():
                raise ValidationError(
                    self.env._(
                        "%s is not a check box of contacts or customers that may be "
                        "written.",
                        permission.field_path,
                    )
                )

    # === MAPPING === #

    def _target(self):
        """Return (model, name) of the check box this is mapped to, None if to none."""
        path = self.field_path or ""
        of_partner = path.startswith(f"{PARTNER_PREFIX}.")
        model = "res.partner" if of_partner else "mailing.contact"
        name = path.removeprefix(f"{PARTNER_PREFIX}.")
        field = self.env[model]._fields.get(name)
        if not field or field.type != "boolean":
            return None
        writable = self.env["mailchimp.merge.field"]._is_writable(field)
        return (model, name) if writable else None

    def _label(self):
        return Label(
            (PERMISSION, self.mailchimp_id),
            self.partner_category_id.id or None,
            self._target(),
            True,
            self.settled,
            self.id,
            self.name,
        )

    @api.model
    @tools.ormcache()
    def _sources(self):
        """Return where permissions are given in Odoo.

        Read with every write on a contact or customer, hence kept.

        :return: {model: {field name: ids of permissions}}
        """
        found = {"mailing.contact": {}, "res.partner": {}}
        # sudo: what is recorded does not depend on who edits a contact.
        for permission in self.sudo().search([("audience_id.active", "=", True)]):
            if permission.partner_category_id:
                places = [("mailing.contact", "tag_ids")]
                if permission.audience_id.account_id.push_customer_tags:
                    places.append(("res.partner", "category_id"))
            else:
                places = [permission._target()] if permission._target() else []
            for model, name in places:
                found[model].setdefault(name, []).append(permission.id)
        return found

    # === IMPORT === #

    @api.model
    def _note(self, audience, texts):
        """Get to know the permissions that members of a page carry.

        :param recordset audience: one `mailchimp.audience`
        :param dict texts: {remote id: text}, see `tools.labels.permissions`
        """
        domain = [("audience_id", "=", audience.id)]
        known = self.with_context(active_test=False).search(domain)
        by_id = known.grouped("mailchimp_id")
        for id_ in texts.keys() & by_id.keys():
            if by_id[id_].name != texts[id_]:
                by_id[id_].name = texts[id_]
        self.create(
            [
                {"audience_id": audience.id, "mailchimp_id": id_, "name": text}
                for id_, text in texts.items()
                if id_ not in by_id
            ]
        )
