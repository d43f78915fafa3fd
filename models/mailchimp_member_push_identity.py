from contextlib import suppress

from odoo import api, models
from odoo.tools import SQL

from ..exceptions import MailchimpNotFound, MailchimpRejected
from ..tools.chains import cycles, depths
from ..tools.coerce import normalize_email
from ..tools.subscriber import subscriber_hash, subscriber_hashes


class MailchimpMemberPushIdentity(models.AbstractModel):
    """Who a member is when its address changes in Odoo."""

    _inherit = "mailchimp.member.push"

    @api.model
    def _follow_addresses(self, audience, members):
        """Let members that wait to be exported go by the address of their contact.

        :return: ids of those who cannot: somebody else speaks for the address (set)
        """
        waiting = members.filtered(lambda member: not member.status)
        self._give_contacts(audience, waiting)
        rows = self.env["mailchimp.payload"]._build(audience, waiting)
        emails = {row["member_id"]: row["email"] for row in rows if row["email"]}
        hashes = {id_: subscriber_hash(email) for id_, email in emails.items()}
        moved = waiting.filtered(
            lambda m: m.id in hashes and hashes[m.id] != m.subscriber_hash
        )
        if not moved:
            return set()
        speakers = self._speakers(audience, [hashes[member.id] for member in moved])
        silent = set()
        for member in moved:
            other = speakers.setdefault(hashes[member.id], member)
            if other == member:
                member.write(
                    {
                        "subscriber_hash": hashes[member.id],
                        "email": emails[member.id],
                    }
                )
            elif not self._give_way(member, other):
                silent.add(member.id)
        return silent

    @api.model
    def _give_contacts(self, audience, waiting):
        """Give customers whose address was corrected the contact of their export.

        There was none to be made while they had no address.
        """
        rows = [
            {
                "record": member.partner_id,
                "member": member,
                "email": normalize_email(member.partner_id.email_normalized),
                "contact": member.contact_id,
                "code": None,
            }
            for member in waiting
            if member.partner_id and not member.contact_id
        ]
        rows = [row for row in rows if row["email"]]
        if not rows:
            return
        waiting._export_contacts(audience, rows)
        for row in rows:
            row["member"].contact_id = row["contact"]

    @api.model
    def _speakers(self, audience, hashes):
        """Return {hash: member} of those who go by these addresses."""
        found = self.env["mailchimp.member"].search(
            [("audience_id", "=", audience.id), ("subscriber_hash", "in", hashes)]
        )
        return {member.subscriber_hash: member for member in found}

    @api.model
    def _give_way(self, member, other):
        """Leave a contact to the member that has its address already, if it has none.

        :return: whether it did
        """
        if other.contact_id or other.forgotten:
            return False
        vals = {"contact_id": member.contact_id.id}
        if not other.partner_id:
            vals["partner_id"] = member.partner_id.id
        member.unlink()
        other.write(vals)
        other._mark_changed()
        return True

    # === ADDRESSES IN A ROW === #

    @api.model
    def _follow_rows(self, audience, members):
        """Let members whose contacts exchanged their addresses exchange the contacts.

        None of them could move to an address that is taken, and to merge them would
        archive them all. Each address keeps its member, and the consent given with it.

        :return: {id of a member: after how many others it can move}
        """
        after = self._moving_after(audience, members)
        for cycle in cycles(after):
            ring = members.browse(cycle)
            if ring.batch_id:
                continue  # what Mailchimp is doing about them comes first
            links = [
                {"contact_id": one.contact_id.id, "partner_id": one.partner_id.id}
                for one in ring
            ]
            for vals, one in zip(links, ring[1:] + ring[0], strict=True):
                one.write(vals)
            (ring - members)._mark_changed()
        return depths(after)

    @api.model
    def _moving_after(self, audience, members):
        """Return {id of a member: id of who has its new address, and leaves it}."""
        self.env["mailing.contact"].flush_model(["email_normalized"])
        self.env["mailchimp.member"].flush_model()
        query = SQL(
            """WITH RECURSIVE edge (id, next) AS (
                    SELECT i.id, o.id FROM unnest(%s::int[]) AS i(id) %s
                     UNION
                    SELECT i.next, o.id FROM edge i %s)
               SELECT id, next FROM edge""",
            members.ids,
            self._joined_next(audience, SQL("i.id")),
            self._joined_next(audience, SQL("i.next")),
        )
        return dict(self.env.execute_query(query))

    @api.model
    def _joined_next(self, audience, id_):
        """SQL: join ``o``, the member that leaves the address another one gets.

        LATERAL with OFFSET 0: nothing but the indexes, see `mailchimp.change`.

        :param SQL id_: of the other one
        """
        return SQL(
            """JOIN LATERAL (SELECT * FROM mailchimp_member
                              WHERE id = %s OFFSET 0) m ON TRUE
               JOIN LATERAL (SELECT email_normalized FROM mailing_contact
                              WHERE id = m.contact_id OFFSET 0) c
                 ON c.email_normalized != m.email AND m.status != 'archived'
               JOIN LATERAL (SELECT * FROM mailchimp_member
                              WHERE subscriber_hash = md5(c.email_normalized)
                                AND audience_id + 0 = %s OFFSET 0) o
                 ON o.status != 'archived'
               JOIN LATERAL (SELECT email_normalized FROM mailing_contact
                              WHERE id = o.contact_id OFFSET 0) d
                 ON d.email_normalized != o.email""",
            id_,
            audience.id,
        )

    @api.model
    def _make_room(self, audience, *steps):
        """Remove members that only wait to be created with an address another one got.

        Not before that has it: if it is refused, they are still to be created.
        """
        emails = [step.body["email_address"] for step in steps]
        self.env["mailchimp.member"].search(
            [
                ("audience_id", "=", audience.id),
                ("subscriber_hash", "in", subscriber_hashes(emails)),
                ("status", "=", False),
                ("id", "not in", [step.member_id for step in steps]),
            ]
        ).unlink()

    @api.model
    def _offer_addresses(self, audience, *steps):
        """Let those try again who could not move to an address that is left now."""
        left = [step.held["email"] for step in steps]
        self.env["mailchimp.member"].search(
            [
                ("audience_id", "=", audience.id),
                ("error_code", "=", "exists"),
                ("contact_id.email_normalized", "in", left),
            ]
        )._mark_changed()

    # === MERGE === #

    @api.model
    def _send_merge(self, sending, step):
        """Somebody has the address that a member moves to: they become one.

        Who has the address stays as they are and speaks for the contact; the member
        with the old address is archived. An opt-out of either of them stays. Who is
        about to leave the address is waited for.
        """
        email = step.body["email_address"]
        self._make_room(sending.audience, step)
        data = self._read_and_import(sending, subscriber_hash(email))
        if not data or data.get("status") == "archived":
            code = "archived" if data else "forgotten"
            sending.note(step, "failed", code, *self._words(code))
            return
        old = self.env["mailchimp.member"].browse(step.member_id)
        new = self._speakers(sending.audience, [data["id"]])[data["id"]]
        if self._has_to_wait(sending, step, new):
            return
        self._hand_over(old, new)
        self._archive_old(sending, step)
        sending.note(step, "updated")
        new._mark_changed()

    @api.model
    def _has_to_wait(self, sending, step, other):
        """Tell whether somebody leaves, or just left, the address of a move.

        Then it is looked at again; where the other one stays, the move is refused.
        """
        held, has_left = other.contact_id, other.email != step.body["email_address"]
        is_settled = held.id in (False, step.held["contact_id"])
        if not has_left and (is_settled or held.email_normalized == other.email):
            return False
        if has_left or other.batch_id or other.sync_state == "to_push":
            sending.note(step, "again")
        else:
            sending.note(step, "failed", "exists", *self._words("exists"))
        return True

    @api.model
    def _hand_over(self, old, new):
        """Let the contact of a member go on with another one."""
        if new.contact_id in (old.contact_id, new.contact_id.browse()):
            vals = {"contact_id": old.contact_id.id}
            if not new.partner_id:
                vals["partner_id"] = old.partner_id.id
            if old.opt_out_by:
                vals["opt_out_by"] = "odoo"
            new.write(vals)
        old.write({"contact_id": False, "partner_id": False})

    @api.model
    def _archive_old(self, sending, step):
        """Archive who has the old address; who cannot be mailed anyway may stay."""
        lists = sending.gateway.api.lists
        # It may be cleaned, pending, archived or deleted before.
        with suppress(MailchimpRejected, MailchimpNotFound):
            lists.delete_list_member(sending.audience.mailchimp_id, step.key)
        self._read_and_import(sending, step.key)
