from odoo import api, models
from odoo.tools import SQL, Query

from ..tools.coerce import normalize_email
from ..tools.outgoing_text import Unfit

NAME_PARTS = ("first_name", "last_name")


class MailchimpPayload(models.AbstractModel):
    """What Odoo has to say about members, in Mailchimp's form. Talks to nobody."""

    _name = "mailchimp.payload"
    _description = "MailChimp Payload"

    @api.model
    def _build(self, audience, members, mapping=None):
        """Say what Mailchimp should hold of members, as far as Odoo knows it.

        A value is left out (not cleared) when it does not fit, or when the member has
        no customer for it to come from. Where Mailchimp holds another spelling of the
        same (a country by its name), that is what the row has.

        :param recordset audience: one `mailchimp.audience`
        :param recordset members: of it; some thousands at a time
        :param tuple mapping: see `mailchimp.merge.field._outgoing`; whoever builds more
            than once compiles it once
        :return: list of dicts, in the order of the members: ``member_id``,
            ``contact_id``, ``partner_id``, ``email`` (normalized, or False),
            ``merge_fields`` {tag: value, ``""`` clears}, ``tags`` {name: bool},
            ``interests`` {id: bool}, ``language``, ``vip``,
            ``marketing_permissions`` (list of dicts), each None when Odoo has no say,
            ``problems`` [(code, reason, advice, blocking)], and in the same order
            ``problem_tags``, None where it is not about a merge field
        """
        rows = self._rows(members)
        self._fill(audience, rows, mapping)
        return rows

    @api.model
    def _fill(self, audience, rows, mapping=None):
        """Complete rows that say who somebody is.

        :param list rows: dicts with ``member_id``, ``contact_id``, ``partner_id``,
            ``held`` (the merge values that Mailchimp holds) and ``email`` (for whom
            there is no record of)
        :param tuple mapping: as above
        """
        # sudo: what may leave Odoo was decided when it was mapped; the payload does
        # not depend on who pressed the button. Only what is wrong with it does.
        reader = {"mailchimp_reader_lang": self.env.lang}
        self = self.sudo().with_context(**audience._outgoing_context(), **reader)
        mapping = mapping or audience.sudo().merge_field_ids._outgoing()
        fields, contact, partner = mapping
        contacts = self._read(contact, {row["contact_id"] for row in rows} - {None})
        every = any(field.of_partner for field in fields)
        needed = [row for row in rows if every or row["contact_id"] not in contacts]
        partners = self._read(partner, {row["partner_id"] for row in needed} - {None})
        _split_names(contacts.values())
        for row in rows:
            sources = (contacts.get(row["contact_id"]), partners.get(row["partner_id"]))
            row["problems"], row["problem_tags"] = [], []
            self._fill_email(row, *sources)
            self._fill_merge_fields(row, fields, *sources)
            row.update(
                tags={},
                interests={},
                language=None,
                vip=None,
                marketing_permissions=None,
            )
        self._add_labels(audience, rows)
        for row in rows:
            del row["held"]

    @api.model
    def _add_labels(self, audience, rows):
        """Fill tags, groups, language, VIP and permissions of rows.

        :param recordset audience: one `mailchimp.audience`
        :param list rows: see `_build`
        """

    # === READING === #

    @api.model
    def _rows(self, members):
        """Return who the members are; our own table, hence SQL."""
        members.flush_model(["contact_id", "partner_id", "email", "merge_values"])
        found = self.env.execute_query_dict(
            SQL(
                """SELECT id AS member_id, contact_id, partner_id, email,
                          merge_values AS held
                     FROM mailchimp_member WHERE id = ANY(%s)""",
                members.ids,
            )
        )
        by_id = {row["member_id"]: row for row in found}
        rows = [by_id[id_] for id_ in members.ids if id_ in by_id]
        for row in rows:
            row["held"] = row["held"] or {}
        return rows

    @api.model
    def _read(self, reading, ids):
        """Read records with what they point at, one query for each model and step.

        :param Reading reading: what to read, see `mailchimp.merge.field._outgoing`
        :param set ids: of the records
        :return: {id: {name: value, None when empty; or a dict of the record it points
            at, or the names of several}}
        """
        if not ids:
            return {}
        Model = self.env[reading.model].with_context(active_test=False, bin_size=True)
        values = self._read_columns(Model.browse(ids), reading.names)
        records = Model.browse(values)
        for name, step in reading.names.items():
            field = Model._fields[name]
            if field.type == "many2one":
                self._follow(step, name, values)
            elif field.type == "binary":
                self._link_images(records, name, values)
            elif not field.store or not field.column_type:
                for record in records:
                    values[record.id][name] = self._value_of(record, name)
        return values

    @api.model
    def _value_of(self, record, name):
        """Return what has no column: a computed value, or the names of records."""
        value = record[name]
        if isinstance(value, models.BaseModel):
            return value.mapped("display_name")
        return None if value is False else value

    @api.model
    def _read_columns(self, records, names):
        """Read columns past the cache of records, which takes as long as all the rest.

        :return: {id: {name: value}}
        """
        fields = records._fields
        columns = [n for n in names if fields[n].store and fields[n].column_type]
        # The planner would rather read the whole table: see `mailchimp.member.import`.
        one = SQL(
            "(SELECT t.* FROM unnest(%s) AS i(id),"
            " LATERAL (SELECT * FROM %s WHERE id = i.id OFFSET 0) t)",
            list(records._ids),
            SQL.identifier(records._table),
        )
        query = Query(records.env, records._table, one)
        rows = self.env.execute_query(
            query.select(
                SQL.identifier(query.table, "id"),
                *(records._field_to_sql(query.table, name, query) for name in columns),
            )
        )
        return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows}

    @api.model
    def _follow(self, step, name, values):
        """Replace the ids of a many2one by what was asked for of these records."""
        found = self._read(step, {vals[name] for vals in values.values()} - {None})
        for vals in values.values():
            vals[name] = found.get(vals[name])

    @api.model
    def _link_images(self, records, name, values):
        """Replace images by their URLs, those that everybody may see."""
        full = records.filtered(name)
        visitor = self.env.ref("base.public_user")
        public = full.with_user(visitor)._filtered_access("read")
        base = self.get_base_url()
        for record in records:
            shown = record in full and (
                record in public or record._can_return_content(name)
            )
            url = f"{base}/web/image/{record._name}/{record.id}/{name}"
            values[record.id][name] = url if shown else None

    # === CONVERTING === #

    @api.model
    def _fill_email(self, row, contact, partner):
        """Set the address: the contact's, else the customer's, else the member's."""
        person = contact or partner
        if not person:
            return
        normalized = person["email_normalized"]
        if not normalized or normalized != row["email"]:
            row["email"] = normalize_email(normalized or person["email"])
        if not row["email"]:
            code = "bad_email" if (person["email"] or "").strip() else "no_email"
            self._add_problem(row, code, None, person["email"], blocking=True)

    @api.model
    def _fill_merge_fields(self, row, fields, contact, partner):
        """Convert the values of a person; the hot loop of every push."""
        held, merge_fields = row["held"], {}
        for field in fields:
            values = partner if field.of_partner else contact
            tag, theirs = field.tag, held.get(field.tag, "")
            try:
                ours = None if values is None else field.value(values)
            except Unfit as error:
                self._add_problem(row, error.code, tag, error.shown)
                ours = error.value
            if ours != theirs and field.same and field.same(theirs, ours):
                ours = theirs
            if ours is not None:
                merge_fields[tag] = ours
            if field.required and not (theirs if ours is None else ours or ours == 0):
                self._add_problem(row, "required_missing", tag, None, blocking=True)
        row["merge_fields"] = merge_fields

    @api.model
    def _add_problem(self, row, code, tag, shown, blocking=False):
        if isinstance(shown, str) and len(shown) > 80:
            shown = f"{shown[:79]}…"
        words = self.with_context(lang=self.env.context.get("mailchimp_reader_lang"))
        reason, advice = getattr(words, f"_reason_{code}")(tag, shown)
        row["problems"].append((code, reason, advice, blocking))
        row["problem_tags"].append(tag)


def _split_names(contacts):
    """Fill in first and last name of contacts whose whole name says something else.

    Somebody typed it where Odoo does not split names, and Odoo makes the whole name
    anew whenever its parts change: it is never the older one.
    """
    for vals in contacts:
        name = " ".join((vals["name"] or "").split())
        held = [(vals.get(field) or "").strip() for field in NAME_PARTS]
        if not name or name == " ".join(filter(None, held)):
            continue
        if "@" in name:
            continue  # no name: the address stands for it
        for field, part in zip(NAME_PARTS, _parts_of(name, *held), strict=True):
            if field in vals:
                vals[field] = part


def _parts_of(name, first, last):
    """Return first and last name, those that are known as they are."""
    if first and name.startswith(f"{first} "):
        return first, name.removeprefix(first).strip()
    if last and name.endswith(f" {last}"):
        return name.removesuffix(last).strip(), last
    first, _blank, last = name.partition(" ")
    return first, last
