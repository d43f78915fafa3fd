from odoo import api, models
from odoo.tools import SQL, unique

from ..const import PRIORITY_USER
from ..tools.coerce import normalize_email
from ..tools.subscriber import subscriber_hash

# Refused for the address alone; waits as a member until the address is corrected.
UNUSABLE = ("no_email", "bad_email")
# Statuses that no export touches, and why.
KEPT_OUT = {
    "unsubscribed": "opted_out",
    "cleaned": "cleaned",
    "archived": "archived",
}


class MailchimpMemberExport(models.Model):
    """Contacts and customers on their way into an audience.

    People are handled as rows: dicts of who they are in Odoo, the ``member`` that
    stands for them already, and the ``code`` of why they stay out. Nothing here talks
    to Mailchimp: members that are missing are created without a status, and the queue
    does the rest.
    """

    _inherit = "mailchimp.member"

    @api.model
    def _export(self, audience, records, run, priority=PRIORITY_USER):
        """Put records on their way into an audience; who may not be sent stays out.

        :param recordset audience: one `mailchimp.audience`
        :param recordset records: `mailing.contact` or `res.partner`
        :param recordset run: the `mailchimp.run` that keeps a line per record that is
            left out; may be empty
        :param int priority: of the job that talks to Mailchimp
        :return: the members that will be sent
        """
        # sudo: users ask for an export, only the connector writes members and logs.
        self = self.sudo().with_context(tracking_disable=True)
        audience = audience.with_env(self.env)
        rows = self._export_rows(audience, records.with_env(self.env))
        self._export_judge(audience, rows)
        self._export_contacts(audience, rows)
        self._export_create(audience, rows)
        members = self.union(*(row["member"] for row in rows if not row["code"]))
        members._forget_error()
        self.env["mailchimp.change"]._add(members.ids)
        left_out = [row for row in rows if row["code"]]
        run.with_env(self.env)._add_lines(
            [self._export_line(audience, row) for row in left_out]
        )
        run.with_env(self.env)._count(done=len(left_out))
        if members:
            audience._enqueue_push(run=run.with_env(self.env), priority=priority)
        return members

    def _forget_error(self):
        """Give members another chance that were parked with an error."""
        parked = self.filtered(lambda member: member.sync_result == "error")
        parked.write({"sync_result": "synced", "error": False, "error_code": False})
        self.filtered("ignored").ignored = False

    # === ROWS === #

    @api.model
    def _export_rows(self, audience, records):
        """Return a row for each record, with the member that stands for it."""
        own = "contact_id" if records._name == "mailing.contact" else "partner_id"
        rows = [
            {
                "own": own,
                "record": record,
                "email": normalize_email(record.email_normalized),
                "hash": _hash_of(record, own),
                "contact": record if own == "contact_id" else None,
                "member": self.browse(),
                "code": None,
            }
            for record in records
        ]
        members = self.search(
            [
                ("audience_id", "=", audience.id),
                "|",
                ("subscriber_hash", "in", [row["hash"] for row in rows]),
                (own, "in", records.ids),
            ]
        )
        by_hash = {member.subscriber_hash: member for member in members}
        live = members.filtered(lambda member: not member.forgotten)
        linked = {member[own]: member for member in live}
        for row in rows:
            none = self.browse()
            row["member"] = by_hash.get(row["hash"]) or linked.get(row["record"], none)
        return rows

    # === JUDGEMENT === #

    @api.model
    def _export_judge(self, audience, rows):
        """Set the ``code`` of rows that stay out."""
        listed = self._export_listed(audience, rows)
        emails = [row["email"] for row in rows if row["email"]]
        blacklisted = set(
            self.env["mail.blacklist"].search([("email", "in", emails)]).mapped("email")
        )
        routed, met = audience._routed_emails(emails), {}
        for row in sorted(rows, key=lambda row: row["record"].id):
            subscriptions = listed.get(row["email"], self.env["mailing.subscription"])
            row["code"] = (
                self._export_member_code(row)
                or self._export_address_code(row)
                or self._export_company_code(audience, row)
                or (row["email"] and row["email"] not in routed and "not_routed")
                or (row["email"] in blacklisted and "blacklisted")
                or (any(subscriptions.mapped("opt_out")) and "opted_out")
                or None
            )
            if not row["code"] and met.setdefault(row["hash"], row) is not row:
                row["code"], row["speaker"] = "duplicate", met[row["hash"]]["record"]

    @api.model
    def _export_listed(self, audience, rows):
        """Return {address: subscriptions to the list of the audience}."""
        subscriptions = self.env["mailing.subscription"].search(
            [
                ("list_id", "=", audience.mailing_list_id.id),
                ("contact_id.email_normalized", "in", [row["email"] for row in rows]),
            ],
            order="contact_id, id",
        )
        return subscriptions.grouped(lambda sub: sub.contact_id.email_normalized)

    @api.model
    def _export_member_code(self, row):
        """Say why the member that is there already keeps a record out."""
        member = row["member"]
        if member.forgotten:
            return "forgotten"
        if member.status in KEPT_OUT:
            return KEPT_OUT[member.status]
        if member.opt_out_by:
            return "opted_out"
        if member[row["own"]] not in (row["record"], row["record"].browse()):
            row["speaker"] = member[row["own"]]
            return "duplicate"
        return None

    @api.model
    def _export_address_code(self, row):
        if row["email"] or row["member"].status:
            return None
        return "bad_email" if row["record"].email else "no_email"

    @api.model
    def _export_company_code(self, audience, row):
        """Keep customers of one company out of the audiences of another."""
        if row["own"] == "contact_id":
            return None
        companies = (row["record"].company_id.browse(), audience.company_id)
        return None if row["record"].company_id in companies else "other_company"

    # === CONTACTS === #

    @api.model
    def _export_contacts(self, audience, rows):
        """Give each row a mailing contact that is on the list of the audience.

        Of several contacts with the address of a customer the one on the list speaks,
        else the oldest.
        """
        wanted = [row for row in rows if not row["code"]]
        Contact = self.env["mailing.contact"]
        held = Contact.search(
            [("email_normalized", "in", [row["email"] for row in wanted])], order="id"
        )
        listed = {
            email: subscriptions.contact_id
            for email, subscriptions in self._export_listed(audience, wanted).items()
        }
        by_email = {**held.grouped("email_normalized"), **listed}
        new = []
        for row in wanted:
            found = by_email.get(row["email"], Contact)[:1]
            row["contact"] = row["contact"] or row["member"].contact_id or found
            if not row["contact"]:
                new.append(row)
        self.env["mailchimp.claim"]._claim([row["email"] for row in new])
        made = Contact.create([self._contact_of_partner(row["record"]) for row in new])
        for row, contact in zip(new, made, strict=True):
            row["contact"] = contact
        self._export_subscribe(audience, [row["contact"] for row in wanted])

    @api.model
    def _contact_of_partner(self, partner):
        """Return the values of a mailing contact that stands for a customer."""
        company = partner.commercial_partner_id
        return {
            "name": partner.name or partner.email_normalized,
            "email": partner.email,
            "company_name": partner.company_name
            or (company.name if company != partner or partner.is_company else False),
            "country_id": partner.country_id.id,
        }

    @api.model
    def _export_subscribe(self, audience, contacts):
        """Put contacts on the list of the audience that are not on it yet."""
        list_id = audience.mailing_list_id.id
        Subscription = self.env["mailing.subscription"]
        ids = [contact.id for contact in contacts]
        held = Subscription.search(
            [("list_id", "=", list_id), ("contact_id", "in", ids)]
        )
        missing = unique(id_ for id_ in ids if id_ not in set(held.contact_id.ids))
        Subscription.create(
            [{"list_id": list_id, "contact_id": contact_id} for contact_id in missing]
        )

    # === MEMBERS === #

    @api.model
    def _export_create(self, audience, rows):
        """Create the members that are missing, and link those that know no record.

        Somebody else may be importing the very member: then that one is taken.
        """
        new = [row for row in rows if not row["member"] and self._is_kept(row)]
        self.flush_model()
        self.env.cr.execute(self._export_query(audience, new))
        hashes = [row["hash"] for row in new]
        members = self.search(
            [("audience_id", "=", audience.id), ("subscriber_hash", "in", hashes)]
        )
        by_hash = {member.subscriber_hash: member for member in members}
        for row in new:
            row["member"] = by_hash[row["hash"]]
        for row in rows:
            if row["code"]:
                continue
            member = row["member"]
            if row["contact"] and not member.contact_id:
                member.contact_id = row["contact"]
                member._never_agreed("contact_id")
            if row["own"] == "partner_id" and not member.partner_id:
                member.partner_id = row["record"]
                member._never_agreed("partner_id")

    @api.model
    def _is_kept(self, row):
        return not row["code"] or row["code"] in UNUSABLE

    @api.model
    def _export_query(self, audience, rows):
        reasons = [self._export_reason(row)[0] if row["code"] else None for row in rows]
        return SQL(
            """INSERT INTO mailchimp_member
                      (audience_id, added_by_odoo, forgotten, ignored, vip,
                       subscriber_hash, email, contact_id, partner_id,
                       error_code, error, sync_result)
               SELECT %s, TRUE, FALSE, FALSE, FALSE, i.*,
                      CASE WHEN i.code IS NULL THEN 'synced' ELSE 'error' END
                 FROM unnest(%s::text[], %s::text[], %s::int[], %s::int[],
                             %s::text[], %s::text[])
                      AS i(hash, email, contact, partner, code, reason)
          ON CONFLICT (audience_id, subscriber_hash) DO NOTHING""",
            audience.id,
            [row["hash"] for row in rows],
            [row["email"] or None for row in rows],
            [row["contact"].id if row["contact"] else None for row in rows],
            [row["record"].id if row["own"] == "partner_id" else None for row in rows],
            [row["code"] for row in rows],
            reasons,
        )


def _hash_of(record, own):
    """Return what a member of a record goes by: its address, or else its name in Odoo.

    :param str own: the field of the member that leads to the record
    """
    email = normalize_email(record.email_normalized)
    return subscriber_hash(email) if email else f"{own.removesuffix('_id')}:{record.id}"
