from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..const import MERGE_FIELD_TYPES
from ..exceptions import MailchimpAuthError, MailchimpError, MailchimpRetryLater
from ..tools.client_action import CLOSE, notification
from ..tools.merge_tag import merge_tag

# What an Odoo field becomes unless somebody chooses another type.
TYPE_OF = {
    "boolean": "dropdown",
    "date": "date",
    "datetime": "date",
    "float": "number",
    "integer": "number",
    "monetary": "number",
    "selection": "dropdown",
}
TYPE_OF_NAME = {"phone": "phone", "mobile": "phone", "website": "url"}


class MailchimpMergeFieldCreate(models.TransientModel):
    """*Create in Mailchimp*: merge fields made from Odoo fields."""

    _name = "mailchimp.merge.field.create"
    _description = "Create Merge Fields in MailChimp"

    audience_id = fields.Many2one("mailchimp.audience", required=True, readonly=True)
    line_ids = fields.One2many("mailchimp.merge.field.create.line", "wizard_id")

    def action_create_fields(self):
        """Create the fields in Mailchimp, import them and map them.

        What Mailchimp did create stays, whatever it says of the others: a field that is
        there already under this tag is only mapped.
        """
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("Add the Odoo fields to create."))
        audience = self.audience_id
        audience.check_access("write")
        audience._check_connected()
        try:
            gateway = audience.account_id._gateway(interactive=True)
            created, refused = self._create_all(gateway)
            # sudo: only the connector creates what stands for a thing of Mailchimp's.
            self.env["mailchimp.merge.field"].sudo()._import(audience, gateway)
        except MailchimpError as error:
            raise UserError(error.message) from error
        self._map(created)
        return self._answer(created, refused)

    def _create_all(self, gateway):
        """Create what is not there yet.

        :return: the lines that are there now, and {line: reason} of the others
        """
        known = set(self.audience_id.merge_field_ids.mapped("tag"))
        created, refused = self.line_ids.browse(), {}
        for line in self.line_ids:
            try:
                if line.tag not in known:
                    gateway.api.lists.add_list_merge_field(
                        self.audience_id.mailchimp_id, line._mailchimp_values()
                    )
            except (MailchimpAuthError, MailchimpRetryLater) as error:
                refused[line] = error.message
                break  # the others would fare no better
            except MailchimpError as error:
                refused[line] = error.message
            else:
                created |= line
        return created, refused

    def _map(self, lines):
        by_tag = self.audience_id.merge_field_ids.grouped("tag")
        for line in lines:
            merge_field = by_tag.get(line.tag)
            if merge_field and not merge_field.field_path:
                merge_field.write(merge_field._proposed_values(line.field_path))

    def _answer(self, created, refused):
        told = []
        if created:
            told.append(self.env._("Created: %s.", ", ".join(created.mapped("tag"))))
        told += [f"{line.tag}: {reason}" for line, reason in refused.items()]
        return notification(
            " ".join(told),
            title=self.env._("Create in Mailchimp"),
            kind="warning" if refused else "success",
            sticky=bool(refused),
            then=CLOSE,
        )


class MailchimpMergeFieldCreateLine(models.TransientModel):
    """A merge field to be."""

    _name = "mailchimp.merge.field.create.line"
    _description = "Merge Field to Create in MailChimp"

    wizard_id = fields.Many2one(
        "mailchimp.merge.field.create", required=True, ondelete="cascade"
    )
    field_path = fields.Char(string="Odoo Field", required=True)
    name = fields.Char(
        required=True,
        compute="_compute_from_field",
        store=True,
        precompute=True,
        readonly=False,
    )
    tag = fields.Char(
        required=True,
        compute="_compute_from_field",
        store=True,
        precompute=True,
        readonly=False,
        help="At most 10 capital letters, digits and underscores.",
    )
    type = fields.Selection(
        [pair for pair in MERGE_FIELD_TYPES if pair[0] != "other"],
        required=True,
        compute="_compute_from_field",
        store=True,
        precompute=True,
        readonly=False,
        help="Cannot be changed in Mailchimp later.",
    )

    @api.depends("field_path")
    def _compute_from_field(self):
        for line in self:
            source = line._source()
            if not source:
                line.update({"name": False, "tag": False, "type": False})
                continue
            label = line._merge_field("text")._source_label(source).split(" > ")[-1]
            line.name = label
            line.type = _type_of(source.field)
            line.tag = merge_tag(label, line._used_tags())

    @api.onchange("field_path")
    def _onchange_field_path(self):
        if self.field_path and not self._source():
            return {"warning": {"title": self.field_path, "message": self._stays()}}
        return None

    def _stays(self):
        return self.env._(
            "%s cannot be sent to Mailchimp: it is a secret, not for everybody, "
            "not stored, or of a type that Mailchimp has no form for.",
            self.field_path,
        )

    @api.constrains("field_path", "type")
    def _check_source(self):
        for line in self:
            if not line._merge_field(line.type)._source():
                raise ValidationError(line._stays())

    @api.constrains("tag")
    def _check_tag(self):
        for line in self:
            if line.tag != merge_tag(line.tag, ()):
                raise ValidationError(
                    self.env._(
                        "%s is not a tag: at most 10 capital letters, digits and "
                        "underscores.",
                        line.tag,
                    )
                )
            if line.tag in (line.wizard_id.line_ids - line).mapped("tag"):
                raise ValidationError(self.env._("%s is used twice.", line.tag))

    def _merge_field(self, type_):
        return self.env["mailchimp.merge.field"].new(
            {
                "audience_id": self.wizard_id.audience_id.id,
                "field_path": self.field_path,
                "type": type_,
            }
        )

    def _source(self):
        """Return where the value comes from; an address is one type of its own."""
        if not self.field_path:
            return None
        return self._merge_field("text")._source() or (
            self._merge_field("address")._source()
        )

    def _used_tags(self):
        others = (self.wizard_id.line_ids - self - self._origin).mapped("tag")
        return {*others, *self.wizard_id.audience_id.merge_field_ids.mapped("tag")}

    def _mailchimp_values(self):
        """Return the field as Mailchimp wants it.

        https://mailchimp.com/developer/marketing/api/list-merges/
        """
        values = {"name": self.name, "tag": self.tag, "type": self.type}
        if self.type in ("dropdown", "radio"):
            values["options"] = {"choices": self._choices()}
        return values

    def _choices(self):
        field = self._source().field
        if field.type == "boolean":
            return ["Yes", "No"]
        if field.type == "selection":
            context = self.wizard_id.audience_id._outgoing_context()
            env = self.with_context(**context).env
            return [label for _key, label in field._description_selection(env)]
        return []


def _type_of(field):
    if field is None:
        return "address"
    if field.type == "date" and "birth" in field.name:
        return "birthday"
    return TYPE_OF_NAME.get(field.name) or TYPE_OF.get(field.type, "text")
