"""What Mailchimp posts to a webhook, and who proves to have sent it. Pure functions."""

import hashlib
import hmac
import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

# https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/
EVENTS = ("subscribe", "unsubscribe", "profile", "cleaned", "upemail", "campaign")
SOURCES = ("user", "admin", "api")
SIGNATURE_HEADER = "X-Mailchimp-Signature"
SIGNATURE_TOLERANCE = 300  # seconds

# An event has about a hundred fields; `data[merges][ADDRESS][city]` is the deepest.
MAX_FIELDS = 1000
MAX_DEPTH = 5
MAX_TEXT = 320  # the longest address has 254 characters

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-fA-F]{64})", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,128}")
_ADDRESS = re.compile(r"[^@\s\x00]+@[^@\s\x00]+")


class Event(NamedTuple):
    """A hint that something happened; what it was is read from the API.

    :param str type: one of :data:`EVENTS`
    :param str list_id: the audience
    :param list emails: whom it is about, the address of now first; empty for campaigns
    :param str fired_at: ``2026-03-26 21:35:57``, UTC
    :param str action: ``unsub`` or ``delete``, of an unsubscription
    :param str reason: ``manual``, ``abuse`` or ``hard``, of an opt-out
    :param str campaign_id: the campaign that it came from, or is about
    """

    type: str
    list_id: str
    emails: list
    fired_at: str = ""
    action: str = ""
    reason: str = ""
    campaign_id: str = ""


def parse_event(raw):
    """Read the body of a delivery.

    :param bytes raw: the body as it arrived
    :return: an :class:`Event`; None where there is none in it, or not a whole one
    """
    form = parse_form(raw)
    type_, data = _text(form, "type"), form.get("data")
    if type_ not in EVENTS or not isinstance(data, dict) or not _text(data, "list_id"):
        return None
    emails = _emails(type_, data)
    if not emails and type_ != "campaign":
        return None
    return Event(
        type=type_,
        list_id=_text(data, "list_id"),
        emails=emails,
        fired_at=_text(form, "fired_at"),
        action=_text(data, "action"),
        reason=_text(data, "reason"),
        campaign_id=_text(data, "id" if type_ == "campaign" else "campaign_id"),
    )


def parse_form(raw):
    """Read a form with PHP-style keys: ``data[merges][ADDRESS][city]``.

    Never fails: what is too much, too deep or no key is left out; bytes that are no
    UTF-8 become U+FFFD.

    :param bytes raw: an ``application/x-www-form-urlencoded`` body
    :return: dictionaries in dictionaries, texts in the end
    """
    form = {}
    for pair in raw.split(b"&", MAX_FIELDS)[:MAX_FIELDS]:
        key, _equals, value = pair.partition(b"=")
        match = _KEY.fullmatch(_decode(key))
        if match and match[2].count("[") < MAX_DEPTH:
            _set(form, [match[1], *_PART.findall(match[2])], _decode(value))
    return form


def verify_signature(secret, header, raw, now):
    """Tell whether Mailchimp signed this very body a moment ago.

    https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/

    :param str secret: of the webhook
    :param str header: ``t=<unix time>,v1=<hex>``, None when there was none
    :param bytes raw: the body as it arrived
    :param float now: the unix time
    """
    match = _SIGNATURE.fullmatch(header or "")
    if not match or abs(now - int(match[1])) > SIGNATURE_TOLERANCE:
        return False
    signed = match[1].encode() + b"." + raw
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, match[2].lower())


def is_token(text):
    """Tell whether a text may be a token, without knowing one."""
    return bool(_TOKEN.fullmatch(text))


def token_digest(token):
    """Return what is stored to find an account by: it does not open anything.

    Finding a row takes a time that depends on how much of the key is right. Of a
    digest, nobody can try one character after the other.

    :param str token: the secret part of a webhook's URL
    :return: 64 hexadecimal digits
    """
    return hashlib.sha256(token.encode()).hexdigest()


def _emails(type_, data):
    names = ("new_email", "old_email") if type_ == "upemail" else ("email",)
    texts = [_text(data, name).strip() for name in names]
    return [text for text in texts if _ADDRESS.fullmatch(text)]


def _text(values, name):
    value = values.get(name)
    # PostgreSQL cannot hold a NUL.
    return value[:MAX_TEXT].replace("\0", "") if isinstance(value, str) else ""


def _decode(quoted):
    return unquote_to_bytes(quoted.replace(b"+", b" ")).decode("utf-8", "replace")


def _set(form, path, value):
    *parents, name = path
    for parent in parents:
        form = form.setdefault(parent, {})
        if not isinstance(form, dict):
            return  # a text and a dictionary of one name: the first one stays
    form.setdefault(name, value)
