import orjson

from odoo import api, models
from odoo.tools import SQL

# Columns of `mailchimp_campaign_activity` that tell what happened, with their types.
KEY = {
    "email_id": "text",
    "action": "text",
    "occurred_at": "timestamp",
    "number": "int",
}
CONTENT = {"bounce_type": "text", "url": "text", "ip": "text", "reason": "text"}
HOUR = {
    "hour": "int",
    "emails_sent": "int",
    "unique_opens": "int",
    "recipients_clicks": "int",
}
LINK = {
    "url": "text",
    "total_clicks": "int",
    "click_percentage": "float8",
    "unique_clicks": "int",
    "unique_click_percentage": "float8",
    "last_click": "timestamp",
}
# Rows that one statement links with their members.
LINK_AT_ONCE = 10_000


class MailchimpReportStore(models.AbstractModel):
    """Writing activity, links and hours: our own tables, set-based.

    What is there already and does not differ is not written again.
    """

    _name = "mailchimp.campaign.report"
    _description = "Mailchimp Campaign Report"

    # === HOOKS === #

    @api.model
    def _on_new_activity(self, campaign, rows):
        """React to what Odoo did not know yet; called once for each event.

        An event of somebody who is no member in Odoo comes without one, and once more
        when the member was imported.

        :param recordset campaign: one `mailchimp.campaign`
        :param list rows: dicts with ``member_id`` (or None), ``action``,
            ``bounce_type`` and ``occurred_at``
        """

    # === ACTIVITY === #

    @api.model
    def _store_activity(self, campaign, rows):
        """Insert events, or correct those that differ.

        Whoever was erased stays so: no event is kept of a forgotten member, nor of one
        that Mailchimp is yet to delete; see `_is_erased`.

        :param recordset campaign: one `mailchimp.campaign`
        :param bytes rows: as JSON; see `tools.report.activity_rows`
        :return: how many are new, how many were corrected
        """
        if rows == b"[]":
            return 0, 0
        self.env["mailchimp.member"].flush_model(
            ["subscriber_hash", "forgotten", "email", "fingerprint"]
        )
        query = SQL(
            """INSERT INTO mailchimp_campaign_activity AS a
                      (campaign_id, member_id, %(columns)s)
               SELECT %(campaign)s, m.id, %(values)s
                 FROM json_to_recordset(%(rows)s::json) AS i(%(types)s)
            LEFT JOIN mailchimp_member m
                   ON m.audience_id = %(audience)s AND m.subscriber_hash = i.email_id
                WHERE NOT %(is_erased)s AND %(is_news)s
          ON CONFLICT (campaign_id, email_id, action, occurred_at, number) DO UPDATE
                  SET %(updates)s WHERE %(differs)s
            RETURNING a.member_id, a.action, a.bounce_type, a.occurred_at,
                      a.xmax = 0 AS is_new""",
            campaign=campaign.id,
            audience=campaign.audience_id.id or None,
            rows=rows.decode(),
            is_erased=self._is_erased(campaign),
            is_news=self._is_news(campaign),
            **_upsert({**KEY, **CONTENT}, CONTENT),
        )
        found = self.env.execute_query_dict(query)
        self.env["mailchimp.campaign.activity"].invalidate_model()
        new = [row for row in found if row.pop("is_new")]
        if new:
            self._on_new_activity(campaign, new)
        return len(new), len(found) - len(new)

    @api.model
    def _is_erased(self, campaign):
        """SQL: whether a row is about somebody whose data were erased.

        A member tells so itself: an erasure leaves neither address nor content. Of whom
        the audience does not know, or if Odoo does not know the audience, others of the
        account may have the fingerprint, or the ledger.
        """
        account = campaign.account_id
        return SQL(
            """CASE WHEN m.id IS NOT NULL
                    THEN m.forgotten IS TRUE
                      OR m.email IS NULL AND m.fingerprint IS NULL
                    ELSE EXISTS (
                         SELECT FROM mailchimp_member e
                           JOIN mailchimp_audience l ON l.id = e.audience_id
                          WHERE l.account_id = %(account)s
                            AND e.subscriber_hash = i.email_id
                            AND e.email IS NULL AND e.fingerprint IS NULL)
                      OR EXISTS (
                         SELECT FROM mailchimp_consent c
                          WHERE c.subscriber_hash = i.email_id
                            AND c.erased_at IS NOT NULL
                            AND (c.company_id IS NULL OR c.company_id = %(company)s))
               END""",
            account=account.id,
            company=account.company_id.id or None,
        )

    @api.model
    def _is_news(self, campaign):
        """SQL: whether a row is not there yet just so.

        A row that an upsert leaves as it is is locked, and its page written. The first
        time there is nothing to look for. One comparison of whole rows leaves the
        planner no choice but the index by recipient: all got the mail in one second.
        """
        if not campaign.report_seen:
            return SQL("TRUE")
        names = [name for name in (*KEY, *CONTENT) if name != "email_id"]
        comma = SQL(", ")
        return SQL(
            """NOT EXISTS (
                   SELECT FROM mailchimp_campaign_activity o
                    WHERE o.campaign_id = %s AND o.email_id = i.email_id
                      AND (%s) IS NOT DISTINCT FROM (%s))""",
            campaign.id,
            comma.join(SQL.identifier("o", name) for name in names),
            comma.join(SQL.identifier("i", name) for name in names),
        )

    @api.model
    def _link_members(self, campaigns):
        """Link events with members that were imported after them.

        :param recordset campaigns: whose events
        :return: a generator with a checkpoint after each part
        """
        for campaign in self._with_strangers(campaigns):
            while rows := self._link_some(campaign):
                self._on_new_activity(campaign, rows)
                yield

    @api.model
    def _with_strangers(self, campaigns):
        """Return those of these campaigns that have events of nobody we know."""
        query = SQL(
            """SELECT c.id FROM mailchimp_campaign c
                WHERE c.id = ANY(%s) AND c.audience_id IS NOT NULL AND EXISTS (
                      SELECT FROM mailchimp_campaign_activity a
                       WHERE a.campaign_id = c.id AND a.member_id IS NULL)
             ORDER BY c.id""",
            campaigns.ids,
        )
        campaigns.flush_model(["audience_id"])
        return campaigns.browse(id_ for [id_] in self.env.execute_query(query))

    @api.model
    def _link_some(self, campaign):
        self.env["mailchimp.member"].flush_model(["subscriber_hash", "forgotten"])
        query = SQL(
            """WITH found AS (
                   SELECT a.id, m.id AS member_id
                     FROM mailchimp_campaign_activity a
                     JOIN mailchimp_member m
                       ON m.audience_id = %s AND m.subscriber_hash = a.email_id
                    WHERE a.campaign_id = %s AND a.member_id IS NULL
                      AND m.forgotten IS NOT TRUE
                    LIMIT %s)
               UPDATE mailchimp_campaign_activity a SET member_id = found.member_id
                 FROM found WHERE a.id = found.id
            RETURNING a.member_id, a.action, a.bounce_type, a.occurred_at""",
            campaign.audience_id.id,
            campaign.id,
            LINK_AT_ONCE,
        )
        rows = self.env.execute_query_dict(query)
        self.env["mailchimp.campaign.activity"].invalidate_model(["member_id"])
        return rows

    # === LINKS AND HOURS === #

    @api.model
    def _store_links(self, campaign, rows):
        """Insert links, or update those that differ.

        :param list rows: see `tools.report.link_rows`
        :return: how many are new, how many differed
        """
        if not rows:
            return 0, 0
        columns = {"mailchimp_id": "text", **LINK}
        query = SQL(
            """INSERT INTO mailchimp_campaign_link AS a (campaign_id, %(columns)s)
               SELECT %(campaign)s, %(values)s
                 FROM json_to_recordset(%(rows)s::json) AS i(%(types)s)
          ON CONFLICT (campaign_id, mailchimp_id) DO UPDATE
                  SET %(updates)s WHERE %(differs)s
            RETURNING a.xmax = 0""",
            campaign=campaign.id,
            rows=orjson.dumps(rows).decode(),
            **_upsert(columns, LINK),
        )
        new = [is_new for [is_new] in self.env.execute_query(query)]
        self.env["mailchimp.campaign.link"].invalidate_model()
        campaign.invalidate_recordset(["link_ids"])
        return sum(new), len(new) - sum(new)

    @api.model
    def _store_hours(self, rows):
        """Insert hours of the first day, or update those that differ.

        :param list rows: see `tools.report.hour_rows`, each with its ``campaign_id``
        """
        if not rows:
            return
        columns = {"campaign_id": "int", "hour_start": "timestamp", **HOUR}
        query = SQL(
            """INSERT INTO mailchimp_campaign_hour AS a (%(columns)s)
               SELECT %(values)s
                 FROM json_to_recordset(%(rows)s::json) AS i(%(types)s)
          ON CONFLICT (campaign_id, hour_start) DO UPDATE
                  SET %(updates)s WHERE %(differs)s""",
            rows=orjson.dumps(rows).decode(),
            **_upsert(columns, HOUR),
        )
        self.env.cr.execute(query)
        self.env["mailchimp.campaign.hour"].invalidate_model()
        self.env["mailchimp.campaign"].invalidate_model(["hour_ids"])


def _upsert(columns, content):
    """Return the lists of columns that an upsert of rows ``i`` into ``a`` is made of.

    :param dict columns: all columns that are inserted, with their types
    :param content: those of them that are updated where they differ
    """
    comma = SQL(", ")
    old = [SQL.identifier("a", name) for name in content]
    new = [SQL.identifier("excluded", name) for name in content]
    updates = zip(content, new, strict=True)
    return {
        "columns": comma.join(SQL.identifier(name) for name in columns),
        "values": comma.join(SQL.identifier("i", name) for name in columns),
        "types": comma.join(
            SQL("%s %s", SQL.identifier(name), SQL(type_))
            for name, type_ in columns.items()
        ),
        "updates": comma.join(
            SQL("%s = %s", SQL.identifier(name), value) for name, value in updates
        ),
        "differs": SQL("(%s) IS DISTINCT FROM (%s)", comma.join(old), comma.join(new)),
    }
