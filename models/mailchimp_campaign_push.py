import logging
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import LockError, UserError

from ..exceptions import (
    MailchimpError,
    MailchimpNotFound,
    MailchimpRetryLater,
)
from ..tools.client_action import notification
from ..tools.coerce import with_ids

# How long Mailchimp takes to count recipients, about.
COUNTING = timedelta(seconds=20)

_logger = logging.getLogger(__name__)


class MailchimpCampaignPush(models.Model):
    """*Save to Mailchimp*: a campaign is created there, or changed."""

    _inherit = "mailchimp.campaign"

    # === ACTION METHODS === #

    def action_push(self):
        """Save these campaigns to Mailchimp; many of them in the background."""
        self._check_act()
        if len(self) > 1:
            return self._push_later()
        if not self._push():
            return self._tell_push_error()
        return notification(
            self.env._("%s is saved to Mailchimp.", self.display_name),
        )

    def action_refresh(self):
        """Read these campaigns, and what is in them, from Mailchimp."""
        self._check_act()
        try:
            self._refresh()
            for campaigns in (
                self.filtered("mailchimp_id").grouped("account_id").values()
            ):
                campaigns._refresh_contents()
        except MailchimpError as error:
            raise UserError(self._error_text(error)) from error

    def _refresh_contents(self):
        """Read what is in these campaigns of one account."""
        run = self.env["mailchimp.run"]
        here = self.filtered(lambda campaign: not campaign.gone)
        for campaign, answer in zip(here, here._contents(), strict=True):
            if answer.error:
                raise answer.error
            campaign._take_content(answer, run)

    def _check_act(self):
        """Refuse what cannot be done before anything is."""
        self.check_access("write")
        if not self:
            raise UserError(self.env._("Choose the campaigns first."))
        self.account_id._check_connected()

    # === PUSH === #

    def _push(self):
        """Save this campaign to Mailchimp while somebody waits.

        What Mailchimp refuses is noted, not raised: the campaign may exist there
        already, which must not be forgotten.

        :return: whether Mailchimp holds what Odoo does
        :raise UserError: before anything was sent
        """
        self._lock()
        self._check_complete()
        try:
            return self._push_remote()
        except MailchimpError as error:
            self._note_push_error(error)
            return False

    def _note_push_error(self, error):
        """Keep why this campaign could not be saved."""
        if isinstance(error, MailchimpNotFound):
            self._miss()
        is_ours = isinstance(error, UserError)
        text = str(error) if is_ours else self._error_text(error)
        self._connector_write({"push_error": text})

    def _push_remote(self, interactive=True):
        """Create or change the campaign, and its content where that differs.

        :return: whether it is saved; not where somebody has to decide first
        :raise MailchimpError: what was done before it stands
        """
        gateway = self.account_id._gateway(interactive=interactive)
        content = self._new_content()
        if not (data := self._created(gateway)):
            if self._has_to_be_decided(gateway, content):
                return False
            # Until an answer says so, it is unknown what Mailchimp holds.
            self._connector_write({"remote_values": False})
            values = self._mailchimp_values()
            data = gateway.api.campaigns.update(self.mailchimp_id, values)
            self._take_over_identity(data)
        is_new_content = self._push_content(gateway, content)
        self._connector_write(
            {"to_push": False, "push_error": False, "remote_changed": False}
        )
        self._take_over_answer(gateway, data, is_new_content)
        if self.audience_id and not self.recipient_count:
            # Mailchimp counts in a moment, and nobody has to wait for it.
            self._enqueue_read_status(fields.Datetime.now() + COUNTING)
        return True

    def _has_to_be_decided(self, gateway, content):
        """Look whether Mailchimp's was changed too, before anything is overwritten.

        At both, so that nobody is asked twice.
        """
        was_changed = self._was_changed_there(gateway)
        was_redesigned = bool(content) and self._was_redesigned(gateway, content)
        return was_changed or was_redesigned

    def _was_changed_there(self, gateway):
        """Look whether Mailchimp's was edited since it was read or saved last.

        :return: whether somebody has to decide which one is right
        :raise MailchimpError:
        """
        undecided = self.remote_changed
        data = self._read_remote(gateway)
        if not undecided and self.remote_changed and self._holds(data):
            # An answer was lost, or somebody made the same edit.
            self._connector_write({"remote_changed": False})
        if self.remote_changed:
            self._note_changed_there()
        return self.remote_changed

    def _note_changed_there(self):
        text = self.env._(
            "It was changed in Mailchimp, too. Decide which one is right."
        )
        self._connector_write({"push_error": text})

    # === WHAT CAME OF IT === #

    def _take_over_identity(self, data):
        """Remember which campaign of Mailchimp's this is, whatever happens next."""
        [data] = with_ids([data]) or [{"id": self.mailchimp_id}]
        if not data["id"]:
            raise MailchimpRetryLater("Mailchimp's answer could not be read.")
        if self.mailchimp_id != data["id"]:
            self._connector_write({"mailchimp_id": data["id"]})

    def _take_over_answer(self, gateway, data, is_new_content):
        """Take over what Mailchimp made of it; content changes settings, too."""
        if is_new_content:
            try:
                self._read_remote(gateway)
                return
            except MailchimpError as error:
                _logger.info("Read after a save to Mailchimp: %s", error)
        if with_ids([data]):
            self._apply_remote([data])
        if is_new_content:  # which made other settings of these
            self._connector_write({"remote_values": False})

    def _take_over(self, vals):
        """Mailchimp need not name the template that the content was made of."""
        if self.content_source == "template" and not vals.get("template_id"):
            vals = {
                name: value for name, value in vals.items() if name != "template_id"
            }
        return super()._take_over(vals)

    def _lock(self):
        """Keep others from doing something with this campaign at the same time."""
        self.ensure_one()
        try:
            self.lock_for_update()
        except LockError as error:
            raise UserError(
                self.env._(
                    "Somebody else is just saving or sending %s. Look again in a "
                    "moment.",
                    self.display_name,
                )
            ) from error
        self.invalidate_recordset()

    def _tell_push_error(self):
        """Return the action that tells why the campaign is not saved."""
        return notification(
            self.push_error,
            title=self.env._("Not saved to Mailchimp"),
            kind="danger",
            sticky=True,
        )

    def _gone_text(self):
        return self.env._(
            "%s was deleted in Mailchimp. You can create it again.", self.display_name
        )

    def _error_text(self, error):
        """Return what Mailchimp answered, and what it means, in words."""
        if isinstance(error, MailchimpNotFound):
            return self._gone_text()
        if isinstance(error, MailchimpRetryLater):
            return self.env._(
                "Mailchimp cannot be reached right now, or is busy: %s Try again in a "
                "moment.",
                error,
            )
        return self.env._("Mailchimp refused it: %s", error)
