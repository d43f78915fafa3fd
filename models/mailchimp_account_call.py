from odoo import api, fields, models
from odoo.tools import plaintext2html

from ..const import PRIORITY_SCHEDULED

ACTIVITY = "mailchimp_connector.mail_activity_type_attention"


class MailchimpAccountCall(models.Model):
    """Calls the responsible person once a day, if something needs a human.

    There is one activity for an account, which says how much there is to do; it closes
    itself when nothing is left. What keeps an account from working at all (its key) has
    an activity of its own.
    """

    _inherit = "mailchimp.account"

    # === SCHEDULED ACTIONS === #

    @api.model
    def _cron_call_people(self):
        """Queue the look at what needs a human, for each account."""
        for account in self.search([("active", "=", True)]):
            account._enqueue_call()

    def _enqueue_call(self):
        """Queue the look at what needs a human in this account."""
        # Not as a job of the account: a broken one has the more to tell.
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_call_people",
            name=self.env._("See what needs a person in %s", self.name),
            identity=f"call:{self.id}",
            priority=PRIORITY_SCHEDULED,
        )

    def _job_call_people(self):
        """Schedule, refresh or close the activity of these accounts."""
        self.env["mailchimp.run.line"]._solve_deleted()
        for account in self:
            responsible = account._responsible()
            account = account.with_context(lang=responsible.lang)
            to_do = [text for count, text in account._to_do() if count]
            if to_do:
                account._call(responsible, to_do)
            else:
                account._close_call()

    # === BUSINESS METHODS === #

    def _to_do(self):
        """Return what needs a human in this account: list of (how many, in words)."""
        jobs = self._count_of("mailchimp.job", [("state", "=", "failed")], "account_id")
        runs = self._count_of(
            "mailchimp.run", [("state", "=", "approval")], "account_id"
        )
        lines = self._count_of("mailchimp.run.line", [("resolution", "=", "open")])
        conflicts = self._count_of(
            "mailchimp.member",
            [("sync_result", "=", "conflict"), ("ignored", "=", False)],
        )
        return [
            (runs, self.env._("Runs that wait for your approval: %s", runs)),
            (
                conflicts,
                self.env._("Members changed on both sides, to decide: %s", conflicts),
            ),
            (
                lines,
                self.env._("Records not synchronized, see the logs: %s", lines),
            ),
            (
                jobs,
                self.env._("Failed queue jobs, to retry or cancel: %s", jobs),
            ),
        ]

    def _count_of(self, model, domain, link="audience_id.account_id"):
        return self.env[model].search_count([*domain, (link, "=", self.id)])

    def _call(self, user, to_do):
        """Let the activity of this account say what there is to do today."""
        vals = {
            "summary": self.env._("Mailchimp needs you"),
            "note": plaintext2html("\n".join(to_do)),
            "user_id": user.id,
            "date_deadline": fields.Date.context_today(self),
        }
        activity = self.activity_search([ACTIVITY])
        activity[1:].unlink()
        if activity:
            activity[0].write(vals)
        else:
            self.activity_schedule(ACTIVITY, **vals)

    def _close_call(self):
        self.activity_feedback(
            [ACTIVITY], feedback=self.env._("Nothing is left to do.")
        )
