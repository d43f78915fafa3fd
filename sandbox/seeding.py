"""Putting state there directly: no rules, no webhooks, no transitions."""

from . import generate
from .ids import subscriber_hash
from .member import Member
from .merge_fields import MergeField

# Who is taken to have opted out a person who is seeded that way.
USUAL_ORIGIN = {"unsubscribed": "user", "cleaned": "bounce"}
REASONS = {
    "user": "N/A",
    "admin": "N/A (Unsubscribed by admin)",
    "complaint": "Marked as spam",
}


def add_member(audience, email, status="subscribed", **values):
    """Add or replace a member.

    :param dict merge_fields: stored as they are, not validated
    :param list tags: names
    :param str optout_origin: none, admin, user, bounce or complaint; unsubscribed
        people are taken to have done it themselves, cleaned ones to have bounced
    :param list interests: ids of the groups that are ticked
    :param values: any other attribute of :class:`Member`, such as ``vip``
    :return Member: the new one
    """
    sandbox = audience.sandbox
    with sandbox.lock:
        old = audience.members.get(subscriber_hash(email))
        if old:
            audience.remove(old)
        tags = values.pop("tags", ())
        origin = values.pop("optout_origin", USUAL_ORIGIN.get(status, "none"))
        values.setdefault("origin", origin)
        values["merges"] = dict(values.pop("merge_fields", {}))
        values["interests"] = {key: True for key in values.pop("interests", ())}
        now = sandbox.clock.now()
        values.setdefault("last_changed", now)
        if status in ("subscribed", "unsubscribed", "archived", "cleaned"):
            values.setdefault("timestamp_opt", values["last_changed"])
        if status == "unsubscribed":
            values.setdefault("reason", REASONS.get(origin, "N/A"))
            values.setdefault("unsubscribed_at", values["last_changed"])
        member = Member(email, status, **values)
        generate.identify(audience, member)
        audience.insert(member)
        for name in tags:
            audience.put_tag(member, audience.make_tag(name))
        audience.forgotten.pop(member.id, None)
        return member


def add_merge_field(audience, tag, type="text", **values):
    """:return MergeField: a new one, even of a type that does not exist"""
    with audience.sandbox.lock:
        merge_id = max(audience.fields, default=0) + 1
        field = MergeField(merge_id, tag, type, **values)
        audience.fields[merge_id] = field
        audience.schema_changed()
        return field


class Interest:
    """One group of a category."""

    def __init__(self, key, name, order):
        self.id = key
        self.name = name
        self.display_order = order


class Category:
    """A titled set of groups."""

    def __init__(self, key, title, kind, order):
        self.id = key
        self.title = title
        self.kind = kind
        self.display_order = order
        self.interests = {}


def add_interests(audience, title, names, type="checkboxes"):
    """:return Category: a new one with a group for each name"""
    sandbox = audience.sandbox
    with sandbox.lock:
        order = len(audience.categories)
        category = Category(sandbox.ids.hex(10), title, type, order)
        for position, name in enumerate(names):
            key = sandbox.ids.hex(10)
            category.interests[key] = Interest(key, name, position + 1)
        audience.categories[category.id] = category
        audience.schema_changed()
        return category
