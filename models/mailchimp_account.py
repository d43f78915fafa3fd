import logging
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import config

from ..client.address import data_centre
from ..client.gateway import Gateway
from ..const import PRIORITY_SCHEDULED, PRIORITY_USER
from ..exceptions import MailchimpAuthError, MailchimpError

_logger = logging.getLogger(__name__)

WEBHOOK_PATH = "/mailchimp/webhook/"
# An outage of Mailchimp is probed this often, however long the failed job waits.
LONGEST_PAUSE = timedelta(minutes=5)


class MailchimpAccount(models.Model):
    """One Mailchimp account of one company, and how it is synchronized."""

    _name = "mailchimp.account"
    _description = "MailChimp Account"
    _inherit = ["mail.thread", "mail.activity.mixin"]
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
    total_subscribers = fields.Integer(readonly=True, copy=False)
    last_checked = fields.Datetime(readonly=True, copy=False)

    # === SETTINGS === #

    auto_create_contact = fields.Boolean(
        string="Auto Create Member In Odoo?",
        default=True,
        help="Create a mailing contact for each Mailchimp member that Odoo does not "
        "know yet.",
    )
    auto_create_partner = fields.Boolean(
        string="Auto Create Customers In Odoo?",
        help="Also create a customer for each new member. Keep it off if you use "
        "Mailchimp for newsletters only.",
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
        help="When the names differ, the name in Odoo is the right one: a fetch does "
        "not change it.",
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
        help="Off: of the consent, only unsubscribes come from Mailchimp to Odoo.",
    )
    sync_priority = fields.Selection(
        [("remote", "Remote Wins"), ("local", "Local Wins")],
        default="remote",
        required=True,
        help="Who is right about a value that changed on both sides.",
    )
    new_member_status = fields.Selection(
        [
            ("subscribed", "Subscribed"),
            ("pending", "Pending (Mailchimp asks for confirmation)"),
            ("transactional", "Transactional (no marketing)"),
        ],
        string="Status of New Members",
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
    webhook_is_https = fields.Boolean(compute="_compute_webhook_url", compute_sudo=True)

    audience_ids = fields.One2many("mailchimp.audience", "account_id")
    audience_count = fields.Integer(compute="_compute_counts")
    member_count = fields.Integer(compute="_compute_counts")
    pending_job_count = fields.Integer(compute="_compute_job_counts")
    failed_job_count = fields.Integer(compute="_compute_job_counts")

    _company_name_uniq = models.Constraint(
        "UNIQUE(company_id, name)", "Two accounts of a company need different names."
    )

    @api.model
    def _default_webhook_token(self):
        return secrets.token_urlsafe(32)

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

    @api.depends("audience_ids")
    def _compute_counts(self):
        members = dict(
            self.env["mailchimp.member"]._read_group(
                [("audience_id", "in", self.audience_ids.ids)],
                ["audience_id"],
                ["__count"],
            )
        )
        for account in self:
            account.audience_count = len(account.audience_ids)
            account.member_count = sum(
                members.get(audience, 0) for audience in account.audience_ids
            )

    def _compute_job_counts(self):
        counts = {
            (account, state): count
            for account, state, count in self.env["mailchimp.job"]._read_group(
                [
                    ("account_id", "in", self.ids),
                    ("state", "in", ("pending", "failed")),
                ],
                ["account_id", "state"],
                ["__count"],
            )
        }
        for account in self:
            account.pending_job_count = counts.get((account, "pending"), 0)
            account.failed_job_count = counts.get((account, "failed"), 0)

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

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Strip pasted keys, so that a blank does not cost an hour of searching."""
        for vals in vals_list:
            self._clean_credentials(vals)
        return super().create(vals_list)

    def write(self, vals):
        """A new key or address has to be tested before it is used."""
        self._clean_credentials(vals)
        if vals.keys() & {"api_key", "base_url"} and "state" not in vals:
            vals = dict(vals, state="draft", error=False)
        return super().write(vals)

    @api.model
    def _clean_credentials(self, vals):
        for name in ("api_key", "base_url"):
            if isinstance(vals.get(name), str):
                vals[name] = vals[name].strip()

    @api.onchange("auto_create_contact")
    def _onchange_auto_create_contact(self):
        if not self.auto_create_contact:
            self.auto_create_partner = False

    # === GATEWAY === #

    @api.model
    def _gateway_class(self):
        """Return the class that talks to Mailchimp; a bridge may replace it."""
        return Gateway

    def _gateway(self, interactive=False):
        """Open the door to Mailchimp for this account.

        :param bool interactive: whether a person waits for the answer
        :return: a `Gateway`
        :raise MailchimpAuthError: when there is no key, or this database is a copy of
            the one that was connected
        """
        self.ensure_one()
        account = self.sudo()  # sudo: only the system may read the key
        if not account.api_key:
            raise MailchimpAuthError("The account has no API key.")
        if account.database_uuid and account.database_uuid != self._database_uuid():
            raise MailchimpAuthError(
                "This database is a copy of the one that was connected. Press Test "
                "Connection if the copy is meant to talk to Mailchimp."
            )
        return self._gateway_class()(
            account.api_key,
            base_url=account.base_url or None,
            timeout=10 if interactive else 60,
            slots_dir=f"{config['data_dir']}/mailchimp",
        )

    @api.model
    def _database_uuid(self):
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")

    def _on_auth_error(self, error):
        """Stop the queue of this account and call a person.

        :param MailchimpAuthError error: what Mailchimp, or our own guard, answered
        """
        for account in self:
            account.write({"state": "error", "error": str(error)})
            if not account.activity_ids:
                account.activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=self.env._("The connection to Mailchimp is broken"),
                    note=str(error),
                    user_id=account.user_id.id or self.env.uid,
                )

    def _pause_until(self, moment):
        """Let all jobs of this account wait, but not longer than a probe takes.

        :param datetime moment: when the job that met the trouble tries again
        """
        longest = fields.Datetime.now() + LONGEST_PAUSE
        self.write({"paused_until": min(moment, longest)})

    # === ACTION METHODS === #

    def action_test_connection(self):
        """Ask Mailchimp who we are; connects the account when it answers."""
        self.ensure_one()
        self.check_access("write")
        account = self.sudo()
        try:
            # A confirmed copy is a database of its own from now on.
            account.database_uuid = self._database_uuid()
            root = account._gateway(interactive=True).api.root.get_root()
        except MailchimpError as error:
            raise UserError(
                self.env._("Mailchimp refuses the connection: %s", error)
            ) from error
        account._connected(root)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.env._("Everything's Chimpy!"),
                "message": self.env._(
                    "Connected to %(name)s as %(login)s (%(role)s, %(plan)s), "
                    "%(count)s contacts.",
                    name=account.mailchimp_name,
                    login=account.mailchimp_login,
                    role=account.mailchimp_role,
                    plan=account.mailchimp_plan,
                    count=account.total_subscribers,
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _connected(self, root):
        """Take over what the account root says, and let waiting jobs go on.

        :param dict root: https://mailchimp.com/developer/marketing/api/root/
        """
        self.write(self._values_from_mailchimp(root))
        self.activity_feedback(["mail.mail_activity_data_warning"])
        self.env["mailchimp.job"]._wake()

    @api.model
    def _values_from_mailchimp(self, root):
        return {
            "state": "connected",
            "error": False,
            "paused_until": False,
            "mailchimp_id": root.get("account_id"),
            "mailchimp_name": root.get("account_name"),
            "mailchimp_login": root.get("email") or root.get("username"),
            "mailchimp_role": root.get("role"),
            "mailchimp_plan": root.get("pricing_plan_type"),
            "total_subscribers": root.get("total_subscribers") or 0,
            "last_checked": fields.Datetime.now(),
        }

    def action_import_audiences(self):
        """Import the audiences of these accounts, in the background."""
        self._check_connected()
        runs = self._start_import_audiences(trigger="user", priority=PRIORITY_USER)
        return runs._open()

    def _check_connected(self):
        for account in self:
            if account.state != "connected":
                raise UserError(
                    self.env._(
                        "%s is not connected. Enter its API key and press Test "
                        "Connection first.",
                        account.display_name,
                    )
                )

    def _start_import_audiences(self, trigger, priority, members=False):
        """Queue the import of audiences.

        :param str trigger: who asked (`mailchimp.run.trigger`)
        :param int priority: of the jobs
        :param bool members: whether the members of each audience follow
        :return: one `mailchimp.run` per account
        """
        runs = self.env["mailchimp.run"].sudo()
        for account in self:
            run = runs._open_run(account, "audiences", trigger)
            self.env["mailchimp.job"]._enqueue(
                account,
                "_job_import_audiences",
                name=run.name,
                identity=f"audiences:{account.id}",
                run=run,
                account=account,
                priority=priority,
                args={"run_id": run.id, "members": members},
            )
            runs |= run
        return runs

    def action_view_scheduled_actions(self):
        """Open the scheduled actions that keep the accounts current."""
        self.env["ir.cron"].check_access("read")
        crons = [
            self.env.ref(f"mailchimp_connector.{name}", False)
            for name in ("ir_cron_fetch_audiences", "ir_cron_run_jobs")
        ]
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("base.ir_cron_act"),
            "domain": [("id", "in", [cron.id for cron in crons if cron])],
            "context": {"active_test": False},
        }

    def action_register_webhooks(self):
        """Register, verify or repair the webhook of each audience."""
        return self.audience_ids.action_register_webhook()

    # === JOBS === #

    def _job_import_audiences(self, run_id, members):
        """Create and update the audiences, then queue the details of each.

        :param int run_id: the `mailchimp.run` to report to
        :param bool members: whether the members of each audience follow
        """
        run = self.env["mailchimp.run"].browse(run_id)
        run._start()
        gateway = self._gateway()
        audiences = self.env["mailchimp.audience"]
        for page in audiences._pages_of_audiences(gateway):
            audiences |= audiences._upsert(self, page.items, run)
        audiences._archive_missing(self, run)
        run.total = len(audiences)
        for audience in audiences:
            self.env["mailchimp.job"]._enqueue(
                audience,
                "_job_import_details",
                name=self.env._("Import details of %s", audience.name),
                identity=f"details:{audience.id}",
                run=run,
                account=self,
                priority=PRIORITY_USER,
                args={"run_id": run.id, "members": members},
            )

    # === SCHEDULED ACTIONS === #

    @api.model
    def _cron_fetch_audiences(self):
        """Queue the hourly fetch of every connected account that wants it.

        Webhooks are verified too: nobody else would notice that one is gone.
        """
        accounts = self.search([("state", "=", "connected")])
        accounts._check_webhooks()
        wanted = accounts.filtered("auto_sync_members")
        wanted.audience_ids._start_fetch("schedule", PRIORITY_SCHEDULED)
