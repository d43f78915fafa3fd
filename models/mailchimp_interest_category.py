from odoo import api, fields, models

from ..tools.coerce import short_text, small_integer


class MailchimpInterestCategory(models.Model):
    """A question that members answer by choosing groups."""

    _name = "mailchimp.interest.category"
    _description = "Mailchimp Group Category"
    _inherit = ["mailchimp.remote"]
    _order = "audience_id, display_order, id"
    _remote_method = "get_list_interest_categories"
    _remote_items = "categories"
    _remote_fields = ("id", "title", "type", "display_order")

    audience_id = fields.Many2one(
        "mailchimp.audience",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one(related="audience_id.company_id")
    name = fields.Char(required=True, readonly=True)
    type = fields.Selection(
        [
            ("checkboxes", "Checkboxes"),
            ("radio", "Radio Buttons"),
            ("dropdown", "Drop Down"),
            ("hidden", "Hidden"),
        ],
        readonly=True,
    )
    display_order = fields.Integer(readonly=True, aggregator=None)
    interest_ids = fields.One2many("mailchimp.interest", "category_id", string="Groups")

    _audience_mailchimp_uniq = models.Constraint(
        "UNIQUE(audience_id, mailchimp_id)", "This category was imported already."
    )

    @api.model
    def _import(self, parent, gateway):
        """Import the groups of each category, too."""
        categories = super()._import(parent, gateway)
        for category in categories:  # the API lists groups by category only
            self.env["mailchimp.interest"]._import(category, gateway)
        return categories

    @api.model
    def _values_from_mailchimp(self, data):
        known = dict(self._fields["type"].selection)
        type_ = short_text(data.get("type"))
        return {
            "mailchimp_id": data["id"],
            "name": short_text(data.get("title")) or data["id"],
            "type": type_ if type_ in known else False,
            "display_order": small_integer(data.get("display_order")),
        }
