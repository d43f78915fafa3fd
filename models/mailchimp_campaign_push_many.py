from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ..const import PRIORITY_USER
from ..exceptions import MailchimpAuthError, MailchimpError, MailchimpRetryLater
from ..tools.client_action import notification

# How long a job waits for somebody who is just saving or sending.
BUSY = timedelta(seconds=30)


class MailchimpCampaignPushMany(models.Model):
    """*Save to Mailchimp* of a selection: in the background."""

    _inherit = "mailchimp.campaign"

    def _push_later(self):
        for campaign in self:
            campaign._check_complete()
        for campaigns in self.grouped("account_id").values():
            campaigns._enqueue_push(self.env.uid)
        return notification(
            self.env._("%s campaigns are saved to Mailchimp.", len(self)), kind="info"
        )

    def _enqueue_push(self, user_id, run_after=None):
        """Queue the saving of campaigns of one account.

        :param int user_id: with whose rights
        :param datetime run_after: not before; now by default
        """
        is_one = len(self) == 1
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_push",
            name=self.env._("Save %s to Mailchimp", self.display_name)
            if is_one
            else self.env._("Save %s campaigns to Mailchimp", len(self)),
            identity=f"campaign:{self.id}" if is_one else None,
            account=self.account_id,
            priority=PRIORITY_USER,
            run_after=run_after,
            args={"user_id": user_id},
        )

    def _job_push(self, user_id):
        """Save campaigns to Mailchimp, with the rights of who asked.

        One that Mailchimp does not answer about keeps the others waiting only if the
        next one fares no better.

        :param int user_id: who asked
        :return: a generator with a checkpoint after each of them
        :raise MailchimpRetryLater: when some are to be tried again
        """
        late, in_a_row = None, 0
        for campaign in self.with_user(user_id).exists():
            try:
                campaign._push_in_background()
                in_a_row = 0
            except MailchimpRetryLater as error:
                late, in_a_row = error, in_a_row + 1
                if error.throttled or in_a_row > 1:
                    raise
            yield
        if late:
            raise late

    def _push_in_background(self):
        """Save this campaign, unless somebody is just at it: then later.

        :raise MailchimpRetryLater: when it is to be tried again
        :raise MailchimpAuthError: which is about the account
        """
        if not self.try_lock_for_update():
            # sudo: it is named in the queue; what is saved, is with the user's rights.
            self.sudo()._enqueue_push(self.env.uid, fields.Datetime.now() + BUSY)
            return
        try:
            self.invalidate_recordset()
            if self._needs_push():
                self._check_complete()  # as it is now
                self._push_remote(interactive=False)
        except (MailchimpRetryLater, MailchimpAuthError):
            raise
        except (MailchimpError, UserError) as error:
            self._note_push_error(error)
