import psycopg2

from odoo import api, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from ..const import MARKETABLE_STATUS, NAME_FIELDS
from ..tools.coerce import MAX_TEXT, CoerceError, short_text
from ..tools.merge import settle

# People in these states may become customers of the company.
CUSTOMER_STATUSES = frozenset({"subscribed", "pending", "transactional"})
# Odoo's own chatter and our own push would only repeat what Mailchimp just said.
IMPORT_CONTEXT = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mailchimp_import": True,
    "default_list_ids": False,
    "active_test": True,
}
NEW = {"contact_id": "contact_is_new", "partner_id": "partner_is_new"}
ROW_ERRORS = (UserError, ValidationError, ValueError, psycopg2.Error)


class MailchimpContactSync(models.AbstractModel):
    """Members of Mailchimp on Odoo's contacts, customers, subscriptions and blacklist.

    This is the seam between our table and everybody else's: all writes go through the
    ORM, so that the overrides of other modules run. ``_apply`` may be replaced where
    nobody overrides anything.
    """

    _name = "mailchimp.contact.sync"
    _description = "MailChimp Contact Synchronization"

    @api.model
    def _apply(self, audience, rows, run, mapping):
        """Bring new and changed members to the contacts.

        Sets ``contact_id``, ``partner_id``, ``opt_out_by``, ``sync_state`` and
        ``error`` of each row.

        :param recordset audience: one `mailchimp.audience`
        :param list rows: see `mailchimp.member.import._changed_rows`
        :param recordset run: the `mailchimp.run` that keeps a line per problem
        :param list mapping: see `mailchimp.merge.field._mapping`
        """
        if not rows:
            return
        self = self.with_context(**IMPORT_CONTEXT)
        lines = []
        for row in rows:
            row["values"], row["base_values"] = self._convert(row, mapping, lines)
        self._match(audience, rows, lines)
        self._match_partners(audience, rows)
        self._create_partners(audience, rows, lines)
        self._create_contacts(audience, rows, lines)
        self._update_all(audience, rows, lines)
        for line in lines:
            self._point_at_record(line, audience)
        run._add_lines(lines)

    # === UPDATES === #

    @api.model
    def _updates(self):
        """Return what is done to records that exist: (audience, rows, lines) each."""
        return [
            self._update_partners,
            self._update_contacts,
            self._sync_subscriptions,
            self._blacklist,
        ]

    @api.model
    def _update_all(self, audience, rows, lines):
        """Update all at once; if something is refused, row by row."""
        before, found = [dict(row) for row in rows], []
        try:
            with self.env.cr.savepoint():
                for update in self._updates():
                    update(audience, rows, found)
        except ROW_ERRORS:
            for row, old in zip(rows, before, strict=True):
                row.update(old)
                self._update_each(audience, row, lines)
        else:
            lines += found

    @api.model
    def _update_each(self, audience, row, lines):
        """Do what can be done for a row: a refused name is no reason to mail it."""
        for update in self._updates():
            before, found = dict(row), []
            try:
                with self.env.cr.savepoint():
                    update(audience, [row], found)
            except ROW_ERRORS as error:
                row.update(before)
                self._refused(row, error, lines)
            else:
                lines += found

    @api.model
    def _refused(self, row, error, lines):
        """Note that Odoo refuses a row.

        :raise psycopg2.OperationalError: a conflict or lost connection: not its fault
        """
        if isinstance(error, psycopg2.OperationalError):
            raise error
        reason = str(error)
        if isinstance(error, psycopg2.Error):
            reason = self.env["mailing.contact"]._sql_error_to_message(error)
        reason = short_text(reason.partition("\nDETAIL")[0]) or type(error).__name__
        row["sync_state"], row["error"] = "error", reason
        lines.append(self._line(row, "failed", reason))

    # === VALUES === #

    @api.model
    def _convert(self, row, mapping, lines):
        """Convert the merge values of a member, and those of the last agreement.

        :return: two dicts {(model, field): value}: now, and last agreed
        """
        values, base = {}, {}
        for mapped in mapping:
            value = row["merge_values"].get(mapped.tag)
            if value is None:
                continue
            if isinstance(value, str) and len(value) >= MAX_TEXT:
                lines.append(self._line(row, "notice", self._too_long(mapped.tag)))
            try:
                values |= _keyed(mapped, value)
            except CoerceError as error:
                reason = self.env._(
                    "%(tag)s does not fit %(field)s: %(reason)s.",
                    tag=mapped.tag,
                    field=mapped.field,
                    reason=error,
                )
                lines.append(self._line(row, "notice", reason))
                continue
            try:
                base |= _keyed(mapped, row["base"].get(mapped.tag))
            except CoerceError:
                continue  # a value that did not fit then was never agreed on
        return values, base

    @api.model
    def _too_long(self, tag):
        return self.env._("%(tag)s is too long and was cut.", tag=tag)

    @api.model
    def _line(self, row, state, reason, advice=None):
        return {
            "state": state,
            "name": row["email"],
            "reason": reason,
            "advice": advice
            or self.env._("Correct the value in Mailchimp, or change the mapping."),
            "row": row,
        }

    @api.model
    def _point_at_record(self, line, audience):
        row = line.pop("row")
        if row["contact_id"]:
            line |= {"res_model": "mailing.contact", "res_id": row["contact_id"]}
        else:
            line |= {"res_model": audience._name, "res_id": audience.id}

    # === MATCHING === #

    @api.model
    def _match(self, audience, rows, lines):
        """Find the contact of each row that has none yet.

        Of several contacts with one address, the one that already is on the list of
        the audience speaks for it, else the oldest; the others are listed.
        """
        loose = [row for row in rows if not row["contact_id"]]
        if not loose:
            return
        contacts = self.env["mailing.contact"].search(
            [("email_normalized", "in", [row["email"] for row in loose])], order="id"
        )
        if not contacts:
            return
        listed = self._subscriptions(audience, contacts.ids).contact_id
        by_email = contacts.grouped("email_normalized")
        for row in loose:
            found = by_email.get(row["email"])
            if not found:
                continue
            chosen = (found & listed or found)[0]
            row["contact_id"] = chosen.id
            if len(found) > 1:
                lines.append(self._duplicate_line(row, found - chosen))

    @api.model
    def _duplicate_line(self, row, others):
        reason = self.env._("Several contacts in Odoo share this address.")
        advice = self.env._(
            "This one speaks for it: it was on the list, or is the oldest. "
            "Merge or delete the others: %s",
            ", ".join(f"{other.display_name} (#{other.id})" for other in others[:10]),
        )
        return self._line(row, "notice", reason, advice)

    # === CUSTOMERS === #

    @api.model
    def _match_partners(self, audience, rows):
        """Link the oldest customer of the company, or of all, with the address."""
        loose = [row for row in rows if not row["partner_id"]]
        if not loose:
            return
        partners = self.env["res.partner"].search(
            [
                ("email_normalized", "in", [row["email"] for row in loose]),
                ("company_id", "in", (False, audience.company_id.id)),
            ],
            order="id desc",
        )
        oldest = {partner.email_normalized: partner.id for partner in partners}
        for row in loose:
            row["partner_id"] = oldest.get(row["email"])

    @api.model
    def _update_partners(self, audience, rows, _lines):
        self._update_records("res.partner", "partner_id", audience, rows)

    @api.model
    def _create_partners(self, audience, rows, lines):
        """Create customers, if the account says so."""
        if not audience.account_id.auto_create_partner:
            return
        new = [
            row
            for row in rows
            if not row["partner_id"] and row["status"] in CUSTOMER_STATUSES
        ]
        vals_list = [
            {
                "name": _full_name(row["values"]) or row["email"],
                "email": row["email"],
                "company_id": audience.company_id.id,
                **_of_model(row["values"], "res.partner"),
            }
            for row in new
        ]
        self._create("res.partner", "partner_id", new, vals_list, lines)
        for row in new:
            row["partner_is_new"] = bool(row["partner_id"])

    # === CONTACTS === #

    @api.model
    def _create_contacts(self, audience, rows, lines):
        """Create contacts with their subscription; archived members get none."""
        if not audience.account_id.auto_create_contact:
            return
        new = [r for r in rows if not r["contact_id"] and r["status"] != "archived"]
        list_id = audience.mailing_list_id.id
        vals_list = []
        for row in new:
            vals = _of_model(row["values"], "mailing.contact")
            # Given rather than left to be computed for each contact of the page.
            vals["name"] = _full_name(row["values"]) or row["email"]
            vals["email"] = vals["email_normalized"] = row["email"]
            if row["category_ids"]:
                vals["tag_ids"] = [Command.set(row["category_ids"])]
            row["opt_out_by"] = _settle_opt_out(row, _is_out_in_odoo(row))
            self._note_kept_opt_out(row, lines)
            vals["subscription_ids"] = [
                Command.create({"list_id": list_id, **_opt_out_values(row)})
            ]
            vals_list.append(vals)
        self._create("mailing.contact", "contact_id", new, vals_list, lines)
        for row in new:
            row["contact_is_new"] = bool(row["contact_id"])

    @api.model
    def _create(self, model, key, rows, vals_list, lines):
        """Create all at once; if one is refused, one by one, with a line for each."""
        if not rows:
            return
        Model = self.env[model]
        try:
            with self.env.cr.savepoint():
                records = Model.create(vals_list)
        except ROW_ERRORS:
            self._create_each(Model, key, rows, vals_list, lines)
        else:
            for row, record in zip(rows, records, strict=True):
                row[key] = record.id

    @api.model
    def _create_each(self, Model, key, rows, vals_list, lines):
        for row, vals in zip(rows, vals_list, strict=True):
            try:
                with self.env.cr.savepoint():
                    row[key] = Model.create(vals).id
            except ROW_ERRORS as error:
                self._refused(row, error, lines)

    @api.model
    def _update_contacts(self, audience, rows, lines):
        self._update_records("mailing.contact", "contact_id", audience, rows)
        self._update_addresses(audience, rows, lines)
        self._sync_tags([row for row in rows if not row["has_more_tags"]])

    @api.model
    def _update_addresses(self, audience, rows, lines):
        """Let the contacts of people who changed their address in Mailchimp follow."""
        moved = [
            row
            for row in _with_contact(rows)
            if row["old_email"] and row["old_email"] != row["email"]
        ]
        Contact = self.env["mailing.contact"]
        for row in moved:
            contact = Contact.browse(row["contact_id"])
            if contact.email_normalized != row["email"]:
                contact.email = row["email"]
            others = Contact.search([("email_normalized", "=", row["email"])])
            if others - contact:
                lines.append(self._duplicate_line(row, others - contact))

    @api.model
    def _update_records(self, model, key, audience, rows):
        """Write mapped values that changed in Mailchimp, as the account's rule says."""
        known = [r for r in rows if r[key] and not r.get(NEW[key])]
        records = self.env[model].browse(r[key] for r in known)
        remote_wins = audience.account_id.sync_priority == "remote"
        for row, record in zip(known, records, strict=True):
            values = _of_model(row["values"], model)
            base = _of_model(row["base_values"], model)
            names = {n: values.pop(n) for n in NAME_FIELDS & values.keys()}
            vals = self._name_changes(audience, row, record, names)
            for name, value in values.items():
                held = _plain(record[name])
                if settle(base.get(name), held, value, remote_wins) != held:
                    vals[name] = value
            if vals:
                record.write(vals)

    @api.model
    def _name_changes(self, audience, row, record, names):
        """Merge the name as one value: half a name of each side is nobody's name."""
        account = audience.account_id
        new, held = _full_name(row["values"]), record.name
        if not names or not new or new == held:
            return {}
        if held and account.override_contact_name:
            return {}
        remote_wins = account.sync_priority == "remote"
        base = _full_name(row["base_values"])
        return names if settle(base, held, new, remote_wins) == new else {}

    # === TAGS === #

    @api.model
    def _sync_tags(self, rows):
        """Give contacts the Odoo tags of their member, and take back lost ones."""
        known = _with_contact(rows)
        contacts = self.env["mailing.contact"].browse(r["contact_id"] for r in known)
        members = self.env["mailchimp.member"].browse(
            r["member_id"] for r in known if not r["is_new"]
        )
        given = {member.id: member.tag_ids.category_id for member in members}
        for row, contact in zip(known, contacts, strict=True):
            wanted = contact.tag_ids.browse(row["category_ids"])
            lost = given.get(row["member_id"], wanted) - wanted
            if lost:
                others = contact.mailchimp_member_ids.browse(
                    set(contact.mailchimp_member_ids.ids) - {row["member_id"]}
                )
                lost -= others.tag_ids.category_id
            commands = [Command.link(tag.id) for tag in wanted - contact.tag_ids]
            commands += [Command.unlink(tag.id) for tag in lost & contact.tag_ids]
            if commands:
                contact.tag_ids = commands

    # === SUBSCRIPTIONS === #

    @api.model
    def _subscriptions(self, audience, contact_ids):
        return self.env["mailing.subscription"].search(
            [
                ("contact_id", "in", contact_ids),
                ("list_id", "=", audience.mailing_list_id.id),
            ]
        )

    @api.model
    def _sync_subscriptions(self, audience, rows, lines):
        """Bring the consent of known contacts to their subscription.

        An opt-out that was decided in Odoo stays, whatever Mailchimp says.
        """
        known = _with_contact(rows)
        held = self._subscriptions(audience, [row["contact_id"] for row in known])
        by_contact = {sub.contact_id.id: sub for sub in held}
        missing, opt_in, opt_out = [], held.browse(), {}
        for row in known:
            subscription = by_contact.get(row["contact_id"], held.browse())
            was_out = subscription.opt_out if subscription else _is_out_in_odoo(row)
            row["opt_out_by"] = _settle_opt_out(row, was_out)
            if not subscription:
                missing.append(self._subscription_values(audience, row))
            elif row["opt_out_by"] and not was_out:
                opt_out.setdefault(row["last_changed"], []).append(subscription.id)
            elif was_out and not row["opt_out_by"]:
                opt_in |= subscription
            self._note_kept_opt_out(row, lines)
        held.create(missing)
        opt_in.write({"opt_out": False})
        for moment, ids in opt_out.items():
            held.browse(ids).write({"opt_out": True})
            if moment:
                held.browse(ids).write({"opt_out_datetime": moment})

    @api.model
    def _subscription_values(self, audience, row):
        return {
            "contact_id": row["contact_id"],
            "list_id": audience.mailing_list_id.id,
            **_opt_out_values(row),
        }

    @api.model
    def _note_kept_opt_out(self, row, lines):
        """Say so where a person is subscribed in Mailchimp and opted out in Odoo."""
        if row["status"] != MARKETABLE_STATUS or not row["opt_out_by"]:
            return
        row["sync_state"] = "to_push"
        reason = self.env._("Subscribed in Mailchimp, but opted out in Odoo.")
        advice = self.env._(
            "The opt-out stays. If the person did subscribe again, clear it on the "
            "contact's Subscriptions tab."
        )
        lines.append(self._line(row, "notice", reason, advice))

    @api.model
    def _blacklist(self, _audience, rows, _lines):
        """Blacklist the addresses that became undeliverable."""
        emails = [
            row["email"]
            for row in rows
            if row["status"] == "cleaned" != row["old_status"]
        ]
        if not emails:
            return
        # sudo: marketing users may not edit the blacklist by hand
        entries = (
            self.env["mail.blacklist"]
            .sudo()
            .create([{"email": email} for email in emails])
        )
        entries.filtered(lambda entry: not entry.active).active = True


# === HELPERS === #


def _with_contact(rows):
    """Return the rows of contacts that existed before this page."""
    return [r for r in rows if r["contact_id"] and not r.get("contact_is_new")]


def _keyed(mapped, value):
    """Return {(model, field): converted value} of one merge value.

    An address is the customer's; its country is the contact's too, who has no more.
    """
    converted = mapped.convert(value)
    if mapped.field:
        return {(mapped.model, mapped.field): converted}
    values = {(mapped.model, name): part for name, part in converted.items()}
    if country_id := converted.get("country_id"):
        values[("mailing.contact", "country_id")] = country_id
    return values


def _of_model(values, model):
    return {name: value for (m, name), value in values.items() if m == model}


def _plain(value):
    """Return what a field would be written with: the id of a related record."""
    return value.id if isinstance(value, models.BaseModel) else value


def _full_name(values):
    """Return the name of a contact from its converted merge values, or False."""
    vals = _of_model(values, "mailing.contact")
    parts = (vals.get("first_name"), vals.get("last_name"))
    return " ".join(part for part in parts if part) or vals.get("name") or False


def _is_out_in_odoo(row):
    """Tell whether a member without a subscription was opted out in Odoo."""
    return row["opt_out_by"] == "odoo"


def _settle_opt_out(row, opted_out):
    """Return who opted a contact out, None if nobody did.

    What was decided in Odoo is not for Mailchimp to undo.

    :param bool opted_out: what the subscription says
    """
    if opted_out and row["opt_out_by"] != "mailchimp":
        return "odoo"
    return None if row["status"] == MARKETABLE_STATUS else "mailchimp"


def _opt_out_values(row):
    """Return the values of a new subscription; only `subscribed` may be mailed."""
    if not row["opt_out_by"]:
        return {"opt_out": False, "opt_out_datetime": False}
    moment = row["last_changed"]
    return {"opt_out": True, **({"opt_out_datetime": moment} if moment else {})}
