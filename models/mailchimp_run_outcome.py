from collections import Counter, defaultdict

from odoo import api, fields, models
from odoo.tools import format_datetime

FETCHES = ("members", "members_full")
CHANGES = ("created", "updated", "skipped", "failed")


class MailchimpRunOutcome(models.Model):
    """What a run shows besides its counters: what it came to, and what it has."""

    _inherit = "mailchimp.run"

    since = fields.Datetime(
        readonly=True, help="The fetch reads what changed since then; empty: everyone."
    )
    outcome = fields.Char(
        compute="_compute_outcome", help="In words, where the numbers say too little."
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "kind", "since", "unchanged", *CHANGES)
    @api.depends_context("lang", "tz", "uid")
    def _compute_outcome(self):
        for run in self:
            quiet = run.kind in FETCHES and not any(run[name] for name in CHANGES)
            run.outcome = quiet and run.state == "done" and run._nothing_new()

    def _links(self):
        """Return what leads to these runs, for a notification: to all, if not to one.

        :return: list of links, see `tools.client_action.notification`
        """
        url = "/odoo/mailchimp-runs"
        if len(self) == 1:
            return [{"label": self.name, "url": f"{url}/{self.id}"}]
        return [{"label": self.env._("Runs"), "url": url}]

    def _nothing_new(self):
        """Say that a fetch found nothing to do, and since when."""
        if self.since:
            tz = self.env.context.get("tz")
            since = format_datetime(self.env, self.since, tz=tz)
            return self.env._("Nothing new in Mailchimp since %s.", since)
        if self.unchanged:
            return self.env._("Nothing new: Odoo has all members as Mailchimp does.")
        return self.env._("Mailchimp has no members in this audience.")

    @api.depends("job_ids.run_after", "job_ids.state", "account_id.paused_until")
    def _compute_next_try_at(self):
        waiting = dict(
            self.env["mailchimp.job"]._read_group(
                [
                    ("run_id", "in", self.ids),
                    ("state", "=", "pending"),
                    ("attempts", ">", 0),
                    ("account_id.state", "=", "connected"),
                ],
                ["run_id"],
                ["run_after:min"],
            )
        )
        for run in self:
            at = waiting.get(run, False)
            run.next_try_at = at and max(at, run.account_id.paused_until or at)

    def _compute_line_count(self):
        counts = dict(
            self.env["mailchimp.run.line"]._read_group(
                [("run_id", "in", self.ids)], ["run_id"], ["__count"]
            )
        )
        for run in self:
            run.line_count = counts.get(run, 0)

    @api.depends("job_ids.state")
    def _compute_job_counts(self):
        counts = defaultdict(Counter)
        for run, state, count in self.env["mailchimp.job"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "state"], ["__count"]
        ):
            counts[run][state] = count
        for run in self:
            found = counts[run._origin]
            run.job_count = found.total()
            run.failed_job_count = found["failed"]
