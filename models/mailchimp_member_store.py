import orjson

from odoo import api, models
from odoo.tools import SQL

from ..const import MARKETABLE_STATUS
from ..tools.inside import trusted

# Columns of `mailchimp_member` that a page writes, with their PostgreSQL types.
COLUMNS = {
    "email": "text",
    "subscriber_hash": "text",
    "remote_contact_id": "text",
    "unique_email_id": "text",
    "web_id": "int",
    "status": "text",
    "unsubscribe_reason": "text",
    "contact_id": "int",
    "partner_id": "int",
    "opt_out_by": "text",
    "merge_values": "jsonb",
    "base_values": "jsonb",
    "agreed_with": "int",
    "marketing_permissions": "jsonb",
    "rating": "int",
    "language": "text",
    "vip": "bool",
    "source": "text",
    "ip_signup": "text",
    "timestamp_signup": "timestamp",
    "ip_opt": "text",
    "timestamp_opt": "timestamp",
    "last_changed": "timestamp",
    "fingerprint": "text",
    "sync_result": "text",
    "error": "text",
    "error_code": "text",
}


class MailchimpMemberStore(models.AbstractModel):
    """Writing members, their labels and the ledger: our own tables, set-based."""

    _inherit = "mailchimp.member.import"

    @api.model
    def _store(self, audience, rows):
        """Insert or update the members; sets ``member_id`` of each row.

        Through SQL because `mailchimp_member` is our own table and nobody hooks into
        its rows: through the ORM it would take as long as the contacts themselves.
        """
        if not rows:
            return
        self._move_hashes(audience, rows)
        columns = SQL(", ").join(SQL.identifier(name) for name in COLUMNS)
        types = SQL(", ").join(
            SQL("%s %s", SQL.identifier(name), SQL(type_))
            for name, type_ in COLUMNS.items()
        )
        updates = SQL(", ").join(
            SQL("%s = EXCLUDED.%s", SQL.identifier(name), SQL.identifier(name))
            for name in COLUMNS
        )
        query = SQL(
            """INSERT INTO mailchimp_member (audience_id, forgotten, %(columns)s)
               SELECT %(audience)s, FALSE, %(columns)s
                 FROM json_to_recordset(%(rows)s::json) AS i(%(types)s)
          ON CONFLICT (audience_id, subscriber_hash) DO UPDATE
                  SET forgotten = FALSE, %(updates)s
            RETURNING id, subscriber_hash""",
            columns=columns,
            types=types,
            updates=updates,
            audience=audience.id,
            rows=_json([{name: row[name] for name in COLUMNS} for row in rows]),
        )
        ids = {hash_: id_ for id_, hash_ in self.env.execute_query(query)}
        for row in rows:
            row["member_id"] = ids[row["subscriber_hash"]]
        self.env["mailchimp.member"].invalidate_model()

    @api.model
    def _move_hashes(self, audience, rows):
        """Keep the member of a person whose address changed: give it the new hash.

        Whoever still holds that hash here has lost the address in Mailchimp. Until it
        is read again it goes by its contact id, which Mailchimp takes for a hash too.
        """
        moved = [
            row
            for row in rows
            if not row["is_new"] and row["old_hash"] != row["subscriber_hash"]
        ]
        if not moved:
            return
        self._vacate_hashes(audience, moved)
        self.env.cr.execute(
            SQL(
                """UPDATE mailchimp_member m SET subscriber_hash = i.hash
                     FROM unnest(%s::int[], %s::text[]) AS i(id, hash)
                    WHERE m.id = i.id AND m.audience_id = %s""",
                [row["member_id"] for row in moved],
                [row["subscriber_hash"] for row in moved],
                audience.id,
            )
        )

    @api.model
    def _vacate_hashes(self, audience, moved):
        """Let go the hashes of members that move, and those they move to."""
        ids = [row["member_id"] for row in moved]
        query = SQL(
            """UPDATE mailchimp_member
                  SET subscriber_hash = COALESCE(remote_contact_id, 'gone:' || id)
                WHERE id = ANY(%s) OR (audience_id = %s AND subscriber_hash = ANY(%s))
            RETURNING id, subscriber_hash""",
            ids,
            audience.id,
            [row["subscriber_hash"] for row in moved],
        )
        held = dict(self.env.execute_query(query))
        audience._enqueue_refresh([held[id_] for id_ in held.keys() - set(ids)])

    @api.model
    def _resolve_tags(self, audience, rows):
        """Set ``tag_ids`` and ``category_ids`` (the Odoo tags) of each row."""
        tags = self.env["mailchimp.tag"]._find_or_create(
            audience, [tag for row in rows for tag in row["tags"]]
        )
        for row in rows:
            held = [tags[str(tag["id"])] for tag in row["tags"]]
            row["tag_ids"] = [tag.id for tag in held]
            row["category_ids"] = [t.category_id.id for t in held if t.category_id]

    @api.model
    def _store_labels(self, audience, rows):
        """Make tags and groups of the members equal to Mailchimp's."""
        # What a contact refused is news again, the next time it is read.
        complete = [
            row
            for row in rows
            if not row["has_more_tags"] and not (row["error"] and row["contact_id"])
        ]
        self._replace_links(
            "mailchimp_member_tag_rel",
            "tag_id",
            complete,
            [row["tag_ids"] for row in complete],
        )
        ids = self._interest_ids(audience, rows)
        chosen = [
            [ids[key] for key, on in row["interests"].items() if on and key in ids]
            for row in rows
        ]
        self._replace_links(
            "mailchimp_member_interest_rel", "interest_id", rows, chosen
        )

    @api.model
    def _interest_ids(self, audience, rows):
        """Return {remote id: id} of the groups; new ones are imported first."""
        asked = {key for row in rows for key in row["interests"]}
        Interest = self.env["mailchimp.interest"].with_context(active_test=False)
        known = Interest.search([("audience_id", "=", audience.id)])
        if asked - set(known.mapped("mailchimp_id")):
            gateway = audience.account_id._gateway()
            self.env["mailchimp.interest.category"]._import(audience, gateway)
            known = Interest.search([("audience_id", "=", audience.id)])
        return {interest.mailchimp_id: interest.id for interest in known}

    @api.model
    def _replace_links(self, table, column, rows, wanted):
        """Set the links of each row in a relation table of ours, writing differences.

        :param list wanted: for each row, the ids it shall be linked with
        """
        old = [row["member_id"] for row in rows if not row["is_new"]]
        pairs = [
            (row["member_id"], link)
            for row, links in zip(rows, wanted, strict=True)
            for link in set(links)
        ]
        members, links = [p[0] for p in pairs], [p[1] for p in pairs]
        table, column = SQL.identifier(table), SQL.identifier(column)
        if old:
            self.env.cr.execute(
                SQL(
                    """DELETE FROM %(table)s r WHERE member_id = ANY(%(old)s)
                          AND NOT EXISTS (
                              SELECT FROM unnest(%(members)s::int[], %(links)s::int[])
                                     AS i(member, link)
                               WHERE i.member = r.member_id
                                 AND i.link = r.%(column)s)""",
                    table=table,
                    column=column,
                    old=old,
                    members=members,
                    links=links,
                )
            )
        if pairs:
            self.env.cr.execute(
                SQL(
                    """INSERT INTO %s (member_id, %s)
                       SELECT * FROM unnest(%s::int[], %s::int[])
                  ON CONFLICT DO NOTHING""",
                    table,
                    column,
                    members,
                    links,
                )
            )

    @api.model
    def _record_consent(self, audience, rows, source):
        """Append the changes of status to the ledger, which is our own table too."""
        moved = [row for row in rows if row["status"] != row["old_status"]]
        if not moved:
            return
        hinted = trusted(self.env, "mailchimp_evidence") or {}
        entries = [
            {
                "email": row["email"],
                "member_id": row["member_id"],
                "contact_id": row["contact_id"],
                "partner_id": row["partner_id"],
                "old_status": row["old_status"],
                "new_status": row["status"],
                "occurred_at": _moment_of_consent(row) or self.env.cr.now(),
                "evidence": _evidence(row, hinted),
                "user_id": trusted(self.env, "mailchimp_user"),
            }
            for row in moved
        ]
        self.env.cr.execute(
            SQL(
                """INSERT INTO mailchimp_consent
                          (audience_id, company_id, source, email, member_id,
                           contact_id, partner_id, old_status, new_status,
                           occurred_at, evidence, user_id)
                   SELECT %s, %s, %s, i.*
                     FROM json_to_recordset(%s::json)
                          AS i(email text, member_id int, contact_id int,
                               partner_id int, old_status text, new_status text,
                               occurred_at timestamp, evidence jsonb,
                               user_id int)""",
                audience.id,
                audience.company_id.id,
                source,
                _json(entries),
            )
        )


def _json(rows):
    """Return rows as one parameter: much cheaper than thousands of them.

    Read as json: what is read once takes longer to be made jsonb of.
    """
    return orjson.dumps(rows, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def _moment_of_consent(row):
    """Return when a status came about, as far as Mailchimp tells; None if it does not.

    Of a person met for the first time, the last change may be one of the name.
    """
    if row["status"] == MARKETABLE_STATUS and not row["old_status"]:
        confirmed = row["timestamp_opt"] or row["timestamp_signup"]
        return confirmed or row["last_changed"]
    return row["last_changed"]


def _evidence(row, hinted):
    """Return what Mailchimp knows about a change of consent, without empty values.

    :param dict hinted: what a webhook said about it
    """
    names = ("ip_signup", "timestamp_signup", "ip_opt", "timestamp_opt", "source")
    facts = {name: str(row[name]) for name in names if row[name]}
    if row["unsubscribe_reason"]:
        facts["reason"] = row["unsubscribe_reason"]
    return {**hinted, **facts}
