"""How a member is written as JSON."""

import orjson

from . import clock, problems
from .fields import OPTIONAL
from .member import ABSENT

MOST_TAGS_SHOWN = 50
# What the answers about several members leave out, by the official document.
BULK_OMITS = {
    "consents_to_one_to_one_messaging": {},
    "contact_id": {},
    "full_name": {},
    "source": {},
    "web_id": {},
    "location": {"region": {}},
    "_links": {},
}
SEGMENT_OMITS = {**BULK_OMITS, "tags": {}, "tags_count": {}}
SOMETIMES = (
    "unsubscribe_reason",
    "interests",
    "marketing_permissions",
    "last_note",
)

# === PARTS OF THE ANSWER, IN THE ORDER OF THE REAL ONE === #


def _merge_fields(member, audience):
    merges = member.merges
    return {tag: merges.get(tag, "") for tag in audience.merge_tags}


def _interests(member, audience):
    chosen = member.interests or {}
    return {key: bool(chosen.get(key)) for key in audience.interest_ids}


def _tags(member, audience):
    segments = audience.segments
    shown = list(member.tags)[:MOST_TAGS_SHOWN]
    return [{"id": key, "name": segments[key].name} for key in shown]


def _permissions(member, audience):
    given = member.permissions or {}
    return [
        {
            "marketing_permission_id": key,
            "text": text,
            "enabled": bool(given.get(key)),
        }
        for key, text in audience.permissions.items()
    ]


def _stats(member, _audience):
    return {"avg_open_rate": member.open_rate, "avg_click_rate": member.click_rate}


def _last_note(member, _audience):
    note = member.notes[-1]
    return {
        "note_id": note["id"],
        "created_at": note["created_at"],
        "created_by": note["created_by"],
        "note": note["note"],
    }


PARTS = {
    "id": lambda m, a: m.id,
    "email_address": lambda m, a: m.email,
    "unique_email_id": lambda m, a: m.unique_email_id,
    "contact_id": lambda m, a: m.contact_id,
    "full_name": lambda m, a: m.full_name(),
    "web_id": lambda m, a: m.web_id,
    "email_type": lambda m, a: m.email_type,
    "status": lambda m, a: m.status,
    "unsubscribe_reason": lambda m, a: m.reason or ABSENT,
    "consents_to_one_to_one_messaging": lambda m, a: m.status == "subscribed",
    "merge_fields": _merge_fields,
    "interests": lambda m, a: _interests(m, a) if a.interest_ids else ABSENT,
    "stats": _stats,
    "ip_signup": lambda m, a: m.ip_signup,
    "timestamp_signup": lambda m, a: clock.iso(m.timestamp_signup),
    "ip_opt": lambda m, a: m.ip_opt,
    "timestamp_opt": lambda m, a: clock.iso(m.timestamp_opt),
    "member_rating": lambda m, a: m.rating,
    "last_changed": lambda m, a: clock.iso(m.last_changed),
    "language": lambda m, a: m.language,
    "vip": lambda m, a: m.vip,
    "email_client": lambda m, a: m.email_client,
    "location": lambda m, a: m.location,
    "marketing_permissions": lambda m, a: (
        _permissions(m, a) if a.permissions else ABSENT
    ),
    "last_note": lambda m, a: _last_note(m, a) if m.notes else ABSENT,
    "source": lambda m, a: m.source,
    "tags_count": lambda m, a: len(m.tags),
    "tags": _tags,
    "list_id": lambda m, a: a.id,
}

_LINKS = (
    ("self", "GET", ""),
    ("parent", "GET", None),
    ("update", "PATCH", ""),
    ("upsert", "PUT", ""),
    ("delete", "DELETE", ""),
    ("activity", "GET", "/activity"),
    ("goals", "GET", "/goals"),
    ("notes", "GET", "/notes"),
    ("events", "POST", "/events"),
    ("delete_permanent", "POST", "/actions/delete-permanent"),
)
_SCHEMA = "https://us1.api.mailchimp.com/schema/3.0/Definitions/Lists/Members/"


class Shape:
    """A compiled selection of the parts of a member.

    Rendering is what a page of 1,000 members costs, so each member keeps its last
    rendering without links; the links are a text with two gaps.

    :param dict wanted: tree of wanted parts, or None for all
    :param dict unwanted: tree of unwanted parts, or None
    :raise Problem: 422 for an unknown part
    """

    def __init__(self, audience, wanted=None, unwanted=None):
        for name in (*(wanted or ()), *(unwanted or ())):
            if name not in PARTS and name not in OPTIONAL:
                raise problems.fields_invalid()
        self._audience = audience
        self._getters = [
            (name, getter)
            for name, getter in PARTS.items()
            if _is_wanted(name, wanted, unwanted)
        ]
        self._inside = {
            name: set(parts)
            for name, parts in (wanted or {}).items()
            if parts and name in PARTS
        }
        self._outside = {
            name: set(parts) for name, parts in (unwanted or {}).items() if parts
        }
        self._links = _link_template(audience.id)
        self._with_links = _is_wanted("_links", wanted, unwanted)

    def dictionary(self, member):
        """:return dict: the member without links"""
        audience = self._audience
        data = {name: getter(member, audience) for name, getter in self._getters}
        for name in SOMETIMES:
            if data.get(name) is ABSENT:
                del data[name]
        if member.raw:
            _spoil(data, member.raw)
        if self._inside or self._outside:
            self._trim(data)
        return data

    def render(self, member):
        """:return bytes: the member as JSON"""
        if member.shape is self:
            fragment = member.fragment
        else:
            # A copy: what orjson returns occupies 4 KB, whatever its length.
            fragment = memoryview(orjson.dumps(self.dictionary(member))).tobytes()
            member.shape, member.fragment = self, fragment
        if not self._with_links:
            return fragment
        links = self._links.replace(b"~", member.id.encode())
        comma = b"," if len(fragment) > 2 else b""
        return b"".join((fragment[:-1], comma, b'"_links":', links, b"}"))

    def _trim(self, data):
        for name, kept in self._inside.items():
            if name in data:
                data[name] = _reduce(data[name], lambda key, kept=kept: key in kept)
        for name, gone in self._outside.items():
            if name in data:
                data[name] = _reduce(data[name], lambda key, gone=gone: key not in gone)


def _is_wanted(name, wanted, unwanted):
    if wanted is not None:
        return name in wanted
    return unwanted is None or name not in unwanted or bool(unwanted[name])


def _reduce(value, keep):
    if isinstance(value, list):
        return [_reduce(item, keep) for item in value]
    if isinstance(value, dict):
        return {key: inner for key, inner in value.items() if keep(key)}
    return value


def _spoil(data, raw):
    for name, value in raw.items():
        if value is ABSENT:
            data.pop(name, None)
        elif name in data:
            data[name] = value


def _link_template(list_id):
    base = f"https://us1.api.mailchimp.com/3.0/lists/{list_id}/members"
    found = [
        {
            "rel": rel,
            "href": base if suffix is None else f"{base}/~{suffix}",
            "method": method,
            "targetSchema": _SCHEMA + "Response.json",
        }
        for rel, method, suffix in _LINKS
    ]
    return orjson.dumps(found)
