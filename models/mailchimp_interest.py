from odoo import api, fields, models

from ..tools.coerce import short_text, small_integer
from ..tools.labels import INTEREST, Label


class MailchimpInterest(models.Model):
    """A group a member can choose, inside an interest category."""

    _name = "mailchimp.interest"
    _description = "Mailchimp Group"
    _inherit = ["mailchimp.label", "mailchimp.remote"]
    _order = "category_id, display_order, id"

    _parent_field = "category_id"
    _remote_method = "list_interest_category_interests"
    _remote_items = "interests"
    _remote_fields = ("id", "name", "display_order", "subscriber_count")
    _mapping_fields = ("partner_category_id",)

    category_id = fields.Many2one(
        "mailchimp.interest.category",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    audience_id = fields.Many2one(related="category_id.audience_id", store=True)
    category_type = fields.Selection(related="category_id.type")
    company_id = fields.Many2one(related="category_id.company_id")
    name = fields.Char(required=True, readonly=True)
    display_order = fields.Integer(readonly=True, aggregator=None)
    subscriber_count = fields.Integer(string="Subscribers", readonly=True)
    partner_category_id = fields.Many2one(
        "res.partner.category",
        string="Odoo Tag",
        ondelete="set null",
        help="Contacts with this tag are in the group, and the other way round. "
        "Without an Odoo tag, the group is not touched.",
    )

    _category_mailchimp_uniq = models.Constraint(
        "UNIQUE(category_id, mailchimp_id)", "This group was imported already."
    )

    @api.depends("name", "category_id.name")
    @api.depends_context("mailchimp_short_name")
    def _compute_display_name(self):
        """Name the question too, except where it stands beside."""
        short = self.env.context.get("mailchimp_short_name")
        for interest in self:
            interest.display_name = (
                interest.name
                if short
                else f"{interest.category_id.name} / {interest.name}"
            )

    def _label(self):
        return Label(
            (INTEREST, self.mailchimp_id),
            self.partner_category_id.id or None,
            None,
            True,
            self.settled,
        )

    @api.model
    def _remote_path(self, parent):
        return [*super()._remote_path(parent.audience_id), parent.mailchimp_id]

    @api.model
    def _values_from_mailchimp(self, data):
        return {
            "mailchimp_id": data["id"],
            "name": short_text(data.get("name")) or data["id"],
            "display_order": small_integer(data.get("display_order")),
            # Mailchimp sends this number as a text.
            "subscriber_count": small_integer(data.get("subscriber_count")),
        }
