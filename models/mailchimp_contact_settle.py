from odoo import api, models
from odoo.tools import SQL

from ..tools.inside import IMPORTING
from ..tools.units import units
from .mailchimp_contact_merge import LINKS
from .mailchimp_contact_sync import ROW_ERRORS


class MailchimpContactSettle(models.AbstractModel):
    """Conflicts: settled with what we hold of Mailchimp, and said in words."""

    _inherit = "mailchimp.contact.sync"

    # === DECIDED BY A PERSON === #

    @api.model
    def _resolve(self, audience, conflicts, side):
        """Let one side have its way.

        What Mailchimp holds becomes what both agreed on last. So either Odoo takes it,
        or Odoo is the side that changed, and its value goes to Mailchimp.

        :param recordset audience: one `mailchimp.audience`
        :param recordset conflicts: of members of it
        :param str side: "odoo" or "mailchimp"
        """
        mapping = audience.merge_field_ids._mapping()
        found = {unit.tags[0]: unit for unit in units(mapping) if unit.tags}
        if side == "mailchimp":
            self._take(conflicts, found, mapping)
        for merge_field, group in conflicts.grouped("merge_field_id").items():
            unit = found.get(merge_field.tag)
            self._agree(group.member_id, unit.tags if unit else [merge_field.tag])
        if side == "odoo":
            sent = conflicts.filtered(lambda c: c.merge_field_id.direction != "to_odoo")
            sent.member_id._mark_changed()

    @api.model
    def _take(self, conflicts, found, mapping):
        """Write Mailchimp's values: no news for this audience, but for others."""
        rows = {r["member_id"]: r for r in self._rows_of(conflicts.member_id, mapping)}
        for conflict in conflicts.with_context(**IMPORTING):
            row, unit = (
                rows[conflict.member_id.id],
                found.get(conflict.merge_field_id.tag),
            )
            if not unit or not unit.is_said(row):
                continue  # the mapping changed: there is nothing left to decide
            key = LINKS[unit.model]
            conflict.member_id[key].write(unit.writes(row["values"]))
            row["wrote"] = True
        self._tell_others(rows.values())

    @api.model
    def _agree(self, members, tags):
        """Take what Mailchimp holds for what both sides agreed on last.

        Our own table, and as many members as somebody selected.
        """
        members.flush_recordset()
        self.env.cr.execute(
            SQL(
                """UPDATE mailchimp_member
                      SET base_values = NULLIF(base_values - %s::text[], '{}')
                    WHERE id = ANY(%s)""",
                list(tags),
                members.ids,
            )
        )
        members.invalidate_recordset(["base_values"])

    # === SETTLED BY ITSELF === #

    @api.model
    def _settle_again(self, audience, members):
        """Settle anew what we hold of members: Odoo's side moved, or the rule.

        :param recordset audience: one `mailchimp.audience`
        :param recordset members: of that audience
        """
        self = self.with_context(**IMPORTING)
        mapping = audience.merge_field_ids._mapping()
        rows = self._rows_of(members, mapping)
        self._decide(audience, rows, mapping)
        rows = [row for row in rows if self._write_settled(row)]
        to_push = [row["member_id"] for row in rows if row["to_push"]]
        members.browse(to_push)._mark_changed()
        self._tell_others(rows)
        self.env["mailchimp.conflict"]._record(audience, rows)
        members._update_conflict_state()

    @api.model
    def _write_settled(self, row):
        """Write what was decided for a row.

        :return: whether Odoo took it; what it refuses stays as it is
        """
        try:
            with self.env.cr.savepoint():
                for model, key in LINKS.items():
                    self._update_records(model, key, [row])
        except ROW_ERRORS:
            return False
        member = self.env["mailchimp.member"].browse(row["member_id"])
        if (member.base_values or None) != row["base_values"]:
            member.base_values = row["base_values"]
        return True

    @api.model
    def _rows_of(self, members, mapping):
        """Return rows as an import has them, with the values we hold."""
        rows = []
        for member in members:
            said = member.merge_values or {}
            links = {key: member[key].id for key in LINKS.values()}
            row = {
                **links,
                "old_links": links,
                "member_id": member.id,
                "is_new": False,
                "email": member.email,
                "merge_values": said,
                "old_values": said,
                "base": {**said, **(member.base_values or {})},
                "base_values": None,
                "last_changed": member.last_changed,
                "sync_result": "synced",
                "to_push": False,
            }
            row["values"], row["agreed"] = self._convert(row, mapping, [])
            rows.append(row)
        return rows

    # === WORDS === #

    @api.model
    def _sides(self, row, record, unit, held):
        """Return the values of a conflict as people read them."""
        values = (unit.value_of(row["agreed"]), held, unit.value_of(row["values"]))
        names = ("base_value", "odoo_value", "mailchimp_value")
        return {
            name: self._readable(record, unit, value)
            for name, value in zip(names, values, strict=True)
        }

    @api.model
    def _readable(self, record, unit, value):
        if unit.is_name:
            return value or False
        if not unit.is_address:
            return self._readable_field(record, unit.fields[0], value)
        parts = value or {}
        texts = [self._readable_field(record, name, parts.get(name)) for name in parts]
        return ", ".join(text for text in texts if text) or False

    @api.model
    def _readable_field(self, record, name, value):
        field = record._fields[name]
        cached = field.convert_to_cache(value, record, validate=False)
        text = field.convert_to_export(field.convert_to_record(cached, record), record)
        return str(text) if text not in (None, False, "") else False
