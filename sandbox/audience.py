"""The state of one audience and its indexes. No rules of the API live here."""

from collections import Counter

from . import clock, generate, oddities, seeding
from .ids import subscriber_hash
from .merge_fields import default_fields
from .segment import Segment
from .shape import Shape

CONTACT = {
    "company": "",
    "address1": "",
    "address2": "",
    "city": "",
    "state": "",
    "zip": "",
    "country": "US",
    "phone": "",
}
DEFAULTS = {"from_name": "", "from_email": "", "subject": "", "language": "en"}
SETTINGS = {
    "permission_reminder": "You are receiving this because you asked for it.",
    "use_archive_bar": True,
    "notify_on_subscribe": "",
    "notify_on_unsubscribe": "",
    "email_type_option": False,
    "visibility": "prv",
    "double_optin": False,
    "has_welcome": False,
    "list_rating": 3,
}


class Audience:
    """One Mailchimp list.

    :param dict settings: any of the writable properties of the resource, plus
        ``permissions``: a map of marketing permission ids to their texts
    """

    def __init__(self, account, name, **settings):
        self.account = account
        self.sandbox = account.sandbox
        ids = self.sandbox.ids
        self.id = settings.pop("id", None) or ids.hex(10)
        self.web_id = ids.number()
        self.name = name
        self.contact = {**CONTACT, **settings.pop("contact", {})}
        self.campaign_defaults = {**DEFAULTS, **settings.pop("campaign_defaults", {})}
        self.permissions = settings.pop("permissions", {})
        self.settings = {**SETTINGS, **settings}
        self.date_created = self.sandbox.clock.now()
        self.fields = default_fields()
        self.categories = {}
        self.segments = {}
        self.webhooks = {}
        self.members = {}
        self.contacts = {}
        self.forgotten = {}
        self.counts = Counter()
        self.version = 0
        self.last_sub_date = self.last_unsub_date = 0
        self.selections = {}
        self._shapes = {}
        self._contact_number = 0
        self._stats = (0, None)
        self.schema_changed()

    # === SCHEMA === #

    def schema_changed(self):
        """Merge fields, groups, tags or permissions are not what they were."""
        self.merge_tags = [field.tag for field in self.fields.values()]
        self.interest_ids = [
            key for category in self.categories.values() for key in category.interests
        ]
        self._shapes.clear()

    def field(self, tag):
        """:return MergeField: None when there is none"""
        found = (field for field in self.fields.values() if field.tag == tag)
        return next(found, None)

    def shape(self, wanted=None, unwanted=None, key=None):
        """The compiled rendering of a member, kept for the next call.

        :param key: what identifies the selection; None for all parts
        """
        shape = self._shapes.get(key)
        if shape is None:
            if len(self._shapes) >= 16:
                self._shapes.clear()
            shape = self._shapes[key] = Shape(self, wanted, unwanted)
        return shape

    # === MEMBERS === #

    def find(self, key):
        """Look a member up by hash, plain address or contact id.

        :return Member: None when there is none
        """
        text = key.strip()
        if "@" in text:
            return self.members.get(subscriber_hash(text))
        return self.members.get(text.lower()) or self.contacts.get(text.lower())

    def by_email(self, email):
        """:return Member: whatever its status, None when there is none"""
        return self.members.get(subscriber_hash(email))

    def new_contact_id(self):
        """:return str: stable for the life of the contact"""
        self._contact_number += 1
        return generate.contact_id(self.id, self._contact_number)

    def insert(self, member):
        """Index a new member."""
        self.members[member.id] = member
        self.contacts[member.contact_id] = member
        self.counts[member.status] += 1
        self.version += 1

    def remove(self, member):
        """Drop a member from every index."""
        del self.members[member.id]
        del self.contacts[member.contact_id]
        for key in list(member.tags):
            self.segments[key].members.pop(member.contact_id, None)
        self.counts[member.status] -= 1
        self.version += 1

    def rename(self, member, email):
        """Move a member to another address."""
        del self.members[member.id]
        generate.address(member, email)
        self.members[member.id] = member
        self.touch(member)

    def set_status(self, member, status):
        """Count and store a status."""
        self.counts[member.status] -= 1
        self.counts[status] += 1
        member.status = status
        self.touch(member)

    def touch(self, member):
        """Stamp a member as changed just now."""
        member.last_changed = self.sandbox.clock.now()
        member.shape = member.fragment = None
        self.version += 1

    # === TAGS === #

    def tag_named(self, name):
        """:return Segment: the tag of that name, None when there is none"""
        tags = (entry for entry in self.segments.values() if entry.is_tag)
        return next((entry for entry in tags if entry.name == name), None)

    def make_tag(self, name):
        """:return Segment: the tag of that name, created when new"""
        tag = self.tag_named(name)
        return tag or self.add_segment(name, "static")

    def add_segment(self, name, kind, options=None):
        """:return Segment: a new one"""
        key = self.sandbox.ids.small()
        segment = Segment(key, name, kind, self.sandbox.clock.now(), options)
        self.segments[key] = segment
        return segment

    def put_tag(self, member, tag, now=None):
        """:return bool: whether the member did not have it yet"""
        if tag.id in member.tags:
            return False
        now = now or self.sandbox.clock.now()
        member.tags[tag.id] = now
        tag.members[member.contact_id] = member
        tag.updated_at = now
        return True

    def take_tag(self, member, tag):
        """:return bool: whether the member had it"""
        if member.tags.pop(tag.id, None) is None:
            return False
        tag.members.pop(member.contact_id, None)
        tag.updated_at = self.sandbox.clock.now()
        return True

    # === STATISTICS === #

    def stats(self):
        """:return dict: counts; as old as ``account.stats_ttl`` allows"""
        now = self.sandbox.clock.now()
        taken, stats = self._stats
        if stats is None or now - taken >= self.account.stats_ttl:
            stats = self._count_stats()
            self._stats = (now, stats)
        return dict(stats)

    def _count_stats(self):
        counts = self.counts
        campaigns = self.account.sent_campaigns(self.id)
        return {
            "member_count": counts["subscribed"],
            "total_contacts": sum(counts.values()) - counts["archived"],
            "unsubscribe_count": counts["unsubscribed"],
            "cleaned_count": counts["cleaned"],
            "member_count_since_send": 0,
            "unsubscribe_count_since_send": 0,
            "cleaned_count_since_send": 0,
            "campaign_count": len(campaigns),
            "campaign_last_sent": clock.iso(
                max((campaign.send_time for campaign in campaigns), default=0)
            ),
            "merge_field_count": len(self.fields),
            "avg_sub_rate": 12,
            "avg_unsub_rate": 3,
            "target_sub_rate": 4,
            "open_rate": 34.2 if campaigns else 0,
            "click_rate": 4.1 if campaigns else 0,
            "last_sub_date": clock.iso(self.last_sub_date),
            "last_unsub_date": clock.iso(self.last_unsub_date),
        }

    # === SEEDING === #

    def add_member(self, email, status="subscribed", **values):
        """Put a member there directly; see :func:`.seeding.add_member`."""
        return seeding.add_member(self, email, status, **values)

    def add_merge_field(self, tag, type="text", **values):
        """Put a merge field there; see :func:`.seeding.add_merge_field`."""
        return seeding.add_merge_field(self, tag, type, **values)

    def add_interests(self, title, names, type="checkboxes"):
        """Put a group category there; see :func:`.seeding.add_interests`."""
        return seeding.add_interests(self, title, names, type)

    def fill(self, n, seed=1, **options):
        """Put ``n`` believable members there; see :func:`.generate.fill`."""
        return generate.fill(self, n, seed, **options)

    def add_oddity(self, kind, email=None):
        """Put something wrong there; see :func:`.oddities.add`."""
        return oddities.add(self, kind, email)
