from odoo import api, models
from odoo.fields import Command

from ..const import MARKETABLE_STATUS
from ..tools.rows import (
    is_out_in_odoo,
    opt_out_values,
    settle_opt_out,
    with_contact,
)


class MailchimpContactConsent(models.AbstractModel):
    """Tags, subscriptions and the blacklist: what may be sent to a contact."""

    _inherit = "mailchimp.contact.sync"

    # === TAGS === #

    @api.model
    def _sync_tags(self, rows):
        """Give contacts the Odoo tags of their member, and take back lost ones."""
        known = with_contact(rows)
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
        known = with_contact(rows)
        held = self._subscriptions(audience, [row["contact_id"] for row in known])
        by_contact = {sub.contact_id.id: sub for sub in held}
        missing, opt_in, opt_out = [], held.browse(), {}
        for row in known:
            subscription = by_contact.get(row["contact_id"], held.browse())
            was_out = subscription.opt_out if subscription else is_out_in_odoo(row)
            row["opt_out_by"] = settle_opt_out(row, was_out)
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
            **opt_out_values(row),
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
