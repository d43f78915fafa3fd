from odoo import api, models
from odoo.tools import SQL

from ..const import NAME_FIELDS, OPTED_OUT_STATUSES, STATUS_CODES
from ..tools.push import Policy, plan, plan_away
from ..tools.subscriber import subscriber_hash


class MailchimpMemberPushPlan(models.AbstractModel):
    """Members from Odoo to Mailchimp: what is to be done, without doing it."""

    _name = "mailchimp.member.push"
    _description = "MailChimp Member Push"

    @api.model
    def _plan(self, audience, members, opt_in=None):
        """Decide what has to be sent for members; reads only Odoo's own tables.

        :param recordset audience: one `mailchimp.audience`
        :param recordset members: of it
        :param recordset opt_in: those of them whom somebody asks to confirm
        :return: list of `tools.push.Step`, in the order of the members
        """
        if not members:
            return []
        rows = self.env["mailchimp.payload"]._build(audience, members)
        held = self._held(members)
        self._note_blacklist(held, rows)
        self._note_opted_out(audience, held, rows)
        self._note_left_before(audience, held, rows)
        policy = self._policy(audience, opt_in)
        return [
            self._explained(plan(held[row["member_id"]], row, policy)) for row in rows
        ]

    @api.model
    def _policy(self, audience, opt_in):
        account = audience.account_id
        fields = audience.merge_field_ids._mapped("to_mailchimp")
        status = account.new_member_status
        if status == "subscribed" and audience.double_optin:
            status = "pending"
        return Policy(
            status or None,
            {field.tag: self._rule(field, account) for field in fields},
            account.skip_relay_addresses,
            frozenset(opt_in.ids if opt_in else ()),
            frozenset(field.tag for field in fields if field.field_path in NAME_FIELDS),
        )

    @api.model
    def _rule(self, field, account):
        """Return who is right about a value in Mailchimp; see `tools.merge.settle`.

        What Mailchimp says of a field that only goes there reaches nobody: it cannot be
        what keeps a change in Odoo from going there.
        """
        rule = field._rule()
        one_way = field.direction == "to_mailchimp" or not account.two_way_sync
        return "odoo" if one_way and rule != "if_empty" else rule

    @api.model
    def _held(self, members):
        """Return {id: what Odoo knows of a member}; our own tables, hence SQL."""
        members.flush_model()
        self.env["mailing.subscription"].flush_model(
            ["list_id", "contact_id", "opt_out"]
        )
        query = SQL(
            """SELECT m.id, m.status, m.forgotten, m.email, m.subscriber_hash,
                      m.remote_contact_id, m.fingerprint, m.opt_out_by, m.merge_values,
                      m.base_values, m.language, m.vip, m.contact_id, m.partner_id,
                      m.last_changed,
                      m.marketing_permissions,
                      COALESCE((SELECT max(c.create_date) FROM mailchimp_change c
                                 WHERE c.member_id = m.id) > m.last_changed,
                               FALSE) AS odoo_is_newer,
                      EXISTS (SELECT FROM mailing_subscription s
                               WHERE s.contact_id = m.contact_id
                                 AND s.list_id = a.mailing_list_id AND s.opt_out
                             ) AS listed_out,
                      ARRAY(SELECT g.name FROM mailchimp_member_tag_rel r
                              JOIN mailchimp_tag g ON g.id = r.tag_id
                             WHERE r.member_id = m.id) AS tags,
                      ARRAY(SELECT g.mailchimp_id FROM mailchimp_member_interest_rel r
                              JOIN mailchimp_interest g ON g.id = r.interest_id
                             WHERE r.member_id = m.id) AS interests
                 FROM mailchimp_member m
                 JOIN mailchimp_audience a ON a.id = m.audience_id
                WHERE m.id = ANY(%s)""",
            members.ids,
        )
        return {row["id"]: row for row in self.env.execute_query_dict(query)}

    @api.model
    def _note_blacklist(self, held, rows):
        """Note of each member whether its old or new address is on the blacklist."""
        emails = {row["email"] for row in rows}
        emails |= {known["email"] for known in held.values()}
        # sudo: whoever pushes, a blacklisted address stays out.
        found = self.env["mail.blacklist"].sudo()
        domain = [("email", "in", [email for email in emails if email])]
        out = set(found.search(domain).mapped("email"))
        for row in rows:
            known = held[row["member_id"]]
            known["blacklisted"] = known["email"] in out or row["email"] in out

    @api.model
    def _note_opted_out(self, audience, held, rows):
        """Note of members that move what speaks against the new address.

        Somebody opted it out, or it is that of a person who was deleted for good.
        """
        moved = [row for row in rows if row["email"] != held[row["member_id"]]["email"]]
        emails = [row["email"] for row in moved if row["email"]]
        if not emails:
            return
        # sudo: as above; the member that goes by the address may wait to be exported.
        out = (
            self.env["mailing.subscription"]
            .sudo()
            .search(
                [
                    ("list_id", "=", audience.mailing_list_id.id),
                    ("opt_out", "=", True),
                    ("contact_id.email_normalized", "in", emails),
                ]
            )
        )
        addresses = set(out.contact_id.mapped("email_normalized"))
        forgotten = self._forgotten(audience, emails)
        for row in moved:
            known = held[row["member_id"]]
            known["listed_out"] |= row["email"] in addresses
            known["to_forgotten"] = row["email"] in forgotten

    @api.model
    def _note_left_before(self, audience, held, rows):
        """Note of new members that somebody with their address left the audience.

        They moved on, and nothing but the ledger knows the address. Somebody may add it
        again who does not, from an older file; only an opt-in on purpose helps.
        """
        new = [
            row for row in rows if row["email"] and not held[row["member_id"]]["status"]
        ]
        if not new:
            return
        query = SQL(
            """SELECT DISTINCT ON (email) email, new_status FROM mailchimp_consent
                WHERE audience_id = %s AND email = ANY(%s) AND new_status = ANY(%s)
             ORDER BY email, id DESC""",
            audience.id,
            [row["email"] for row in new],
            list(STATUS_CODES),
        )
        self.env["mailchimp.consent"].flush_model()
        last = dict(self.env.execute_query(query))
        for row in new:
            if last.get(row["email"]) in OPTED_OUT_STATUSES:
                held[row["member_id"]]["listed_out"] = True

    @api.model
    def _forgotten(self, audience, emails):
        """Return those of some addresses whose people were deleted for good (set)."""
        hashes = {subscriber_hash(email): email for email in emails}
        members = self.env["mailchimp.member"].search(
            [
                ("audience_id", "=", audience.id),
                ("subscriber_hash", "in", list(hashes)),
                ("forgotten", "=", True),
            ]
        )
        return {hashes[member.subscriber_hash] for member in members}

    # === WORDS === #

    @api.model
    def _explained(self, step):
        """Say in plain words why a member is skipped."""
        if not step.code or step.reason:
            return step
        reason, advice = self._words(step.code)
        return step._replace(reason=reason, advice=advice)

    # === ACTS === #

    @api.model
    def _plan_act(self, audience, members, action):
        """Plan what a person decided about members.

        :param str action: opt_in, unsubscribe, archive or delete
        :return: list of `tools.push.Step`
        """
        if action in ("opt_in", "unsubscribe"):
            asked = members if action == "opt_in" else None
            steps = self._plan(audience, members, opt_in=asked)
            return [self._only(step, action) for step in steps]
        held = self._held(members)
        for known in held.values():
            known["email_wanted"] = known["email"]
        return [
            self._explained(plan_away(held[member.id], action)) for member in members
        ]

    @api.model
    def _only(self, step, action):
        """Leave out of a plan what nobody asked for now."""
        about = (action, "none", "skip")
        if step.action in about or (action == "opt_in" and step.action == "create"):
            return step
        return step._replace(action="none", body={}, tags=[])
