from odoo import api, models
from odoo.tools import SQL
from odoo.tools.misc import partition

from ..const import MARKETABLE_STATUS, STATUS_CODES
from ..tools.coerce import as_map, remote_id, short_text


class MailchimpMemberImport(models.AbstractModel):
    """Members from Mailchimp to Odoo, a page at a time.

    A page is compared with what we hold in one statement; only the members that are
    new or changed go on to the contacts (`mailchimp.contact.sync`) and into our table.
    """

    _name = "mailchimp.member.import"
    _description = "Mailchimp Member Import"

    @api.model
    def _import_items(self, audience, items, run, mapping, source="fetch", fresh=False):
        """Take over the members of a page that differ from what we hold.

        :param recordset audience: one `mailchimp.audience`
        :param list items: members as Mailchimp sent them
        :param recordset run: the `mailchimp.run` that counts them; may be empty
        :param list mapping: see `mailchimp.merge.field._mapping`
        :param str source: what the ledger calls the origin
        :param bool fresh: whether the items were read just now, not ahead of time
        :return: how many items were no member, or one that was met before (int)
        """
        asked = self._keys(items)
        if fresh:
            items = [*items, *self._predecessors(audience, asked)]
        keys = self._keys(items)
        changed, refused = self._changed_rows(audience, items, keys)
        self._report_refused(audience, refused, run)
        members = len(keys.keys() - refused.keys())
        together = {key["remote_contact_id"] for key in keys.values()}
        put_off, applied = partition(
            lambda row: is_doubtful(row, together, fresh), changed
        )
        if applied:
            self.with_context(mailchimp_source=source)._take_over(
                audience, applied, run, mapping
            )
        followed = [row for row in applied if row["subscriber_hash"] not in asked]
        told = [row for row in applied if row["subscriber_hash"] in asked]
        self._record_consent(audience, told, source)
        # What an event told is not about the others.
        self.with_context(mailchimp_evidence=None)._record_consent(
            audience, followed, "fetch"
        )
        audience._enqueue_refresh(
            [row["subscriber_hash"] for row in put_off]
            + [row["subscriber_hash"] for row in applied if row["has_more_tags"]]
        )
        created = sum(row["is_new"] for row in applied)
        run._count(
            done=len(items),
            created=created,
            updated=len(applied) - created,
            unchanged=members - len(applied),
        )
        return len(items) - members

    @api.model
    def _keys(self, items):
        """Return {subscriber hash: key} of the members of a page; see the member."""
        keys = map(self._key, items)
        return {key["subscriber_hash"]: key for key in keys if key["subscriber_hash"]}

    @api.model
    def _predecessors(self, audience, keys):
        """Read those whose addresses these people have by now, and so on.

        They moved, with their contact and consent, which is taken over together; or
        they are gone: then the address alone tells who a person is.

        :param recordset audience: one `mailchimp.audience`
        :param dict keys: of members that were read just now, see `_keys`
        :return: the others as Mailchimp sent them
        """
        gateway = audience.account_id._gateway()
        met, found = {key["remote_contact_id"] for key in keys.values()}, []
        while keys:
            held = self._held(audience, keys)
            wanted = {one["predecessor"] for one in held} - met - {None}
            met |= wanted
            read = [self._get_member(audience, gateway, key) for key in sorted(wanted)]
            found += filter(None, read)
            keys = self._keys(filter(None, read))
        return found

    @api.model
    def _take_over(self, audience, rows, run, mapping):
        """Bring members to the contacts and into our own tables."""
        self._resolve_tags(audience, rows)
        self.env["mailchimp.contact.sync"]._apply(audience, rows, run, mapping)
        for row in rows:
            if row["has_more_tags"] or row["error"]:
                # Not complete before it was read alone, or is accepted.
                row["fingerprint"] = None
        self._store(audience, rows)
        self._store_labels(audience, rows)
        self.env["mailchimp.contact.sync"]._tell_others(rows)
        self.env["mailchimp.conflict"]._record(audience, rows)
        pushes = audience.account_id.auto_push_contacts
        to_push = [
            row["member_id"]
            for row in rows
            if row["to_push"] or (pushes and _is_worth_another_try(row))
        ]
        self.env["mailchimp.member"].browse(to_push)._mark_changed()

    @api.model
    def _changed_rows(self, audience, items, keys):
        """Return the members that are new or differ, with what we hold of them.

        :param recordset audience: one `mailchimp.audience`
        :param list items: members as Mailchimp sent them
        :param dict keys: of these members, see `_keys`
        :return: rows (list of dicts: values of the member and of what we hold), and
            {hash, or position: (item, words)} of what cannot be a member
        """
        held = {held.pop("hash"): held for held in self._held(audience, keys)}
        rows, refused = {}, {}
        for position, item in enumerate(map(as_map, items)):
            hash_ = remote_id(item.get("id"))
            if hash_ and hash_ not in held:
                continue
            row = self._values(item)
            if reason := self._unusable(row):
                refused[hash_ or position] = (item, reason)
            else:
                rows[hash_] = {**row, **held[hash_]}
        return list(rows.values()), refused

    @api.model
    def _report_refused(self, audience, refused, run):
        """Add a line to the run for each payload that cannot be a member."""
        run._add_lines(
            [
                {
                    "name": short_text(item.get("email_address") or item.get("id"))
                    or "?",
                    "code": code,
                    "reason": reason,
                    "advice": advice,
                    "res_model": audience._name,
                    "res_id": audience.id,
                }
                for item, (code, reason, advice) in refused.values()
            ]
        )

    @api.model
    def _unusable(self, row):
        """Return why a payload cannot be a member: code, reason and what to do.

        :return: None if it can
        """
        if not row["subscriber_hash"] or not row["email"]:
            return (
                "bad_email",
                self.env._("The member has no valid email address."),
                self.env._("Correct the contact in Mailchimp."),
            )
        if row["status"] not in STATUS_CODES:
            return (
                "unknown_status",
                self.env._(
                    "The status “%s” is unknown to this version.", row["status"]
                ),
                self.env._(
                    "Nothing is wrong in Mailchimp. The member stays in Odoo as it "
                    "was; a newer version of the connector may know the status."
                ),
            )
        return None

    @api.model
    def _held(self, audience, keys):
        """Return what we hold of members that are new or differ.

        :param dict keys: see `_keys`
        :return: list of dicts, each with the ``hash`` of a member
        """
        if not keys:
            return []
        query = self._held_query(audience, keys.values())
        self.env["mailchimp.member"].flush_model()
        self.env["mailing.contact"].flush_model(["email_normalized"])
        return [
            dict(
                held,
                is_new=not held["member_id"],
                # What was agreed on ended with the member who was deleted for good.
                base={}
                if held["was_deleted"]
                else {**(held["old_values"] or {}), **(held["old_base"] or {})},
                base_values=None,
                sync_result="synced",
                to_push=False,
                error=None,
                error_code=None,
            )
            for held in self.env.execute_query_dict(query)
        ]

    @api.model
    def _held_query(self, audience, keys):
        """SQL: one statement on our own table, whatever the size of the page.

        A person keeps the contact id when the address changes, and the address after
        being deleted and coming back; of two rows, the one of the contact is the
        person. Who was erased in Odoo, which leaves no address, has no news until they
        are deleted in Mailchimp, too: what it says meanwhile must not bring them back.

        LATERAL with OFFSET 0, and + 0 to hide the audience from the planner, leave it
        no choice but the indexes by hash and by contact: while an audience is being
        filled its statistics are wrong, and the planner would rather read the whole
        audience for each row. What it expects to cost is wrong too: compiling takes
        three times as long as running it.
        """
        return SQL(
            """SET LOCAL jit TO off;
               SELECT i.hash, i.remote AS remote_contact_id,
                      m.id AS member_id, m.subscriber_hash AS old_hash,
                      (SELECT o.remote_contact_id FROM mailchimp_member o
                        WHERE o.subscriber_hash = i.hash AND o.audience_id + 0 = %s
                          AND o.remote_contact_id != i.remote) AS predecessor,
                      CASE WHEN NOT m.forgotten THEN m.status END AS old_status,
                      m.last_changed AS old_changed,
                      m.email AS old_email,
                      m.merge_values AS old_values, m.base_values AS old_base,
                      m.contact_id, m.partner_id,
                      m.opt_out_by, m.forgotten,
                      m.error_code IS NOT NULL AND m.ignored IS NOT TRUE
                          AS was_refused,
                      m.forgotten OR m.remote_contact_id != i.remote AS was_deleted
                 FROM unnest(%s::text[], %s::text[], %s::text[])
                      AS i(hash, fingerprint, remote)
            LEFT JOIN LATERAL (
                      (SELECT * FROM mailchimp_member
                        WHERE remote_contact_id = i.remote AND audience_id + 0 = %s
                       UNION ALL
                       SELECT * FROM mailchimp_member
                        WHERE subscriber_hash = i.hash AND audience_id + 0 = %s)
                      LIMIT 1 OFFSET 0) m ON TRUE
                WHERE (m.id IS NULL OR m.fingerprint IS DISTINCT FROM i.fingerprint
                       OR (m.contact_id IS NULL AND m.status != 'archived'
                           AND (%s OR EXISTS (
                                SELECT FROM mailing_contact c
                                 WHERE c.email_normalized = m.email))))
                  AND NOT (m.status IS NOT NULL AND m.email IS NULL
                           AND m.forgotten IS NOT TRUE)""",
            audience.id,
            [key["subscriber_hash"] for key in keys],
            [key["fingerprint"] for key in keys],
            [key["remote_contact_id"] for key in keys],
            audience.id,
            audience.id,
            audience.account_id.auto_create_contact,
        )


def is_doubtful(row, together, fresh):
    """Tell whether a row has to be read anew before it is believed.

    Who has the address that we know somebody else by can be told from them by the
    contact id, if both are taken over together. Who is new comes after them.

    :param set together: the contact ids of all that are taken over
    :param bool fresh: whether they were read just now
    """
    other = row["predecessor"]
    if other and other in together and row["old_hash"] == row["subscriber_hash"]:
        return True
    return not fresh and (_is_stale(row) or bool(other) and other not in together)


def _is_worth_another_try(row):
    """Tell whether what Mailchimp refused may be taken by now: it changed there."""
    return row["was_refused"] and row["last_changed"] != row["old_changed"]


def _is_stale(row):
    """Tell whether a row was read before what we already hold.

    A page is read ahead of time; a webhook may have brought a newer state since. Times
    have one second of resolution: on a tie, a state that would make a person marketable
    again is not believed. Who was deleted for good comes back only if asked for now.
    """
    if row["forgotten"]:
        return True
    if not row["old_changed"] or not row["last_changed"]:
        return False
    if row["last_changed"] == row["old_changed"]:
        return row["status"] == MARKETABLE_STATUS != row["old_status"]
    return row["last_changed"] < row["old_changed"]
