"""One contact in one audience."""

STATUSES = (
    "subscribed",
    "unsubscribed",
    "cleaned",
    "pending",
    "transactional",
    "archived",
)
WRITABLE = STATUSES[:-1]
# Why a person is out: only "admin" may be undone through the API.
BLOCKING_ORIGINS = frozenset(("user", "bounce", "complaint"))
# In ``raw``: this part is missing.
ABSENT = object()

NO_LOCATION = {
    "latitude": 0,
    "longitude": 0,
    "gmtoff": 0,
    "dstoff": 0,
    "country_code": "",
    "timezone": "",
    "region": "",
}


class Member:
    """State of a contact. Times are epoch seconds, 0 when not set.

    ``origin`` tells who opted the person out: none, admin, user, bounce, complaint.
    ``raw`` replaces parts of the answer (:data:`ABSENT` removes one), for answers that
    no correct server would give.
    """

    __slots__ = (
        "id",
        "email",
        "unique_email_id",
        "contact_id",
        "web_id",
        "email_type",
        "status",
        "origin",
        "before_archive",
        "merges",
        "interests",
        "ip_signup",
        "timestamp_signup",
        "ip_opt",
        "timestamp_opt",
        "rating",
        "last_changed",
        "language",
        "vip",
        "email_client",
        "location",
        "source",
        "tags",
        "reason",
        "unsubscribed_at",
        "permissions",
        "notes",
        "events",
        "open_rate",
        "click_rate",
        "raw",
        "shape",
        "fragment",
    )

    def __init__(self, email, status="subscribed", **values):
        self.email = email
        self.status = status
        self.origin = "none"
        self.before_archive = ""
        self.email_type = "html"
        self.ip_signup = self.ip_opt = self.language = self.email_client = ""
        self.timestamp_signup = self.timestamp_opt = self.last_changed = 0
        self.unsubscribed_at = 0
        self.rating = 2
        self.vip = False
        self.location = NO_LOCATION
        self.source = "API - Generic"
        self.reason = ""
        self.open_rate = self.click_rate = 0
        self.merges = {}
        self.interests = self.permissions = self.notes = self.events = self.raw = None
        self.tags = {}
        self.shape = self.fragment = None
        for name, value in values.items():
            setattr(self, name, value)

    @property
    def blocked(self):
        """Whether only the person may subscribe this address again."""
        return self.origin in BLOCKING_ORIGINS

    def full_name(self):
        """First and last name, whichever are texts."""
        parts = (self.merges.get("FNAME"), self.merges.get("LNAME"))
        return " ".join(part for part in parts if part and isinstance(part, str))
