"""Tags and segments of an audience, and who is in them."""

from .. import conditions, problems, validate
from ..call import Raw, links
from ..member import STATUSES
from ..query import render_page
from ..routing import route
from ..shape import BULK_OMITS, SEGMENT_OMITS

PATH = "/lists/<list_id>/segments"
ONE = PATH + "/<segment_id>"
MOST_AT_ONCE = 500
INCLUDES = {
    "include_cleaned": "cleaned",
    "include_transactional": "transactional",
    "include_unsubscribed": "unsubscribed",
}


def document(call, audience, segment):
    """:return dict: the segment with links; counts active members unless told"""
    count = len(conditions.members(audience, segment, _included(call)))
    path = f"/lists/{audience.id}/segments/{segment.id}"
    return {**segment.document(audience.id, count), "_links": links(path)}


def _included(call):
    return [status for flag, status in INCLUDES.items() if call.flag(flag)]


def _get(call, list_id, segment_id):
    audience = call.audience(list_id)
    return audience, validate.get(audience.segments, validate.integer(segment_id))


@route("GET", PATH)
def read_segments(call, list_id):
    """All tags and segments."""
    audience = call.audience(list_id)
    kind = call.choice("type", ("saved", "static", "fuzzy"))
    found = [s for s in audience.segments.values() if kind in (None, s.kind)]
    for name in ("created_at", "updated_at"):
        since, before = call.moment(f"since_{name}"), call.moment(f"before_{name}")
        if since is not None:
            found = [s for s in found if getattr(s, name) > since]
        if before is not None:
            found = [s for s in found if getattr(s, name) < before]
    answer = call.collection("segments", found, list_id=audience.id)
    answer["segments"] = [document(call, audience, s) for s in answer["segments"]]
    return answer


@route("POST", PATH)
def create_segment(call, list_id):
    """Make a tag out of addresses, or a segment out of conditions."""
    audience = call.audience(list_id)
    body = call.object()
    validate.typed(body, name=str, static_segment=list, options=dict)
    validate.require(body, "name")
    if "static_segment" in body and "options" in body:
        raise problems.invalid_field(
            "static_segment", "Please provide either options or static_segment."
        )
    if any(s.name == body["name"] for s in audience.segments.values()):
        raise problems.bad_request("Sorry, that tag already exists.")
    if "options" in body:
        segment = audience.add_segment(body["name"], "saved", body["options"])
    else:
        segment = audience.add_segment(body["name"], "static")
        _add(audience, segment, body.get("static_segment", []))
    return document(call, audience, segment)


@route("GET", ONE)
def read_segment(call, list_id, segment_id):
    """One tag or segment."""
    audience, segment = _get(call, list_id, segment_id)
    return document(call, audience, segment)


@route("PATCH", ONE)
def update_segment(call, list_id, segment_id):
    """Rename, or set who is in it: a ``static_segment`` replaces all."""
    audience, segment = _get(call, list_id, segment_id)
    body = call.object()
    validate.typed(body, name=str, static_segment=list, options=dict)
    segment.name = body.get("name", segment.name)
    segment.options = body.get("options", segment.options)
    if "static_segment" in body and segment.is_tag:
        for member in list(segment.members.values()):
            audience.take_tag(member, segment)
            audience.touch(member)
        _add(audience, segment, body["static_segment"])
    segment.updated_at = call.now
    audience.schema_changed()
    return document(call, audience, segment)


@route("DELETE", ONE)
def delete_segment(call, list_id, segment_id):
    """Drop it; a tag leaves its members."""
    audience, segment = _get(call, list_id, segment_id)
    for member in list(segment.members.values()):
        audience.take_tag(member, segment)
        audience.touch(member)
    del audience.segments[segment.id]
    audience.schema_changed()


# === MEMBERS === #


@route("POST", ONE)
def change_members(call, list_id, segment_id):
    """Add and remove up to 500 addresses each."""
    audience, segment = _get(call, list_id, segment_id)
    body = call.object()
    validate.typed(body, members_to_add=list, members_to_remove=list)
    to_add = body.get("members_to_add", [])
    to_remove = body.get("members_to_remove", [])
    for name, emails in (("members_to_add", to_add), ("members_to_remove", to_remove)):
        if len(emails) > MOST_AT_ONCE:
            raise problems.invalid_field(name, "This array may not exceed 500 items.")
    _only_static(segment)
    added, unknown = _add(audience, segment, to_add)
    removed, strangers = _remove(audience, segment, to_remove)
    errors = []
    if unknown:
        errors.append(_error(unknown, "Email addresses are not on the list."))
    if strangers:
        errors.append(_error(strangers, "Email addresses are not in the segment."))
    shape = audience.shape(None, BULK_OMITS, "bulk")
    return {
        "members_added": [_entry(shape, member) for member in added],
        "members_removed": [_entry(shape, member) for member in removed],
        "errors": errors,
        "total_added": len(added),
        "total_removed": len(removed),
        "error_count": len(errors),
        "_links": links(call.path),
    }


@route("GET", ONE + "/members")
def read_members(call, list_id, segment_id):
    """Its members; inactive ones only when asked for."""
    audience, segment = _get(call, list_id, segment_id)
    found = conditions.members(audience, segment, _included(call))
    return Raw(render_page(call, audience, found, SEGMENT_OMITS))


@route("POST", ONE + "/members")
def add_member(call, list_id, segment_id):
    """Add one member."""
    audience, segment = _get(call, list_id, segment_id)
    body = call.object()
    validate.typed(body, email_address=str)
    validate.require(body, "email_address")
    _only_static(segment)
    added, _unknown = _add(audience, segment, [body["email_address"]])
    if not added:
        raise problems.bad_request("The email address is not on the list.")
    shape = audience.shape(None, SEGMENT_OMITS, "segment")
    return {**shape.dictionary(added[0]), "_links": links(call.path)}


@route("DELETE", ONE + "/members/<subscriber_hash>")
def remove_member(call, list_id, segment_id, subscriber_hash):
    """Take one member out."""
    audience, segment = _get(call, list_id, segment_id)
    member = audience.find(subscriber_hash)
    if member is None or member.contact_id not in segment.members:
        raise problems.not_found()
    audience.take_tag(member, segment)
    audience.touch(member)


def _only_static(segment):
    if not segment.is_tag:
        raise problems.bad_request("You may only add members to static segments.")


def _add(audience, segment, emails):
    """:return tuple: members that are in it now, addresses that are no members"""
    members, unknown = [], []
    for email in emails:
        member = audience.by_email(email) if isinstance(email, str) else None
        if member is None or member.status not in STATUSES[:-1]:
            unknown.append(email)
        else:
            if audience.put_tag(member, segment):
                audience.touch(member)
            members.append(member)
    return members, unknown


def _remove(audience, segment, emails):
    removed, strangers = [], []
    for email in emails:
        member = audience.by_email(email) if isinstance(email, str) else None
        if member is None or not audience.take_tag(member, segment):
            strangers.append(email)
        else:
            audience.touch(member)
            removed.append(member)
    return removed, strangers


def _entry(shape, member):
    return {**shape.dictionary(member), "_links": []}


def _error(emails, text):
    return {"email_addresses": emails, "error": text}


@route("GET", "/lists/<list_id>/tag-search")
def search_tags(call, list_id):
    """Tags whose name starts with ``name``."""
    audience = call.audience(list_id)
    prefix = call.query.get("name", "").lower()
    found = [
        {"id": segment.id, "name": segment.name}
        for segment in audience.segments.values()
        if segment.is_tag and segment.name.lower().startswith(prefix)
    ]
    return {"tags": found, "total_items": len(found)}
