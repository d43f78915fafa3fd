from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.inside import trusted

# In the data of a transaction: {link of the member: its values} still to be marked.
PENDING = "mailchimp.changes"


class MailchimpChange(models.Model):
    """A member whose push is due: one row per change, only ever added.

    Nobody updates a row, so that people who edit contacts neither wait for the queue
    nor conflict with it. The push reads rows (`_claim`) and deletes exactly the ones it
    had read (`_settle`): what was added meanwhile is another reason to push.
    """

    _name = "mailchimp.change"
    _description = "Mailchimp Change"
    _order = "id"
    _log_access = False
    # The table is made by `init`: without a primary key, which nothing looks for and
    # which would make a write on many contacts slower by a third of what we cost.
    _auto = False

    # No foreign key: it would lock the member, which the queue may be writing.
    member_id = fields.Integer(required=True, index=True, aggregator=None)
    create_date = fields.Datetime(required=True)

    def init(self):
        """Create the table."""
        self.env.cr.execute(
            """CREATE TABLE IF NOT EXISTS mailchimp_change (
                   id serial NOT NULL,
                   member_id int NOT NULL,
                   create_date timestamp NOT NULL);
               CREATE INDEX IF NOT EXISTS mailchimp_change__member_id_index
                   ON mailchimp_change (member_id);
               ALTER TABLE mailchimp_change
                   DROP CONSTRAINT IF EXISTS mailchimp_change_pkey"""
        )

    # === MARK === #

    @api.model
    def _mark_written(self, records, names):
        """Mark the members of records whose fields were written, if they are pushed.

        What an import from Mailchimp writes need not be told to Mailchimp.

        :param Model records: contacts or customers
        :param names: of the fields that were written
        """
        if trusted(self.env, "mailchimp_import"):
            return
        ways = self.env["mailchimp.merge.field"]._watchers().get(records._name)
        if not ways or not (written := ways.keys() & names):
            return
        for link, back in set().union(*(ways[name] for name in written)):
            self._mark(link, self._led_from(records, link, back))

    @api.model
    def _led_from(self, records, link, back):
        """Return the ids of the contacts or customers that a path leads from here."""
        if not back:
            return records.ids
        comodel = self.env["mailchimp.member"]._fields[link].comodel_name
        # sudo: the value is sent, whoever sees the contact.
        found = self.env[comodel].sudo().with_context(active_test=False)
        return found.search([(back, "in", records.ids)]).ids

    @api.model
    def _mark(self, link, ids):
        """Mark the members of changed records, where the account pushes by itself.

        Once for all the changes of a transaction, right before its commit.

        :param str link: the field of the member that leads to the records,
            ``contact_id`` or ``partner_id``; or ``subscriber_hash``, for members
            without a contact
        :param ids: of the records, or hashes
        """
        if not ids:
            return
        data = self.env.cr.precommit.data
        if PENDING not in data:
            data[PENDING] = {}
            self.env.cr.precommit.add(self._write_marks)
        data[PENDING].setdefault(link, set()).update(ids)
        self._forget_states()

    @api.model
    def _write_marks(self):
        """Write what was marked in this transaction so far, and queue the pushes."""
        pending = self.env.cr.precommit.data.pop(PENDING, None)
        if not pending:
            return
        found = set()
        for link, values in pending.items():
            found.update(self._insert_marks(link, values))
        self._enqueue_pushes(found)

    @api.model
    def _insert_marks(self, link, values):
        """Insert a change for each member; see `_mark`.

        :return: ids of their audiences, as rows
        """
        Member = self.env["mailchimp.member"]
        Member.flush_model([link, "audience_id", "contact_id", "forgotten"])
        return self.env.execute_query(self._mark_query(link, values))

    @api.model
    def _enqueue_pushes(self, rows):
        # sudo: everybody's change is pushed, whoever sees the audience.
        audiences = self.env["mailchimp.audience"].sudo()
        for (audience_id,) in sorted(rows):
            audiences.browse(audience_id)._enqueue_push()

    @api.model
    def _mark_query(self, link, values):
        """SQL: insert a change for each member, return the ids of their audiences."""
        loose = SQL("AND m.contact_id IS NULL") if link == "subscriber_hash" else SQL()
        return SQL(
            """WITH hit AS (
                   SELECT m.id, m.audience_id FROM mailchimp_member m
                    WHERE m.%s = ANY(%s) AND m.audience_id = ANY(%s)
                      AND m.forgotten IS NOT TRUE %s),
               made AS (
                   INSERT INTO mailchimp_change (member_id, create_date)
                   SELECT id, %s FROM hit)
               SELECT DISTINCT audience_id FROM hit""",
            SQL.identifier(link),
            array(values),
            list(self.env["mailchimp.audience"]._pushed()),
            loose,
            self.env.cr.now(),
        )

    @api.model
    def _add(self, member_ids):
        """Note that members changed; the caller sees to the push."""
        self.env.cr.execute(
            SQL(
                """INSERT INTO mailchimp_change (member_id, create_date)
                   SELECT unnest(%s::int[]), %s""",
                list(member_ids),
                self.env.cr.now(),
            )
        )
        self._forget_states()

    @api.model
    def _forget_states(self):
        self.env["mailchimp.member"].invalidate_model(["sync_state"], flush=False)

    @api.model
    def _changed_members(self, member_ids):
        """Return the ids of those members that have a change (set)."""
        self._write_marks()
        self.env["mailchimp.member"].flush_model()
        query = SQL(
            "SELECT id FROM (%s) AS waiting (id) WHERE id = ANY(%s)",
            self._waiting_query(),
            list(member_ids),
        )
        return {row[0] for row in self.env.execute_query(query)}

    @api.model
    def _waiting_query(self):
        """SQL: the ids of all members that have a change."""
        return SQL("SELECT member_id FROM mailchimp_change WHERE member_id != 0")

    # === PUSH === #

    @api.model
    def _claim(self, audience, limit, held=()):
        """Read which members of an audience changed, the longest waiting first.

        Members that have no contact yet find it here, see `_link_contacts`.

        :param recordset audience: one `mailchimp.audience`
        :param int limit: at most so many members
        :param held: effects that wait for a manager, see `_held_back` of the audience
        :return: ids of the members, and what was seen of them, for `_settle`: a list of
            ids (JSON). An id alone, up to which all were seen, would not do: ids are
            given before the commit, so that a smaller one may appear later.
        """
        self._spread()
        self.env["mailchimp.member"].flush_model()
        query = SQL(
            # LATERAL with OFFSET 0: after a burst of changes the statistics are wrong,
            # and the planner would rather read all members for each of them.
            """SELECT c.member_id, c.ids
                 FROM (SELECT member_id, array_agg(id) AS ids, min(id) AS first
                         FROM mailchimp_change GROUP BY member_id) c
                 JOIN LATERAL (
                      SELECT audience_id, batch_id, status, forgotten, opt_out_by,
                             email, contact_id
                        FROM mailchimp_member
                       WHERE id = c.member_id OFFSET 0) m ON TRUE
                WHERE m.audience_id = %s AND m.batch_id IS NULL AND (%s) IS NOT TRUE
             ORDER BY c.first LIMIT %s""",
            audience.id,
            SQL(" OR ").join(
                [SQL("FALSE"), *map(audience._effect_condition, sorted(held))]
            ),
            limit,
        )
        rows = self.env.execute_query(query)
        member_ids = [row[0] for row in rows]
        self._link_contacts(audience, member_ids)
        return member_ids, [seen for row in rows for seen in row[1]]

    @api.model
    def _link_contacts(self, audience, member_ids):
        """Give members without a contact the one with their address.

        Of several, the one on the list of the audience, else the oldest, as an import
        does; see `mailchimp.contact.sync._match`. Who is not on the list is read again,
        as news, for the import to put them there.
        """
        self.env["mailing.contact"].flush_model(["email_normalized"])
        self.env["mailing.subscription"].flush_model(["contact_id", "list_id"])
        query = SQL(
            """UPDATE mailchimp_member m
                  SET contact_id = i.contact_id,
                      fingerprint = CASE WHEN i.is_listed THEN m.fingerprint END
                 FROM (SELECT DISTINCT ON (m.id) m.id, c.id AS contact_id,
                              s.id IS NOT NULL AS is_listed
                         FROM mailchimp_member m
                         JOIN mailing_contact c ON c.email_normalized = m.email
                    LEFT JOIN mailing_subscription s
                           ON s.contact_id = c.id AND s.list_id = %s
                        WHERE m.id = ANY(%s) AND m.contact_id IS NULL
                          AND m.status != 'archived'
                     ORDER BY m.id, s.id IS NULL, c.id) i
                WHERE m.id = i.id
            RETURNING m.subscriber_hash, i.is_listed""",
            audience.mailing_list_id.id,
            member_ids,
        )
        linked = self.env.execute_query(query)
        if linked:
            names = ["contact_id", "fingerprint"]
            self.env["mailchimp.member"].invalidate_model(names)
        audience._enqueue_refresh([hash_ for hash_, listed in linked if not listed])

    @api.model
    def _settle(self, member_ids, seen):
        """Forget the changes of members that were pushed, as far as they were seen.

        :param list member_ids: ids of the members that are done
        :param list seen: what `_claim` returned together with them, and others
        """
        self.env.cr.execute(
            SQL(
                """DELETE FROM mailchimp_change
                    WHERE id = ANY(%s) AND member_id = ANY(%s)""",
                list(seen),
                list(member_ids),
            )
        )
        self._forget_states()

    # === AUTOVACUUM === #

    @api.autovacuum
    def _gc_orphans(self):
        """Forget the changes of members that are gone: no foreign key sees to it."""
        self.env.cr.execute(
            """DELETE FROM mailchimp_change c
                WHERE c.member_id != 0 AND NOT EXISTS (
                      SELECT FROM mailchimp_member m WHERE m.id = c.member_id)"""
        )


def array(values):
    """Return ids or hashes as one parameter: much cheaper than a list of thousands."""
    type_ = "text[]" if isinstance(next(iter(values)), str) else "int[]"
    return SQL("string_to_array(%s, ',')::%s", ",".join(map(str, values)), SQL(type_))
