from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.client_action import notification

MANAGER = "mailchimp_connector.group_mailchimp_manager"


class MailchimpErasure(models.TransientModel):
    """Erase what is known about a person: first see what, then do it."""

    _name = "mailchimp.erasure"
    _description = "Erasure of Personal Data"

    res_model = fields.Char(
        readonly=True, default=lambda self: self.env.context.get("active_model")
    )
    res_ids = fields.Json(
        readonly=True, default=lambda self: self.env.context.get("active_ids")
    )
    emails = fields.Char(
        string="Addresses", compute="_compute_scope", compute_sudo=False
    )
    member_count = fields.Integer(
        string="Members", compute="_compute_scope", compute_sudo=False
    )
    consent_count = fields.Integer(
        string="Entries of the Consent History",
        compute="_compute_scope",
        compute_sudo=False,
    )
    activity_count = fields.Integer(
        string="Events of Campaigns", compute="_compute_scope", compute_sudo=False
    )
    in_mailchimp = fields.Boolean(
        string="Delete in Mailchimp Too",
        default=True,
        help="Permanently, in the background. Otherwise Mailchimp keeps the person, "
        "and whatever changes there comes back to Odoo.",
    )
    confirmed = fields.Boolean(string="I know that this cannot be undone")

    @api.depends("res_model", "res_ids")
    def _compute_scope(self):
        for wizard in self:
            person = wizard._records()._person()
            wizard.emails = ", ".join(sorted(person.emails))
            wizard.member_count = len(person.members)
            wizard.consent_count = len(person.consents)
            wizard.activity_count = len(person.members._activity_of(person))

    def _records(self):
        Model = self.env.get(self.res_model)
        if Model is None or not hasattr(Model, "_person"):
            raise UserError(self.env._("Choose the contact or customer first."))
        return Model.browse(self.res_ids).exists()

    def action_erase(self):
        """Erase it; only managers may, and only when they said so."""
        self.ensure_one()
        if not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only MailChimp managers may erase personal data.")
            )
        if not self.confirmed:
            raise UserError(self.env._("Confirm that this cannot be undone."))
        records = self._records()
        records.check_access("read")
        records._erase_person(self.in_mailchimp)
        return notification(self.env._("What was known about the person is erased."))
