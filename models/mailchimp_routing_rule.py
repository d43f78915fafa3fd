from odoo import api, fields, models
from odoo.exceptions import ValidationError


class MailchimpRoutingRule(models.Model):
    """Which customers belong in an audience: those that one of its rules matches."""

    _name = "mailchimp.routing.rule"
    _description = "MailChimp Routing Rule"
    _inherit = ["mailchimp.filter"]
    _order = "audience_id, sequence, id"

    audience_id = fields.Many2one(
        "mailchimp.audience", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="audience_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    name = fields.Char(
        required=True, help="Why these customers belong here, in your words."
    )
    domain = fields.Char(
        string="Customers",
        required=True,
        default="[]",
        help="Customers this matches belong in the audience.",
    )

    customer_count = fields.Integer(
        string="Number of Customers", compute="_compute_customer_count"
    )

    @api.depends("domain", "company_id")
    def _compute_customer_count(self):
        Customer = self.env["res.partner"]
        for rule in self:
            try:
                rule._check_domain()
            except ValidationError:  # a field that it names is gone
                rule.customer_count = 0
                continue
            domain = rule._customers() & rule.audience_id._customers_of_company()
            rule.customer_count = Customer.search_count(domain)

    @api.constrains("domain")
    def _check_domain(self):
        for rule in self:
            self._check_filter("res.partner", rule.domain)

    def _customers(self):
        """Return the domain of the customers of this rule.

        :raise ValidationError: when the rule does not work any more
        """
        self.ensure_one()
        return self._parse_filter("res.partner", self.domain)
