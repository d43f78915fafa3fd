from odoo import models
from odoo.exceptions import AccessError, UserError

from ..const import EDITABLE_STATUSES
from ..exceptions import (
    MailchimpAuthError,
    MailchimpError,
    MailchimpNotFound,
    MailchimpRetryLater,
)
from ..tools.client_action import notification

MANAGER = "mailchimp_connector.group_mailchimp_manager"
# act: the method of the client, and the statuses in which it is done.
ACTS = {
    "unschedule": ("unschedule", EDITABLE_STATUSES),
    "cancel": ("cancel_send", frozenset({"canceling", "canceled"})),
    "pause": ("pause", frozenset({"paused"})),
    "resume": ("resume", frozenset({"schedule", "sending", "save"})),
}


class MailchimpCampaignActs(models.Model):
    """What people do with a campaign beside sending it."""

    _inherit = "mailchimp.campaign"

    # === BEFORE SENDING === #

    def action_check(self):
        """Show what Mailchimp checks before it sends."""
        return self._open_send("check")

    def action_send(self):
        """Show what is about to leave, and to whom; the wizard sends it."""
        return self._open_send("send")

    def action_schedule(self):
        """Show what is about to be scheduled, and for whom; the wizard does it."""
        return self._open_send("schedule")

    def action_send_test(self):
        """Ask who gets a test."""
        self.ensure_one()
        self._check_act()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send a Test"),
            "res_model": "mailchimp.campaign.test",
            "view_mode": "form",
            "target": "new",
            "context": {"default_campaign_id": self.id},
        }

    def _open_send(self, mode):
        """Bring Mailchimp up to date, and open the wizard with what it says then."""
        self.ensure_one()
        self._check_act()
        self._lock()
        if self._needs_push() and not self._push():
            return self._tell_push_error()
        if not self.mailchimp_id:
            raise UserError(self._gone_text())
        wizard = self.env["mailchimp.campaign.send"].create(
            {"campaign_id": self.id, "mode": mode}
        )
        try:
            wizard._look()
        except MailchimpNotFound:
            self._miss()
            return self._tell("danger", self._gone_text())
        except MailchimpError as error:
            return self._tell("danger", self._error_text(error))
        if mode != "check" and not self.is_editable:
            return self._tell("warning", self._already_text())
        return wizard._open()

    def _tell(self, kind, message):
        """Return the action that says what came of it; bad news stay."""
        sticky = kind in ("danger", "warning")
        return notification(message, self.env._("Mailchimp"), kind, sticky=sticky)

    # === AFTERWARDS === #

    def action_unschedule(self):
        """Back to a draft."""
        return self._act("unschedule", self.env._("It is a draft again."))

    def action_cancel_send(self):
        """Stop what is on its way; some plans of Mailchimp's let that be done."""
        return self._act(
            "cancel",
            self.env._("Sending is canceled. Whoever has got it keeps it."),
        )

    def action_pause(self):
        """Let an RSS campaign rest."""
        return self._act("pause", self.env._("It is paused."))

    def action_resume(self):
        """Let an RSS campaign go on."""
        return self._act("resume", self.env._("It goes on."))

    def _act(self, act, done_text):
        """Do something with this campaign in Mailchimp, and say what came of it."""
        self.ensure_one()
        self._check_act()
        self._lock()
        gateway = self.account_id._gateway(interactive=True)
        method, done = ACTS[act]
        try:
            error = self._try_act(gateway, getattr(gateway.api.campaigns, method), done)
        except MailchimpNotFound:
            self._miss()
            return self._tell("danger", self._gone_text())
        except MailchimpError as error_:
            return self._tell("danger", self._act_error_text(error_))
        if error:
            return self._tell("danger", self._act_error_text(error))
        self._message_log(
            body=f"{self.env.user.name}: {done_text} ({self._status_text()})"
        )
        return notification(done_text)

    def _try_act(self, gateway, method, done):
        """Do it, and read the campaign, whose status tells what became of it.

        :return: the error, if it was not done
        :raise MailchimpError: if it is not known
        """
        error = None
        try:
            method(self.mailchimp_id)
        except MailchimpRetryLater as lost:
            error = lost
        status = self._read_remote(gateway)["status"]
        return None if status in done else error

    def _act_error_text(self, error):
        # A plan that lacks a feature is answered like a key that lacks a right.
        if isinstance(error, MailchimpAuthError) and error.status == 403:
            return self.env._(
                "Mailchimp does not let this account do that: %s It is part of some of "
                "Mailchimp's paid plans only, or your role there does not allow it.",
                error.detail or error,
            )
        return self._error_text(error)

    # === THE END === #

    def action_delete_remote(self):
        """Delete a draft in Mailchimp; for managers only."""
        self.ensure_one()
        self._check_act()
        if not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only MailChimp managers may delete campaigns in Mailchimp.")
            )
        if not self.mailchimp_id:
            raise UserError(self.env._("This campaign is not in Mailchimp."))
        self._lock()
        try:
            refusal = self._delete_in_mailchimp()
        except MailchimpNotFound:
            refusal = None  # whoever did it: it is gone
        except MailchimpError as error:
            refusal = self._act_error_text(error)
        if refusal:
            return self._tell("danger", refusal)
        self._miss()
        return notification(
            self.env._("%s is deleted in Mailchimp.", self.display_name)
        )

    def _delete_in_mailchimp(self):
        """Delete a draft; return why not, None where it is done."""
        gateway = self.account_id._gateway(interactive=True)
        if self._read_remote(gateway)["status"] not in EDITABLE_STATUSES:
            return self._only_drafts_text()
        gateway.api.campaigns.remove(self.mailchimp_id)
        return None

    def _only_drafts_text(self):
        return self.env._(
            "Only drafts are deleted from Odoo: %(campaign)s is “%(status)s”, and its "
            "report would be lost.",
            campaign=self.display_name,
            status=self._status_text(),
        )
