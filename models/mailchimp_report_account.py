from odoo import api, models
from odoo.fields import Domain

from ..const import PRIORITY_SCHEDULED, SENT_STATUSES


class MailchimpReportAccount(models.Model):
    """Which reports of an account are fetched, and when."""

    _inherit = "mailchimp.account"

    def _start_fetch_reports(self, trigger, priority, scope="live", campaigns=None):
        """Queue reading the reports: one run per account, unless one is under way.

        :param str trigger: who asked (`mailchimp.run.trigger`)
        :param int priority: of the jobs
        :param str scope: the `report_state` of those that are read
        :param recordset campaigns: these instead, whatever their state
        :return: the runs, new or under way
        """
        if campaigns is not None:
            scope = "chosen"
        under_way = self._reports_under_way(scope)
        # sudo: users start runs, only the connector writes them.
        runs = self.env["mailchimp.run"].sudo()
        for account in self:
            run = under_way.filtered(lambda run, a=account: run.account_id == a)[:1]
            if not run:
                chosen = campaigns and campaigns.filtered(
                    lambda campaign, a=account: campaign.account_id == a
                )
                run = account._enqueue_fetch_reports(trigger, priority, scope, chosen)
            runs |= run
        return runs

    def _reports_under_way(self, scope):
        """Return the runs that still compare reports of this scope."""
        # sudo: as above
        jobs = self.env["mailchimp.job"].sudo()
        if scope != "chosen":
            identities = [account._reports_identity(scope) for account in self]
            jobs = jobs.search(
                [("state", "=", "pending"), ("identity", "in", identities)]
            )
        return jobs.run_id

    def _reports_identity(self, scope):
        return f"reports:{scope}:{self.id}"

    def _enqueue_fetch_reports(self, trigger, priority, scope, campaigns=None):
        # sudo: as above
        run = self.env["mailchimp.run"].sudo()._open_run(self, "reports", trigger)
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_fetch_reports",
            name=run.name,
            identity=self._reports_identity(run.id if campaigns else scope),
            run=run,
            account=self,
            priority=priority,
            args={
                "run_id": run.id,
                "scope": scope,
                "campaign_ids": campaigns.ids if campaigns else [],
                "priority": priority,
            },
        )
        return run

    def _job_fetch_reports(self, run_id, scope, campaign_ids, priority):
        """Compare the figures of campaigns, and queue reading what lies behind them.

        :param int run_id: the `mailchimp.run` to report to
        :param str scope: "live", "frozen", or "chosen" for those of ``campaign_ids``
        :param int priority: of the jobs that follow
        :return: a generator with a checkpoint after each page
        """
        run = self.env["mailchimp.run"].browse(run_id)
        run._start()
        chosen = self.env["mailchimp.campaign"].browse(campaign_ids).exists()
        yield from self.env["mailchimp.campaign.report"]._fetch(
            self, run, scope, chosen, priority
        )

    # === SCHEDULED ACTIONS === #

    @api.model
    def _cron_fetch_reports(self):
        """Queue the hourly look at live reports, and at what may have been sent."""
        unsent = Domain("mailchimp_id", "!=", False) & Domain(
            "status", "not in", [*SENT_STATUSES, "archived"]
        )
        self._accounts_with(
            unsent | Domain("report_state", "=", "live")
        )._fetch_scheduled("live")

    @api.model
    def _cron_fetch_late_reports(self):
        """Queue the daily look at frozen reports: somebody may open an old mail."""
        self._accounts_with(Domain("report_state", "=", "frozen"))._fetch_scheduled(
            "frozen"
        )

    def _fetch_scheduled(self, scope):
        self._start_fetch_reports("schedule", PRIORITY_SCHEDULED, scope)

    @api.model
    def _accounts_with(self, domain):
        """Return the connected accounts that have such campaigns."""
        connected = Domain("account_id.state", "=", "connected") & Domain(
            "account_id.active", "=", True
        )
        found = self.env["mailchimp.campaign"]._read_group(
            domain & connected, ["account_id"]
        )
        return self.browse(account.id for [account] in found)
