from functools import partial
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import DEFAULT_FIELD_PATHS, MERGE_FIELD_TYPE_CODES, MERGE_FIELD_TYPES
from ..tools.coerce import (
    CONVERTERS,
    address_values,
    clean_json,
    find_choice,
    find_related,
    short_text,
    small_integer,
)

PARTNER_PREFIX = "partner_id"


class MappedField(NamedTuple):
    """Where the values of a merge field go; ``field`` is None for an address."""

    tag: str
    model: str
    field: str | None
    convert: callable


class MailchimpMergeField(models.Model):
    """A field of an audience, and the Odoo field its values belong to."""

    _name = "mailchimp.merge.field"
    _description = "MailChimp Merge Field"
    _inherit = ["mailchimp.remote"]
    _order = "audience_id, display_order, id"

    audience_id = fields.Many2one(
        "mailchimp.audience",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one(related="audience_id.company_id")
    name = fields.Char(required=True, readonly=True)
    tag = fields.Char(required=True, readonly=True)
    type = fields.Selection(MERGE_FIELD_TYPES, required=True, readonly=True)
    required = fields.Boolean(readonly=True)
    public = fields.Boolean(readonly=True)
    default_value = fields.Char(readonly=True)
    help_text = fields.Char(readonly=True)
    choices = fields.Json(readonly=True)
    display_order = fields.Integer(readonly=True, aggregator=None)
    field_path = fields.Char(
        string="Odoo Field",
        help="The field of the mailing contact that takes the value; "
        "partner_id.<field> for the customer, partner_id alone for the address of the "
        "customer. Empty: the value is only kept on the member.",
    )

    field_label = fields.Char(string="Goes to", compute="_compute_field_label")

    _audience_mailchimp_uniq = models.Constraint(
        "UNIQUE(audience_id, mailchimp_id)", "This merge field was imported already."
    )

    @api.depends("field_path", "type")
    def _compute_field_label(self):
        for merge_field in self:
            target = merge_field._target_field() if merge_field.field_path else None
            merge_field.field_label = target and merge_field._target_label(*target)

    def _target_label(self, model, field):
        label = field._description_string(self.env) if field else self.env._("Address")
        owner = (
            self.env._("Customer") if model == "res.partner" else self.env._("Contact")
        )
        return f"{owner} > {label}"

    @api.constrains("field_path")
    def _check_field_path(self):
        for field in self.filtered("field_path"):
            if not field._target_field():
                raise ValidationError(
                    self.env._(
                        "%(path)s is not a field that a value of %(tag)s can be "
                        "written to.",
                        path=field.field_path,
                        tag=field.tag,
                    )
                )

    def _target_field(self):
        """Return the Odoo field of this mapping.

        :return: (model name, field) where field is None for a customer's address; or
            None when the path leads nowhere or to something that cannot be written
        """
        self.ensure_one()
        model, _dot, name = (self.field_path or "").rpartition(".")
        if self.field_path == PARTNER_PREFIX:
            return ("res.partner", None) if self.type == "address" else None
        if model not in ("", PARTNER_PREFIX):
            return None
        model_name = "res.partner" if model else "mailing.contact"
        field = self.env[model_name]._fields.get(name)
        writable = field and (not field.readonly) and field.store
        if not writable or field.type not in {*CONVERTERS, "many2one", "selection"}:
            return None
        return model_name, field

    @api.model
    def _import(self, audience, gateway):
        """Import all merge fields of an audience.

        :param recordset audience: one `mailchimp.audience`
        :param Gateway gateway: of its account
        """
        pages = gateway.pages(
            gateway.api.lists.get_list_merge_fields,
            audience.mailchimp_id,
            key="merge_fields",
            exclude_fields=["merge_fields._links", "_links"],
        )
        self._mirror(audience, [item for page in pages for item in page.items])

    @api.model
    def _values_from_mailchimp(self, data):
        options = data.get("options") or {}
        known = data.get("type") in MERGE_FIELD_TYPE_CODES
        return {
            "mailchimp_id": str(data["merge_id"]),
            "name": short_text(data.get("name")) or data["tag"],
            "tag": data["tag"],
            "type": data["type"] if known else "other",
            "required": bool(data.get("required")),
            "public": bool(data.get("public")),
            "default_value": short_text(data.get("default_value")),
            "help_text": short_text(data.get("help_text")),
            "choices": clean_json(options.get("choices")) or False,
            "display_order": small_integer(data.get("display_order")),
        }

    @api.model_create_multi
    def create(self, vals_list):
        """Propose the usual Odoo field for the usual tags."""
        fields_ = super().create(vals_list)
        for field, vals in zip(fields_, vals_list, strict=True):
            path = DEFAULT_FIELD_PATHS.get(field.tag)
            if "field_path" not in vals and path:
                field.field_path = path
                if not field._target_field():
                    field.field_path = False
        return fields_

    # === VALUES === #

    def _mapping(self):
        """Prepare the conversion of merge values, once for many members.

        :return: list of `MappedField`, free of records and queries
        """
        mapped = []
        lookups = {}
        for merge_field in self.filtered("field_path"):
            target = merge_field._target_field()
            if not target:
                continue  # the Odoo field is gone; `_check_field_path` names it on edit
            model, field = target
            if field is None:
                countries = self._lookup("res.country", lookups)
                convert, name = partial(address_values, countries=countries), None
            else:
                convert, name = self._converter(field, lookups), field.name
            mapped.append(MappedField(merge_field.tag, model, name, convert))
        return mapped

    def _converter(self, field, lookups):
        if field.type == "many2one":
            ids = self._lookup(field.comodel_name, lookups)
            return partial(find_related, ids=ids)
        if field.type == "selection":
            choices = field._description_selection(self.env)
            return partial(find_choice, choices=choices)
        return CONVERTERS[field.type]

    def _lookup(self, comodel, lookups):
        """Return {lower-case name or code: id} of a model, read once per mapping."""
        if comodel not in lookups:
            records = self.env[comodel].search([])
            ids = {(r.display_name or "").lower(): r.id for r in records}
            if comodel == "res.country":
                ids |= {r.code.lower(): r.id for r in records if r.code}
            lookups[comodel] = ids
        return lookups[comodel]
