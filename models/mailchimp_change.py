from odoo import api, fields, models
from odoo.tools import SQL


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

    # No foreign key: it would lock the member, which the queue may be writing.
    member_id = fields.Integer(required=True, index=True, aggregator=None)
    create_date = fields.Datetime(required=True)

    # === MARK === #

    @api.model
    def _mark(self, link, ids):
        """Mark the members of changed records, where the account pushes by itself.

        :param str link: the field of the member that leads to the records,
            ``contact_id`` or ``partner_id``
        :param ids: of the records
        """
        if not ids:
            return
        self.env["mailchimp.member"].flush_model([link, "forgotten", "audience_id"])
        query = SQL(
            """WITH hit AS (
                   SELECT m.id, m.audience_id FROM mailchimp_member m
                     JOIN mailchimp_audience a ON a.id = m.audience_id AND a.active
                     JOIN mailchimp_account o ON o.id = a.account_id AND o.active
                                             AND o.auto_push_contacts
                    WHERE m.%s = ANY(%s) AND m.forgotten IS NOT TRUE),
               made AS (
                   INSERT INTO mailchimp_change (member_id, create_date)
                   SELECT id, now() AT TIME ZONE 'UTC' FROM hit)
               SELECT DISTINCT audience_id FROM hit""",
            SQL.identifier(link),
            list(ids),
        )
        self._marked(row[0] for row in self.env.execute_query(query))

    @api.model
    def _add(self, member_ids):
        """Note that members changed; the caller sees to the push."""
        self.env.cr.execute(
            SQL(
                """INSERT INTO mailchimp_change (member_id, create_date)
                   SELECT unnest(%s::int[]), now() AT TIME ZONE 'UTC'""",
                list(member_ids),
            )
        )
        self._marked(())

    @api.model
    def _marked(self, audience_ids):
        self.env["mailchimp.member"].invalidate_model(["sync_state"], flush=False)
        # sudo: everybody's change is pushed, whoever sees the audience.
        for audience in self.env["mailchimp.audience"].sudo().browse(audience_ids):
            audience._enqueue_push()

    @api.model
    def _changed_members(self, member_ids):
        """Return the ids of those members that have a change (set)."""
        query = SQL(
            "SELECT member_id FROM mailchimp_change WHERE member_id = ANY(%s)",
            list(member_ids),
        )
        return {row[0] for row in self.env.execute_query(query)}

    # === PUSH === #

    @api.model
    def _claim(self, audience, limit):
        """Read which members of an audience changed, the longest waiting first.

        :param recordset audience: one `mailchimp.audience`
        :param int limit: at most so many members
        :return: ids of the members, and what was seen of them, for `_settle`: a list of
            ids (JSON). An id alone, up to which all were seen, would not do: ids are
            given before the commit, so that a smaller one may appear later.
        """
        Member = self.env["mailchimp.member"]
        Member.flush_model()
        free = SQL("TRUE")
        if "batch_id" in Member._fields:
            free = SQL("m.batch_id IS NULL")
        query = SQL(
            """SELECT c.member_id, array_agg(c.id)
                 FROM mailchimp_change c
                 JOIN mailchimp_member m ON m.id = c.member_id
                WHERE m.audience_id = %s AND %s
             GROUP BY c.member_id ORDER BY min(c.id) LIMIT %s""",
            audience.id,
            free,
            limit,
        )
        rows = self.env.execute_query(query)
        return [row[0] for row in rows], [seen for row in rows for seen in row[1]]

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
        self.env["mailchimp.member"].invalidate_model(["sync_state"], flush=False)
