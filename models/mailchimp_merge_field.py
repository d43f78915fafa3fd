from functools import partial
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import lazy

from ..const import (
    MERGE_FIELD_TYPE_CODES,
    MERGE_FIELD_TYPES,
)
from ..tools.coerce import (
    CONVERTERS,
    address_values,
    as_map,
    clean_json,
    find_choice,
    find_related,
    short_text,
    small_integer,
)

DIRECTIONS = [
    ("both", "Both Ways"),
    ("to_odoo", "To Odoo"),
    ("to_mailchimp", "To Mailchimp"),
]
PARTNER_PREFIX = "partner_id"
# Not for people outside to write: who it is, whose it is, and whether it is there.
PROTECTED_FIELDS = frozenset({"active", "email", "parent_id", "type"})
PROTECTED_MODELS = frozenset({"res.company", "res.groups", "res.users"})


class MappedField(NamedTuple):
    """Where the values of a merge field go; ``field`` is None for an address."""

    tag: str
    model: str
    field: str | None
    convert: callable
    rule: str  # who is right when both sides changed, see `tools.merge.settle`


class MailchimpMergeField(models.Model):
    """A field of an audience, and the Odoo field its values belong to."""

    _name = "mailchimp.merge.field"
    _description = "Mailchimp Merge Field"
    _inherit = ["mailchimp.remote"]
    _order = "audience_id, display_order, id"
    _remote_key = "merge_id"
    _remote_method = "get_list_merge_fields"
    _remote_items = "merge_fields"
    _remote_fields = (
        "merge_id",
        "name",
        "tag",
        "type",
        "required",
        "public",
        "default_value",
        "help_text",
        "options",
        "display_order",
    )

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
    phone_format = fields.Char(readonly=True)
    display_order = fields.Integer(readonly=True, aggregator=None)
    field_path = fields.Char(
        string="Odoo Field",
        help="The field of the mailing contact or its customer that has the value; the "
        "customer alone stands for the address. What only goes to Mailchimp may also "
        "come from further away, such as the name of the customer's country. Empty: "
        "the value is only kept on the member.",
    )
    direction = fields.Selection(
        DIRECTIONS,
        default="both",
        required=True,
        help="To Odoo: edits in Odoo never change Mailchimp. To Mailchimp: edits in "
        "Mailchimp never change Odoo.",
    )
    ownership = fields.Selection(
        [
            ("odoo", "Odoo Wins"),
            ("mailchimp", "Mailchimp Wins"),
            ("newest", "The Newest Wins"),
            ("if_empty", "Only Fill Empty"),
            ("ask", "Ask"),
        ],
        help="Who is right when the value changed on both sides. Empty: what the "
        "account says (Sync Priority). Only Fill Empty: a value is never replaced. "
        "Ask: both stand until somebody decides.",
    )

    _audience_mailchimp_uniq = models.Constraint(
        "UNIQUE(audience_id, mailchimp_id)", "This merge field was imported already."
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
        if not field or not self._is_writable(field):
            return None
        return model_name, field

    @api.model
    def _is_writable(self, field):
        """Tell whether anybody who fills in a form at Mailchimp may write a field.

        The import writes as superuser: what is for some groups only is not for it.
        """
        return (
            field.store
            and not field.readonly
            and not field.groups
            and field.name not in PROTECTED_FIELDS
            and field.comodel_name not in PROTECTED_MODELS
            and field.type in {*CONVERTERS, "many2one", "selection"}
        )

    @api.model
    def _values_from_mailchimp(self, data):
        type_ = short_text(data.get("type"))
        options = as_map(data.get("options"))
        tag = short_text(data.get("tag")) or f"MMERGE{data['merge_id']}"
        return {
            "mailchimp_id": data["merge_id"],
            "name": short_text(data.get("name")) or tag,
            "tag": tag,
            "type": type_ if type_ in MERGE_FIELD_TYPE_CODES else "other",
            "required": bool(data.get("required")),
            "public": bool(data.get("public")),
            "default_value": short_text(data.get("default_value")),
            "help_text": short_text(data.get("help_text")),
            "choices": clean_json(options.get("choices")) or False,
            "phone_format": short_text(options.get("phone_format")),
            "display_order": small_integer(data.get("display_order")),
        }

    # === VALUES === #

    def _mapped(self, direction):
        """Return the fields whose values travel that way."""
        return self.filtered(
            lambda field: field.field_path and field.direction in ("both", direction)
        )

    def _rule(self):
        """Return who is right when both sides changed, see `tools.merge.settle`."""
        return self.ownership or self.audience_id.account_id._merge_rule()

    def _mapping(self):
        """Prepare the conversion of merge values, once for many members.

        :return: list of `MappedField`, which ask for names in the database once at most
        """
        mapped = []
        lookups = {}
        for merge_field in self._mapped("to_odoo"):
            target = merge_field._target_field()
            if not target:
                continue  # named by `_report_broken`
            model, field = target
            if field is None:
                convert, name = self._address_converter(lookups), None
            else:
                convert, name = self._converter(field, lookups), field.name
            rule = merge_field._rule()
            mapped.append(MappedField(merge_field.tag, model, name, convert, rule))
        return mapped

    def _converter(self, field, lookups):
        if field.type == "many2one":
            ids = self._lookup(field.comodel_name, lookups)
            return partial(find_related, ids=ids)
        if field.type == "selection":
            choices = field._description_selection(self.env)
            return partial(find_choice, choices=choices)
        return CONVERTERS[field.type]

    def _address_converter(self, lookups):
        countries = self._lookup("res.country", lookups)
        states = lookups.setdefault("states", lazy(self._states))
        return partial(address_values, countries=countries, states=states)

    @api.model
    def _states(self):
        """Return {(id of the country, lower-case name or code): id} of all states."""
        states = self.env["res.country.state"]
        query = states._search([("country_id", "!=", False)], order=states._order)
        names = ("id", "country_id", "name", "code")
        columns = [states._field_to_sql(states._table, name, query) for name in names]
        # As rows: records of nearly two thousand take ten times as long.
        return {
            (country_id, word.lower()): id_
            for id_, country_id, *words in self.env.execute_query(
                query.select(*columns)
            )
            for word in words
        }

    def _lookup(self, comodel, lookups):
        """Return {lower-case name or code: id} of a model.

        It is read once for a mapping, and only if there is a value to look for: to read
        all countries and states takes longer than to import a member.
        """
        return lookups.setdefault(comodel, lazy(self._names, comodel))

    @api.model
    def _names(self, comodel):
        """Return {lower-case name or code: id} of all records of a model.

        Mailchimp knows English names only; people type their own.
        """
        records = self.env[comodel].search([("id", "!=", False)])
        ids = {}
        for lang in dict.fromkeys(("en_US", self.env.lang or "en_US")):
            named = records.with_context(lang=lang)
            ids |= {(r.display_name or "").lower(): r.id for r in named}
        if comodel == "res.country":
            ids |= {r.code.lower(): r.id for r in records if r.code}
        return ids
