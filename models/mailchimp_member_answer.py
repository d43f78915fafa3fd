from odoo import fields, models
from odoo.tools import SQL

from ..const import PRIORITY_USER
from ..exceptions import MailchimpAuthError, MailchimpError, MailchimpRetryLater
from .mailchimp_run import OPEN_STATES

# In the audience, but not to be mailed: whoever updates a person may not expect it.
OUT = frozenset({"unsubscribed", "cleaned", "archived"})
# How often one person is looked at while somebody waits.
LOOKS = 3


class MailchimpMemberAnswer(models.Model):
    """Sending one person while somebody waits for Mailchimp's answer.

    What cannot be sent now stays in the queue, which has it already: nothing is lost.
    """

    _inherit = "mailchimp.member"

    synced_at = fields.Datetime(
        related="audience_id.pulled_at",
        string="Last Sync",
        help="When the members of the audience were fetched last.",
    )

    def _answer_now(self, run):
        """Send this member and say in plain words what came of it.

        :param recordset run: the `mailchimp.run` that reports it, with its push queued
        :return: kind of message (success, warning or danger), message
        """
        self.ensure_one()
        if not self.audience_id.pulled_at:
            return "warning", self.env._(
                "%s: its members are fetched first, for nobody may be new who is in "
                "Mailchimp already. The change is queued and sent by itself then.",
                self.audience_id.name,
            )
        try:
            with self.env.cr.savepoint():
                self._send_now(run)
        except MailchimpError as error:
            later = self.env._("The change is queued and sent by itself later.")
            return self._answer_of_error(error, later)
        self._close_run(run)
        return self._answer_of(run)

    def _answer_of_error(self, error, later):
        """Say in plain words what kept Mailchimp from doing it.

        :param MailchimpError error: what it answered, if anything
        :param str later: what becomes of it if that passes
        :return: kind of message, message
        """
        name = self.audience_id.name
        if isinstance(error, (MailchimpRetryLater, MailchimpAuthError)):
            return "warning", self.env._(
                "%(audience)s: Mailchimp cannot be reached right now (%(error)s). "
                "%(later)s",
                audience=name,
                error=str(error).rstrip("."),
                later=later,
            )
        return "danger", self.env._(
            "%(audience)s: Mailchimp refused it: %(error)s", audience=name, error=error
        )

    def _update_now(self):
        """Send these members of one person: each in a run of its own.

        :return: list of answers, see `_answer_now`
        """
        answers = []
        for member in self:
            run = member._start_update("user", PRIORITY_USER)
            answers.append(member._answer_now(run))
        return answers

    def _start_update(self, trigger, priority):
        """Queue the push of these members of one audience.

        :param str trigger: who asked (`mailchimp.run.trigger`)
        :param int priority: of the job
        :return: the run
        """
        # sudo: users start runs, only the connector writes them and the members.
        members = self.sudo()
        audience = members.audience_id
        run = members.env["mailchimp.run"]._open_run(
            audience.account_id, "update", trigger, audience
        )
        run.total = len(members)
        members._queue_update(run, priority)
        return run

    def _queue_update(self, run, priority):
        """Let these members of one audience be pushed, whatever was said before.

        :param recordset run: the `mailchimp.run` to report to
        :param int priority: of the job
        """
        self._forget_error()
        self.env["mailchimp.change"]._add(self.ids)
        self.audience_id._enqueue_push(run=run, priority=priority)

    def _send_now(self, run):
        """Plan and send, as the queue would; what was seen as changed is settled.

        Who turned out to be different in Mailchimp is looked at once more.
        """
        self = self.with_context(mailchimp_interactive=True)
        audience, ids = self.audience_id, self.ids
        query = SQL("SELECT id FROM mailchimp_change WHERE member_id = ANY(%s)", ids)
        for _look in range(LOOKS):
            seen = [row[0] for row in self.env.execute_query(query)]
            if not seen:
                return
            self.env["mailchimp.member.push"]._push_members(audience, self, run)
            self.env["mailchimp.change"]._settle(ids, seen)
            self.env["mailchimp.run.line"]._solve(ids)
            self = self.exists()

    def _close_run(self, run):
        """The queued push has nothing left to do: give it up, and end the run."""
        jobs = run.job_ids.filtered(lambda job: job.state == "pending")
        jobs._cancel()
        if run.state in OPEN_STATES or run.state == "cancelled":
            now = fields.Datetime.now()
            run.write({"state": "done", "started_at": now, "finished_at": now})

    def _answer_of(self, run):
        """Say what became of this member: refused, left out, or in the audience."""
        self.invalidate_recordset()
        if not self.exists():  # another member has the address, and took it over
            return "success", self.env._(
                "%s: it is there already.", run.audience_id.name
            )
        name = run.audience_id.name
        line = run.line_ids[:1]
        if self.sync_state == "to_push":
            return "warning", self.env._(
                "%s: something changed in Mailchimp meanwhile. The change is queued "
                "and sent in a moment.",
                name,
            )
        if self.sync_result == "error" or line.state == "failed":
            said = (line.reason, line.advice) if line else (self.error, False)
            return "danger", self._answer_text(*said)
        if line.state == "skipped" or not self.status:
            return "warning", self._answer_text(line.reason, line.advice)
        status = dict(self._fields["status"]._description_selection(self.env))
        kind = "warning" if self.status in OUT else "success"
        return kind, self.env._(
            "%(email)s is in %(audience)s: %(status)s.",
            email=self.email,
            audience=name,
            status=status[self.status],
        )

    def _answer_text(self, reason, advice):
        parts = (f"{self.audience_id.name}:", reason, advice)
        return " ".join(part for part in parts if part)
