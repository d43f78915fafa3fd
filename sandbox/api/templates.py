"""Templates and their folders."""

import re

from .. import validate
from ..call import links
from ..campaign import Template
from ..routing import route

REGION = re.compile(r'<(\w+)[^>]*\bmc:edit="([^"]+)"[^>]*>(.*?)</\1>', re.DOTALL)
TYPES = {"name": str, "html": str, "folder_id": str}


def sections(html):
    """:return dict: editable regions and their default content"""
    return {name: content for _tag, name, content in REGION.findall(html)}


def fill(html, values):
    """:return str: the HTML with the content of some regions replaced"""

    def replace(found):
        tag, name, content = found.groups()
        if name not in values:
            return found[0]
        return found[0].replace(f">{content}</{tag}>", f">{values[name]}</{tag}>")

    return REGION.sub(replace, html)


def _get(call, template_id):
    return validate.get(call.account.templates, validate.integer(template_id))


@route("GET", "/templates")
def read_templates(call):
    """All templates that are not deleted."""
    kind = call.choice("type", ("user", "base", "gallery"))
    folder, content = call.query.get("folder_id"), call.query.get("content_type")
    since = call.moment("since_date_created")
    before = call.moment("before_date_created")
    found = [
        template
        for template in call.account.templates.values()
        if template.active
        and kind in (None, template.kind)
        and folder in (None, template.folder_id)
        and (content in (None, "html") or template.kind != "user")
        and (since is None or template.date_created > since)
        and (before is None or template.date_created < before)
    ]
    name = call.choice("sort_field", ("date_created", "date_edited", "name"))
    if name:
        down = call.choice("sort_dir", ("ASC", "DESC")) == "DESC"
        found.sort(key=lambda template: getattr(template, name), reverse=down)
    return call.collection("templates", [template.document() for template in found])


@route("POST", "/templates")
def create_template(call):
    """Add a classic template."""
    body = call.object()
    validate.typed(body, **TYPES)
    validate.require(body, "name", "html")
    folder = body.get("folder_id", "")
    template = Template(call.account, body["name"], body["html"], folder_id=folder)
    call.account.templates[template.id] = template
    return template.document()


@route("GET", "/templates/<template_id>")
def read_template(call, template_id):
    """One template, deleted ones too."""
    return _get(call, template_id).document()


@route("PATCH", "/templates/<template_id>")
def update_template(call, template_id):
    """Change name, HTML or folder."""
    template = _get(call, template_id)
    body = call.object()
    validate.typed(body, **TYPES)
    validate.require(body, "name", "html")
    for name in TYPES:
        setattr(template, name, body.get(name, getattr(template, name)))
    template.date_edited = call.now
    return template.document()


@route("DELETE", "/templates/<template_id>")
def delete_template(call, template_id):
    """Mark a template as deleted."""
    _get(call, template_id).active = False


@route("GET", "/templates/<template_id>/default-content")
def read_default_content(call, template_id):
    """The editable regions."""
    template = _get(call, template_id)
    return {"sections": sections(template.html), "_links": links(call.path)}


# === FOLDERS === #


def _folders(call, kind):
    rows = []
    for key, (folder_kind, name) in call.account.folders.items():
        if folder_kind == kind:
            row = {"id": key, "name": name, "count": 0}
            rows.append({**row, "_links": links(f"{call.path}/{key}")})
    return call.collection("folders", rows)


def _new_folder(call, kind):
    body = call.object()
    validate.typed(body, name=str)
    validate.require(body, "name")
    key = call.sandbox.ids.hex(10)
    call.account.folders[key] = (kind, body["name"])
    row = {"id": key, "name": body["name"], "count": 0}
    return {**row, "_links": links(f"{call.path}/{key}")}


@route("GET", "/template-folders")
def read_template_folders(call):
    """Folders of templates."""
    return _folders(call, "template")


@route("POST", "/template-folders")
def create_template_folder(call):
    """Add a folder of templates."""
    return _new_folder(call, "template")


@route("GET", "/campaign-folders")
def read_campaign_folders(call):
    """Folders of campaigns."""
    return _folders(call, "campaign")


@route("POST", "/campaign-folders")
def create_campaign_folder(call):
    """Add a folder of campaigns."""
    return _new_folder(call, "campaign")
