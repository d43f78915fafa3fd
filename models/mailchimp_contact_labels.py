from collections import defaultdict

from odoo import api, models
from odoo.fields import Command

from ..tools.labels import TAG, categories, change
from ..tools.rows import with_contact
from .mailchimp_contact_merge import LINKS


class MailchimpContactLabels(models.AbstractModel):
    """Tags, groups, VIP mark and permissions of members on contacts that exist.

    What Mailchimp said before is no news: a tag that was removed in Odoo since, and is
    not pushed yet, does not come back. A contact that a member was linked with only now
    gets what it lacks, and loses nothing.
    """

    _inherit = "mailchimp.contact.sync"

    @api.model
    def _convert(self, row, mapping, lines):
        """Let new contacts and customers have the ticks and language, too."""
        values, base = super()._convert(row, mapping, lines)
        return {**values, **row.get("label_values", {})}, base

    @api.model
    def _update_contacts(self, audience, rows, lines):
        result = super()._update_contacts(audience, rows, lines)
        self._sync_labels(audience, rows)
        self._sync_languages(rows)
        return result

    @api.model
    def _sync_labels(self, audience, rows):
        """Bring what changed in Mailchimp to the contacts.

        While facts only travel to Mailchimp, permissions do come back: they are the
        person's consent.

        :param recordset audience: one `mailchimp.audience`
        :param list rows: with ``labels``, ``old_agreed``, ``was_deleted`` and
            ``has_more_tags``
        """
        labels, known = audience._labels(), with_contact(rows)
        if not labels or not known:
            return
        members = self.env["mailchimp.member"].browse(
            row["member_id"] for row in known if row["member_id"]
        )
        before = {member.id: member._label_keys(labels) for member in members}
        writes = defaultdict(list)
        for row in known:
            keys = (row["labels"], before.get(row["member_id"], set()))
            if row["has_more_tags"]:
                # Not all are known: those are read again.
                keys = [{k for k in some if k[0] != TAG} for some in keys]
            agreed = row["old_agreed"] == row["contact_id"]
            changed = change(*keys, agreed, _repeated(row))
            if agreed and audience.account_id._keeps_facts():
                changed = self._consent_only(audience, row, changed, labels)
            elif agreed and row["was_deleted"]:
                changed = self._without_losses(audience, row, changed, labels)
            if changed.given or changed.taken:
                self._plan_writes(writes, row, changed, keys[0], labels)
        self._write_labels(audience, writes)

    @api.model
    def _consent_only(self, audience, row, changed, labels):
        """Leave out facts; what Odoo holds against them goes to Mailchimp."""
        facts = {k for k in changed.given | changed.taken if not labels[k].is_consent}
        is_answer = self.env.context.get("mailchimp_source") == "export"
        if any(labels[key].owned for key in facts) and not is_answer:
            row["to_push"] = True
        return changed._replace(
            given=changed.given - facts, taken=changed.taken - facts
        )

    @api.model
    def _without_losses(self, audience, row, changed, labels):
        """Keep what went with a member who was deleted for good: nobody took it away.

        Permissions are gone: they are the person's consent.
        """
        lost = {
            key
            for key in changed.taken
            if labels[key].owned and not labels[key].is_consent
        }
        if lost and audience.account_id.auto_push_contacts:
            row["to_push"] = True
        return changed._replace(taken=changed.taken - lost)

    @api.model
    def _plan_writes(self, writes, row, changed, now, labels):
        """Add what a change does to {what: rows}, so that equal writes are one."""
        contact = self.env["mailing.contact"].browse(row["contact_id"])
        elsewhere = ()
        if any(not labels[key].owned for key in changed.taken):
            others = contact.mailchimp_member_ids.filtered(
                lambda member: member.id != row["member_id"]
            )
            elsewhere = others.tag_ids.category_id.ids
        given, taken = categories(changed, now, labels, elsewhere)
        held = set(contact.tag_ids.ids)
        given, taken_here = given - held, taken & held
        if given or taken_here:
            writes["tags", frozenset(given), frozenset(taken_here)].append(row)
        owned = {labels[k].category_id for k in changed.taken if labels[k].owned}
        if owned & taken and row["partner_id"]:
            writes["customer", frozenset(), frozenset(owned & taken)].append(row)
        for keys, ticked in ((changed.given, True), (changed.taken, False)):
            for field in {labels[key].field for key in keys} - {None}:
                writes["tick", field, ticked].append(row)

    @api.model
    def _write_labels(self, audience, writes):
        """Write to contacts and customers, together where they get the same."""
        for (kind, first, second), rows in writes.items():
            if kind == "tick":
                model, name = first
                vals = {name: second}
            else:
                model = "res.partner" if kind == "customer" else "mailing.contact"
                name = "category_id" if kind == "customer" else "tag_ids"
                commands = [Command.link(id_) for id_ in sorted(first)]
                vals = {
                    name: commands + [Command.unlink(id_) for id_ in sorted(second)]
                }
            if kind == "customer" and not audience.account_id.push_customer_tags:
                continue
            link = LINKS[model]
            records = self.env[model].browse(row[link] for row in rows if row[link])
            if kind == "tick":
                records = records.filtered(lambda r, n=name, t=second: r[n] != t)
            if records:
                records.write(vals)
            for row in rows:
                row["wrote"] = True

    @api.model
    def _sync_languages(self, rows):
        """Give customers without a language that of Mailchimp."""
        found = defaultdict(list)
        for row in rows:
            if row.get("lang") and row["partner_id"] and not row.get("partner_is_new"):
                found[row["lang"]].append(row)
        for lang, some in found.items():
            partners = self.env["res.partner"].browse(row["partner_id"] for row in some)
            partners.filtered(lambda partner: not partner.lang).lang = lang


def _repeated(row):
    """Return the keys of labels that Mailchimp has, or has not, just as we sent it.

    If it is the other way round by now, somebody there took our word back: a person
    who withdraws a permission, above all.
    """
    sent = row.get("sent", {})
    return {key for key, on in sent.items() if (key in row["labels"]) is on}
