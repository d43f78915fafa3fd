from odoo import api, fields, models
from odoo.tools import SQL


class MailchimpCampaignActivityDisplay(models.Model):
    """How an event shows itself to people, and which are the newest of somebody."""

    _inherit = "mailchimp.campaign.activity"

    detail = fields.Char(
        compute="_compute_detail",
        help="The link that was followed, why a mail came back, or the reason given.",
    )

    @api.depends("url", "bounce_type", "reason")
    @api.depends_context("lang")
    def _compute_detail(self):
        kinds = dict(self._fields["bounce_type"]._description_selection(self.env))
        for event in self:
            event.detail = (
                event.url or kinds.get(event.bounce_type) or event.reason or False
            )

    @api.model
    def _action(self, domain, context=None):
        """Return the action that lists some events."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "mailchimp_connector.mailchimp_campaign_activity_action"
        )
        views = [(False, kind) for kind in ("list", "graph", "pivot", "form")]
        return {**action, "domain": domain, "context": context or {}, "views": views}

    @api.model
    def _newest(self, members, limit):
        """Return the newest events of each of some members.

        :param recordset members: `mailchimp.member`
        :param int limit: of each
        """
        if not members:
            return self.browse()
        self.flush_model()
        query = SQL(
            """SELECT a.id FROM unnest(%s::int[]) AS m(id)
           CROSS JOIN LATERAL (
                      SELECT id FROM mailchimp_campaign_activity
                       WHERE member_id = m.id
                    ORDER BY occurred_at DESC, id DESC LIMIT %s) a""",
            members.ids,
            limit,
        )
        return self.browse(id_ for (id_,) in self.env.execute_query(query))
