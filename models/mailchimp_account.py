from datetime import timedelta
from functools import lru_cache

from odoo import api, fields, models
from odoo.tools import config, plaintext2html

from ..client.address import data_centre
from ..client.gateway import Gateway
from ..exceptions import MailchimpAuthError

WEBHOOK_PATH = "/mailchimp/webhook/"
# An outage is probed this often, however long the failed job waits.
LONGEST_PAUSE = timedelta(minutes=5)
ACTIVITY = "mail.mail_activity_data_warning"
CREDENTIALS = frozenset({"api_key", "base_url"})


@lru_cache(maxsize=16)
def _open_gateway(gateway_class, api_key, **options):
    """Open a gateway, or take the one that is open: its connections are worth keeping.

    Safe for threads, as gateways are. A rotated key is another door.
    """
    return gateway_class(api_key, **options)


class MailchimpAccount(models.Model):
    """One Mailchimp account of one company, and how it is synchronized."""

    _name = "mailchimp.account"
    _description = "Mailchimp Account"
    _inherit = ["mailchimp.guard", "mail.thread", "mail.activity.mixin"]
    _order = "name, id"

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        help="Gets an activity when the connection needs a person.",
    )
    api_key = fields.Char(
        string="API Key",
        groups="base.group_system",
        copy=False,
        help="In Mailchimp: profile picture > Account & billing > Extras > API keys.",
    )
    base_url = fields.Char(
        string="Base URL",
        groups="base.group_system",
        copy=False,
        help="Leave empty unless requests go through a proxy or to a sandbox.",
    )
    data_center = fields.Char(
        compute="_compute_data_center", compute_sudo=True, store=True
    )
    state = fields.Selection(
        [("draft", "Not Connected"), ("connected", "Connected"), ("error", "Error")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    error = fields.Text(readonly=True, copy=False)
    paused_until = fields.Datetime(
        readonly=True,
        copy=False,
        help="Mailchimp asked to slow down or did not answer; queue jobs wait.",
    )
    paused = fields.Boolean(compute="_compute_paused")
    database_uuid = fields.Char(readonly=True, copy=False, groups="base.group_system")

    # What Mailchimp says about itself
    mailchimp_id = fields.Char(string="Mailchimp Account ID", readonly=True, copy=False)
    mailchimp_name = fields.Char(string="Account Name", readonly=True, copy=False)
    mailchimp_login = fields.Char(string="Connected as", readonly=True, copy=False)
    mailchimp_role = fields.Char(string="Role", readonly=True, copy=False)
    mailchimp_plan = fields.Char(string="Plan", readonly=True, copy=False)
    total_subscribers = fields.Integer(
        string="Subscribers in Mailchimp",
        readonly=True,
        copy=False,
        help="Mailchimp counts the subscribed people of all audiences; unsubscribed, "
        "cleaned and archived ones are not among them.",
    )
    last_checked = fields.Datetime(readonly=True, copy=False)

    _company_name_uniq = models.Constraint(
        "UNIQUE(company_id, name)", "Two accounts of a company need different names."
    )

    # === COMPUTE METHODS === #

    @api.depends("api_key")
    def _compute_data_center(self):
        for account in self:
            account.data_center = data_centre(account.api_key or "")

    @api.depends("paused_until")
    def _compute_paused(self):
        now = fields.Datetime.now()
        for account in self:
            account.paused = bool(account.paused_until and account.paused_until > now)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Strip pasted keys, so that a blank does not cost an hour of searching."""
        return super().create([self._clean_credentials(vals) for vals in vals_list])

    def write(self, vals):
        """A new key or address has to be tested, which nobody (sudo) may skip."""
        vals = self._clean_credentials(vals)
        if CREDENTIALS & vals.keys() and "state" not in vals:
            self.sudo().write({"state": "draft", "error": False})
        return super().write(vals)

    def copy_data(self, default=None):
        """Give copies a name of their own."""
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for account, vals in zip(self, vals_list, strict=True):
                vals["name"] = account._name_of_copy()
        return vals_list

    def _name_of_copy(self):
        domain = [("company_id", "=", self.company_id.id)]
        taken = self.with_context(active_test=False).search(domain)
        name = self.name
        while name in taken.mapped("name"):
            name = self.env._("%s (copy)", name)
        return name

    @api.model
    def _clean_credentials(self, vals):
        blank = {
            name: vals[name].strip()
            for name in CREDENTIALS
            if isinstance(vals.get(name), str)
        }
        return {**vals, **blank}

    # === GATEWAY === #

    @api.model
    def _gateway_class(self):
        """Return the class that talks to Mailchimp; a bridge may replace it."""
        return Gateway

    def _gateway(self, interactive=False, confirmed=False):
        """Open the door to Mailchimp for this account.

        :param bool interactive: whether a person waits for the answer; so does the
            context ``mailchimp_interactive``
        :param bool confirmed: whether a person wants a copied database to call out
        :return: a `Gateway`, shared by all who open the same door
        :raise MailchimpAuthError: when there is no key, or this database is a copy of
            the one that was connected
        """
        self.ensure_one()
        interactive |= bool(self.env.context.get("mailchimp_interactive"))
        account = self.sudo()  # sudo: only the system may read the key
        if not account.api_key:
            raise MailchimpAuthError("The account has no API key.")
        uuid = account.database_uuid
        if uuid and uuid != self._database_uuid() and not confirmed:
            raise MailchimpAuthError(
                "This database is a copy of the one that was connected. Press Test "
                "Connection if the copy is meant to talk to Mailchimp."
            )
        return _open_gateway(
            self._gateway_class(),
            account.api_key,
            base_url=account.base_url or None,
            timeout=10 if interactive else 60,
            slots_dir=f"{config['data_dir']}/mailchimp",
        )

    @api.model
    def _database_uuid(self):
        # sudo: only the system may read the parameters.
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")

    def _on_auth_error(self, error):
        """Stop the queue of this account and call a person.

        :param MailchimpAuthError error: what Mailchimp, or our own guard, answered
        """
        for account in self:
            account.write({"state": "error", "error": str(error)})
            if not account.activity_search([ACTIVITY]):
                account.activity_schedule(
                    ACTIVITY,
                    summary=self.env._("The connection to Mailchimp is broken"),
                    note=plaintext2html(str(error)),
                    user_id=account._responsible().id,
                )

    def _responsible(self):
        """Return who is to be called: a person who may open the account."""
        group = self.env.ref("mailchimp_connector.group_mailchimp_manager")
        for user in self.user_id | self.create_uid | group.user_ids:
            if user.active and self.with_user(user).has_access("read"):
                return user
        return self.env.user

    def _pause_until(self, moment):
        """Let all jobs of this account wait, but not longer than a probe takes.

        :param datetime moment: when the job that met the trouble tries again
        """
        longest = fields.Datetime.now() + LONGEST_PAUSE
        self.write({"paused_until": min(moment, longest)})
