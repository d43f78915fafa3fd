"""Audiences."""

from .. import bulk, clock, problems, validate
from ..audience import CONTACT, DEFAULTS, SETTINGS
from ..call import links
from ..routing import route

REQUIRED = (
    "name",
    "contact.company",
    "contact.address1",
    "contact.city",
    "contact.country",
    "permission_reminder",
    "campaign_defaults.from_name",
    "campaign_defaults.from_email",
    "campaign_defaults.language",
)
TYPES = {
    "name": str,
    "contact": dict,
    "campaign_defaults": dict,
    "permission_reminder": str,
    "email_type_option": bool,
    "use_archive_bar": bool,
    "double_optin": bool,
    "marketing_permissions": bool,
}


def document(audience, *, total=False):
    """:param bool total: whether the statistics tell ``total_contacts``"""
    settings = audience.settings
    stats = audience.stats()
    if not total:
        del stats["total_contacts"]
    short = f"http://eepurl.example/{audience.id}"
    return {
        "id": audience.id,
        "web_id": audience.web_id,
        "name": audience.name,
        "contact": audience.contact,
        "permission_reminder": settings["permission_reminder"],
        "use_archive_bar": settings["use_archive_bar"],
        "campaign_defaults": audience.campaign_defaults,
        "notify_on_subscribe": settings["notify_on_subscribe"],
        "notify_on_unsubscribe": settings["notify_on_unsubscribe"],
        "date_created": clock.iso(audience.date_created),
        "list_rating": settings["list_rating"],
        "email_type_option": settings["email_type_option"],
        "subscribe_url_short": short,
        "subscribe_url_long": f"https://signup.example/subscribe?id={audience.id}",
        "beamer_address": f"us1-{audience.id}@inbound.example",
        "visibility": settings["visibility"],
        "double_optin": settings["double_optin"],
        "has_welcome": settings["has_welcome"],
        "marketing_permissions": bool(audience.permissions),
        "modules": [],
        "stats": stats,
        "_links": links(f"/lists/{audience.id}", members=("GET", "/members")),
    }


def _created(call, audience):
    since = call.moment("since_date_created")
    before = call.moment("before_date_created")
    sent = max(
        (c.send_time for c in call.account.sent_campaigns(audience.id)), default=0
    )
    sent_since = call.moment("since_campaign_last_sent")
    sent_before = call.moment("before_campaign_last_sent")
    return (
        (since is None or audience.date_created > since)
        and (before is None or audience.date_created < before)
        and (sent_since is None or sent > sent_since)
        and (sent_before is None or 0 < sent < sent_before)
    )


@route("GET", "/lists")
def read_lists(call):
    """All audiences of the account; with ``email`` those where it is subscribed."""
    call.choice("sort_field", ("date_created",))
    direction = call.choice("sort_dir", ("ASC", "DESC"), "ASC")
    found = [a for a in call.account.audiences.values() if _created(call, a)]
    email = call.query.get("email")
    if email:
        members = {a.id: a.by_email(email) for a in found}
        found = [a for a in found if members[a.id]]
        found = [a for a in found if members[a.id].status == "subscribed"]
    found.sort(key=lambda a: a.date_created, reverse=direction == "DESC")
    total = call.flag("include_total_contacts")
    most = call.account.max_audiences
    constraints = {
        "may_create": most is None or len(call.account.audiences) < most,
        "max_instances": most or 100,
        "current_total_instances": len(call.account.audiences),
    }
    count, offset = call.page()
    shown = found[offset : offset + count]
    return {
        "lists": [document(audience, total=total) for audience in shown],
        "total_items": len(found),
        "constraints": constraints,
        "_links": links("/lists"),
    }


@route("GET", "/lists/<list_id>")
def read_list(call, list_id):
    """One audience."""
    total = call.flag("include_total_contacts")
    return document(call.audience(list_id), total=total)


@route("POST", "/lists")
def create_list(call):
    """Make an audience; a small plan allows no second one."""
    body = call.object()
    validate.typed(body, **TYPES)
    validate.require(body, *REQUIRED)
    if "email_type_option" not in body:
        raise problems.invalid_field("email_type_option", validate.BLANK)
    account = call.account
    if account.max_audiences and len(account.audiences) >= account.max_audiences:
        detail = "Your plan does not allow more audiences."
        raise problems.Problem(403, "Forbidden", detail)
    audience = account.add_audience(body["name"])
    _write(audience, body)
    return document(audience)


@route("PATCH", "/lists/<list_id>")
def update_list(call, list_id):
    """Change the settings that are sent."""
    audience = call.audience(list_id)
    body = call.object()
    validate.typed(body, **TYPES)
    _write(audience, body)
    return document(audience)


@route("DELETE", "/lists/<list_id>")
def delete_list(call, list_id):
    """Drop an audience with its members."""
    del call.account.audiences[call.audience(list_id).id]


@route("POST", "/lists/<list_id>")
def subscribe_many(call, list_id):
    """Create and update up to 500 members."""
    return bulk.subscribe(call, call.audience(list_id))


def _write(audience, body):
    audience.name = body.get("name", audience.name)
    for name, known in (("contact", CONTACT), ("campaign_defaults", DEFAULTS)):
        values = body.get(name, {})
        getattr(audience, name).update({k: v for k, v in values.items() if k in known})
    for name in SETTINGS:
        if name in body and name != "list_rating":
            audience.settings[name] = body[name]
    if "marketing_permissions" in body and not body["marketing_permissions"]:
        audience.permissions = {}
        audience.schema_changed()
