from odoo import api, fields, models
from odoo.fields import Domain


class MailchimpAudienceRouting(models.Model):
    """Which customers belong in an audience.

    The company of a customer decides first. Then, where an audience has rules, one of
    them has to match; people whom Odoo does not know as customers stay out there.
    """

    _inherit = "mailchimp.audience"

    routing_rule_ids = fields.One2many(
        "mailchimp.routing.rule",
        "audience_id",
        string="Routing Rules",
        help="Customers that one of the rules matches belong in this audience. Without "
        "rules all customers of the company do.",
    )

    def _customers_of_company(self):
        """Return the domain of the customers whom the company may write to."""
        return Domain("company_id", "in", (False, self.company_id.id))

    def _routed_customers(self):
        """Return the domain of the customers that belong in this audience.

        :raise ValidationError: when a rule does not work any more
        """
        self.ensure_one()
        domain = self._customers_of_company()
        if rules := self.routing_rule_ids:
            domain &= Domain.OR([rule._customers() for rule in rules])
        return domain

    def _customers_by_address(self, emails):
        """Return the customers of the company that have one of these addresses."""
        return self.env["res.partner"].search(
            Domain("email_normalized", "in", list(emails))
            & self._customers_of_company()
        )

    def _routed_emails(self, emails):
        """Return those of some addresses whose customers belong in this audience.

        :raise ValidationError: when a rule does not work any more
        """
        if not self.routing_rule_ids:
            return set(emails)
        found = self.env["res.partner"].search(
            Domain("email_normalized", "in", list(emails)) & self._routed_customers()
        )
        return set(found.mapped("email_normalized"))


class MailchimpMemberRouting(models.Model):
    """Members stand for customers of their company, or of all."""

    _inherit = "mailchimp.member"

    @api.model
    def _leave_customers(self, domain):
        """Let customers go who are another company's by now.

        Else what is mapped would leave for the account of a company that must not see
        it, and be overwritten from there.

        :param domain: of the members to look at
        """
        known = Domain(domain) & Domain("partner_id.company_id", "!=", False)
        members = self.with_context(active_test=False).search(known)
        members = members.filtered(
            lambda member: member.partner_id.company_id != member.company_id
        )
        about = members.conflict_ids.filtered(
            lambda one: (one.merge_field_id.field_path or "").startswith("partner_")
        )
        about.unlink()
        members.partner_id = False
        members._update_conflict_state()


class MailchimpAccountRouting(models.Model):
    """The company of an account is that of its audiences."""

    _inherit = "mailchimp.account"

    def write(self, vals):
        """Leave the customers of a company behind that an account moves from."""
        result = super().write(vals)
        if "company_id" in vals:
            # sudo: managers move accounts, only the connector writes members.
            members = self.env["mailchimp.member"].sudo()
            members._leave_customers([("audience_id.account_id", "in", self.ids)])
        return result
