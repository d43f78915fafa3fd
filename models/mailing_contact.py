from odoo import api, fields, models

from ..tools.inside import trusted
from ..tools.subscriber import subscriber_hashes


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
        """Keep people opted out whom somebody puts on the list of an audience again.

        Members that have no contact yet are pushed: this one may be theirs.
        """
        contacts = super().create(vals_list)
        if any("list_ids" in vals for vals in vals_list):
            contacts._keep_opted_out()
        contacts._mark_members_of_address()
        return contacts

    def write(self, vals):
        """Push what is mapped; else as `create`, for lists are linked past the model of
        subscriptions, and an address may be that of somebody who opted out.
        """
        old = {one: one.email_normalized for one in self} if "email" in vals else {}
        result = super().write(vals)
        moved = [one.id for one in old if one.email_normalized != old[one]]
        if moved:
            held = self.env["mailing.subscription"].search(
                [("contact_id", "in", moved)]
            )
            held._share_opt_outs()
        if "list_ids" in vals:
            self._keep_opted_out()
        # sudo: whoever edits a contact may not see its members.
        self.env["mailchimp.change"].sudo()._mark_written(self, vals.keys())
        return result

    def unlink(self):
        """Do what the accounts say about the members of contacts that are deleted."""
        if trusted(self.env, "mailchimp_import"):
            return super().unlink()
        # sudo: whoever deletes a contact may not see its members.
        members = self.sudo().mailchimp_member_ids
        result = super().unlink()
        members._left_odoo()
        return result

    def _mark_members_of_address(self):
        Field = self.env["mailchimp.merge.field"]
        if trusted(self.env, "mailchimp_import") or not Field._watchers():
            return
        hashes = subscriber_hashes(self.mapped("email_normalized"))
        # sudo: as above.
        self.env["mailchimp.change"].sudo()._mark("subscriber_hash", hashes)

    def _keep_opted_out(self):
        Subscription = self.env["mailing.subscription"]
        domain = [("contact_id", "in", self.ids), ("opt_out", "=", False)]
        Subscription.search(domain)._keep_opted_out()
