"""Merge fields of an audience."""

import re

from .. import merge_fields, problems, validate
from ..call import links
from ..merge_fields import MergeField
from ..routing import route

PATH = "/lists/<list_id>/merge-fields"
MOST_FIELDS = 80
TYPES = {
    "name": str,
    "tag": str,
    "type": str,
    "required": bool,
    "public": bool,
    "default_value": str,
    "help_text": str,
    "display_order": int,
    "options": dict,
}


def document(audience, field):
    """:return dict: the field with links"""
    path = f"/lists/{audience.id}/merge-fields/{field.merge_id}"
    return {**field.document(audience.id), "_links": links(path)}


def _get(call, list_id, merge_id):
    audience = call.audience(list_id)
    return audience, validate.get(audience.fields, validate.integer(merge_id))


@route("GET", PATH)
def read_fields(call, list_id):
    """All fields, by tag; EMAIL is not one of them."""
    audience = call.audience(list_id)
    found = sorted(audience.fields.values(), key=lambda field: field.tag)
    kind = call.query.get("type")
    if kind:
        found = [field for field in found if field.type == kind]
    if "required" in call.query:
        required = call.flag("required")
        found = [field for field in found if field.required == required]
    rows = [document(audience, field) for field in found]
    return call.collection("merge_fields", rows, list_id=audience.id)


@route("GET", PATH + "/<merge_id>")
def read_field(call, list_id, merge_id):
    """One field."""
    return document(*_get(call, list_id, merge_id))


@route("POST", PATH)
def create_field(call, list_id):
    """Add a field. Without a tag it becomes MMERGEn."""
    audience = call.audience(list_id)
    body = call.object()
    validate.typed(body, **TYPES)
    validate.require(body, "name", "type")
    validate.one_of(body, "type", merge_fields.TYPES)
    merge_id = max(audience.fields, default=0) + 1
    tag = (body.get("tag") or f"MMERGE{merge_id}").upper()
    _check_tag(audience, tag)
    if len(audience.fields) >= MOST_FIELDS:
        raise problems.bad_request("You have reached the maximum number of fields.")
    values = {k: v for k, v in body.items() if k not in ("tag", "type")}
    field = MergeField(merge_id, tag, body["type"], **values)
    audience.fields[merge_id] = field
    audience.schema_changed()
    return document(audience, field)


@route("PATCH", PATH + "/<merge_id>")
def update_field(call, list_id, merge_id):
    """Change a field; its type stays."""
    audience, field = _get(call, list_id, merge_id)
    body = call.object()
    validate.typed(body, **TYPES)
    old, tag = field.tag, (body.get("tag") or field.tag).upper()
    if tag != old:
        _check_tag(audience, tag)
        field.tag = tag
        for member in audience.members.values():
            if old in member.merges:
                member.merges[tag] = member.merges.pop(old)
    for name in ("name", "required", "public", "default_value", "help_text"):
        setattr(field, name, body.get(name, getattr(field, name)))
    field.display_order = body.get("display_order", field.display_order)
    field.options = {**field.options, **body.get("options", {})}
    audience.schema_changed()
    return document(audience, field)


@route("DELETE", PATH + "/<merge_id>")
def delete_field(call, list_id, merge_id):
    """Drop a field with its values."""
    audience, field = _get(call, list_id, merge_id)
    del audience.fields[field.merge_id]
    for member in audience.members.values():
        member.merges.pop(field.tag, None)
    audience.schema_changed()


def _check_tag(audience, tag):
    if not re.fullmatch(r"[A-Z0-9_]{1,10}", tag):
        raise problems.invalid_field(
            "tag", "Merge tags are limited to 10 letters, digits and underscores."
        )
    if tag == "EMAIL" or audience.field(tag):
        raise problems.bad_request(
            f'A Merge Field with the tag "{tag}" already exists for this list.'
        )
