from odoo import api, models

from ..const import MARKETABLE_STATUS, OPTED_OUT_STATUSES
from ..tools.push import MARKETED
from ..tools.rows import (
    is_out_in_odoo,
    opt_out_values,
    settle_opt_out,
    with_contact,
)
from ..tools.subscriber import subscriber_hashes


class MailchimpContactConsent(models.AbstractModel):
    """Subscriptions and the blacklist: what may be sent to a contact."""

    _inherit = "mailchimp.contact.sync"

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

        An opt-out that was decided in Odoo stays, whatever Mailchimp says. All contacts
        on the list with the address of the member are of one mind: Odoo mails an
        address as long as one of them is opted in.
        """
        known = with_contact(rows)
        own, of_email = self._subscriptions_by(audience, known)
        Subscription = self.env["mailing.subscription"]
        missing, back, opt_out = [], [], {}
        for row in known:
            held = own.get(row["contact_id"], Subscription)
            if not held:
                missing.append(row)
            held |= of_email.get(row["email"], held)
            out = held.filtered("opt_out")
            row["opt_out_by"] = settle_opt_out(row, bool(out) or is_out_in_odoo(row))
            if row["opt_out_by"]:
                opt_out.setdefault(row["last_changed"], []).extend((held - out).ids)
            elif out:
                back.append((row, out))
        opt_in = self._may_opt_in(audience, back)
        for row in known:
            self._note_kept_opt_out(row, lines)
        values = [self._subscription_values(audience, row) for row in missing]
        Subscription.create(values)
        opt_in.write({"opt_out": False})
        for moment, ids in opt_out.items():
            held = Subscription.browse(ids)
            held.write({"opt_out": True})
            if moment and held:
                held.write({"opt_out_datetime": moment})
        told = Subscription.browse(id_ for ids in opt_out.values() for id_ in ids)
        self._push_other_members(audience, told.contact_id, known)

    @api.model
    def _push_other_members(self, audience, contacts, rows):
        """Push whoever shares a contact, or its address, with somebody who opted out.

        They may be in Mailchimp with another address.

        :param list rows: of those who opted out
        """
        if not contacts or not audience.account_id.auto_push_contacts:
            return
        members = self.env["mailchimp.member"].search(
            [
                ("audience_id", "=", audience.id),
                ("contact_id", "in", contacts.ids),
                ("id", "not in", [row["member_id"] for row in rows]),
                ("status", "in", list(MARKETED)),
            ]
        )
        members._mark_changed()

    @api.model
    def _subscriptions_by(self, audience, rows):
        """Return the subscriptions of rows, and those of others with their address.

        :return: {id of the contact: subscription}, {address: subscriptions}
        """
        twins = self.env["mailing.contact"].search(
            [("email_normalized", "in", [row["email"] for row in rows])]
        )
        ids = {*twins.ids, *(row["contact_id"] for row in rows)}
        held = self._subscriptions(audience, list(ids))
        return (
            {subscription.contact_id.id: subscription for subscription in held},
            held.grouped(lambda sub: sub.contact_id.email_normalized),
        )

    @api.model
    def _may_opt_in(self, audience, back):
        """Return what may be opted in: nothing of whom another member keeps out.

        :param list back: rows of people who are back, each with the subscriptions that
            are opted out; sets ``opt_out_by`` of those who are kept out
        """
        opt_in = self.env["mailing.subscription"]
        contacts = opt_in.union(*(out for _row, out in back)).contact_id
        keepers = self.env["mailchimp.member"].search(
            [
                ("audience_id", "=", audience.id),
                ("contact_id", "in", contacts.ids),
                "|",
                ("opt_out_by", "=", "odoo"),
                ("status", "in", OPTED_OUT_STATUSES),
            ]
        )
        by_contact = keepers.grouped("contact_id")
        for row, out in back:
            ids = {m.id for c in out.contact_id for m in by_contact.get(c, ())}
            if ids - {row["member_id"]}:
                row["opt_out_by"] = "mailchimp"
                row["to_push"] = True  # Mailchimp would mail on
            else:
                opt_in |= out
        return opt_in

    @api.model
    def _subscription_values(self, audience, row):
        return {
            "contact_id": row["contact_id"],
            "list_id": audience.mailing_list_id.id,
            **opt_out_values(row),
        }

    @api.model
    def _note_kept_opt_out(self, row, lines):
        """Say so where a person is subscribed in Mailchimp and opted out in Odoo."""
        if row["status"] != MARKETABLE_STATUS or not row["opt_out_by"]:
            return
        row["to_push"] = True
        reason = self.env._("Subscribed in Mailchimp, but opted out in Odoo.")
        advice = self.env._(
            "The opt-out stays. If the person did subscribe again, clear it on the "
            "contact's Subscriptions tab."
        )
        lines.append(self._line(row, "notice", "opted_out", reason, advice))

    @api.model
    def _blacklist(self, audience, rows, _lines):
        """Blacklist the addresses that became undeliverable."""
        emails = [
            row["email"]
            for row in rows
            if row["status"] == "cleaned" != row["old_status"]
        ]
        if emails:
            # sudo: marketing users may not edit the blacklist by hand
            entries = (
                self.env["mail.blacklist"]
                .sudo()
                .create([{"email": email} for email in emails])
            )
            entries.filtered(lambda entry: not entry.active).active = True
            self._push_members_of(emails)
        if audience.account_id.auto_push_contacts:
            self._push_blacklisted(rows)

    @api.model
    def _push_members_of(self, emails):
        """Push members of other audiences whose address is on the blacklist now.

        With the next edit they would be opted out there anyway.
        """
        members = self.env["mailchimp.member"].search(
            [
                ("subscriber_hash", "in", subscriber_hashes(emails)),
                ("status", "in", list(MARKETED)),
                ("account_id.auto_push_contacts", "=", True),
            ]
        )
        members._mark_changed()

    @api.model
    def _push_blacklisted(self, rows):
        """Push who may be mailed in Mailchimp and is on the blacklist of Odoo."""
        marketed = [row for row in rows if row["status"] in MARKETED]
        # sudo: as above
        out = self.env["mail.blacklist"].sudo()
        domain = [("email", "in", [row["email"] for row in marketed])]
        blacklisted = set(out.search(domain).mapped("email")) if marketed else ()
        for row in marketed:
            if row["email"] in blacklisted:
                row["to_push"] = True
