from odoo import api, models
from odoo.fields import Command
from odoo.tools import SQL

from odoo.addons.mail.models.mail_thread_blacklist import MailThreadBlacklist

from ..tools.merge import ODOO, settle
from ..tools.rows import (
    full_name,
    is_out_in_odoo,
    name_of,
    of_model,
    opt_out_values,
    settle_opt_out,
    with_contact,
)
from .mailchimp_contact_sync import ROW_ERRORS

# People in these states may become customers of the company.
CUSTOMER_STATUSES = frozenset({"subscribed", "pending", "transactional"})


class MailchimpContactRecords(models.AbstractModel):
    """Matching, creating and updating the contacts and customers of members."""

    _inherit = "mailchimp.contact.sync"

    # === MATCHING === #

    @api.model
    def _match(self, audience, rows, lines):
        """Find the contact of each row that has none yet.

        Of several contacts with one address, the one that already is on the list of
        the audience speaks for it, else the oldest; the others are listed. Archived
        members get no subscription, whichever audience brought their contact first.
        """
        loose = [row for row in rows if not row["contact_id"]]
        known = self._known_addresses([row["email"] for row in loose])
        contacts = self.env["mailing.contact"].search(
            [("email_normalized", "in", known)], order="id"
        )
        if not contacts:
            return
        listed = self._subscriptions(audience, contacts.ids).contact_id
        by_email = contacts.grouped("email_normalized")
        for row in loose:
            found = by_email.get(row["email"], contacts.browse())
            if row["status"] == "archived":
                found &= listed
            if not found:
                continue
            chosen = (found & listed or found)[0]
            row["contact_id"] = chosen.id
            if len(found) > 1:
                lines.append(self._duplicate_line(row, found - chosen))

    @api.model
    def _known_addresses(self, emails):
        """Return those of the addresses that contacts have.

        To look for a thousand at once the planner would rather read all contacts, page
        after page. OFFSET 0 leaves it no choice but the index; most are new.
        """
        query = SQL(
            """SELECT i.email FROM unnest(%s::text[]) AS i(email)
                WHERE EXISTS (SELECT FROM mailing_contact c
                               WHERE c.email_normalized = i.email OFFSET 0)""",
            emails,
            to_flush=self.env["mailing.contact"]._fields["email_normalized"],
        )
        return [email for (email,) in self.env.execute_query(query)]

    @api.model
    def _duplicate_line(self, row, others):
        reason = self.env._("Several contacts in Odoo share this address.")
        advice = self.env._(
            "This one speaks for it: it was on the list, or is the oldest. "
            "Merge or delete the others: %s",
            ", ".join(f"{other.display_name} (#{other.id})" for other in others[:10]),
        )
        return self._line(row, "notice", "duplicate", reason, advice)

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
    def _update_partners(self, _audience, rows, _lines):
        self._update_records("res.partner", "partner_id", rows)

    @api.model
    def _create_partners(self, audience, rows, lines):
        """Create customers, if the account says so."""
        new = self._new_customers(audience, rows)
        vals_list = [
            {
                "name": full_name(row["values"]) or row["email"],
                "email": row["email"],
                "email_normalized": row["email"],
                "company_id": audience.company_id.id,
                **of_model(row["values"], "res.partner"),
            }
            for row in new
        ]
        self._create("res.partner", "partner_id", new, vals_list, lines)
        for row in new:
            row["partner_is_new"] = bool(row["partner_id"])

    @api.model
    def _new_customers(self, audience, rows):
        """Return the rows that get a customer of their own."""
        if not audience.account_id.auto_create_partner:
            return []
        return [
            row
            for row in rows
            if not row["partner_id"] and row["status"] in CUSTOMER_STATUSES
        ]

    # === CONTACTS === #

    @api.model
    def _new_contacts(self, audience, rows):
        """Return the rows that get a contact of their own; archived members do not."""
        if not audience.account_id.auto_create_contact:
            return []
        return [r for r in rows if not r["contact_id"] and r["status"] != "archived"]

    @api.model
    def _create_contacts(self, audience, rows, lines):
        """Create contacts with their subscription."""
        new = self._new_contacts(audience, rows)
        list_id = audience.mailing_list_id.id
        vals_list = []
        for row in new:
            vals = of_model(row["values"], "mailing.contact")
            # Given rather than left to be computed for each contact of the page.
            vals["name"] = name_of(vals) or row["email"]
            vals["email"] = row["email"]
            # What Odoo computes from such an address: given, it costs no UPDATE.
            vals["email_normalized"] = row["email"]
            if row["category_ids"]:
                vals["tag_ids"] = [Command.set(row["category_ids"])]
            row["opt_out_by"] = settle_opt_out(row, is_out_in_odoo(row))
            self._note_kept_opt_out(row, lines)
            vals["subscription_ids"] = [
                Command.create({"list_id": list_id, **opt_out_values(row)})
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
        self.env["mailchimp.claim"]._claim([vals["email"] for vals in vals_list])
        try:
            with self.env.cr.savepoint():
                records = Model.create(vals_list)
                self._skip_normalization(records)
        except ROW_ERRORS:
            self._create_each(Model, key, rows, vals_list, lines)
        else:
            for row, record in zip(rows, records, strict=True):
                row[key] = record.id

    @api.model
    def _skip_normalization(self, records):
        """Do not compute the addresses of new records that were given normalized.

        It would take longer than writing the members themselves. If another module
        has its own idea of a normalized address, that is computed.
        """
        field = records._fields["email_normalized"]
        stock = MailThreadBlacklist._compute_email_normalized
        if field.compute == stock.__name__ and (
            type(records)._compute_email_normalized is stock
        ):
            self.env.remove_to_compute(field, records)

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
        self._update_records("mailing.contact", "contact_id", rows)
        self._update_addresses(audience, rows, lines)

    @api.model
    def _update_addresses(self, audience, rows, lines):
        """Let the contacts of people who changed their address in Mailchimp follow.

        If the address was changed in Odoo too, the rule of the account decides, unless
        Mailchimp only tells what it made of the address we sent before.
        """
        account = audience.account_id
        is_answer = self.env.context.get("mailchimp_source") == "export"
        rule = ODOO if is_answer else account._merge_rule()
        followed = []
        for row in with_contact(rows):
            if not row["old_email"] or row["old_email"] == row["email"]:
                continue
            contact = self.env["mailing.contact"].browse(row["contact_id"])
            held = contact.email_normalized
            if settle(row["old_email"], held, row["email"], rule) == ODOO:
                row["to_push"] = row["to_push"] or account.auto_push_contacts
                continue
            if held != row["email"]:
                contact.email = row["email"]
                row["wrote"] = True
            followed.append(row)
        self._name_duplicates(followed, lines)

    @api.model
    def _name_duplicates(self, rows, lines):
        """Add a line for each row whose address other contacts have, too."""
        by_email = (
            self.env["mailing.contact"]
            .search([("email_normalized", "in", [row["email"] for row in rows])])
            .grouped("email_normalized")
        )
        for row in rows:
            found = by_email.get(row["email"], self.env["mailing.contact"])
            if others := found.filtered(lambda c, row=row: c.id != row["contact_id"]):
                lines.append(self._duplicate_line(row, others))

    @api.model
    def _update_records(self, model, key, rows):
        """Write the values of Mailchimp that are to be taken; see `_decide`."""
        known = [row for row in rows if row.get("writes", {}).get(model)]
        records = self.env[model].browse(row[key] for row in known)
        for row, record in zip(known, records, strict=True):
            record.write(row["writes"][model])
            row["wrote"] = True
