from odoo import api, fields, models

from ..tools.coerce import short_text, small_integer


class MailchimpInterestCategory(models.Model):
    """A question that members answer by choosing groups."""

    _name = "mailchimp.interest.category"
    _description = "MailChimp Group Category"
    _inherit = ["mailchimp.remote"]
    _order = "audience_id, display_order, id"

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
    interest_ids = fields.One2many("mailchimp.interest", "category_id")

    _audience_mailchimp_uniq = models.Constraint(
        "UNIQUE(audience_id, mailchimp_id)", "This category was imported already."
    )

    @api.model
    def _import(self, audience, gateway):
        """Import all group categories of an audience with their groups.

        :param recordset audience: one `mailchimp.audience`
        :param Gateway gateway: of its account
        """
        pages = gateway.pages(
            gateway.api.lists.get_list_interest_categories,
            audience.mailchimp_id,
            key="categories",
            exclude_fields=["categories._links", "_links"],
        )
        categories = self._mirror(
            audience, [item for page in pages for item in page.items]
        )
        for category in categories:  # the API lists groups by category only
            pages = gateway.pages(
                gateway.api.lists.list_interest_category_interests,
                audience.mailchimp_id,
                category.mailchimp_id,
                key="interests",
                exclude_fields=["interests._links", "_links"],
            )
            items = [item for page in pages for item in page.items]
            self.env["mailchimp.interest"]._mirror(category, items)

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
