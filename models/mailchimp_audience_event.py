from datetime import timedelta

import psycopg2.errors

from odoo import fields, models
from odoo.tools import SQL

from ..const import PRIORITY_WEBHOOK
from ..tools.inside import inside
from ..tools.subscriber import subscriber_hashes
from ..tools.webhook import Event

ALIVE_RESOLUTION = timedelta(minutes=1)


class MailchimpAudienceEvent(models.Model):
    """What a webhook brings: hints, which a job follows up."""

    _inherit = "mailchimp.audience"

    def _enqueue_webhook(self, account, event):
        """Queue what a delivery hints at; runs in the request of Mailchimp.

        The same event of the same address becomes one job as long as it waits. Changes
        of a profile are all the same; when a consent changed, that is evidence.

        :param recordset account: the account of this audience
        :param Event event: what was delivered
        """
        if event.type == "profile":
            event = event._replace(fired_at="")
        kind, about = "campaign", [event.campaign_id]
        if event.emails:
            kind, about = "member", subscriber_hashes(event.emails)
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_webhook",
            name=self.env._("Webhook: %s", event.type),
            identity=":".join([kind, str(self.id), *about]),
            account=account,
            priority=PRIORITY_WEBHOOK,
            args={"event": event._asdict()},
            brief=True,
        )

    def _job_webhook(self, event):
        """Find out what an event hinted at.

        :param dict event: a `tools.webhook.Event`
        """
        event = Event(**event)
        getattr(self, f"_on_{event.type}")(event)
        self._touch_last_event()

    def _on_subscribe(self, event):
        self._refresh_hinted(event)

    def _on_unsubscribe(self, event):
        """Somebody opted out, was archived or was deleted for good: Mailchimp's answer
        tells which."""
        self._refresh_hinted(event)

    def _on_profile(self, event):
        self._refresh_hinted(event)

    def _on_cleaned(self, event):
        self._refresh_hinted(event)

    def _on_upemail(self, event):
        """The new address first: it moves the member, and the old one finds nobody."""
        self._refresh_hinted(event)

    def _on_campaign(self, event):
        """A campaign was sent or cancelled: nothing to do for members."""

    def _refresh_hinted(self, event):
        """Read again the members an event is about."""
        facts = {
            name: getattr(event, name)
            for name in ("fired_at", "reason", "campaign_id")
            if getattr(event, name)
        }
        importer = self.env["mailchimp.member.import"].with_context(
            **inside(mailchimp_evidence=facts)
        )
        hashes = subscriber_hashes(event.emails)
        importer._refresh(self, hashes, self.env["mailchimp.run"], source="webhook")

    def _touch_last_event(self):
        """Note that webhooks arrive, without ever waiting for somebody else's lock."""
        now = fields.Datetime.now()
        before, last = now - ALIVE_RESOLUTION, self.webhook_last_event_at
        if last and last > before:
            return  # one of many hints
        query = SQL(
            """UPDATE mailchimp_audience SET webhook_last_event_at = %(now)s
                WHERE id = (SELECT id FROM mailchimp_audience
                             WHERE id = %(id)s
                               AND (webhook_last_event_at IS NULL
                                    OR webhook_last_event_at <= %(before)s)
                               FOR NO KEY UPDATE SKIP LOCKED)""",
            now=now,
            id=self.id,
            before=before,
        )
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(query, log_exceptions=False)
        except psycopg2.errors.SerializationFailure:
            return  # another worker just did
        self.invalidate_recordset(["webhook_last_event_at"], flush=False)
