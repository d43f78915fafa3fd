"""Members of an audience."""

from .. import changes, problems, query, validate, writes
from ..call import Raw, links
from ..clock import iso
from ..routing import route

PATH = "/lists/<list_id>/members"
ONE = PATH + "/<subscriber_hash>"
NO_ARCHIVE = (
    "This list member cannot be removed. Can not archive a contact that is bounced, "
    "pending or archived"
)


def find(call, list_id, key):
    """Look a member up by hash, address or contact id.

    :return tuple: audience and member
    :raise Problem: 404
    """
    audience = call.audience(list_id)
    member = audience.find(key)
    if member is None:
        raise problems.not_found()
    return audience, member


def answer(call, audience, member):
    """:return Raw: one member with the selected fields"""
    selection = call.selection()
    key = ("one", call.query.get("fields"), call.query.get("exclude_fields"))
    shape = audience.shape(selection.fields, selection.exclude, key)
    return Raw(shape.render(member))


@route("GET", PATH)
def read_members(call, list_id):
    """A page of members; archived ones only with ``status=archived``."""
    return Raw(query.page(call, call.audience(list_id)))


@route("POST", PATH)
def create_member(call, list_id):
    """Add a member who is not on the list, or bring an archived one back."""
    audience = call.audience(list_id)
    return answer(call, audience, writes.create(call, audience, call.json()))


@route("GET", ONE)
def read_member(call, list_id, subscriber_hash):
    """One member, whatever the status."""
    return answer(call, *find(call, list_id, subscriber_hash))


@route("PUT", ONE)
def upsert_member(call, list_id, subscriber_hash):
    """Add or change a member."""
    audience = call.audience(list_id)
    member = writes.upsert(call, audience, subscriber_hash, call.json())
    return answer(call, audience, member)


@route("PATCH", ONE)
def update_member(call, list_id, subscriber_hash):
    """Change a member."""
    audience, member = find(call, list_id, subscriber_hash)
    writes.update(call, audience, member, call.json())
    return answer(call, audience, member)


@route("DELETE", ONE)
def archive_member(call, list_id, subscriber_hash):
    """Archive: the data stays, and so does the way back."""
    audience, member = find(call, list_id, subscriber_hash)
    if member.status in ("cleaned", "pending", "archived"):
        raise problems.not_allowed(("GET", "PUT"), NO_ARCHIVE)
    changes.set_status(audience, member, "archived", "api")


@route("POST", ONE + "/actions/delete-permanent")
def forget_member(call, list_id, subscriber_hash):
    """Delete for good."""
    changes.forget(*find(call, list_id, subscriber_hash), "api")


# === TAGS === #


@route("GET", ONE + "/tags")
def read_tags(call, list_id, subscriber_hash):
    """All tags of a member."""
    audience, member = find(call, list_id, subscriber_hash)
    rows = [
        {"id": key, "name": audience.segments[key].name, "date_added": iso(added)}
        for key, added in member.tags.items()
    ]
    return call.collection("tags", rows)


@route("POST", ONE + "/tags")
def write_tags(call, list_id, subscriber_hash):
    """Add the active and take the inactive ones; others stay."""
    audience, member = find(call, list_id, subscriber_hash)
    body = call.object()
    if "tags" not in body:
        raise problems.invalid_field("tags", validate.BLANK)
    validate.typed(body, tags=list, is_syncing=bool)
    for entry in body["tags"]:
        if not isinstance(entry, dict):
            raise problems.wrong_shape("tags", entry)
        validate.require(entry, "name", "status")
        validate.one_of(entry, "status", ("active", "inactive"))
    if any([_apply(audience, member, entry) for entry in body["tags"]]):
        audience.touch(member)


def _apply(audience, member, entry):
    if entry["status"] == "active":
        return audience.put_tag(member, audience.make_tag(entry["name"]))
    tag = audience.tag_named(entry["name"])
    return bool(tag) and audience.take_tag(member, tag)


# === SMALLER PARTS === #


@route("GET", ONE + "/notes")
def read_notes(call, list_id, subscriber_hash):
    """All notes, newest first."""
    audience, member = find(call, list_id, subscriber_hash)
    rows = [_note(audience, member, note) for note in reversed(member.notes or [])]
    return call.collection("notes", rows, email_id=member.id, list_id=audience.id)


@route("POST", ONE + "/notes")
def create_note(call, list_id, subscriber_hash):
    """Add a note."""
    audience, member = find(call, list_id, subscriber_hash)
    body = call.object()
    validate.typed(body, note=str)
    note = {
        "id": call.sandbox.ids.small(),
        "created_at": iso(call.now),
        "created_by": "API",
        "updated_at": iso(call.now),
        "note": body.get("note", "")[:1000],
    }
    member.notes = [*(member.notes or []), note]
    audience.touch(member)
    return _note(audience, member, note)


@route("DELETE", ONE + "/notes/<note_id>")
def delete_note(call, list_id, subscriber_hash, note_id):
    """Drop a note."""
    audience, member = find(call, list_id, subscriber_hash)
    key = validate.integer(note_id)
    kept = [note for note in member.notes or [] if note["id"] != key]
    if len(kept) == len(member.notes or []):
        raise problems.not_found()
    member.notes = kept
    audience.touch(member)


def _note(audience, member, note):
    path = f"/lists/{audience.id}/members/{member.id}/notes/{note['id']}"
    return {
        "id": note["id"],
        "created_at": note["created_at"],
        "created_by": note["created_by"],
        "updated_at": note["updated_at"],
        "note": note["note"],
        "list_id": audience.id,
        "email_id": member.id,
        "contact_id": member.contact_id,
        "_links": links(path),
    }


@route("GET", ONE + "/activity")
def read_activity(call, list_id, subscriber_hash):
    """The last 50 things a member did with campaigns."""
    audience, member = find(call, list_id, subscriber_hash)
    rows = [
        {
            "action": event["action"],
            "timestamp": event["timestamp"],
            "url": event.get("url", ""),
            "type": campaign.type,
            "campaign_id": campaign.id,
            "title": campaign.settings["title"],
            "parent_campaign": "",
        }
        for campaign in call.account.sent_campaigns(audience.id)
        for event in campaign.activity(member.id)
    ]
    rows.sort(key=lambda row: row["timestamp"], reverse=True)
    return {
        "activity": rows[:50],
        "email_id": member.id,
        "list_id": audience.id,
        "total_items": len(rows),
        "_links": links(call.path),
    }


@route("GET", ONE + "/events")
def read_events(call, list_id, subscriber_hash):
    """Custom events, newest first."""
    _audience, member = find(call, list_id, subscriber_hash)
    return call.collection("events", list(reversed(member.events or [])))


@route("POST", ONE + "/events")
def create_event(call, list_id, subscriber_hash):
    """Record a custom event, which may trigger an automation."""
    _audience, member = find(call, list_id, subscriber_hash)
    body = call.object()
    validate.typed(body, name=str, properties=dict, is_syncing=bool)
    validate.require(body, "name")
    event = {
        "name": body["name"],
        "occurred_at": body.get("occurred_at") or iso(call.now),
        "properties": body.get("properties", {}),
    }
    member.events = [*(member.events or []), event]
