import psycopg2.errors

from odoo import fields, models

from ..const import MARKETABLE_STATUS, OPTED_OUT_STATUSES, PRIORITY_USER
from ..tools.inside import IMPORTING, inside, trusted


class MailchimpMemberDecision(models.Model):
    """Opt-outs and opt-ins that are decided in Odoo.

    Where a decision came from is in the context, as ``mailchimp_consent``: a dict with
    ``source`` (see `mailchimp.consent`) and ``evidence``; else it is the user's.
    """

    _inherit = "mailchimp.member"

    def _opted_in_odoo(self, out):
        """Note that people were opted out of their audiences in Odoo, or in again.

        Opt-outs are pushed, whatever the options of the account say. Whoever decides
        neither waits for the queue, which may be writing the members, nor conflicts
        with it: what it holds is noted by a job after the commit.

        :param bool out: whether they are opted out now
        """
        if not self:
            return
        decision = self._decision(out)
        noted = self._note_if_free(decision)
        if busy := self - noted:
            busy._enqueue_note(decision)
        if out:
            self._mark_changed()

    def _decision(self, out):
        """Return who decides what, where and when (JSON)."""
        given = trusted(self.env, "mailchimp_consent") or {}
        is_file = self.env.context.get("import_file")
        return {
            "out": out,
            "user_id": self.env.uid,
            "source": given.get("source") or ("import" if is_file else "user"),
            "evidence": given.get("evidence") or None,
            "occurred_at": fields.Datetime.to_string(fields.Datetime.now()),
        }

    def _note_if_free(self, decision):
        """Note a decision on those of these members that nobody is writing.

        :return: the members it was noted on
        """
        self.flush_recordset()
        try:
            with self.env.cr.savepoint():
                free = self.try_lock_for_update(allow_referencing=True)
                free._note_decision(decision)
        except psycopg2.errors.SerializationFailure:
            # Somebody wrote one of them after our transaction began.
            return self.browse()
        return free

    def _enqueue_note(self, decision):
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_note_decision",
            name=self.env._("Note who was opted out in Odoo, or in again"),
            priority=PRIORITY_USER,
            args={"decision": decision},
        )

    def _job_note_decision(self, decision):
        """Note a decision that could not be noted when it was made.

        :param dict decision: see `_decision`
        """
        self._note_decision(decision)

    def _note_decision(self, decision):
        """Write a decision to the members and to the ledger."""
        out = decision["out"]
        status = "unsubscribed" if out else MARKETABLE_STATUS
        told = {name: decision[name] for name in ("user_id", "evidence", "occurred_at")}
        entries = [
            member._consent_values(status, decision["source"]) | told for member in self
        ]
        # sudo: only the connector writes the ledger.
        self.env["mailchimp.consent"].sudo().create(entries)
        self.sudo().opt_out_by = "odoo" if out else False

    def _is_only_waiting(self):
        """Tell whether a member is opted out in Odoo although nobody opted out."""
        return self.opt_out_by == "mailchimp" and self.status not in OPTED_OUT_STATUSES

    # === GONE FROM ODOO === #

    def _left_odoo(self):
        """Do what the accounts say about members whose contact or customer is gone.

        Where somebody else with their address stays on the list, nobody is gone.
        """
        loose = self.filtered(lambda m: m.status and not m.forgotten)
        loose -= loose._still_listed()
        wanted = loose.grouped(lambda member: member.account_id.archived_contacts)
        none = self.browse()
        how = {"source": "archive"}
        leaving = wanted.get("unsubscribe", none)
        leaving = leaving.filtered(lambda member: member.opt_out_by != "odoo")
        leaving.with_context(**inside(mailchimp_consent=how))._opt_out_everywhere()
        wanted.get("archive", none)._archive_left()

    def _still_listed(self):
        """Return those of these members whose address is that of a contact listed."""
        lists = self.audience_id.mailing_list_id
        held = self.env["mailing.subscription"].search(
            [
                ("list_id", "in", lists.ids),
                ("contact_id.email_normalized", "in", self.mapped("email")),
            ]
        )
        pairs = {(sub.list_id, sub.contact_id.email_normalized) for sub in held}
        return self.filtered(
            lambda m: (m.audience_id.mailing_list_id, m.email) in pairs
        )

    def _opt_out_everywhere(self):
        """Opt out the subscriptions of these members, and the members."""
        held = self.env["mailing.subscription"].search(
            [
                ("list_id", "in", self.audience_id.mailing_list_id.ids),
                ("opt_out", "=", False),
                "|",
                ("contact_id", "in", self.contact_id.ids),
                ("contact_id.email_normalized", "in", self.mapped("email")),
            ]
        )
        lists = {member: member.audience_id.mailing_list_id for member in self}
        contacts = {(lists[member], member.contact_id) for member in self}
        emails = {(lists[member], member.email) for member in self}
        held = held.filtered(
            lambda sub: (sub.list_id, sub.contact_id) in contacts
            or (sub.list_id, sub.contact_id.email_normalized) in emails
        )
        # Noted below, for those without a subscription too.
        held.with_context(**IMPORTING).write({"opt_out": True})
        self._opted_in_odoo(out=True)

    def _archive_left(self):
        """Archive members in Mailchimp, in the background."""
