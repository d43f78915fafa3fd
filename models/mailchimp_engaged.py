from odoo import api, fields, models
from odoo.tools import SQL, sql

from .mailchimp_engagement import FIGURES, JIT_OFF, LINKS

# So many events are shown at once; "See All" shows the rest.
TIMELINE = 30
COMPUTE = {"compute": "_compute_mailchimp_engagement", "store": True}


class MailchimpEngaged(models.AbstractModel):
    """Engagement and timeline of contacts and customers: those of their members.

    The figures are computed when `mailchimp.engagement.mark` asks for it, and depend on
    nothing else: of a new contact there is nothing to be computed, and whoever imports
    a million of them need not wait for it.
    """

    _name = "mailchimp.engaged"
    _inherit = "mailchimp.engagement"
    _description = "Engaged in Mailchimp"

    mailchimp_last_sent = fields.Datetime(**COMPUTE)
    mailchimp_last_open = fields.Datetime(**COMPUTE)
    mailchimp_last_click = fields.Datetime(**COMPUTE)
    mailchimp_sent_count = fields.Integer(**COMPUTE)
    mailchimp_opened_count = fields.Integer(**COMPUTE)
    mailchimp_clicked_count = fields.Integer(**COMPUTE)
    mailchimp_open_rate = fields.Float(**COMPUTE)
    mailchimp_click_rate = fields.Float(**COMPUTE)
    mailchimp_unopened_count = fields.Integer(**COMPUTE)
    mailchimp_soft_bounce_count = fields.Integer(**COMPUTE)
    mailchimp_rating = fields.Integer(
        readonly=True,
        copy=False,
        aggregator="avg",
        help="How engaged Mailchimp finds this person, from 1 to 5 stars; of several "
        "audiences, the best.",
        **COMPUTE,
    )
    mailchimp_rating_stars = fields.Selection(
        [(str(star), str(star)) for star in range(6)],
        string="Mailchimp Stars",
        compute="_compute_mailchimp_rating_stars",
    )
    mailchimp_activity_ids = fields.Many2many(
        "mailchimp.campaign.activity",
        string="Mailchimp Activity",
        compute="_compute_mailchimp_activity_ids",
        groups="mailchimp_connector.group_mailchimp_user",
    )

    def _auto_init(self):
        """Mark whose members had ratings before these columns were there."""
        columns = sql.table_columns(self.env.cr, self._table)
        result = super()._auto_init()
        if columns and "mailchimp_rating" not in columns:
            self.pool.post_init(self._mailchimp_mark_rated)
        return result

    @api.model
    def _mailchimp_mark_rated(self):
        """Mark all whose members have a rating."""
        query = SQL(
            "SELECT %s, %s FROM mailchimp_member WHERE rating > 0",
            self._name,
            SQL.identifier(LINKS[self._name]),
        )
        self.env["mailchimp.engagement.mark"]._mark_found(query)

    # === COMPUTE METHODS === #

    def _compute_mailchimp_engagement(self):
        """Read the figures of all these people by one query."""
        # sudo: they are of all audiences, whoever asks for it.
        rows = self.sudo()._read_engagement()
        nothing = dict.fromkeys((*FIGURES, "mailchimp_rating"), False)
        for record in self:
            record.update(rows.get(record.id, nothing))

    def _read_engagement(self):
        """Return {id: figures} of these people."""
        self.env["mailchimp.member"].flush_model()
        self.env["mailchimp.campaign.activity"].flush_model()
        query = SQL(
            """%s;
               SELECT f.*,
                      (SELECT max(m.rating) FROM mailchimp_member m
                        WHERE m.%s = f.id AND m.forgotten IS NOT TRUE)
                 FROM (%s) f""",
            JIT_OFF,
            SQL.identifier(LINKS[self._name]),
            self._engagement_query(self.ids),
        )
        names = (*FIGURES, "mailchimp_rating")
        return {
            id_: dict(zip(names, figures, strict=True))
            for id_, *figures in self.env.execute_query(query)
        }

    @api.depends("mailchimp_rating")
    def _compute_mailchimp_rating_stars(self):
        for record in self:
            record.mailchimp_rating_stars = str(min(max(record.mailchimp_rating, 0), 5))

    @api.depends("mailchimp_member_ids")
    def _compute_mailchimp_activity_ids(self):
        """Read the newest events of each of these people.

        Of each member the newest by the index, whatever the size of the table. Members
        are those the user may see.
        """
        link = LINKS[self._name]
        members = self.env["mailchimp.member"].search([(link, "in", self.ids)])
        newest = self.env["mailchimp.campaign.activity"]._newest(members, TIMELINE)
        visible = newest._filtered_access("read")
        by_record = visible.grouped(lambda event: event.member_id[link])
        for record in self:
            events = by_record.get(record._origin, newest.browse())
            events = events.sorted(lambda e: (e.occurred_at, e.id), reverse=True)
            record.mailchimp_activity_ids = events[:TIMELINE]

    # === ACTION METHODS === #

    def action_mailchimp_activity(self):
        """Show all that these people did with campaigns."""
        self.check_access("read")
        domain = [(f"member_id.{LINKS[self._name]}", "in", self.ids)]
        return self.env["mailchimp.campaign.activity"]._action(domain)

    # === BUSINESS METHODS === #

    def _mailchimp_refresh_engagement(self):
        """Compute the figures of these people anew, and what depends on them."""
        names = (*FIGURES, "mailchimp_rating")
        self.modified(names)
        for name in names:
            self.env.add_to_compute(self._fields[name], self)
        self._recompute_recordset(names)
        self.flush_recordset(names)
