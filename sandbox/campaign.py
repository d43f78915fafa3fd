"""Campaigns and templates: their state and who gets them."""

from . import clock, conditions, report, variants
from .call import links

SETTINGS = {
    "subject_line": "",
    "preview_text": "",
    "title": "",
    "from_name": "",
    "reply_to": "",
    "use_conversation": False,
    "to_name": "",
    "folder_id": "",
    "authenticate": True,
    "auto_footer": False,
    "inline_css": False,
    "auto_tweet": False,
    "auto_fb_post": [],
    "fb_comments": False,
    "timewarp": False,
    "template_id": 0,
    "drag_and_drop": False,
}
TRACKING = {
    "opens": True,
    "html_clicks": True,
    "text_clicks": False,
    "goal_tracking": False,
    "ecomm360": False,
    "google_analytics": "",
    "clicktale": "",
}
# Things people did that show up as activity; the others have reports of their own.
ACTIVITY = ("open", "click", "bounce")
FINAL = ("sent", "sending")


class Campaign:
    """One campaign. ``events`` is what people did with it, oldest first, and
    ``sendings`` how often it went out: never more than once.

    ``recipients`` are the members as they were when it was sent: dicts with
    ``email_id``, ``email_address``, ``merge_fields`` and ``vip``.
    """

    def __init__(self, account, kind, key=None):
        sandbox = account.sandbox
        self.account = account
        self.id = key or sandbox.ids.hex(10)
        self.web_id = sandbox.ids.number()
        self.type = kind
        self.create_time = sandbox.clock.now()
        self.send_time = self.sending_until = 0
        # How many times it is sent, and the seconds between them
        self.batches, self.batch_delay = 1, 0
        self.stored_status = "save"
        self.list_id = ""
        self.segment_opts = {}
        self.settings = dict(SETTINGS)
        self.tracking = dict(TRACKING)
        self.extras = {}
        self.content_type = "html"
        self.html = self.plain_text = ""
        # Of an A/B test: what is in the mails, and which combination won
        self.variants, self.winner = [], None
        self.parent_id = ""
        self.recipients = []
        self.events = []
        self.sendings = 0
        self.tally = None
        self.shop = dict(report.NO_SALES)
        self.share = {"share_url": "", "share_password": ""}

    # === SENDING === #

    @property
    def status(self):
        """:return str: moves on by itself when its time has come"""
        now = self.account.sandbox.clock.now()
        if self.stored_status == "schedule" and self.send_time <= now:
            self.send(self.send_time)
        if self.stored_status == "sending" and self.sending_until <= now:
            self.stored_status = "sent"
        return self.stored_status

    @property
    def audience(self):
        """:return Audience: None when there is none, or no more"""
        return self.account.audiences.get(self.list_id)

    def targets(self):
        """:return list: members who would get it now"""
        audience = self.audience
        if audience is None:
            return []
        saved = audience.segments.get(self.segment_opts.get("saved_segment_id"))
        if saved:
            return conditions.members(audience, saved)
        given = self.segment_opts.get("conditions")
        if given:
            return conditions.matching(audience, self.segment_opts)
        return [m for m in audience.members.values() if m.status == "subscribed"]

    def recipient_count(self):
        """:return int: 0 until Mailchimp has counted"""
        if self.recipients:
            return len(self.recipients)
        return len(self.targets()) if self.counted() else 0

    def counted(self):
        """:return bool: whether the recipients are known, which takes a moment"""
        ready = self.create_time + self.account.recipient_delay
        return self.account.sandbox.clock.now() >= ready

    def has_content(self):
        """:return bool: whether there is anything to send"""
        return bool(self.html or self.plain_text or self.variants)

    def send(self, at):
        """Send it to whoever is subscribed."""
        self.recipients = [
            {
                "email_id": member.id,
                "email_address": member.email,
                "merge_fields": dict(member.merges),
                "vip": member.vip,
            }
            for member in self.targets()
        ]
        self.sendings += 1
        self.send_time = at
        pauses = (self.batches - 1) * self.batch_delay
        self.sending_until = at + pauses + self.account.sending_seconds
        self.stored_status = "sending"

    # === WHAT PEOPLE DID === #

    def record(self, action, member, at, **values):
        """Note an event: open, click, bounce, unsubscribe or abuse."""
        self.events.append({"action": action, "id": member.id, "at": at, **values})

    def activity(self, email_id, since=None):
        """:return list: opens, clicks and bounces of one recipient"""
        return [
            activity_entry(event)
            for event in report.tally(self).people.get(email_id, ())
            if event["action"] in ACTIVITY and (since is None or event["at"] > since)
        ]

    # === AS JSON === #

    def document(self):
        """:return dict: the resource"""
        sent = self.status in FINAL
        data = {
            "id": self.id,
            "web_id": self.web_id,
            "parent_campaign_id": self.parent_id,
            "type": self.type,
            "create_time": clock.iso(self.create_time),
            "archive_url": f"http://eepurl.example/{self.id}",
            "long_archive_url": f"https://mailchi.example/{self.id}",
            "status": self.status,
            "emails_sent": len(self.recipients) if sent else 0,
            "send_time": clock.iso(self.send_time),
            "content_type": self.content_type,
            "needs_block_refresh": False,
            "resendable": self.status == "sent",
            "recipients": self._recipients(),
            "settings": dict(self.settings),
            "tracking": dict(self.tracking),
            **self.extras,
        }
        if "variate_settings" in self.extras:
            data["variate_settings"] = variants.settings(self)
        if sent:
            data["report_summary"] = self.summary()
        data["delivery_status"] = self.delivery()
        data["_links"] = links(f"/campaigns/{self.id}")
        return data

    def delivery(self):
        """:return dict: how far sending is"""
        if self.status not in FINAL:
            return {"enabled": False}
        done = self.status == "sent"
        return {
            "enabled": True,
            "can_cancel": not done,
            "status": "delivered" if done else "delivering",
            "emails_sent": len(self.recipients),
            "emails_canceled": 0,
        }

    def _recipients(self):
        audience = self.audience
        return {
            "list_id": self.list_id,
            "list_is_active": audience is not None,
            "list_name": audience.name if audience else "",
            "segment_text": "",
            "recipient_count": self.recipient_count(),
            **({"segment_opts": self.segment_opts} if self.segment_opts else {}),
        }

    def of(self, action):
        """:return list: events of one kind"""
        return [event for event in self.events if event["action"] == action]

    def counts(self):
        """:return dict: how many events there are of each kind"""
        return dict(report.tally(self).counts)

    def summary(self):
        """:return dict: figures; rates are shares of what was delivered"""
        return report.summary(self)


def activity_entry(event):
    """:return dict: an event as email-activity shows it"""
    entry = {"action": event["action"], "timestamp": clock.iso(event["at"])}
    if event["action"] == "bounce":
        entry["type"] = event.get("type", "hard")
    if event["action"] == "click":
        entry["url"] = event["url"]
    if event["action"] != "bounce":
        entry["ip"] = "198.51.100.20"
    return entry


class Template:
    """One template; ``kind`` is user, base or gallery."""

    def __init__(self, account, name, html, kind="user", folder_id=""):
        self.sandbox = account.sandbox
        self.id = account.sandbox.ids.small()
        self.name = name
        self.html = html
        self.kind = kind
        self.folder_id = folder_id
        self.active = True
        self.category = "" if kind == "user" else "Basic"
        self.drag_and_drop = False
        # An address; a path is one of the sandbox's own, see `pictures`.
        self.thumbnail = ""
        self.created_by = account.email
        self.date_created = self.date_edited = account.sandbox.clock.now()

    def document(self):
        """:return dict: the resource; its HTML is not part of it"""
        return {
            "id": self.id,
            "type": self.kind,
            "name": self.name,
            "drag_and_drop": self.drag_and_drop,
            "responsive": True,
            "category": self.category,
            "date_created": clock.iso(self.date_created),
            "date_edited": clock.iso(self.date_edited),
            "created_by": self.created_by,
            "edited_by": self.created_by,
            "active": self.active,
            "folder_id": self.folder_id,
            "thumbnail": self._picture(),
            "share_url": f"http://eepurl.example/t{self.id}",
            "content_type": "html",
            "_links": links(f"/templates/{self.id}"),
        }

    def _picture(self):
        root = self.sandbox.root if self.thumbnail.startswith("/_") else ""
        return f"{root}{self.thumbnail}"
