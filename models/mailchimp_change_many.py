from odoo import api, models
from odoo.tools import SQL

from ..const import PRIORITY_WEBHOOK
from .mailchimp_change import array

# So many records of one transaction are noted in one row instead of one for each.
MANY = 200


class MailchimpChangeMany(models.Model):
    """Writes on many contacts: which members they are is found out by the queue.

    A row without a member (0) names the records of one transaction. To look up their
    members, and to insert a row for each, would take longer than half of the write.
    """

    _inherit = "mailchimp.change"

    def init(self):
        """Create the columns."""
        # pylint: disable=missing-return
        super().init()
        self.env.cr.execute(
            """ALTER TABLE mailchimp_change ADD COLUMN IF NOT EXISTS link text,
                                            ADD COLUMN IF NOT EXISTS ids int[]"""
        )

    @api.model
    def _insert_marks(self, link, values):
        """Override: of many records, only their ids are noted now."""
        if len(values) < MANY or link == "subscriber_hash":
            return super()._insert_marks(link, values)
        self.env.cr.execute(
            SQL(
                """INSERT INTO mailchimp_change (member_id, create_date, link, ids)
                   VALUES (0, %s, %s, %s)""",
                self.env.cr.now(),
                link,
                array(values),
            )
        )
        self.env["mailchimp.job"]._enqueue(
            self.browse(),
            "_job_spread",
            name=self.env._("Find the members that changed"),
            identity="spread",
            priority=PRIORITY_WEBHOOK,
            in_passing=True,
        )
        return set()

    def _job_spread(self):
        """Mark the members of all records that were noted, and queue their pushes."""
        self._spread()

    @api.model
    def _spread(self):
        """Mark the members of all records that were noted.

        Somebody else may be at it: what is locked is left to him.
        """
        self._write_marks()
        query = SQL(
            """WITH noted AS (
                   DELETE FROM mailchimp_change WHERE id = ANY(ARRAY(
                          SELECT id FROM mailchimp_change WHERE member_id = 0
                             FOR UPDATE SKIP LOCKED)) AND member_id = 0
                RETURNING link, ids, create_date),
               hit AS (%s),
               made AS (
                   INSERT INTO mailchimp_change (member_id, create_date)
                   SELECT id, create_date FROM hit)
               SELECT DISTINCT audience_id FROM hit""",
            self._noted_members(SQL("noted")),
        )
        self.env["mailchimp.member"].flush_model()
        self._enqueue_pushes(self.env.execute_query(query))

    @api.model
    def _noted_members(self, noted):
        """SQL: id, audience_id and create_date of the members of noted records.

        :param SQL noted: the name of a table with link, ids and create_date
        """
        pushed = list(self.env["mailchimp.audience"]._pushed())
        return SQL(" UNION ALL ").join(
            SQL(
                """SELECT m.id, m.audience_id, n.create_date
                     FROM (SELECT unnest(ids) AS id, create_date FROM %s
                            WHERE link = %s) n
                     JOIN mailchimp_member m ON m.%s = n.id
                    WHERE m.audience_id = ANY(%s) AND m.forgotten IS NOT TRUE""",
                noted,
                link,
                SQL.identifier(link),
                pushed,
            )
            for link in ("contact_id", "partner_id")
        )

    @api.model
    def _waiting_query(self):
        """Override: with the members of noted records."""
        noted = SQL("(SELECT * FROM mailchimp_change WHERE member_id = 0) AS noted")
        return SQL(
            "%s UNION ALL SELECT id FROM (%s) AS of_many",
            super()._waiting_query(),
            self._noted_members(noted),
        )
