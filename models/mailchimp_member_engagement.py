from odoo import api, fields, models
from odoo.tools import SQL

from .mailchimp_engagement import FIGURES, JIT_OFF

TOLD = frozenset({"contact_id", "partner_id"})


class MailchimpMemberEngagement(models.Model):
    """Engagement of members: our own table, written set-based."""

    _name = "mailchimp.member"
    _inherit = ["mailchimp.member", "mailchimp.engagement"]

    activity_ids = fields.One2many(
        "mailchimp.campaign.activity",
        "member_id",
        string="Campaign Activity",
        readonly=True,
    )

    @api.model
    def _refresh_engagement(self, member_ids):
        """Compute the figures of members anew.

        :param list member_ids: ids
        :return: the contacts and customers of those whose figures changed, as
            {model: ids (set)}
        """
        self.flush_model()
        self.env["mailchimp.campaign.activity"].flush_model()
        names = SQL(", ").join(map(SQL.identifier, FIGURES))
        new = SQL(", ").join(SQL.identifier("n", name) for name in FIGURES)
        old = SQL(", ").join(SQL.identifier("m", name) for name in FIGURES)
        query = SQL(
            """%(jit_off)s;
               UPDATE mailchimp_member m SET (%(names)s) = ROW(%(new)s)
                 FROM (%(figures)s) n (id, %(names)s)
                WHERE m.id = n.id AND ROW(%(old)s) IS DISTINCT FROM ROW(%(new)s)
            RETURNING m.contact_id, m.partner_id""",
            jit_off=JIT_OFF,
            names=names,
            new=new,
            figures=self._engagement_query(member_ids),
            old=old,
        )
        rows = self.env.execute_query(query)
        self.invalidate_model(list(FIGURES))
        return {
            "mailing.contact": {row[0] for row in rows if row[0]},
            "res.partner": {row[1] for row in rows if row[1]},
        }

    def write(self, vals):
        """Let the figures follow a member that is linked with somebody else."""
        moved = TOLD & vals.keys()
        Mark = self.env["mailchimp.engagement.mark"]
        if moved:
            Mark._mark_people(self)
        result = super().write(vals)
        if moved:
            Mark._mark_people(self)
        return result

    # === ACTION METHODS === #

    def action_view_activity(self):
        """Show all that these members did with campaigns."""
        domain = [("member_id", "in", self.ids)]
        return self.env["mailchimp.campaign.activity"]._action(domain)
