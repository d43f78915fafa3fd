import secrets

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .mailchimp_account import WEBHOOK_PATH


class MailchimpAccountSettings(models.Model):
    """How an account is synchronized: the *Settings* tab, and its webhook URL."""

    _inherit = "mailchimp.account"
    _connector_fields = {
        "data_center",
        "error",
        "mailchimp_id",
        "paused_until",
        "state",
    }

    auto_create_contact = fields.Boolean(
        string="Auto Create Member In Odoo?",
        default=True,
        help="Create a mailing contact for each Mailchimp member that Odoo does not "
        "know yet.",
    )
    auto_create_partner = fields.Boolean(
        string="Auto Create Customers In Odoo?",
        help="Also create a customer for each new or changed member whose address no "
        "customer has. Members who are in Odoo already get theirs when you press Fetch "
        "All Members on the audience. Keep it off if you use Mailchimp for newsletters "
        "only.",
    )
    auto_sync_members = fields.Boolean(
        string="Auto Sync Member?",
        default=True,
        help="Fetch new and changed members by schedule.",
    )
    auto_push_contacts = fields.Boolean(
        string="Auto Update Contact in MailChimp?",
        help="Push changes of contacts to Mailchimp.",
    )
    override_contact_name = fields.Boolean(
        string="Is Override Contact Name?",
        help="When the names differ, the name in Odoo is the right one: it is not "
        "changed by Mailchimp, only filled if it is empty.",
    )
    remove_deleted_contacts = fields.Boolean(
        string="Remove Contact From Odoo?",
        help="When a contact is permanently deleted in Mailchimp, delete the mailing "
        "contact too. Otherwise it stays, opted out and marked as forgotten.",
    )
    report_days = fields.Integer(
        string="Campaign Report",
        default=5,
        help="Days after the sending in which campaign reports are fetched.",
    )
    two_way_sync = fields.Boolean(
        string="Enable Two Way Sync",
        help="With automatic updates to Mailchimp: values and tags that change there "
        "come to Odoo, too. Off: they only travel to Mailchimp; what comes back of "
        "known contacts is their consent, and a new address. (Without automatic "
        "updates, what changes in Mailchimp always comes to Odoo.)",
    )
    sync_priority = fields.Selection(
        [("remote", "Remote Wins"), ("local", "Local Wins")],
        default="remote",
        required=True,
        help="Who is right about a value that changed on both sides since they last "
        "agreed, unless its merge field says otherwise. What changed on one side only "
        "travels to the other. With automatic updates, but without two-way "
        "synchronization, Odoo is right.",
    )
    new_member_status = fields.Selection(
        [
            ("subscribed", "Subscribed"),
            ("pending", "Pending (Mailchimp asks for confirmation)"),
            ("transactional", "Transactional (no marketing)"),
        ],
        string="Status of New Members",
        tracking=True,
        help="What a contact becomes when it is exported for the first time.",
    )

    # === WEBHOOK === #

    webhook_token = fields.Char(
        groups="base.group_system",
        copy=False,
        default=lambda self: self._default_webhook_token(),
    )
    webhook_url = fields.Char(
        string="Webhook URL",
        compute="_compute_webhook_url",
        compute_sudo=True,
        groups="mailchimp_connector.group_mailchimp_manager",
        help="Register it with one click on each audience, or copy it to Audience > "
        "Manage Audience > Settings > Webhooks in Mailchimp.",
    )
    webhook_is_https = fields.Boolean(
        string="Webhook Uses HTTPS", compute="_compute_webhook_url", compute_sudo=True
    )

    @api.model
    def _default_webhook_token(self):
        return secrets.token_urlsafe(32)

    # === COMPUTE METHODS === #

    @api.depends("webhook_token")
    def _compute_webhook_url(self):
        for account in self:
            base = account.get_base_url()
            account.webhook_is_https = base.startswith("https://")
            account.webhook_url = (
                f"{base}{WEBHOOK_PATH}{account.webhook_token}"
                if account.webhook_token
                else False
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("auto_create_partner", "auto_create_contact")
    def _check_auto_create_partner(self):
        for account in self:
            if account.auto_create_partner and not account.auto_create_contact:
                raise ValidationError(
                    self.env._(
                        "Customers are created together with members: also tick "
                        "“Auto Create Member In Odoo?”."
                    )
                )

    @api.onchange("auto_create_contact")
    def _onchange_auto_create_contact(self):
        if not self.auto_create_contact:
            self.auto_create_partner = False

    # === BUSINESS METHODS === #

    def _merge_rule(self):
        """Return the rule for fields without one of their own; see `tools.merge`."""
        if self._keeps_facts():
            return "odoo"
        return "mailchimp" if self.sync_priority == "remote" else "odoo"

    def _keeps_facts(self):
        """Tell whether values and tags only travel to Mailchimp.

        Consent, and the address as who a person is, come back in any case.
        """
        return self.auto_push_contacts and not self.two_way_sync
