from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ..tools.labels import INTEREST, PERMISSION, TAG, VIP
from ..tools.languages import to_mailchimp
from .mailchimp_merge_field_outgoing import Reading

NOTHING = frozenset()


class LabelSources(NamedTuple):
    """What Odoo holds of contacts and customers.

    ``contacts`` and ``partners``: {id: ids of their Odoo tags}; ``partners`` is None
    where their tags do not count. ``ticks``: {(model, field): {id: bool}}.
    """

    contacts: dict
    partners: dict | None
    ticks: dict

    def tags(self, row):
        """Return the Odoo tags of a row, None where nobody says which it has."""
        partners = self.partners or {}
        of_partner = partners.get(row["partner_id"], NOTHING)
        if row["contact_id"]:
            return self.contacts.get(row["contact_id"], NOTHING) | of_partner
        return of_partner if self.partners is not None and row["partner_id"] else None

    def wanted(self, label, row, tags):
        """Tell whether a row has a label in Odoo, None where nobody says so."""
        if not label.field:
            return None if tags is None else label.category_id in tags
        model, _name = label.field
        link = "partner_id" if model == "res.partner" else "contact_id"
        return self.ticks[label.field].get(row[link])


class MailchimpPayloadLabels(models.AbstractModel):
    """Tags, groups, language, VIP mark and permissions of payloads.

    The tags of the mailing contact decide, together with those of the customer if the
    account says so. Nothing is taken away from members whose contact did not agree
    with Mailchimp before: it may have been linked with them just now.
    """

    _inherit = "mailchimp.payload"

    @api.model
    def _add_labels(self, audience, rows):
        """Fill in what is mapped; nothing is read where nothing is."""
        super()._add_labels(audience, rows)
        audience = audience.sudo()  # sudo: see `_fill`
        if audience.account_id.sync_language:
            self._add_languages(rows)
        labels = audience._outgoing_labels()
        if not labels:
            return
        sources = self._label_sources(audience, labels, rows)
        known = self._known_labels(rows)
        for row in rows:
            agreed = known.get(row["member_id"], {}).get("agreed")
            tags = sources.tags(row)
            for label in labels:
                wanted = sources.wanted(label, row, tags)
                if wanted or (wanted is False and agreed):
                    _say(row, label.key, wanted)
        self._choose_one(audience, rows)
        self._keep_acts(labels, rows, known)

    # === READING === #

    @api.model
    def _label_sources(self, audience, labels, rows):
        """Read what Odoo holds of these people, as far as a label asks for it."""
        categories = [label.category_id for label in labels if label.category_id]
        counts = audience.account_id.push_customer_tags
        fields = {label.field for label in labels if label.field}
        return LabelSources(
            self._tags_of("mailing.contact", "tag_ids", "contact_id", rows, categories),
            self._tags_of("res.partner", "category_id", "partner_id", rows, categories)
            if counts
            else None,
            {field: self._ticks_of(field, rows) for field in fields},
        )

    @api.model
    def _tags_of(self, model, name, link, rows, categories):
        """Return {id: ids of those of the Odoo tags it has}; the rows of a relation."""
        field = self.env[model]._fields[name]
        ids = [row[link] for row in rows if row[link]]
        if not ids or not categories:
            return {}
        self.env[model].flush_model([name])
        query = SQL(
            "SELECT %s, array_agg(%s) FROM %s WHERE %s = ANY(%s) AND %s = ANY(%s)"
            " GROUP BY 1",
            SQL.identifier(field.column1),
            SQL.identifier(field.column2),
            SQL.identifier(field.relation),
            SQL.identifier(field.column1),
            ids,
            SQL.identifier(field.column2),
            categories,
        )
        return {id_: frozenset(tags) for id_, tags in self.env.execute_query(query)}

    @api.model
    def _ticks_of(self, field, rows):
        """Return {id of the contact or customer: whether a check box is ticked}."""
        model, name = field
        link = "partner_id" if model == "res.partner" else "contact_id"
        ids = {row[link] for row in rows} - {None}
        values = self._read(Reading(model, {name: None}), ids)
        return {id_: bool(vals[name]) for id_, vals in values.items()}

    @api.model
    def _known_labels(self, rows):
        """Return {id of a member: what both sides agreed on}; our own table."""
        ids = [row["member_id"] for row in rows if row["member_id"]]
        self.env["mailchimp.member"].flush_model()
        query = SQL(
            """SELECT id, agreed_with IS NOT NULL AND agreed_with = contact_id
                      AS agreed, marketing_permissions AS permissions
                 FROM mailchimp_member WHERE id = ANY(%s)""",
            ids,
        )
        return {row["id"]: row for row in self.env.execute_query_dict(query)}

    @api.model
    def _add_languages(self, rows):
        ids = {row["partner_id"] for row in rows} - {None}
        found = self._read(Reading("res.partner", {"lang": None}), ids)
        for row in rows:
            lang = found.get(row["partner_id"], {}).get("lang")
            row["language"] = to_mailchimp(lang)

    # === GROUPS OF WHICH ONE IS CHOSEN === #

    @api.model
    def _choose_one(self, audience, rows):
        """Let a question with one answer have one.

        Whoever has the Odoo tags of several keeps the group that Mailchimp has; the
        others are named. Of a new choice follows that the others are not chosen, even
        those without an Odoo tag.
        """
        for question in audience.interest_category_ids:
            if question.type not in ("radio", "dropdown"):
                continue
            options = question.interest_ids.mapped("mailchimp_id")
            chosen = [
                (row, [key for key in options if row["interests"].get(key)])
                for row in rows
            ]
            several = [row["member_id"] for row, keys in chosen if len(keys) > 1]
            held = self._held_groups(question, several)
            for row, keys in chosen:
                if not keys:
                    continue
                choice = held.get(row["member_id"])
                choice = choice if choice in keys else keys[0]
                if len(keys) > 1:
                    self._add_problem(row, "one_choice", None, question.name)
                row["interests"].update(dict.fromkeys(options, False))
                row["interests"][choice] = True

    @api.model
    def _held_groups(self, question, member_ids):
        """Return {id of a member: remote id of its group of a question}."""
        ids = [id_ for id_ in member_ids if id_]
        if not ids:
            return {}
        query = SQL(
            """SELECT r.member_id, i.mailchimp_id
                 FROM mailchimp_member_interest_rel r
                 JOIN mailchimp_interest i ON i.id = r.interest_id
                WHERE r.member_id = ANY(%s) AND i.category_id = %s
             ORDER BY i.display_order DESC, i.id DESC""",
            ids,
            question.id,
        )
        return dict(self.env.execute_query(query))

    # === PERMISSIONS === #

    @api.model
    def _keep_acts(self, labels, rows, known):
        """Leave out permissions that nobody recorded.

        To give one at Mailchimp is a statement of the person's consent: it takes an
        entry of the ledger that says so, and none since that says otherwise. To take
        one back is always right.
        """
        permissions = {la.key[1]: la for la in labels if la.key[0] == PERMISSION}
        if not permissions:
            return
        asked = [row for row in rows if row["marketing_permissions"]]
        granted = self.env["mailchimp.consent"]._granted(
            [label.id for label in permissions.values()],
            {row["contact_id"] for row in asked} - {None},
            {row["partner_id"] for row in asked} - {None},
        )
        for row in asked:
            held = known.get(row["member_id"], {}).get("permissions") or {}
            kept = []
            for entry in row["marketing_permissions"]:
                label = permissions[entry["marketing_permission_id"]]
                is_new = entry["enabled"] and not held.get(label.key[1])
                if is_new and not _is_granted(granted, label, row):
                    self._add_problem(row, "no_act", None, label.name)
                else:
                    kept.append(entry)
            row["marketing_permissions"] = kept or None

    # === WORDS === #

    @api.model
    def _reason_one_choice(self, _tag, shown):
        reason = self.env._("Mailchimp takes one answer to “%s” only.", shown)
        return reason, self.env._("Leave the contact one of the Odoo tags.")

    @api.model
    def _reason_no_act(self, _tag, shown):
        reason = self.env._(
            "“%s” is not given in Mailchimp: nobody recorded that the person agreed.",
            shown,
        )
        advice = self.env._(
            "If the person did agree, take the tag or the tick away and set it again: "
            "who does so is kept in the consent history."
        )
        return reason, advice


def _say(row, key, wanted):
    kind, name = key
    if kind == TAG:
        row["tags"][name] = wanted
    elif kind == INTEREST:
        row["interests"][name] = wanted
    elif kind == VIP:
        row["vip"] = wanted
    else:
        entry = {"marketing_permission_id": name, "enabled": wanted}
        row["marketing_permissions"] = [*(row["marketing_permissions"] or ()), entry]


def _is_granted(granted, label, row):
    return any(
        (label.id, link, row[link]) in granted for link in ("contact_id", "partner_id")
    )
