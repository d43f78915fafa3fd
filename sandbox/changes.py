"""What a change does: state, stamps, record of transitions, webhooks.

Every change of a member after seeding goes through here, whoever makes it. ``source``
is ``api``, ``user`` (the person acted) or ``admin`` (the web application).
"""

from . import payloads
from .ids import subscriber_hash

ADMIN_REASON = "N/A (Unsubscribed by admin)"
# Opting out from these is an event; the others were not on the list for mail.
ON_THE_LIST = frozenset(("subscribed", "transactional", "pending"))


def begin(audience, member, source):
    """A new member; its status is still to be set by :func:`set_status`."""
    member.status = ""
    member.source = {"api": "API - Generic", "user": "Hosted Signup Form"}.get(
        source, "Admin Add"
    )
    audience.insert(member)


def set_status(audience, member, status, source, **details):
    """Move a member to another status; the same one again does nothing.

    :param str origin: who opted the person out, admin unless told
    :param str reason: of the unsubscription, as shown
    :param str kind: reason in the webhook: manual, abuse or hard
    :param str campaign_id: the mail that led to it
    :return bool: whether it changed
    """
    before, origin = member.status, member.origin
    if before == status:
        return False
    audience.set_status(member, status)
    SETTERS[status](audience, member, before, details)
    audience.sandbox.monitor.transition(
        at=audience.sandbox.clock.now(),
        list_id=audience.id,
        contact_id=member.contact_id,
        email=member.email,
        before=before,
        after=status,
        source=source,
        origin=origin,
    )
    _tell(audience, member, before, source, details)
    return True


def _subscribe(audience, member, before, details):
    now = audience.sandbox.clock.now()
    member.origin, member.reason, member.unsubscribed_at = "none", "", 0
    if before != "unsubscribed" or not member.timestamp_opt:
        member.timestamp_opt = now
        member.ip_opt = details.get("ip") or member.ip_opt or "127.0.0.1"
    audience.last_sub_date = now


def _unsubscribe(audience, member, _before, details):
    now = audience.sandbox.clock.now()
    origin = details.get("origin", "admin")
    if not (member.blocked and origin == "admin"):
        member.origin = origin
    member.reason = details.get("reason", ADMIN_REASON)
    member.unsubscribed_at = audience.last_unsub_date = now


def _clean(_audience, member, _before, details):
    member.origin = details.get("origin", "bounce")


def _ask(audience, member, _before, _details):
    audience.sandbox.monitor.mail(
        "confirm", audience.id, member.email, audience.sandbox.clock.now()
    )


def _archive(_audience, member, before, _details):
    member.before_archive = before


def _nothing(_audience, _member, _before, _details):
    """Contacts that get no marketing have no dates to stamp."""


SETTERS = {
    "subscribed": _subscribe,
    "unsubscribed": _unsubscribe,
    "cleaned": _clean,
    "pending": _ask,
    "transactional": _nothing,
    "archived": _archive,
}


def _tell(audience, member, before, source, details):
    status = member.status
    if details.get("quiet"):
        return
    if status == "subscribed":
        fire(audience, "subscribe", source, payloads.subscribe(audience, member))
    elif status == "unsubscribed" and before in ON_THE_LIST:
        data = payloads.unsubscribe(audience, member, "unsub", details)
        fire(audience, "unsubscribe", source, data)
    elif status == "archived":
        data = payloads.unsubscribe(audience, member, "delete", details)
        fire(audience, "unsubscribe", source, data)
    elif status == "cleaned":
        data = payloads.cleaned(audience, member, details)
        fire(audience, "cleaned", source, data)


def fire(audience, event, source, data):
    """Queue an event for the webhooks that want it."""
    audience.sandbox.webhooks.emit(audience, event, source, data)


def set_profile(audience, member, values, source, *, quiet=False):
    """Store attributes of a member.

    :param dict values: attribute names of :class:`.member.Member` and values
    :return bool: whether any differed
    """
    changed = False
    for name, value in values.items():
        if getattr(member, name) != value:
            setattr(member, name, value)
            changed = True
    if changed:
        audience.touch(member)
        if not quiet and member.status not in ("archived", ""):
            fire(audience, "profile", source, payloads.profile(audience, member))
    return changed


def move(audience, member, email, source):
    """Give a member another address: contact id, tags and values stay."""
    before = (member.unique_email_id, member.email)
    audience.rename(member, email)
    if before[1].lower() != email.lower():
        data = payloads.upemail(audience, member, before[1])
        fire(audience, "upemail", source, data)
        fire(audience, "profile", source, payloads.profile(audience, member))


def forget(audience, member, source):
    """Delete a member for good; only a form brings the address back."""
    data = payloads.unsubscribe(audience, member, "delete", {})
    audience.sandbox.monitor.transition(
        at=audience.sandbox.clock.now(),
        list_id=audience.id,
        contact_id=member.contact_id,
        email=member.email,
        before=member.status,
        after="forgotten",
        source=source,
        origin=member.origin,
    )
    audience.remove(member)
    audience.forgotten[subscriber_hash(member.email)] = True
    if member.status != "archived":
        fire(audience, "unsubscribe", source, data)
