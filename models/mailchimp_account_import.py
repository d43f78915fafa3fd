from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import PRIORITY_SCHEDULED, PRIORITY_USER
from .mailchimp_run import OPEN_STATES


class MailchimpAccountImport(models.Model):
    """The audiences of an account, and how they come to Odoo."""

    _inherit = "mailchimp.account"

    audience_ids = fields.One2many(
        "mailchimp.audience", "account_id", string="Audiences"
    )
    audience_count = fields.Integer(
        string="Number of Audiences", compute="_compute_counts"
    )
    member_count = fields.Integer(
        string="Number of Members",
        compute="_compute_counts",
        help="Everyone in the audiences of this account, whatever the status: "
        "unsubscribed, cleaned, archived and deleted people, too. Who is in two "
        "audiences is two members; who still waits to be exported is none.",
    )
    pending_job_count = fields.Integer(
        string="Pending Jobs", compute="_compute_job_counts"
    )
    failed_job_count = fields.Integer(
        string="Failed Jobs", compute="_compute_job_counts"
    )

    # === COMPUTE METHODS === #

    @api.depends("audience_ids")
    def _compute_counts(self):
        members = dict(
            self.env["mailchimp.member"]._read_group(
                [
                    ("audience_id", "in", self.audience_ids.ids),
                    ("status", "!=", False),
                ],
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

    # === CRUD METHODS === #

    def write(self, vals):
        """Let the jobs of accounts that leave the archive go on."""
        result = super().write(vals)
        if vals.get("active"):
            self.env["mailchimp.job"]._wake()
        return result

    # === ACTION METHODS === #

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

    def action_view_scheduled_actions(self):
        """Open the scheduled actions that keep the accounts current."""
        self.env["ir.cron"].check_access("read")
        crons = [
            self.env.ref(f"mailchimp_connector.{name}", False)
            for name in (
                "ir_cron_fetch_audiences",
                "ir_cron_auto_export",
                "ir_cron_fetch_reports",
                "ir_cron_fetch_late_reports",
                "ir_cron_run_jobs",
            )
        ]
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("base.ir_cron_act"),
            "domain": [("id", "in", [cron.id for cron in crons if cron])],
            "context": {"active_test": False},
        }

    def action_register_webhooks(self):
        """Register, verify or repair the webhook of each audience."""
        return self.audience_ids.action_register_webhook()

    # === IMPORT === #

    def _start_import_audiences(self, trigger, priority, members=False):
        """Queue the import of audiences: one run per account, unless one is under way.

        :param str trigger: who asked (`mailchimp.run.trigger`)
        :param int priority: of the jobs
        :param bool members: whether the members of each audience follow
        :return: the runs, new or under way
        """
        # sudo: users start runs, only the connector writes them.
        Run = self.env["mailchimp.run"].sudo()
        under_way = [("kind", "=", "audiences"), ("state", "in", OPEN_STATES)]
        open_runs = Run.search([("account_id", "in", self.ids), *under_way])
        runs = Run
        for account in self:
            run = open_runs.filtered(lambda run, a=account: run.account_id == a)[:1]
            if not run:
                run = account._enqueue_import_audiences(trigger, priority)
            elif members:  # its details may be in already, without members
                account.audience_ids._start_fetch(trigger, priority)
            if members:
                run.checkpoint = {"members": priority}
            runs |= run
        return runs

    def _enqueue_import_audiences(self, trigger, priority):
        Run = self.env["mailchimp.run"].sudo()  # as above
        run = Run._open_run(self, "audiences", trigger)
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_import_audiences",
            name=run.name,
            identity=f"audiences:{run.id}",
            run=run,
            account=self,
            priority=priority,
            args={"run_id": run.id, "priority": priority},
        )
        return run

    def _job_import_audiences(self, run_id, priority):
        """Create and update the audiences, then queue the details of each.

        :param int run_id: the `mailchimp.run` to report to; its checkpoint tells
            whether members follow
        :param int priority: of the jobs that follow
        """
        run = self.env["mailchimp.run"].browse(run_id)
        run._start()
        gateway = self._gateway()
        audiences, announced = self.env["mailchimp.audience"], 0
        for page in audiences._pages_of_audiences(gateway):
            audiences |= audiences._upsert(self, page.items, run)
            announced = page.total
        if len(audiences) >= announced:  # else what is missing may be there
            audiences._archive_missing(self, run)
        audiences = audiences.filtered("active")  # else a person wants none of it
        run.total = len(audiences)
        for audience in audiences:
            self.env["mailchimp.job"]._enqueue(
                audience,
                "_job_import_details",
                name=self.env._("Import details of %s", audience.name),
                identity=f"details:{run.id}:{audience.id}",
                run=run,
                account=self,
                priority=priority,
                args={"run_id": run.id},
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
        wanted._start_import_audiences("schedule", PRIORITY_SCHEDULED, members=True)
