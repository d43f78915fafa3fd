from odoo import models

from ..exceptions import MailchimpNotFound
from ..tools.dry import rolled_back
from ..tools.rows import is_out_in_odoo, settle_opt_out
from ..tools.subscriber import fingerprint
from .mailchimp_contact_merge import LINKS, writable
from .mailchimp_contact_sync import IMPORT_CONTEXT
from .mailchimp_member_import import is_doubtful

# Whoever gets there is not mailed any more, and comes back only by an act of their own.
OUT = ("unsubscribed", "cleaned")


class MailchimpPlanImport(models.Model):
    """The outlook of what comes from Mailchimp: compared and settled, not written."""

    _inherit = "mailchimp.plan"

    # === READING === #

    def _plan_import(self, run):
        """Plan what a fetch of the members that changed would do, page by page."""
        audience, gateway = self.audience_id, self.account_id._gateway()
        Import = self.env["mailchimp.member.import"]
        if not run.checkpoint:
            self._check_there(gateway, run)
            self.window = Import._open_window(audience, gateway, full=False)

        def take(items):
            entries, refused, unchanged = self._outlook_import(items)
            entries = self._without_known(entries)
            self._keep(entries + refused)
            self.none_count += unchanged
            run._count(done=len(items))
            return len(refused)

        window = run.checkpoint or dict(self.window)
        yield from Import._read_window(audience, gateway, run, window, take)

    def _check_there(self, gateway, run):
        """Ask for the audience, which also tells the time of Mailchimp.

        :raise MailchimpNotFound: when it is gone
        """
        with rolled_back(self.env) as env:
            alive = env["mailchimp.member.import"]._refresh_audience(
                self.with_env(env).audience_id, gateway, run.with_env(env)
            )
        if not alive:
            raise MailchimpNotFound("The audience is gone.", status=404)

    def _without_known(self, entries):
        """Leave out whom a page before told already: pages shift while being read."""
        hashes = [entry["subscriber_hash"] for entry in entries]
        domain = [("plan_id", "=", self.id), ("subscriber_hash", "in", hashes)]
        lines = self.env["mailchimp.plan.line"].search(domain)
        known = set(lines.mapped("subscriber_hash"))
        return [entry for entry in entries if entry["subscriber_hash"] not in known]

    def _outlook_import(self, items):
        """Return what would become of members as Mailchimp sent them.

        :return: entries of new and changed ones, entries of what is no member, and how
            many are as Odoo has them (int)
        """
        with rolled_back(self.env) as env:
            dry = self.with_env(env)
            audience = dry.audience_id
            Import = env["mailchimp.member.import"]
            keys = Import._keys(items)
            rows, refused = Import._changed_rows(audience, items, keys)
            left_out = [
                dry._refused_entry(item, key, words)
                for key, (item, words) in refused.items()
            ]
            dry._settle_rows(rows, {key["remote_contact_id"] for key in keys.values()})
            labels = dry._labels()
            entries = [dry._entry_of_row(row, labels) for row in rows]
        unchanged = len(keys.keys() - refused.keys()) - len(rows)
        return entries, left_out, unchanged

    def _settle_rows(self, rows, together):
        """Find out who the members are in Odoo, and whose values stand.

        Sets ``writes``, ``conflicts``, ``opt_out_by``, ``makes`` (what is created) and
        ``notice`` of each row.

        :param set together: the contact ids of all members of the page
        """
        audience = self.audience_id
        sync = self.env["mailchimp.contact.sync"].with_context(**IMPORT_CONTEXT)
        mapping = audience.merge_field_ids._mapping()
        lines = []
        sync._prepare(audience, rows, mapping, lines)
        for row in rows:
            row["makes"] = []
        for row in sync._new_contacts(audience, rows):
            row["makes"].append("mailing.contact")
        for row in sync._new_customers(audience, rows):
            row["makes"].append("res.partner")
        sync._decide(audience, rows, mapping)
        for row in rows:
            row["is_doubtful"] = is_doubtful(row, together, False)
            row["out_before"] = bool(row["opt_out_by"])
            row["opt_out_by"] = settle_opt_out(row, is_out_in_odoo(row))
            sync._note_kept_opt_out(row, lines)
        notices = {line["row"]["subscriber_hash"]: line for line in lines}
        for row in rows:
            row["notice"] = notices.get(row["subscriber_hash"], {})
            row["held"] = self._held_values(row)

    def _held_values(self, row):
        """Return what Odoo has where it would take a value: {model: {field: value}}."""
        found = {}
        for model, vals in row.get("writes", {}).items():
            record = self.env[model].browse(row[LINKS[model]])
            found[model] = {name: writable(record[name]) for name in vals}
        return found

    # === ENTRIES === #

    def _refused_entry(self, item, key, words):
        """Return the entry of what cannot be a member."""
        name = str(item.get("email_address") or item.get("id") or "?")[:80]
        return {
            "name": name,
            "res_model": "mailchimp.audience",
            "res_id": self.audience_id.id,
            "member_id": False,
            "subscriber_hash": key if isinstance(key, str) else False,
            **self._left_out(*words),
        }

    def _entry_of_row(self, row, labels):
        code, reason, advice = self._words_of_row(row)
        model = next((m for m in reversed(LINKS) if row[LINKS[m]]), None)
        return {
            "name": row["email"],
            "res_model": model or "mailchimp.member",
            "res_id": row[LINKS[model]] if model else row["member_id"],
            "member_id": row["member_id"],
            "subscriber_hash": row["subscriber_hash"],
            "action": _action(row),
            "code": code,
            "reason": reason,
            "advice": advice,
            "changes": self._changes_of_row(row, labels),
            "digest": _digest(row),
        }

    def _words_of_row(self, row):
        if row["is_doubtful"]:
            return (
                False,
                self.env._("Odoo may know something newer of this member."),
                self.env._("It is read once more when the plan is applied."),
            )
        if row.get("conflicts"):
            return (
                "conflict",
                self.env._("A value changed on both sides, and its rule is to ask."),
                self.env._("Decide in MailChimp > Conflicts after the fetch."),
            )
        return tuple(row["notice"].get(name) for name in ("code", "reason", "advice"))

    def _changes_of_row(self, row, labels):
        """Return (label, before, after) of what differs in Odoo."""
        if row["is_doubtful"]:
            return []
        changes = [
            (label, before, after)
            for label, (before, after) in self._facts_of_row(row, labels).items()
            if before != after
        ]
        if row["is_new"]:
            return [(label, None, after) for label, _before, after in changes]
        details = self.env._("rating, source or dates")
        return changes or [(self.env._("Details"), None, details)]

    def _facts_of_row(self, row, labels):
        """Return {label: (before, after)} of what differs."""
        changes = {}
        old = row["old_status"]
        if row["status"] != old:
            statuses = labels.statuses
            changes[self.env._("Status")] = (
                statuses.get(old, ""),
                statuses[row["status"]],
            )
        if bool(row["opt_out_by"]) != row["out_before"]:
            changes[self.env._("Opted Out")] = tuple(
                map(self._yes_no, (row["out_before"], row["opt_out_by"]))
            )
        if row["old_email"] != row["email"]:
            label = self.env._("Email")
            changes[label] = (row["old_email"] or "", row["email"])
        changes |= self._values_of_row(row) | self._tags_of_row(row)
        for model in row["makes"]:
            label = self.env["ir.model"]._get(model).name
            changes[label] = ("", self.env._("new"))
        return changes

    def _values_of_row(self, row):
        """Return {label: (before, after)} of the values that Odoo takes."""
        sync = self.env["mailchimp.contact.sync"]
        wanted = {model: dict(vals) for model, vals in row.get("writes", {}).items()}
        for (model, name), value in row["values"].items():
            if model in row["makes"]:
                wanted.setdefault(model, {})[name] = value
        changes = {}
        for model, vals in wanted.items():
            record = self.env[model].browse(row[LINKS[model]] or ())
            for name, value in vals.items():
                label = self._label_of(record, name)
                held = row["held"].get(model, {}).get(name, False)
                changes[label] = tuple(
                    sync._readable_field(record, name, side) or ""
                    for side in (held, value)
                )
        return changes

    def _label_of(self, record, name):
        label = record._fields[name]._description_string(self.env)
        if record._name == "res.partner":
            return self.env._("%s of the customer", label)
        return label

    def _tags_of_row(self, row):
        if row["has_more_tags"]:
            return {}
        member = self.env["mailchimp.member"].browse(row["member_id"] or ())
        held = ", ".join(sorted(member.tag_ids.mapped("name")))
        said = ", ".join(sorted(str(tag["name"]) for tag in row["tags"]))
        return {self.env._("Tags"): (held, said)} if held != said else {}


def _action(row):
    """Return what a plan calls it when Odoo takes over a member."""
    if row["is_new"]:
        return "create"
    if row["status"] != row["old_status"]:
        if row["status"] in OUT and row["old_status"] not in OUT:
            return "unsubscribe"
        if row["status"] == "archived":
            return "archive"
    return "update"


def _digest(row):
    """Return what differs when Mailchimp says, or Odoo would take, something else."""
    return fingerprint(
        {
            "said": row["fingerprint"],
            "status": [row["old_status"], row["opt_out_by"]],
            "links": [row[key] for key in LINKS.values()],
            "writes": [row["held"], row.get("writes", {})],
            "conflicts": sorted(row.get("conflicts", {})),
            "doubtful": row["is_doubtful"],
        }
    )
