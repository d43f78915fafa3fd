"""Campaigns: settings and content."""

import base64
import binascii
import re

from .. import problems, validate
from ..call import links
from ..campaign import SETTINGS, TRACKING, Campaign
from ..member import STATUSES
from ..routing import route
from . import templates

TYPES = ("regular", "plaintext", "absplit", "rss", "variate")
STATES = ("save", "paused", "schedule", "sending", "sent")
EDITABLE = ("save", "paused")
EXTRAS = ("variate_settings", "rss_opts", "social_card", "ab_split_opts")
SETTING_TYPES = {
    "subject_line": str,
    "preview_text": str,
    "title": str,
    "from_name": str,
    "reply_to": str,
    "to_name": str,
    "folder_id": str,
    "template_id": int,
    "authenticate": bool,
    "auto_footer": bool,
    "inline_css": bool,
    "use_conversation": bool,
}


def get(call, campaign_id):
    """:return Campaign: the one of this id
    :raise Problem: 404
    """
    return validate.get(call.account.campaigns, campaign_id)


def editable(campaign):
    """Refuse to change what is on its way.

    :raise Problem: 400
    """
    if campaign.status not in EDITABLE:
        raise problems.bad_request("Cannot modify a campaign that is sent or sending.")


@route("GET", "/campaigns")
def read_campaigns(call):
    """All campaigns that match."""
    found = [c for c in call.account.campaigns.values() if _matches(call, c)]
    name = call.choice("sort_field", ("create_time", "send_time"))
    if name:
        down = call.choice("sort_dir", ("ASC", "DESC")) == "DESC"
        found.sort(key=lambda campaign: getattr(campaign, name), reverse=down)
    answer = call.collection("campaigns", found)
    answer["campaigns"] = [campaign.document() for campaign in answer["campaigns"]]
    return answer


def _matches(call, campaign):
    query = call.query
    member_id = query.get("member_id")
    return (
        call.choice("type", TYPES) in (None, campaign.type)
        and call.choice("status", STATES) in (None, campaign.status)
        and query.get("list_id") in (None, campaign.list_id)
        and query.get("folder_id") in (None, campaign.settings["folder_id"])
        and (
            not member_id
            or any(member_id == r["email_id"] for r in campaign.recipients)
        )
        and _in_time(call, campaign)
    )


def _in_time(call, campaign):
    for name in ("send_time", "create_time"):
        value = getattr(campaign, name)
        since, before = call.moment(f"since_{name}"), call.moment(f"before_{name}")
        if since is not None and value <= since:
            return False
        if before is not None and not 0 < value < before:
            return False
    return True


@route("POST", "/campaigns")
def create_campaign(call):
    """Make a campaign; it is not ready to send."""
    body = call.object()
    validate.require(body, "type")
    validate.one_of(body, "type", TYPES)
    campaign = Campaign(call.account, body["type"])
    write(call, campaign, body)
    call.account.campaigns[campaign.id] = campaign
    return campaign.document()


@route("GET", "/campaigns/<campaign_id>")
def read_campaign(call, campaign_id):
    """One campaign."""
    return get(call, campaign_id).document()


@route("PATCH", "/campaigns/<campaign_id>")
def update_campaign(call, campaign_id):
    """Change settings, recipients or tracking."""
    campaign = get(call, campaign_id)
    body = call.object()
    required = ("subject_line", "from_name", "reply_to")
    if "settings" in body:
        validate.require(body, *(f"settings.{name}" for name in required))
    editable(campaign)
    write(call, campaign, body)
    return campaign.document()


@route("DELETE", "/campaigns/<campaign_id>")
def delete_campaign(call, campaign_id):
    """Drop a campaign that is not being sent."""
    campaign = get(call, campaign_id)
    if campaign.status == "sending":
        detail = "This campaign is currently sending and cannot be deleted."
        raise problems.not_allowed(("GET",), detail)
    del call.account.campaigns[campaign.id]


def write(call, campaign, body):
    """Store what a body says.

    :raise Problem: 400
    """
    validate.typed(body, settings=dict, recipients=dict, tracking=dict)
    settings, tracking = body.get("settings", {}), body.get("tracking", {})
    validate.typed(settings, **SETTING_TYPES)
    recipients = body.get("recipients", {})
    validate.typed(recipients, list_id=str, segment_opts=dict)
    list_id = recipients.get("list_id", campaign.list_id)
    if list_id and list_id not in call.account.audiences:
        raise problems.invalid_field("recipients.list_id", "The list does not exist.")
    if len(str(tracking.get("google_analytics", "")).encode()) > 50:
        raise problems.invalid_field("tracking.google_analytics", "Too long.")
    campaign.list_id = list_id
    campaign.segment_opts = recipients.get("segment_opts", campaign.segment_opts)
    campaign.settings.update({k: v for k, v in settings.items() if k in SETTINGS})
    campaign.tracking.update({k: v for k, v in tracking.items() if k in TRACKING})
    campaign.content_type = body.get("content_type", campaign.content_type)
    campaign.extras.update({k: body[k] for k in EXTRAS if k in body})
    template = call.account.templates.get(settings.get("template_id"))
    if template:
        campaign.html = template.html


# === CONTENT === #


@route("GET", "/campaigns/<campaign_id>/content")
def read_content(call, campaign_id):
    """What is in the mail."""
    return _content(call, get(call, campaign_id))


@route("PUT", "/campaigns/<campaign_id>/content")
def write_content(call, campaign_id):
    """Set what is in the mail, from one of several sources."""
    campaign = get(call, campaign_id)
    body = call.object()
    validate.typed(body, html=str, plain_text=str, url=str, template=dict, archive=dict)
    validate.typed(body, variate_contents=list)
    editable(campaign)
    html = _html(call, body)
    campaign.settings["template_id"] = body.get("template", {}).get("id", 0)
    if html is not None:
        campaign.html = html
        campaign.plain_text = _as_text(html)
    campaign.plain_text = body.get("plain_text", campaign.plain_text)
    if "variate_contents" in body:
        campaign.variants = [_variant(call, one) for one in body["variate_contents"]]
    return _content(call, campaign)


def _variant(call, body):
    validate.require(body, "content_label")
    html = _html(call, body) or ""
    return {
        "content_label": body["content_label"],
        "html": html,
        "plain_text": body.get("plain_text", _as_text(html)),
    }


def _content(call, campaign):
    return {
        "variate_contents": campaign.variants,
        "plain_text": campaign.plain_text,
        "html": campaign.html,
        "archive_html": campaign.html,
        "_links": links(call.path),
    }


def _html(call, body):
    if "template" in body:
        key = body["template"].get("id")
        template = validate.get(call.account.templates, key)
        return templates.fill(template.html, body["template"].get("sections", {}))
    if "archive" in body:
        return _archive(body["archive"])
    if "url" in body:
        return f"<html><body>Imported from {body['url']}</body></html>"
    return body.get("html")


def _archive(archive):
    try:
        data = base64.b64decode(archive.get("archive_content", ""), validate=True)
    except (binascii.Error, ValueError):
        raise problems.invalid_field("archive", "The archive is no base64.") from None
    return f"<html><body>Archive of {len(data)} bytes</body></html>"


def _as_text(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


# === SEARCH === #


@route("GET", "/search-campaigns")
def search_campaigns(call):
    """Campaigns whose title or subject contains the query."""
    text = call.query.get("query", "").lower()
    found = [
        {"campaign": campaign.document(), "snippet": campaign.settings["subject_line"]}
        for campaign in call.account.campaigns.values()
        if text
        in f"{campaign.settings['title']} {campaign.settings['subject_line']}".lower()
    ]
    return {"results": found, "total_items": len(found), "_links": links(call.path)}


@route("GET", "/search-members")
def search_members(call):
    """Members whose address or name contains the query."""
    text = call.query.get("query", "").strip().lower()
    validate.require(call.query, "query")
    wanted = call.query.get("list_id")
    exact, full = [], []
    for audience in call.account.audiences.values():
        if wanted and wanted != audience.id:
            continue
        shape = audience.shape()
        for member in audience.members.values():
            if member.status not in STATUSES[:-1]:
                continue
            if member.email.lower() == text:
                exact.append({**shape.dictionary(member), "_links": []})
            elif text in f"{member.email} {member.full_name()}".lower():
                full.append({**shape.dictionary(member), "_links": []})
    return {
        "exact_matches": {"members": exact[:30], "total_items": len(exact)},
        "full_search": {
            "members": (exact + full)[:30],
            "total_items": len(exact + full),
        },
        "_links": links(call.path),
    }
