from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import (
    CAMPAIGN_FIELDS,
    EDITABLE_STATUSES,
    PRIORITY_USER,
    SENT_STATUSES,
)
from ..exceptions import MailchimpError, MailchimpNotFound, MailchimpRetryLater
from ..tools.coerce import as_map, remote_id, short_text, small_integer
from .mailchimp_campaign_source import CONTENT

# What Mailchimp's answer says about a campaign that somebody is about to send.
CONFIRMED_SETTINGS = ("subject_line", "preview_text", "from_name", "reply_to")
# A request without an answer may be at work still: Mailchimp stops after two minutes.
# https://mailchimp.com/developer/marketing/docs/methods-parameters/
LATE_ANSWER = timedelta(minutes=3)
# Campaigns that are on their way, or will be.
UNDER_WAY = SENT_STATUSES | {"schedule"}


class MailchimpCampaignSend(models.Model):
    """Sending: what leaves, leaves once, and somebody confirmed it.

    The campaign is read right before and, where an answer was lost, after the request,
    which is never repeated by itself.
    """

    _inherit = "mailchimp.campaign"

    send_unknown = fields.Boolean(
        string="Unknown Whether It Was Sent",
        readonly=True,
        copy=False,
        help="Mailchimp did not answer when it was to be sent. Odoo asks until it "
        "knows; it never sends by itself.",
    )

    # === READING === #

    def _read_remote(self, gateway):
        """Read the campaign, and take over what Mailchimp says.

        :return: the payload (dict)
        :raise MailchimpError:
        """
        data = as_map(
            gateway.api.campaigns.get(self.mailchimp_id, fields=CAMPAIGN_FIELDS)
        )
        if not data.get("status") or remote_id(data.get("id")) != self.mailchimp_id:
            raise MailchimpRetryLater("Mailchimp's answer could not be read.")
        self._apply_remote([data])
        return data

    def _read_confirmed(self, gateway):
        """Read the campaign with what is in the mail, as it would leave now.

        :return: the payload (dict) with ``content``
        :raise MailchimpError:
        """
        return self._with_content(gateway, self._read_remote(gateway))

    def _with_content(self, gateway, data):
        content = as_map(gateway.api.campaigns.get_content(self.mailchimp_id))
        return data | {"content": content}

    def _read_checklist(self, gateway):
        """Read what Mailchimp checks before it sends.

        https://mailchimp.com/developer/marketing/api/campaign-send-checklist/

        :return: whether it is ready, and a list of dicts with ``type``, ``heading``
            and ``details``
        """
        answer = as_map(gateway.api.campaigns.get_send_checklist(self.mailchimp_id))
        items = answer.get("items")
        checks = [
            {
                "type": short_text(as_map(item).get("type")) or "",
                "heading": short_text(as_map(item).get("heading")) or "",
                "details": short_text(as_map(item).get("details")) or "",
            }
            for item in (items if isinstance(items, list) else ())
        ]
        return answer.get("is_ready") is True, checks

    @api.model
    def _confirmation(self, data):
        """Return what stands for all that is confirmed before a campaign leaves.

        :param dict data: of `_read_confirmed`
        """
        recipients = as_map(data.get("recipients"))
        settings, content = as_map(data.get("settings")), as_map(data.get("content"))
        said = {
            "id": remote_id(data.get("id")),
            "type": data.get("type"),
            "variants": as_map(data.get("variate_settings")),
            "audience": remote_id(recipients.get("list_id")),
            "segment": as_map(recipients.get("segment_opts")),
            "count": small_integer(recipients.get("recipient_count")),
            **{name: settings.get(name) or "" for name in CONFIRMED_SETTINGS},
            **{name: content.get(name) or "" for name in CONTENT},
        }
        return self._digest(said)

    # === THE PROTOCOL === #

    def _leave(self, confirmed, at=None, delivery=None):
        """Send this campaign now, or schedule it.

        :param str confirmed: `_confirmation` of what the person saw
        :param datetime at: when, naive UTC; now by default
        :param dict delivery: how it is scheduled, as Mailchimp says it: ``timewarp`` or
            ``batch_delivery``; to all at that moment by default
        :return: what came of it: ``state`` is done, already, changed, not_ready,
            failed or unknown; ``text`` says it
        """
        self._lock()
        gateway = self.account_id._gateway(interactive=True)
        try:
            refusal = self._refuse_to_leave(gateway, confirmed)
        except MailchimpNotFound:
            self._miss()
            return _came("failed", self._gone_text())
        except MailchimpError as error:
            text = self.env._("Nothing was sent. %s", self._error_text(error))
            return _came("failed", text)
        return refusal or self._post_leave(gateway, at, delivery or {})

    def _refuse_to_leave(self, gateway, confirmed):
        """Return why this is not the moment, None if it is."""
        data = self._read_remote(gateway)
        if data["status"] not in EDITABLE_STATUSES:
            self._note_known()
            return _came("already", self._already_text())
        if until := self._still_at_it():
            return _came("failed", self._wait_text(until))
        data = self._with_content(gateway, data)
        if self._needs_push() or self._confirmation(data) != confirmed:
            text = self.env._("It changed since you confirmed it. Look at it again.")
            return _came("changed", text)
        ready, checks = self._read_checklist(gateway)
        if not ready:
            return _came("not_ready", self._not_ready_text(checks))
        return None

    @api.ondelete(at_uninstall=False)
    def _unlink_except_leaving(self):
        """What an import made of it anew would not know that it may be leaving."""
        if until := self._still_at_it():
            raise UserError(self._wait_text(until))

    def _still_at_it(self):
        """Return until when Mailchimp may be at an earlier request, or False."""
        tried = self.env["mailchimp.attempt"]._times(self, "send")
        until = bool(tried) and tried[-1] + LATE_ANSWER
        return until and until > fields.Datetime.now() and until

    def _note_known(self):
        """Nothing is open any more about an earlier request to send."""
        self.env["mailchimp.attempt"]._forget(self, "send")
        self._connector_write({"send_unknown": False})

    def _post_leave(self, gateway, at, delivery):
        """Let it go; this is the only place that does."""
        # A patient one: who gives up early does not know what became of it.
        api = self.account_id._gateway().api.campaigns
        attempts = self.env["mailchimp.attempt"]
        attempts._note(self, "send")
        try:
            if at:
                time = f"{at:%Y-%m-%dT%H:%M:%S}+00:00"
                api.schedule(self.mailchimp_id, {"schedule_time": time, **delivery})
            else:
                api.send(self.mailchimp_id)
        except MailchimpRetryLater as error:
            return self._resolve_lost(gateway, error, delivery)
        except MailchimpError as error:
            attempts._forget(self, "send")
            return _came("failed", self._refusal_text(error))
        attempts._forget(self, "send")
        return self._has_left(gateway, at, delivery)

    def _has_left(self, gateway, at, delivery):
        """Note that it left, and read what Mailchimp makes of it."""
        vals = {"status": "schedule" if at else "sending", "send_unknown": False}
        self._connector_write(vals | ({"send_time": at} if at else {}))
        self._log_leaving(delivery)
        try:
            self._read_remote(gateway)
        except MailchimpError:
            self._enqueue_read_status()
        return _came("done", self._left_text())

    def _resolve_lost(self, gateway, error, delivery):
        """Find out whether it left, after an answer that was lost."""
        if error.throttled:  # which is answered before anything is done
            self.env["mailchimp.attempt"]._forget(self, "send")
            return _came("failed", self._refusal_text(error))
        try:
            status = self._read_remote(gateway)["status"]
        except MailchimpError:
            status = None
        if status in UNDER_WAY:
            self._note_known()
            self._log_leaving(delivery)
            return _came("done", self._left_text())
        self._connector_write({"send_unknown": not status})
        self._enqueue_read_status()
        text = self._not_sent_text(error) if status else self._unknown_text(error)
        self._message_log(body=text)
        return _came("failed" if status else "unknown", text)

    def _enqueue_read_status(self, run_after=None):
        """Let the queue read the campaign until it is known what became of it.

        :param datetime run_after: not before; now by default
        """
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_read_status",
            name=self.env._("Read what became of %s", self.display_name),
            identity=f"campaign_status:{self.id}",
            account=self.account_id,
            priority=PRIORITY_USER,
            run_after=run_after,
        )

    def _job_read_status(self):
        """Read this campaign from Mailchimp, and say so if that was unknown.

        A draft is surely one when Mailchimp must be done with a request that it did
        not answer; until then it is read again.
        """
        if not self.exists():
            return
        unknown, before = self.send_unknown, self.status
        try:
            self._read_remote(self.account_id._gateway())
        except MailchimpNotFound:
            self._miss()
        until = self._still_at_it()
        if until and self.status in EDITABLE_STATUSES and not self.gone:
            self._enqueue_read_status(until)
            return
        self._note_known()
        if unknown or (self.status in UNDER_WAY and before not in UNDER_WAY):
            self._message_log(body=self._became_known_text())


def _came(state, text):
    return {"state": state, "text": text}
