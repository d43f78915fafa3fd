"""Writing members through the API: the observed state machine."""

import ipaddress
import re

from . import changes, generate, merge_fields, problems, validate
from .member import NO_LOCATION, WRITABLE, Member

SYNTAX = re.compile(r"[^@\s\x00-\x1f<>(),;:\"\[\]]+@[^@\s\x00-\x1f]+")
DOMAIN = re.compile(r"(?!-)[\w-]+(\.[\w-]+)*\.[^\W\d_][\w-]+")
# Nobody's domains, throw-away ones and usual typing mistakes.
FAKE_DOMAINS = frozenset(
    "example.com example.net example.org mailinator.com test.com gmial.com "
    "gnail.com hotmial.com".split()
)
TYPES = {
    "email_address": str,
    "email_type": str,
    "status": str,
    "status_if_new": str,
    "merge_fields": dict,
    "interests": dict,
    "language": str,
    "vip": bool,
    "location": dict,
    "marketing_permissions": list,
    "ip_signup": str,
    "ip_opt": str,
    "timestamp_signup": str,
    "timestamp_opt": str,
    "tags": list,
}
AUTO_DOI = "x-status-resolution-method"
TOO_MANY = (
    "{} has signed up to a lot of lists very recently; we're not allowing more signups "
    "for now"
)


def check_body(body):
    """Refuse a body of the wrong shape.

    :raise Problem: 400
    """
    if not isinstance(body, dict):
        raise problems.wrong_shape("", body)
    validate.typed(body, **TYPES)
    for name in ("status", "status_if_new"):
        validate.one_of(body, name, WRITABLE)
    validate.one_of(body, "email_type", ("html", "text"))
    for name in ("ip_signup", "ip_opt"):
        _check_ip(name, body.get(name))
    if any(not isinstance(tag, str) for tag in body.get("tags", ())):
        raise problems.invalid_field("tags", "Schema describes string")


def _check_ip(name, value):
    try:
        if value:
            ipaddress.ip_address(value)
    except ValueError:
        raise problems.invalid_field(
            name, "Please enter a valid IPv4 or IPv6 address."
        ) from None


def check_address(audience, email):
    """Refuse an address that cannot be somebody's.

    :raise Problem: 400
    """
    if not SYNTAX.fullmatch(email):
        raise problems.invalid("Please provide a valid email address.")
    domain = email.rpartition("@")[2].lower()
    if not DOMAIN.fullmatch(domain):
        raise problems.invalid(
            "The domain portion of the email address is invalid (the portion after "
            f"the @: {domain})"
        )
    if domain in FAKE_DOMAINS:
        detail = f"{email} looks fake or invalid, please enter a real email address."
        raise problems.invalid(detail)


# === WHOLE REQUESTS === #


def create(call, audience, body):
    """POST: a new member, or an archived one back.

    :return Member: as it is now
    """
    check_body(body)
    validate.require(body, "email_address", "status")
    member = audience.by_email(body["email_address"].strip())
    if member is None:
        return add(call, audience, body, body["status"])
    if member.status != "archived":
        raise problems.member_exists(body["email_address"])
    change(call, audience, member, body, body["status"])
    return member


def upsert(call, audience, key, body):
    """PUT: whoever the path or, for an unknown one, the body names.

    :return Member: as it is now
    """
    check_body(body)
    member = audience.find(key)
    if member:
        change(call, audience, member, body, body.get("status"))
        return member
    validate.require(body, "email_address")
    if audience.by_email(body["email_address"]):
        raise problems.member_exists(body["email_address"])
    status = body.get("status_if_new") or body.get("status")
    if not status:
        raise problems.invalid_field("status_if_new", validate.BLANK)
    return add(call, audience, body, status)


def update(call, audience, member, body):
    """PATCH: change what is sent."""
    check_body(body)
    change(call, audience, member, body, body.get("status"))


# === STEPS === #


def add(call, audience, body, status, *, quiet=False):
    """Create a member whose address is not on the list.

    :return Member: the new one
    """
    email = body["email_address"].strip()
    check_address(audience, email)
    _check_admission(audience, email, status)
    member = Member(email)
    values = _values(call, audience, member, body)
    generate.identify(audience, member)
    if audience.members.get(member.id):
        raise problems.member_exists(email)
    changes.begin(audience, member, "api")
    changes.set_profile(audience, member, values, "api", quiet=True)
    status = _resolve(call, audience, status)
    ip = body.get("ip_opt") or call.remote
    changes.set_status(audience, member, status, "api", ip=ip, quiet=quiet)
    _stamp(member, body)
    for name in body.get("tags", ()):
        audience.put_tag(member, audience.make_tag(name))
    audience.touch(member)
    return member


def change(call, audience, member, body, status, *, quiet=False):
    """Change an existing member; all checks come before the first change."""
    email = body.get("email_address", member.email).strip()
    values = _values(call, audience, member, body)
    if email != member.email:
        _check_move(call, audience, member, email)
    if status:
        status = _resolve(call, audience, status)
        _check_status(audience, member, status)
    if email != member.email:
        changes.move(audience, member, email, "api")
    quiet_profile = quiet or bool(status and status != member.status)
    changes.set_profile(audience, member, values, "api", quiet=quiet_profile)
    if status:
        changes.set_status(audience, member, status, "api", ip=call.remote, quiet=quiet)
    _stamp(member, body)
    if call.method == "POST":
        for name in body.get("tags", ()):
            if audience.put_tag(member, audience.make_tag(name)):
                audience.touch(member)


def _check_admission(audience, email, status):
    if audience.forgotten.get(generate.subscriber_hash(email)):
        raise problems.forgotten(email)
    if email.lower() in audience.account.busy_addresses:
        if status in ("subscribed", "pending"):
            raise problems.invalid(TOO_MANY.format(email))


def _check_status(audience, member, status):
    if status == member.status:
        return
    if status == "subscribed" and member.blocked:
        raise problems.compliance(member.email)
    _check_admission(audience, member.email, status)


def _check_move(call, audience, member, email):
    """An address is free, or its owner is named in the refusal."""
    check_address(audience, email)
    key = generate.subscriber_hash(email)
    other = audience.members.get(key)
    if other is member:
        return
    if other and other.status != "archived" and call.method == "PUT":
        raise problems.member_exists(email)
    if other or key in audience.forgotten:
        gone = other is None or other.status == "archived"
        status = "Deleted" if gone else other.status.capitalize()
        message = f'"{email}" is already in this list with a status of "{status}".'
        raise problems.invalid_field("email address", message)


def _resolve(call, audience, status):
    """Some clients let Mailchimp choose between subscribed and pending."""
    automatic = call.headers.get(AUTO_DOI) == "auto-doi"
    if automatic and status == "subscribed" and audience.settings["double_optin"]:
        return "pending"
    return status


def _values(call, audience, member, body):
    """:return dict: attributes to store, all of them valid"""
    skip = call.flag("skip_merge_validation")
    values = {
        "merges": merge_fields.check(
            audience, body.get("merge_fields", {}), member.merges, skip_required=skip
        )
    }
    for name in ("email_type", "language", "vip", "ip_signup", "ip_opt"):
        if name in body:
            values[name] = body[name]
    if "interests" in body:
        values["interests"] = _interests(audience, member, body["interests"])
    if "marketing_permissions" in body:
        given = body["marketing_permissions"]
        values["permissions"] = _permissions(audience, member, given)
    if "location" in body:
        values["location"] = {**NO_LOCATION, **body["location"]}
    signup = validate.moment(body, "timestamp_signup")
    if signup:
        values["timestamp_signup"] = signup
    validate.moment(body, "timestamp_opt")
    return values


def _interests(audience, member, written):
    for key, chosen in written.items():
        if key not in audience.interest_ids:
            raise problems.invalid_field(f"interests.{key}", "Invalid interest ID.")
        if not isinstance(chosen, bool):
            raise problems.wrong_shape(f"interests.{key}", chosen, "boolean")
    return {**(member.interests or {}), **written}


def _permissions(audience, member, written):
    stored = dict(member.permissions or {})
    for entry in written:
        key = entry.get("marketing_permission_id") if isinstance(entry, dict) else None
        if key not in audience.permissions:
            raise problems.invalid_field(
                "marketing_permissions", "Invalid marketing permission ID."
            )
        stored[key] = bool(entry.get("enabled"))
    return stored


def _stamp(member, body):
    stamp = validate.moment(body, "timestamp_opt")
    if stamp:
        member.timestamp_opt = stamp
        member.shape = None
