from functools import partial
from typing import NamedTuple

from odoo import models

from ..tools import outgoing
from ..tools.coerce import CoerceError

# Where Mailchimp has no value, Odoo may have one of these for want of a real one.
NOTHING = (0, "0", "0.00", "No")
# What is read of everybody.
CONTACT_NAMES = ("email", "email_normalized", "name")
PARTNER_NAMES = ("email", "email_normalized")
ADDRESS_NAMES = ("street", "street2", "city", "zip")


class OutgoingField(NamedTuple):
    """How a value gets to Mailchimp; ``convert`` as in `tools.outgoing`.

    ``path`` leads through the dicts that `mailchimp.payload` reads. ``same`` tells
    whether two values in Mailchimp's form mean the same in Odoo; None: equal ones only.
    """

    tag: str
    of_partner: bool
    path: tuple[str, ...]
    convert: callable
    same: callable
    required: bool

    def value(self, values):
        """Return the value of a contact or customer in Mailchimp's form.

        :param dict values: what `mailchimp.payload` read
        :raise Unfit: see `tools.outgoing_text`
        """
        for name in self.path:
            values = values[name]
            if values is None:
                return ""
        return self.convert(values)


class Reading(NamedTuple):
    """What is read of a model: {name: `Reading` of the record it names, or None}."""

    model: str
    names: dict


class MailchimpMergeFieldOutgoing(models.Model):
    """The mapping compiled for the way to Mailchimp."""

    _inherit = "mailchimp.merge.field"

    def _outgoing(self):
        """Prepare the conversion of Odoo's values, once for many members.

        Broken mappings are left out, see `_report_broken`; fields that Mailchimp
        requires are not: who has no value there yet is refused.

        :return: list of `OutgoingField`, and the `Reading` of contacts and customers
        """
        contact = Reading("mailing.contact", dict.fromkeys(CONTACT_NAMES))
        partner = Reading("res.partner", dict.fromkeys(PARTNER_NAMES))
        compiled, lookups = [], {}
        sent = self._mapped("to_mailchimp")
        for merge_field in sent | self.filtered("required"):
            source = merge_field._source() if merge_field in sent else None
            if not source:
                if merge_field.required:
                    compiled.append(_nothing(merge_field.tag))
                continue
            root = partner if source.of_partner else contact
            compiled.append(
                OutgoingField(
                    merge_field.tag,
                    source.of_partner,
                    merge_field._plan_reading(root, source),
                    merge_field._outgoing_converter(source.field),
                    merge_field._outgoing_same(lookups),
                    merge_field.required,
                )
            )
        return compiled, contact, partner

    def _plan_reading(self, reading, source):
        """Add what has to be read for a source.

        :return: the path to its value in what was read
        """
        names = source.names
        *steps, last = names if source.field else (*names, None)
        for name in steps:
            reading = self._step(reading, name)
        if last is None:
            self._plan_address(reading)
            return names
        if source.field.type != "many2one":
            reading.names[source.field.name] = None
            return names
        self._step(reading, last).names["display_name"] = None
        return (*names, "display_name")

    def _plan_address(self, reading):
        reading.names.update(dict.fromkeys(ADDRESS_NAMES))
        for name in ("country_id", "state_id"):
            self._step(reading, name).names.update(code=None, name=None)

    def _step(self, reading, name):
        comodel = self.env[reading.model]._fields[name].comodel_name
        return reading.names.setdefault(name, Reading(comodel, {}))

    def _outgoing_converter(self, field):
        if field is None:
            return outgoing.from_address
        context = self.audience_id._outgoing_context()
        env = self.with_context(**context).env
        is_choice = field.type == "selection"
        return outgoing.converter(
            "char" if field.type in ("many2one", "binary") else field.type,
            self.type,
            tz=context["tz"],
            labels=dict(field._description_selection(env)) if is_choice else None,
            choices=self.choices,
            american=self.phone_format == "US",
        )

    def _outgoing_same(self, lookups):
        """Return what tells whether two remote values are one in Odoo.

        "Germany" and "DE" are one country: to replace one by the other would change
        nothing but the history of a member.
        """
        target = self._target_field() if self.direction == "both" else None
        if not target:
            return None
        _model, field = target
        if field:
            convert = self._converter(field, lookups)
        else:
            convert = self._address_converter(lookups)
        return partial(_means_the_same, convert=convert)


def _nothing(tag):
    """Return what never has a value, for a field that has to have one."""
    return OutgoingField(tag, False, (), lambda _values: None, None, True)


def _means_the_same(held, ours, convert):
    """Tell whether Odoo, of what Mailchimp holds, would make what it has."""
    if isinstance(ours, dict) and not held:
        return False
    if not held or not ours:
        return held == "" and ours in NOTHING
    try:
        return convert(held) == convert(ours)
    except CoerceError:
        return False
