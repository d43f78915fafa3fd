from collections import Counter
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ..tools.merge import ASK, ECHO, MAILCHIMP, ODOO, SAME, VALUE, plain, settle
from ..tools.units import units

# How a row is linked with the records its values are for.
LINKS = {"res.partner": "partner_id", "mailing.contact": "contact_id"}
# The mark of a row whose record was created by this very page.
NEW = {"contact_id": "contact_is_new", "partner_id": "partner_is_new"}


class Merge(NamedTuple):
    """What holds for all rows of a page."""

    units: list
    keeps_facts: bool  # nothing but consent and addresses comes from Mailchimp
    keeps_name: bool
    pushes: bool
    silent: frozenset  # tags whose values never go to Mailchimp
    changed: dict  # id of a member -> when it changed in Odoo, if that waits
    undecided: set  # (id of a member, tag): nothing was sent while it was in conflict


class MailchimpContactMerge(models.AbstractModel):
    """Three-way merge of the values of contacts and customers that exist.

    The third side is what both agreed on last: ``base`` of a row. Where Odoo's value
    stands, and was not told to Mailchimp yet, the member keeps the old agreement
    (``base_values``), so that later on it is still known who changed what.
    """

    _inherit = "mailchimp.contact.sync"

    @api.model
    def _decide(self, audience, rows, mapping):
        """Settle all values of these rows, without writing anything.

        Sets ``writes`` ({model: values of Mailchimp to take}), ``taken`` (their tags),
        ``base_values``, ``conflicts``, ``to_push`` and ``sync_result`` of each row.
        """
        known = [row for row in rows if self._existing(row)]
        if not known:
            return
        merge = self._merge(audience, known, mapping)
        for row in known:
            row["writes"], row["taken"], row["conflicts"] = {}, [], {}
            if merge.pushes and row.get("old_status") == "archived" != row["status"]:
                row["to_push"] = True  # what was edited meanwhile was not sent
        for model in LINKS:
            linked = [row for row in known if model in self._existing(row)]
            records = self.env[model].browse(row[LINKS[model]] for row in linked)
            for row, record in zip(linked, records, strict=True):
                for unit in merge.units:
                    if unit.model == model:
                        self._decide_unit(merge, row, record, unit)

    @api.model
    def _existing(self, row):
        """Return the models of which a row has a record that is not new."""
        return [
            model for model, key in LINKS.items() if row[key] and not row.get(NEW[key])
        ]

    @api.model
    def _merge(self, audience, rows, mapping):
        account, found = audience.account_id, units(mapping)
        ids, changed = [r["member_id"] for r in rows if r["member_id"]], {}
        if any(unit.rule == "newest" for unit in found):
            changed = self._last_changes(ids)
        fields = audience.merge_field_ids
        return Merge(
            units=found,
            keeps_facts=account._keeps_facts(),
            keeps_name=account.override_contact_name,
            pushes=account.auto_push_contacts,
            silent=frozenset(f.tag for f in fields if f.direction == "to_odoo"),
            changed=changed,
            undecided=self.env["mailchimp.conflict"]._open_of(ids).keys(),
        )

    @api.model
    def _last_changes(self, member_ids):
        """Return {id of a member: when it changed in Odoo}, as far as that waits."""
        self.env["mailchimp.change"]._spread()
        query = SQL(
            """SELECT member_id, max(create_date) FROM mailchimp_change
                WHERE member_id = ANY(%s) GROUP BY member_id""",
            member_ids,
        )
        return dict(self.env.execute_query(query))

    # === ONE VALUE === #

    @api.model
    def _decide_unit(self, merge, row, record, unit):
        if not unit.is_said(row):
            self._keep_base(row, unit, record)
            return
        value, held = unit.value_of(row["values"]), _held(record, unit)
        if plain(held) == plain(value):
            return
        verdict = self._verdict(merge, row, record, unit, held, value)
        if verdict == MAILCHIMP:
            vals = row["writes"].setdefault(unit.model, {})
            vals.update(unit.writes(row["values"]))
            row["taken"] += unit.tags
        elif verdict in (SAME, ASK) or (verdict == ODOO and not unit.stands):
            self._keep_base(row, unit, record)
        if verdict == ODOO and self._is_worth_a_push(merge, row, record, unit):
            row["to_push"] = True
        if verdict == ECHO and self._travels(merge, unit):
            row["to_push"] = True
        if verdict == ASK and unit.tags:
            row["sync_result"] = "conflict"
            row["conflicts"][unit.tags[0]] = self._sides(row, record, unit, held)

    @api.model
    def _verdict(self, merge, row, record, unit, held, value):
        """Return who is right about a value; None where both agree in other words.

        ECHO stands for what we sent before Odoo got its newer value, of whomever.
        """
        base = (
            unit.value_of(row["agreed"]) if self._had_base(row, unit, record) else None
        )
        if self._is_echo(row, unit) and plain(value) != plain(base):
            return ECHO
        if self._is_answer(row, unit) and self._new_tags(row, unit):
            changed_here = plain(held) != plain(base)
            if changed_here and plain(value) != plain(base):
                return None
        rule = unit.rule
        if merge.keeps_facts and rule != "if_empty":
            rule = ODOO
        is_newer = self._is_newer(merge, row, record, unit)
        verdict = settle(base, held, value, rule, is_newer)
        if unit.is_name and held and merge.keeps_name and verdict in (MAILCHIMP, ASK):
            return ODOO
        if verdict == MAILCHIMP and (merge.keeps_facts or unit.is_name and not value):
            return SAME
        return verdict

    @api.model
    def _is_newer(self, merge, row, record, unit):
        """Tell whether the value of Odoo is the newer one, where that counts."""
        if unit.rule != "newest" or not row["last_changed"]:
            return True
        moment = merge.changed.get(row["member_id"]) or record.write_date
        return moment > row["last_changed"]

    @api.model
    def _is_worth_a_push(self, merge, row, record, unit):
        """Tell whether Mailchimp has to hear of a value that stands in Odoo.

        What only changed in Odoo is on its way since. The values of a record that is
        linked only by the answer were not part of what it answers.
        """
        linked = row["old_links"][LINKS[unit.model]] == record.id
        if not self._travels(merge, unit) or (linked and self._is_answer(row, unit)):
            return False
        if not self._had_base(row, unit, record):
            return True
        return any(
            (row["member_id"], tag) in merge.undecided
            or row["base"].get(tag) != row["merge_values"].get(tag)
            for tag in unit.tags
        )

    @api.model
    def _travels(self, merge, unit):
        """Tell whether edits of this value go to Mailchimp by themselves."""
        return merge.pushes and not merge.silent.issuperset(unit.tags)

    @api.model
    def _is_answer(self, row, unit):
        """Tell whether Mailchimp only says what it made of a value we sent."""
        return any((VALUE, tag) in row.get("sent", ()) for tag in unit.tags)

    @api.model
    def _is_echo(self, row, unit):
        """Tell whether all that is new is what we sent: Odoo's value is no older.

        It may be what both agreed on before: the edit that we sent was taken back.
        """
        sent, new = row.get("sent", {}), self._new_tags(row, unit)
        return bool(new) and all(
            (VALUE, tag) in sent and sent[VALUE, tag] == row["merge_values"].get(tag)
            for tag in new
        )

    @api.model
    def _new_tags(self, row, unit):
        before, now = row["old_values"] or {}, row["merge_values"]
        return [tag for tag in unit.tags if before.get(tag) != now.get(tag)]

    # === BASE === #

    @api.model
    def _had_base(self, row, unit, record):
        """Tell whether both sides ever agreed: with this record, on these tags.

        The values of a member say nothing of a record that it was not linked with.
        """
        if row["old_links"][LINKS[unit.model]] != record.id:
            return False
        base = row["base"]
        return not unit.tags or any(base.get(tag) is not None for tag in unit.tags)

    @api.model
    def _keep_base(self, row, unit, record):
        """Remember what was agreed on, instead of what Mailchimp says now."""
        linked = row["old_links"][LINKS[unit.model]] == record.id
        self._keep_tags(row, unit.tags, row["base"] if linked else {})

    @api.model
    def _keep_tags(self, row, tags, base):
        kept = {tag: base.get(tag) for tag in tags}
        said = row["merge_values"]
        kept = {tag: old for tag, old in kept.items() if old != said.get(tag)}
        if kept:
            row["base_values"] = {**(row["base_values"] or {}), **kept}

    @api.model
    def _refused(self, row, error, lines):
        """What Odoo did not take is not agreed on, either."""
        self._keep_tags(row, row.get("taken", ()), row["base"])
        return super()._refused(row, error, lines)

    # === OTHER AUDIENCES === #

    @api.model
    def _tell_others(self, rows):
        """Let what a member brought go on to the others of the person.

        Of several that brought something, each may lack what the others did.
        """
        wrote = [row for row in rows if row.get("wrote")]
        if not wrote:
            return
        contacts = Counter(row["contact_id"] for row in wrote if row["contact_id"])
        partners = Counter(row["partner_id"] for row in wrote if row["partner_id"])
        own = [
            row["member_id"]
            for row in wrote
            if contacts[row["contact_id"]] <= 1 and partners[row["partner_id"]] <= 1
        ]
        others = self.env["mailchimp.member"].search(
            [
                ("id", "not in", own),
                ("forgotten", "=", False),
                ("account_id.auto_push_contacts", "=", True),
                "|",
                ("contact_id", "in", list(contacts)),
                ("partner_id", "in", list(partners)),
            ]
        )
        others._mark_changed()


def _held(record, unit):
    """Return the value in Odoo, as it would be written.

    The address stands for the name where there is none: that is not a name.
    """
    if unit.is_name:
        return record.name if record.name != record.email else False
    if unit.is_address:
        return {name: writable(record[name]) for name in unit.fields}
    return writable(record[unit.fields[0]])


def writable(value):
    """Return what a field would be written with: the id of a related record."""
    return value.id if isinstance(value, models.BaseModel) else value
