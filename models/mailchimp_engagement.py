from odoo import api, fields, models
from odoo.tools import SQL, sql

# Figures and their types; the query of `_engagement_query` returns them in this order.
FIGURES = {
    "mailchimp_last_sent": "timestamp",
    "mailchimp_last_open": "timestamp",
    "mailchimp_last_click": "timestamp",
    "mailchimp_sent_count": "int4",
    "mailchimp_opened_count": "int4",
    "mailchimp_clicked_count": "int4",
    "mailchimp_open_rate": "float8",
    "mailchimp_click_rate": "float8",
    "mailchimp_unopened_count": "int4",
    "mailchimp_soft_bounce_count": "int4",
}
# The planner expects it to cost so much that it would compile it for ten times as long
# as it runs.
JIT_OFF = SQL("SET LOCAL jit TO off")
# The field of a member that leads to a record.
LINKS = {
    "mailchimp.member": "id",
    "mailing.contact": "contact_id",
    "res.partner": "partner_id",
}


class MailchimpEngagement(models.AbstractModel):
    """What somebody did with the campaigns that were sent to them, in figures.

    They are stored, so that lists can be filtered and grouped by them, and come from
    `mailchimp.campaign.activity`; `mailchimp.engagement.mark` says when.
    """

    _name = "mailchimp.engagement"
    _description = "Engagement With Mailchimp Campaigns"

    mailchimp_last_sent = fields.Datetime(
        string="Last Mailchimp Campaign",
        readonly=True,
        copy=False,
        help="When the last campaign was sent.",
    )
    mailchimp_last_open = fields.Datetime(
        string="Last Mailchimp Open",
        readonly=True,
        copy=False,
        help="When a campaign was opened last. Apple Mail Privacy Protection opens "
        "mails by itself, whether or not they are read: clicks are the surer sign.",
    )
    mailchimp_last_click = fields.Datetime(
        string="Last Mailchimp Click", readonly=True, copy=False
    )
    mailchimp_sent_count = fields.Integer(
        string="Mailchimp Campaigns Received",
        readonly=True,
        copy=False,
        help="Those that bounced are not counted.",
    )
    mailchimp_opened_count = fields.Integer(
        string="Mailchimp Campaigns Opened",
        readonly=True,
        copy=False,
        help="Campaigns that were opened, or in which a link was followed. Apple Mail "
        "Privacy Protection opens mails by itself, which makes it too high.",
    )
    mailchimp_clicked_count = fields.Integer(
        string="Mailchimp Campaigns Clicked", readonly=True, copy=False
    )
    mailchimp_open_rate = fields.Float(
        readonly=True,
        copy=False,
        aggregator="avg",
        help="Opened campaigns of those received. Apple Mail Privacy Protection opens "
        "mails by itself, which makes it too high.",
    )
    mailchimp_click_rate = fields.Float(
        readonly=True,
        copy=False,
        aggregator="avg",
        help="Campaigns in which a link was followed, of those received.",
    )
    mailchimp_unopened_count = fields.Integer(
        string="Mailchimp Campaigns Unopened in a Row",
        readonly=True,
        copy=False,
        aggregator="avg",
        help="How many campaigns came since the last one that was opened.",
    )
    mailchimp_soft_bounce_count = fields.Integer(
        string="Mailchimp Soft Bounces in a Row",
        readonly=True,
        copy=False,
        aggregator="avg",
        help="How many campaigns bounced since the last one that arrived.",
    )

    def _auto_init(self):
        """Add the columns: nobody has figures yet, so that nothing is to be computed.

        Odoo would compute them for all the contacts and customers there are.
        """
        columns = sql.table_columns(self.env.cr, self._table)
        for name in (*FIGURES, "mailchimp_rating"):
            field = self._fields.get(name)
            if columns and field and name not in columns:
                type_ = field.column_type[1]
                sql.create_column(self.env.cr, self._table, name, type_, field.string)
        return super()._auto_init()

    @api.model
    def _engagement_query(self, ids):
        """SQL: a row with an id and its `FIGURES` for each of these ids of this model.

        Set-based, and by the index of the activity by member whatever the statistics
        say: LATERAL with OFFSET 0. To be executed after `JIT_OFF`. A campaign whose
        mail bounced did not arrive, unless it was opened; a click is an open whose
        picture was not loaded.
        """
        return SQL(
            """SELECT k.id, max(p.sent_at), max(p.opened_at), max(p.clicked_at),
                      count(*) FILTER (WHERE arrived), count(*) FILTER (WHERE opened),
                      count(p.clicked_at),
                      COALESCE(count(*) FILTER (WHERE opened)::float
                               / NULLIF(count(*) FILTER (WHERE arrived), 0), 0),
                      COALESCE(count(p.clicked_at)::float
                               / NULLIF(count(*) FILTER (WHERE arrived), 0), 0),
                      count(*) FILTER (
                          WHERE arrived AND (last_opened IS NULL
                                             OR moment > last_opened)),
                      count(*) FILTER (
                          WHERE NOT arrived AND NOT hard
                            AND (last_arrived IS NULL OR moment > last_arrived))
                 FROM unnest(%s::int[]) AS k(id)
            LEFT JOIN (%s) p ON p.id = k.id
             GROUP BY k.id""",
            list(ids),
            self._campaigns_query(ids),
        )

    @api.model
    def _campaigns_query(self, ids):
        """SQL: a row for each of these ids and each campaign that was sent to it."""
        return SQL(
            """SELECT c.*,
                      max(moment) FILTER (WHERE opened) OVER one AS last_opened,
                      max(moment) FILTER (WHERE arrived) OVER one AS last_arrived
                 FROM (SELECT e.*, bounced IS NULL OR opened AS arrived,
                              bounced = 'hard' AS hard
                         FROM (SELECT m.%(link)s AS id, a.campaign_id,
                                      max(a.occurred_at)
                                          FILTER (WHERE a.action = 'sent') AS sent_at,
                                      max(a.occurred_at)
                                          FILTER (WHERE a.action = 'open') AS opened_at,
                                      max(a.occurred_at)
                                          FILTER (WHERE a.action = 'click')
                                          AS clicked_at,
                                      COALESCE(max(a.occurred_at)
                                                   FILTER (WHERE a.action = 'sent'),
                                               min(a.occurred_at)) AS moment,
                                      bool_or(a.action IN ('open', 'click')) AS opened,
                                      min(COALESCE(a.bounce_type, 'hard'))
                                          FILTER (WHERE a.action = 'bounce') AS bounced
                                 FROM (SELECT id, contact_id, partner_id
                                         FROM mailchimp_member
                                        WHERE %(link)s = ANY(%(ids)s) OFFSET 0) m
                           CROSS JOIN LATERAL (
                                      SELECT campaign_id, action, occurred_at,
                                             bounce_type
                                        FROM mailchimp_campaign_activity
                                       WHERE member_id = m.id OFFSET 0) a
                             GROUP BY m.%(link)s, a.campaign_id) e) c
               WINDOW one AS (PARTITION BY c.id)""",
            link=SQL.identifier(LINKS[self._name]),
            ids=list(ids),
        )
