from odoo import api, fields, models

from ..const import PRIORITY_SCHEDULED, PRIORITY_USER, TEMPLATE_TYPES
from .mailchimp_run import OPEN_STATES

TEMPLATE_KINDS = tuple(kind for kind, _label in TEMPLATE_TYPES)


class MailchimpAccountCampaigns(models.Model):
    """The templates and campaigns of an account, and how they come to Odoo."""

    _inherit = "mailchimp.account"

    template_count = fields.Integer(
        string="Number of Templates",
        compute="_compute_campaign_counts",
        help="Your own; those of Mailchimp are not among them.",
    )
    mailchimp_campaign_count = fields.Integer(
        string="Number of Campaigns", compute="_compute_campaign_counts"
    )
    campaigns_imported_at = fields.Datetime(
        string="Campaigns Imported on",
        readonly=True,
        copy=False,
        help="From then on they are kept current every hour.",
    )

    def _compute_campaign_counts(self):
        for name, model, which in (
            ("template_count", "mailchimp.template", [("type", "=", "user")]),
            ("mailchimp_campaign_count", "mailchimp.campaign", []),
        ):
            domain = [("account_id", "in", self.ids), *which]
            groups = self.env[model]._read_group(domain, ["account_id"], ["__count"])
            counts = dict(groups)
            for account in self:
                account[name] = counts.get(account, 0)

    # === ACTION METHODS === #

    def action_import_campaigns(self):
        """Import templates and campaigns of these accounts, in the background."""
        self._check_connected()
        runs = self._start_import_templates("user", PRIORITY_USER)
        return (runs | self._start_import_campaigns("user", PRIORITY_USER))._open()

    # === IMPORT === #

    def _start_import_templates(self, trigger, priority, kinds=("user",)):
        """Queue the import of templates: one run per account, unless one is under way.

        :param str trigger: who asked (`mailchimp.run.trigger`)
        :param int priority: of the jobs
        :param kinds: which templates: user, base, gallery
        :return: the runs, new or under way
        """
        kinds = [kind for kind in TEMPLATE_KINDS if kind in kinds]
        method = "_job_import_templates"
        runs = self._start_import("templates", method, trigger, priority, kinds=kinds)
        for run in runs:
            asked = [(job.args or {}).get("kinds", ()) for job in run.job_ids]
            if more := [k for k in kinds if not any(k in one for one in asked)]:
                run.account_id._enqueue_import(run, method, priority, kinds=more)
        return runs

    def _start_import_campaigns(self, trigger, priority):
        """Queue the import of campaigns: one run per account, unless one is under way.

        :param str trigger: who asked (`mailchimp.run.trigger`)
        :param int priority: of the jobs
        :return: the runs, new or under way
        """
        return self._start_import(
            "campaigns", "_job_import_campaigns", trigger, priority
        )

    def _start_import(self, kind, method, trigger, priority, **args):
        # sudo: users start runs, only the connector writes them.
        Run = self.env["mailchimp.run"].sudo()
        under_way = Run.search(
            [
                ("account_id", "in", self.ids),
                ("kind", "=", kind),
                ("state", "in", OPEN_STATES),
            ]
        ).grouped("account_id")
        runs = Run
        for account in self:
            run = under_way.get(account, Run)[:1]
            if not run:
                run = Run._open_run(account, kind, trigger)
                account._enqueue_import(run, method, priority, **args)
            elif trigger == "user":  # for whom more is read than every hour
                run.trigger = trigger
            runs |= run
        return runs

    def _enqueue_import(self, run, method, priority, **args):
        self.env["mailchimp.job"]._enqueue(
            self,
            method,
            name=run.name,
            identity=f"{run.kind}:{run.id}",
            run=run,
            account=self,
            priority=priority,
            args={"run_id": run.id, **args},
        )

    def _job_import_templates(self, run_id, kinds):
        """Create, update and archive templates and their folders; read their sections.

        :param int run_id: the `mailchimp.run` to report to
        :param list kinds: which: user, base, gallery; others are left alone
        :return: a generator with a checkpoint after each page
        """
        run = self.env["mailchimp.run"].browse(run_id)
        run._start()
        yield from self.env["mailchimp.template"]._import(self, run, kinds)

    def _job_import_campaigns(self, run_id):
        """Create, update and archive campaigns and their folders; read their contents.

        :param int run_id: the `mailchimp.run` to report to
        :return: a generator with a checkpoint after each page
        """
        run = self.env["mailchimp.run"].browse(run_id)
        run._start()
        yield from self.env["mailchimp.campaign"]._import(self, run)
        self.campaigns_imported_at = fields.Datetime.now()

    # === SCHEDULED ACTIONS === #

    @api.model
    def _cron_fetch_audiences(self):
        """Keep the campaigns current, too, of accounts whose were imported once."""
        result = super()._cron_fetch_audiences()
        wanted = self.search(
            [("state", "=", "connected"), ("campaigns_imported_at", "!=", False)]
        )
        wanted._start_import_campaigns("schedule", PRIORITY_SCHEDULED)
        return result
