from odoo import models
from odoo.fields import Domain

from ..tools.client_action import notification

# What keeps a job waiting that somebody wants to run now.
HELD_BACK = Domain.OR(
    [
        Domain("account_id", "any", [("state", "!=", "connected")]),
        Domain("account_id", "any", [("active", "=", False)]),
        Domain("run_id", "any", [("state", "=", "paused")]),
    ]
)


class MailchimpJobFeedback(models.Model):
    """What the buttons of a job tell the person who presses them."""

    _inherit = "mailchimp.job"

    def action_run_now(self):
        """Say what becomes of the jobs."""
        super().action_run_now()
        waiting = self.filtered(lambda job: job.state == "pending")
        held = waiting & waiting.with_context(active_test=False).search(
            Domain("id", "in", waiting.ids) & HELD_BACK
        )
        if held:
            return notification(
                self.env._(
                    "Waiting until their account is connected, or their run is "
                    "resumed: %s",
                    len(held),
                ),
                title=self.env._("This cannot run now"),
                kind="warning",
            )
        if not waiting:
            return notification(
                self.env._("What is done, failed or cancelled stays as it is."),
                title=self.env._("Nothing is waiting"),
                kind="info",
            )
        return notification(
            self.env._("It begins within seconds; this page shows what comes of it."),
            title=self.env._("Running now"),
        )
