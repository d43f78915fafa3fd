from odoo import api, fields, models
from odoo.exceptions import AccessError

from .mailchimp_audience_brake import PUSHES

MANAGER = "mailchimp_connector.group_mailchimp_manager"
BRAKED = ("new", "leave")


class MailchimpRunBrake(models.Model):
    """A run that would do a lot at Mailchimp stops, and asks a manager.

    ``asked`` holds how many people it would add (``new``) or unsubscribe, archive or
    delete (``leave``): what a manager approves is that many, and no more.
    """

    _inherit = "mailchimp.run"

    asked = fields.Json(readonly=True)
    approved_by = fields.Many2one("res.users", readonly=True)

    # === ACTION METHODS === #

    def action_approve(self):
        """Let the runs go on that wait for approval."""
        if not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only a MailChimp manager may approve what a run would do.")
            )
        self.check_access("read")
        # sudo: managers approve runs, only the connector writes them.
        waiting = self.sudo().filtered(lambda run: run.state == "approval")
        for run in waiting:
            state = "running" if run.started_at else "pending"
            run.write({"state": state, "approved_by": self.env.uid, "message": False})
        self._refresh_calls(waiting)
        self.env["mailchimp.job"]._wake()

    def action_cancel(self):
        """Give up what was to be approved: nobody is asked about it again.

        That decides as much as to approve it: opt-outs would stay in Odoo.
        """
        waiting = self.filtered(lambda run: run.state == "approval")
        if waiting and not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only a MailChimp manager may give up what waits for one.")
            )
        waiting = waiting.sudo()  # sudo: as above
        for run in waiting.filtered(lambda run: run.kind in PUSHES):
            run.audience_id._drop_held(run.asked or {})
        result = super().action_cancel()
        self._refresh_calls(waiting)
        return result

    @api.model
    def _refresh_calls(self, decided):
        """Take back the call for a manager who decided, unless there is more to do."""
        for account in decided.account_id:
            account._enqueue_call()

    # === BUSINESS METHODS === #

    def _brake(self, **asked):
        """Stop this run if it would do more than the account lets it do unasked.

        :param int asked: how many people would be added (``new``) or unsubscribed,
            archived or deleted (``leave``)
        :return: whether it has to wait for a manager
        """
        self.ensure_one()
        if self.approved_by and self._approves(asked):
            return False
        over = self.audience_id._over_limits(asked)
        if over:
            self._ask_approval(over)
        return bool(over)

    def _approves(self, asked):
        """Tell whether a manager agreed to as much."""
        approved = self.asked or {}
        return all(count <= approved.get(name, 0) for name, count in asked.items())

    def _ask_approval(self, over):
        """Wait for a manager, who reads what this run would do.

        :param dict over: how many people, where they are too many to go unasked
        """
        texts = {
            "new": self.env._(
                "%(count)s contacts would be added to %(audience)s.",
                count=over.get("new"),
                audience=self.audience_id.name,
            ),
            "leave": self.env._(
                "%(count)s members would be unsubscribed, archived or deleted in "
                "%(audience)s.",
                count=over.get("leave"),
                audience=self.audience_id.name,
            ),
        }
        message = " ".join(texts[name] for name in BRAKED if name in over)
        self.write(
            {
                "state": "approval",
                "asked": over,
                "approved_by": False,
                "message": message,
            }
        )
        self.account_id._enqueue_call()
