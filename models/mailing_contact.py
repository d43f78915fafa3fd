from odoo import api, fields, models


class MailingContact(models.Model):
    """The audiences a mailing contact belongs to."""

    _inherit = "mailing.contact"

    mailchimp_member_ids = fields.One2many(
        "mailchimp.member",
        "contact_id",
        string="Mailchimp Audiences",
        readonly=True,
        groups="mailchimp_connector.group_mailchimp_user",
    )
    mailchimp_consent_ids = fields.One2many(
        "mailchimp.consent",
        "contact_id",
        string="Consent History",
        readonly=True,
        groups="mailchimp_connector.group_mailchimp_user",
    )
    mailchimp_opted_out = fields.Boolean(
        string="Opted out in Mailchimp",
        compute="_compute_mailchimp_opted_out",
        search="_search_mailchimp_opted_out",
        groups="mailchimp_connector.group_mailchimp_user",
    )

    # Members are matched by address, whole pages at a time.
    _mailchimp_email_idx = models.Index("(email_normalized)")

    @api.depends("mailchimp_member_ids.opt_out_by")
    def _compute_mailchimp_opted_out(self):
        for contact in self:
            contact.mailchimp_opted_out = "mailchimp" in (
                contact.mailchimp_member_ids.mapped("opt_out_by")
            )

    @api.model
    def _search_mailchimp_opted_out(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("mailchimp_member_ids", "any", [("opt_out_by", "=", "mailchimp")])]

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Keep people opted out whom somebody puts on the list of an audience again."""
        contacts = super().create(vals_list)
        if any("list_ids" in vals for vals in vals_list):
            contacts._keep_opted_out()
        return contacts

    def write(self, vals):
        """Override: as `create`; lists are linked past `mailing.subscription`."""
        result = super().write(vals)
        if "list_ids" in vals:
            self._keep_opted_out()
        return result

    def _keep_opted_out(self):
        Subscription = self.env["mailing.subscription"]
        domain = [("contact_id", "in", self.ids), ("opt_out", "=", False)]
        Subscription.search(domain)._keep_opted_out()
