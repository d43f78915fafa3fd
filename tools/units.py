"""What is settled as one value on its way into Odoo. Pure functions.

Mostly a field; but half a name, or half an address, of each side is nobody's.
"""

from typing import NamedTuple

from ..const import NAME_FIELDS
from .coerce import ADDRESS_PARTS
from .rows import full_name, of_model

CONTACT = "mailing.contact"
ADDRESS_FIELDS = (*ADDRESS_PARTS.values(), "country_id", "state_id")


class Unit(NamedTuple):
    """Fields of one record that are settled together.

    ``tags`` are the merge fields they come from; none where the value is only taken
    along, as the country of the customer's address is by the contact.
    """

    tags: tuple[str, ...]
    model: str
    fields: tuple[str, ...]
    rule: str

    @property
    def is_name(self):
        """Tell whether it is the name of a contact, or parts of it."""
        return self.model == CONTACT and self.fields[0] in NAME_FIELDS

    @property
    def stands(self):
        """Tell whether a value that is Odoo's to say stays so until it is sent.

        A name is pushed by its parts, all of them. Who is newer is found out once: each
        request of ours, an opt-out for one, makes the member look changed later.
        """
        return self.is_name or self.rule == "newest"

    @property
    def is_address(self):
        """Tell whether it is a whole postal address."""
        return self.fields == ADDRESS_FIELDS

    def is_said(self, row):
        """Tell whether Mailchimp has a value, or says that there is none."""
        if self.is_address:
            said = row["merge_values"].get(self.tags[0])
            return said == "" or isinstance(said, dict)
        return any((self.model, name) in row["values"] for name in self.fields)

    def value_of(self, values):
        """Return the value that is settled.

        :param dict values: {(model, field): value}, see `tools.rows.keyed`
        """
        if self.is_name:
            return full_name(values)
        if self.is_address:
            held = of_model(values, self.model)
            return {name: held.get(name) for name in self.fields}
        return values.get((self.model, self.fields[0]))

    def writes(self, values):
        """Return the values to write when Mailchimp's is taken."""
        held = of_model(values, self.model)
        if self.is_address:
            return {name: held.get(name, False) for name in self.fields}
        return {name: held[name] for name in self.fields if name in held}


def units(mapping):
    """Group a mapping into what is settled as one value.

    :param list mapping: see `mailchimp.merge.field._mapping`
    """
    found, names = [], []
    for mapped in mapping:
        if mapped.model == CONTACT and mapped.field in NAME_FIELDS:
            names.append(mapped)
            continue
        fields = (mapped.field,) if mapped.field else ADDRESS_FIELDS
        found.append(Unit((mapped.tag,), mapped.model, fields, mapped.rule))
    if names:
        tags = tuple(mapped.tag for mapped in names)
        fields = tuple(mapped.field for mapped in names)
        found.append(Unit(tags, CONTACT, fields, names[0].rule))
    taken = {(unit.model, name) for unit in found for name in unit.fields}
    if (CONTACT, "country_id") not in taken:
        found += [
            Unit((), CONTACT, ("country_id",), unit.rule)
            for unit in found
            if unit.is_address
        ]
    return found
