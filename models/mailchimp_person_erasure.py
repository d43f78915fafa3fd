from odoo import api, models
from odoo.tools import SQL

from .mailchimp_member import CONTENT

# Whom a member points at in Odoo.
LINKED = ("contact_id", "partner_id", "agreed_with")


class MailchimpPersonErasure(models.AbstractModel):
    """Erasing what the connector keeps about people; the facts stay."""

    _inherit = "mailchimp.person"

    def _erase_person(self, in_mailchimp=True):
        """Erase all that the connector knows about the people behind these records.

        Members become fingerprints, in every audience that the user sees: whoever has
        the address is never sent there again. Contacts and customers stay: they are
        Odoo's, not ours.

        :param bool in_mailchimp: delete them there too, for good, in the background
        """
        person = self._person()
        # sudo: only the connector writes members and the ledger; what belongs to the
        # person was found with the rights of the user.
        members = person.members.sudo()
        audiences = self.env["mailchimp.audience"].search([("id", "!=", False)])
        hashes = person.hashes
        # sudo: as above, here and below
        self._logs_of(person).sudo()._erase_content()
        self._erase_plans(members, person.emails)
        jobs = self.env["mailchimp.job"].sudo()
        jobs._erase_people(audiences.account_id, person.emails)
        there = members.filtered(lambda m: m.status and not m.forgotten)
        if in_mailchimp:
            self._delete_in_mailchimp(there)
        else:
            there._forget("erasure")
        members._erase_content()
        (person.consents.sudo() | members.consent_ids)._erase_content()
        members._leave_fingerprints(hashes, audiences)

    @api.model
    def _delete_in_mailchimp(self, members):
        """Queue it; that they are forgotten is noted when it is done."""
        for member in members:
            member.opt_out_by = member._opt_out_for_good()
        members = members._in_act()
        for audience, ours in members.grouped("audience_id").items():
            ours._start_act(audience, "delete")

    @api.model
    def _erase_plans(self, members, emails):
        """Erase what was planned for people."""
        lines = self.env["mailchimp.plan.line"].sudo()  # sudo: as in `_erase_person`
        lines = lines.search(
            ["|", ("member_id", "in", members.ids), ("name", "in", list(emails))]
        )
        lines.unlink()


class MailchimpMember(models.Model):
    """Members of people whose data were erased."""

    _inherit = "mailchimp.member"

    def _erase_content(self):
        """Erase all but the fingerprint of these members, and what is in conflict."""
        if not self:
            return
        self.env["mailchimp.conflict"].search([("member_id", "in", self.ids)]).unlink()
        # Mailchimp finds by it whom it is about to delete.
        self._clear({*CONTENT, *LINKED} - {"remote_contact_id"})
        self.opt_out_by = "odoo"
        changes = SQL(
            "DELETE FROM mailchimp_change WHERE member_id = ANY(%s)", self.ids
        )
        self.env.cr.execute(changes)

    def _forget(self, source):
        """Override: of erased people, no new entry names the address again."""
        result = super()._forget(source)
        erased = self.consent_ids.filtered("erased_at").member_id
        erased.consent_ids._erase_content()
        return result

    @api.model
    def _leave_fingerprints(self, hashes, audiences):
        """Keep addresses out of audiences that do not know them.

        :param hashes: subscriber hashes
        :param recordset audiences: that must never get them
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """INSERT INTO mailchimp_member
                          (audience_id, subscriber_hash, status, forgotten,
                           sync_result, opt_out_by)
                   SELECT a, h, 'archived', TRUE, 'synced', 'odoo'
                     FROM unnest(%s::int[]) a, unnest(%s::text[]) h
                    WHERE h ~ '^[0-9a-f]{32}$'
              ON CONFLICT DO NOTHING""",
                audiences.ids,
                list(hashes),
            )
        )
        self.invalidate_model()


class MailchimpJob(models.Model):
    """Jobs that were told about people whose data were erased."""

    _inherit = "mailchimp.job"

    @api.model
    def _erase_people(self, accounts, emails):
        """Forget the ended jobs that name an address, as those of webhooks do.

        :param recordset accounts: whose jobs
        :param emails: normalized addresses
        """
        self.flush_model()
        query = SQL(
            """SELECT id FROM mailchimp_job
                WHERE account_id = ANY(%s) AND state != 'pending' AND EXISTS (
                      SELECT FROM unnest(%s::text[]) AS i(said)
                       WHERE strpos(lower(args::text), said) > 0)""",
            accounts.ids,
            [f'"{email}"' for email in emails],
        )
        self.browse(id_ for (id_,) in self.env.execute_query(query)).unlink()


class MailchimpRunLine(models.Model):
    """Logs about people whose data were erased."""

    _inherit = "mailchimp.run.line"

    def _erase_content(self):
        """Erase whom these lines name; that something happened stays."""
        erased = self.env._("Erased")
        self.write({"name": erased, "reason": erased, "advice": False, "detail": False})
