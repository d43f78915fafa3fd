from odoo import fields, models

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
        """Push what is mapped; do what the accounts say about archived customers."""
        gone = self.filtered("active") if vals.get("active") is False else self.browse()
        result = super().write(vals)
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
