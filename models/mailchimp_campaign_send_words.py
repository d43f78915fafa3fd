from odoo import models
from odoo.tools import format_datetime

from .mailchimp_campaign_send import UNDER_WAY


class MailchimpCampaignSendWords(models.Model):
    """What sending came to, in words."""

    _inherit = "mailchimp.campaign"

    def _log_leaving(self, delivery):
        """Keep who confirmed it, how, to whom and how many.

        :param dict delivery: see `_leave`
        """
        self._message_log(
            body=self.env._(
                "Confirmed by %(user)s: %(what)s. Audience: %(audience)s (%(who)s). "
                "Recipients: %(count)s.",
                user=self.env.user.name,
                what=self._leaving_text(delivery),
                audience=self.audience_id.display_name or self.env._("unknown"),
                who=self._recipients_text(),
                count=self.recipient_count,
            )
        )

    def _leaving_text(self, delivery):
        if self.status != "schedule":
            return self._status_text()
        # Others read it, too, who may live elsewhere.
        zone = self.env.user.tz or "UTC"
        text = f"{self._status_text()}, {self._send_time_text()} ({zone})"
        return ", ".join(filter(None, (text, self._delivery_text(delivery))))

    def _delivery_text(self, delivery):
        """Return how it is scheduled, which Mailchimp does not tell afterwards."""
        if batches := delivery.get("batch_delivery"):
            return self.env._(
                "in %(count)s batches, one every %(minutes)s minutes",
                count=batches["batch_count"],
                minutes=batches["batch_delay"],
            )
        if delivery.get("timewarp"):
            return self.env._("in each recipient's time zone")
        return ""

    def _left_text(self):
        if self.status == "schedule":
            return self.env._(
                "%(campaign)s is scheduled for %(time)s.",
                campaign=self.display_name,
                time=self._send_time_text(),
            )
        return self.env._(
            "%(campaign)s is on its way. Recipients: %(count)s.",
            campaign=self.display_name,
            count=self.recipient_count,
        )

    def _send_time_text(self):
        """Return when it is sent, in the time zone of the user."""
        return format_datetime(self.env, self.send_time)

    def _already_text(self):
        return self.env._(
            "Nothing was sent: in Mailchimp, %(campaign)s is “%(status)s” already.",
            campaign=self.display_name,
            status=self._status_text(),
        )

    def _unknown_text(self, error):
        return self.env._(
            "It is not known whether %(campaign)s was sent: Mailchimp did not answer "
            "(%(error)s). Odoo asks until it knows, and sends nothing by itself.",
            campaign=self.display_name,
            error=error,
        )

    def _not_sent_text(self, error):
        said = self.env._(
            "It was not sent: Mailchimp says that it is still a draft. %s",
            self._error_text(error),
        )
        return f"{said} {self._wait_text(self._still_at_it())}"

    def _wait_text(self, until):
        return self.env._(
            "Mailchimp did not answer when it was to be sent, and may still be at it: "
            "Odoo looks again, and it can be sent again after %s.",
            format_datetime(self.env, until, dt_format="short"),
        )

    def _became_known_text(self):
        if self.status in UNDER_WAY:
            return self.env._("It is known now: it left (%s).", self._status_text())
        return self.env._("It is known now: it was not sent (%s).", self._status_text())

    def _not_ready_text(self, checks):
        """Return the reasons of Mailchimp's checklist, in words."""
        reasons = [self._check_text(c) for c in checks if c["type"] == "error"]
        if not reasons:
            reasons = [self.env._("Mailchimp gives no reason. Try again in a moment.")]
        return "\n".join(reasons)

    def _check_text(self, check):
        if _still_counting(check["details"]):
            return self._counting_text()
        return ": ".join(filter(None, (check["heading"], check["details"])))

    def _refusal_text(self, error):
        """Return why Mailchimp did not send it."""
        if _still_counting(error.detail):
            return self.env._("Nothing was sent. %s", self._counting_text())
        return self.env._("Nothing was sent. %s", self._error_text(error))

    def _counting_text(self):
        return self.env._(
            "Mailchimp still counts the recipients, or has none. Try again in a moment."
        )


def _still_counting(text):
    return "recipients not ready" in (text or "").lower()
