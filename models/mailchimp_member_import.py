import logging
from contextlib import closing
from datetime import timedelta

import orjson

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import (
    CURSOR_LOOK_BACK_SECONDS,
    EMBEDDED_TAGS_LIMIT,
    MARKETABLE_STATUS,
    MEMBER_FIELDS,
    PAGE_SIZE,
    STATUS_CODES,
)
from ..exceptions import MailchimpNotFound
from ..tools.coerce import parse_datetime, short_text

_logger = logging.getLogger(__name__)

# An unfiltered list of members leaves the archived ones out.
STREAMS = ({}, {"status": "archived"})
# How often a window is read again when members left it while it was being read.
MAX_PASSES = 3
# Without the clock of Mailchimp, ours may be ahead of it by this much.
CLOCK_MARGIN = timedelta(minutes=5)
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
    "sync_state": "text",
    "error": "text",
}


class MailchimpMemberImport(models.AbstractModel):
    """Members from Mailchimp to Odoo, a page at a time.

    A page is compared with what we hold in one statement; only the members that are
    new or changed go on to the contacts (`mailchimp.contact.sync`) and into our table.
    """

    _name = "mailchimp.member.import"
    _description = "MailChimp Member Import"

    # === FETCH === #

    @api.model
    def _fetch(self, audience, run, full):
        """Read the members of an audience; yields after each page, as a job does.

        The window of time is fixed before the first page, so that a change made while
        the pages are read belongs to the next fetch. A member that changes leaves the
        window, which shifts the pages behind it: then the window is read once more.

        :param recordset audience: one `mailchimp.audience`
        :param recordset run: the `mailchimp.run` with the checkpoint and the counts
        :param bool full: read all members, and look for those that are gone
        """
        gateway = audience.account_id._gateway()
        if not self._refresh_audience(audience, gateway, run):
            return
        run._start()
        mapping = audience.merge_field_ids._mapping()
        window = run.checkpoint or self._open_window(audience, gateway, full)
        while window["stream"] < len(STREAMS):
            with closing(self._pages(audience, gateway, window)) as pages:
                for page in pages:
                    self._note_page(run, window, page)
                    window["unusable"] += self._import_items(
                        audience, page.items, run, mapping
                    )
                    run.checkpoint = dict(window)
                    yield
            window = self._next_stream(window)
        self._close_window(audience, run, window, full)

    @api.model
    def _refresh_audience(self, audience, gateway, run):
        """Update the statistics; tell whether the audience still exists."""
        try:
            data = gateway.api.lists.get_list(
                audience.mailchimp_id, exclude_fields=["_links"]
            )
        except MailchimpNotFound:
            audience._mark_gone(run)
            return False
        audience._update_changed(audience._values_from_mailchimp(data))
        return True

    @api.model
    def _open_window(self, audience, gateway, full):
        until = gateway.server_time or fields.Datetime.now() - CLOCK_MARGIN
        # `before` is exclusive: let the running second in. The next fetch looks back
        # far enough to see what else happens in it.
        until += timedelta(seconds=1)
        since = audience.pulled_at if not full else False
        if since:
            since -= timedelta(seconds=CURSOR_LOOK_BACK_SECONDS)
        return {
            "since": since and f"{since.isoformat()}+00:00",
            "until": f"{until.isoformat()}+00:00",
            "stream": 0,
            "offset": 0,
            "expected": None,  # total of this pass, as its first page said
            "announced": 0,
            "unusable": 0,
            "moved": False,
            "unstable": False,
            "passes": 1,
        }

    @api.model
    def _pages(self, audience, gateway, window):
        params = dict(STREAMS[window["stream"]])
        if window["since"]:
            params["since_last_changed"] = window["since"]
        return gateway.pages(
            gateway.api.lists.get_list_members_info,
            audience.mailchimp_id,
            key="members",
            count=PAGE_SIZE,
            offset=window["offset"],
            fields=[f"members.{name}" for name in MEMBER_FIELDS],
            before_last_changed=window["until"],
            **params,
        )

    @api.model
    def _note_page(self, run, window, page):
        """Move the checkpoint behind ``page`` and keep the totals of the run."""
        if window["expected"] is None:
            window["expected"] = page.total
            if window["passes"] == 1:
                run.total += page.total
                window["announced"] += page.total
        window["moved"] |= page.total != window["expected"]
        window["offset"] = page.offset + len(page.items)

    @api.model
    def _next_stream(self, window):
        again = window["moved"] and window["passes"] < MAX_PASSES
        return dict(
            window,
            offset=0,
            expected=None,
            stream=window["stream"] + (0 if again else 1),
            passes=window["passes"] + 1 if again else 1,
            moved=False,
            unstable=window["unstable"] or (window["moved"] and not again),
        )

    @api.model
    def _close_window(self, audience, run, window, full):
        """Move the cursor of the audience, unless members may have slipped through."""
        if window["unstable"]:
            _logger.info("Audience %s keeps changing; its cursor stays", audience.id)
        else:
            audience.pulled_at = parse_datetime(window["until"])
        run.checkpoint = False
        held = self.env["mailchimp.member"].search_count(
            [("audience_id", "=", audience.id), ("forgotten", "=", False)]
        )
        if full and held > window["announced"] - window["unusable"]:
            audience._enqueue_find_missing(run)

    # === SINGLE MEMBERS === #

    @api.model
    def _refresh(self, audience, hashes, run, source="webhook"):
        """Read single members; yields after each one, as a job does.

        :param recordset audience: one `mailchimp.audience`
        :param list hashes: subscriber hashes
        :param recordset run: the `mailchimp.run` that counts them; may be empty
        :param str source: what the ledger calls the origin
        """
        gateway = audience.account_id._gateway()
        mapping = audience.merge_field_ids._mapping()
        for hash_ in hashes:
            if data := self._read_member(audience, gateway, hash_):
                self._import_items(audience, [data], run, mapping, source, fresh=True)
            elif self._refresh_audience(audience, gateway, run):
                self._forget(audience, hash_, run, source)
            else:
                return  # the audience is gone, which says nothing of its members
            yield

    @api.model
    def _read_member(self, audience, gateway, hash_):
        """Read one member, by the address it has by now.

        :return: the member as Mailchimp sent it, None when it is not in the audience
        """
        data = self._get_member(audience, gateway, hash_)
        if not data and (contact := self._remote_contact_id(audience, hash_)):
            data = self._get_member(audience, gateway, contact)
        if data and (data.get("tags_count") or 0) > EMBEDDED_TAGS_LIMIT:
            data["all_tags"] = self._read_all_tags(audience, gateway, data["id"])
        return data

    @api.model
    def _get_member(self, audience, gateway, key):
        try:
            return gateway.api.lists.get_list_member(
                audience.mailchimp_id, key, fields=MEMBER_FIELDS
            )
        except MailchimpNotFound:
            return None

    @api.model
    def _remote_contact_id(self, audience, hash_):
        """Return what Mailchimp calls a member however often the address changes."""
        member = self.env["mailchimp.member"].search(
            [("audience_id", "=", audience.id), ("subscriber_hash", "=", hash_)]
        )
        return member.remote_contact_id

    @api.model
    def _read_all_tags(self, audience, gateway, hash_):
        pages = gateway.pages(
            gateway.api.lists.get_list_member_tags,
            audience.mailchimp_id,
            hash_,
            key="tags",
            fields=["tags.id", "tags.name"],
        )
        return [tag for page in pages for tag in page.items]

    @api.model
    def _find_missing(self, audience, run):
        """Read again the members that Mailchimp does not list."""
        gateway = audience.account_id._gateway()
        missing = set(
            self.env["mailchimp.member"]
            .search([("audience_id", "=", audience.id), ("forgotten", "=", False)])
            .mapped("subscriber_hash")
        )
        for params in STREAMS:
            pages = gateway.pages(
                gateway.api.lists.get_list_members_info,
                audience.mailchimp_id,
                key="members",
                count=PAGE_SIZE,
                fields=["members.id"],
                **params,
            )
            for page in pages:
                missing.difference_update(item["id"] for item in page.items)
        audience._enqueue_refresh(sorted(missing), run=run)

    @api.model
    def _forget(self, audience, hash_, run, source):
        """Note that Mailchimp does not know a member any more.

        The contact stays, opted out, unless the account says otherwise. Only the hash
        stays on the member, so that the address is recognized and never sent again.
        """
        member = self.env["mailchimp.member"].search(
            [("audience_id", "=", audience.id), ("subscriber_hash", "=", hash_)]
        )
        if member and not member.forgotten:
            member._forget(source)
            run._count(done=1, updated=1)

    # === ONE PAGE === #

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
        rows = self._parse(audience, items, run)
        changed = self._changed_rows(audience, rows)
        stale = [row for row in changed if not fresh and _is_stale(row)]
        applied = [row for row in changed if fresh or not _is_stale(row)]
        self._resolve_tags(audience, applied)
        self.env["mailchimp.contact.sync"]._apply(audience, applied, run, mapping)
        for row in applied:
            if row["has_more_tags"]:
                row["fingerprint"] = None  # not complete before it was read alone
        self._store(audience, applied)
        self._store_labels(audience, applied)
        self._record_consent(audience, applied, source)
        audience._enqueue_refresh(
            [row["subscriber_hash"] for row in stale]
            + [row["subscriber_hash"] for row in applied if row["has_more_tags"]]
        )
        created = sum(row["is_new"] for row in applied)
        run._count(
            done=len(items),
            created=created,
            updated=len(applied) - created,
            unchanged=len(rows) - len(applied),
        )
        return len(items) - len(rows)

    @api.model
    def _parse(self, audience, items, run):
        """Turn payloads into rows; what cannot be one becomes a line of the run."""
        Member = self.env["mailchimp.member"]
        rows, lines = {}, []
        for item in items:
            item = item if isinstance(item, dict) else {}
            row = Member._values_from_mailchimp(item)
            if reason := self._unusable(row):
                name = item.get("email_address") or item.get("id")
                lines.append(
                    {
                        "name": short_text(name) or "?",
                        "reason": reason,
                        "advice": self.env._("Correct the contact in Mailchimp."),
                        "res_model": audience._name,
                        "res_id": audience.id,
                    }
                )
            else:
                rows[row["subscriber_hash"]] = row
        run._add_lines(lines)
        return list(rows.values())

    @api.model
    def _unusable(self, row):
        if not row["subscriber_hash"] or not row["email"]:
            return self.env._("The member has no valid email address.")
        if row["status"] not in STATUS_CODES:
            return self.env._(
                "The status “%s” is unknown to this version.", row["status"]
            )
        return None

    @api.model
    def _changed_rows(self, audience, rows):
        """Return the rows that are new or differ, with what we hold of them.

        One statement on our own table, whatever the size of the page. A person keeps
        the contact id when the address changes, and the address after being deleted
        and coming back; of two rows, the one of the contact is the person. LATERAL
        with OFFSET 0, and + 0 to hide the audience from the planner, leave it no choice
        but the indexes by hash and by contact: while an audience is being filled its
        statistics are wrong, and the planner would rather read the whole audience for
        each row.
        """
        if not rows:
            return []
        query = SQL(
            """SELECT i.hash, m.id AS member_id, m.subscriber_hash AS old_hash,
                      m.status AS old_status, m.last_changed AS old_changed,
                      m.email AS old_email,
                      m.merge_values AS old_values, m.contact_id, m.partner_id,
                      m.opt_out_by
                 FROM unnest(%s::text[], %s::text[], %s::text[])
                      AS i(hash, fingerprint, remote)
            LEFT JOIN LATERAL (
                      (SELECT * FROM mailchimp_member
                        WHERE remote_contact_id = i.remote AND audience_id + 0 = %s
                       UNION ALL
                       SELECT * FROM mailchimp_member
                        WHERE subscriber_hash = i.hash AND audience_id + 0 = %s)
                      LIMIT 1 OFFSET 0) m ON TRUE
                WHERE m.id IS NULL OR m.fingerprint IS DISTINCT FROM i.fingerprint
                   OR (%s AND m.contact_id IS NULL AND m.status != 'archived')""",
            [row["subscriber_hash"] for row in rows],
            [row["fingerprint"] for row in rows],
            [row["remote_contact_id"] for row in rows],
            audience.id,
            audience.id,
            audience.account_id.auto_create_contact,
        )
        self.env["mailchimp.member"].flush_model()
        by_hash = {row["subscriber_hash"]: row for row in rows}
        held = self.env.execute_query_dict(query)
        return [
            dict(
                by_hash[old.pop("hash")],
                **old,
                is_new=not old["member_id"],
                base=old["old_values"] or {},
                sync_state="synced",
                error=None,
            )
            for old in held
        ]

    # === OUR OWN TABLES, SET-BASED === #

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
                 FROM jsonb_to_recordset(%(rows)s::jsonb) AS i(%(types)s)
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
        complete = [row for row in rows if not row["has_more_tags"]]
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
                               WHERE i.member = r.member_id AND i.link = r.%(column)s)""",
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
        hinted = self.env.context.get("mailchimp_evidence") or {}
        entries = [
            {
                "email": row["email"],
                "member_id": row["member_id"],
                "contact_id": row["contact_id"],
                "partner_id": row["partner_id"],
                "old_status": row["old_status"],
                "new_status": row["status"],
                "occurred_at": row["last_changed"] or self.env.cr.now(),
                "evidence": _evidence(row, hinted),
            }
            for row in moved
        ]
        self.env.cr.execute(
            SQL(
                """INSERT INTO mailchimp_consent
                          (audience_id, company_id, source, email, member_id,
                           contact_id, partner_id, old_status, new_status,
                           occurred_at, evidence)
                   SELECT %s, %s, %s, i.*
                     FROM jsonb_to_recordset(%s::jsonb)
                          AS i(email text, member_id int, contact_id int,
                               partner_id int, old_status text, new_status text,
                               occurred_at timestamp, evidence jsonb)""",
                audience.id,
                audience.company_id.id,
                source,
                _json(entries),
            )
        )


def _is_stale(row):
    """Tell whether a row was read before what we already hold.

    A page is read ahead of time; a webhook may have brought a newer state since. Times
    have one second of resolution: on a tie, a state that would make a person marketable
    again is not believed.
    """
    if not row["old_changed"] or not row["last_changed"]:
        return False
    if row["last_changed"] == row["old_changed"]:
        return row["status"] == MARKETABLE_STATUS != row["old_status"]
    return row["last_changed"] < row["old_changed"]


def _json(rows):
    """Return rows as one parameter: much cheaper than thousands of them."""
    return orjson.dumps(rows, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def _evidence(row, hinted):
    """Return what Mailchimp knows about a change of consent, without empty values.

    :param dict hinted: what a webhook said about it
    """
    names = ("ip_signup", "timestamp_signup", "ip_opt", "timestamp_opt", "source")
    facts = {name: str(row[name]) for name in names if row[name]}
    if row["unsubscribe_reason"]:
        facts["reason"] = row["unsubscribe_reason"]
    return {**hinted, **facts}
