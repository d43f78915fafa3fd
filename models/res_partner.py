from odoo import fields, models

from ..const import PRIORITY_USER
from ..tools.inside import trusted


class ResPartner(models.Model):
    """The audiences a customer belongs to."""

    _inherit = "res.partner"

    mailchimp_member_ids = fields.One2many(
        "mailchimp.member",
        "partner_id",
        string="Mailchimp Audiences",
        readonly=True,
        groups="mailchimp_connector.group_mailchimp_user",
    )
    mailchimp_consent_ids = fields.One2many(
        "mailchimp.consent",
        "partner_id",
        string="Consent History",
        readonly=True,
        groups="mailchimp_connector.group_mailchimp_user",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Push what is mapped; do what the accounts say about archived customers.

        The mailing contact through which a customer is in an audience follows by itself
        when the address of the customer is corrected.
        """
        gone = self.filtered("active") if vals.get("active") is False else self.browse()
        addresses = self._mailchimp_addresses() if vals.get("email") else {}
        result = super().write(vals)
        self._mailchimp_follow_addresses(addresses)
        if vals.get("company_id"):
            # sudo: as below
            members = self.env["mailchimp.member"].sudo()
            members._leave_customers([("partner_id", "in", self.ids)])
        # sudo: whoever edits a customer may not see its members.
        self.env["mailchimp.change"].sudo()._mark_written(self, vals.keys())
        gone._mailchimp_members_of_gone()._left_odoo()
        return result

    def unlink(self):
        """Do what the accounts say about the members of customers that are deleted."""
        members = self._mailchimp_members_of_gone()
        result = super().unlink()
        members._left_odoo()
        return result

    def _update_address(self, vals):
        """Override: the address of a customer's contacts is written past `write`."""
        result = super()._update_address(vals)
        # sudo: as in `write`.
        self.env["mailchimp.change"].sudo()._mark_written(self, vals.keys())
        return result

    def _mailchimp_addresses(self):
        """Return {customer: address}; nothing of what Mailchimp says."""
        if trusted(self.env, "mailchimp_import"):
            return {}
        return {partner: partner.email_normalized for partner in self}

    def _mailchimp_follow_addresses(self, addresses):
        """Queue the correction of the contacts of customers whose address changed.

        Not at once: somebody else may be at the contact, who would have to be waited
        for.

        :param dict addresses: {customer: the old address}
        """
        changed = [
            partner.id
            for partner, old in addresses.items()
            if old and partner.email_normalized not in (False, old)
        ]
        # sudo: whoever edits a customer may not see its members.
        members = self.env["mailchimp.member"].sudo()
        linked = members.search([("partner_id", "in", changed)]).partner_id
        if not linked:
            return
        self.env["mailchimp.job"]._enqueue(
            linked,
            "_job_correct_contacts",
            name=self.env._("Correct the addresses of contacts"),
            priority=PRIORITY_USER,
            args={"addresses": {p.id: addresses[p] for p in linked}},
        )

    def _job_correct_contacts(self, addresses):
        """Give the contacts of customers the new address, if they have the old one.

        :param dict addresses: {id of the customer: the old address}
        """
        for partner in self.exists():
            contacts = partner.mailchimp_member_ids.contact_id
            old = addresses[str(partner.id)]
            if partner.email_normalized:
                contacts.filtered(lambda c, old=old: c.email_normalized == old).write(
                    {"email": partner.email}
                )

    def _mailchimp_members_of_gone(self):
        # sudo: as in `write`.
        Member = self.env["mailchimp.member"].sudo()
        if not self or trusted(self.env, "mailchimp_import"):
            return Member
        return Member.search(
            [
                ("partner_id", "in", self.ids),
                ("account_id.archived_contacts", "!=", "keep"),
            ]
        )
