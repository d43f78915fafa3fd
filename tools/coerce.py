"""Turn what Mailchimp sends into values that Odoo fields take. Pure functions."""

import math
import re
from datetime import datetime, timezone

from odoo.tools import email_normalize

from .unicode import encodable

# PostgreSQL's text type cannot hold NUL; it reaches us in names people typed.
_NUL = "\x00"
# For such an address `email_normalize` is `lower`, at a tenth of the price.
_PLAIN_EMAIL = re.compile(r"[\w.+%'-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII)
_ONE_EMAIL = re.compile(r"[^\s@<>,;\x00-\x1f]+@[^\s@<>,;\x00-\x1f]+")
# https://www.rfc-editor.org/errata/eid1690
_MAX_EMAIL = 254
_MAX_INTEGER = 2**31 - 1
MAX_TEXT = 10_000
# Mailchimp cuts mails off at a tenth of it; far more is no mail.
MAX_HTML = 5_000_000
# No audience is older than Mailchimp, and no sending is planned for another century.
_YEARS = range(1990, 2100)
# Far longer than any id of Mailchimp's, and short enough for an index.
MAX_ID = 128


def parse_datetime(value):
    """Parse a time of Mailchimp's.

    :param str value: ISO 8601 with offset; ``""`` or None when unset
    :return: naive UTC `datetime`, False when unset, unreadable or of another age
    """
    if not value:
        return False
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        if moment.tzinfo:
            moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    except (ValueError, TypeError, AttributeError, OverflowError):
        return False
    return moment if moment.year in _YEARS else False


def clean_text(value, limit=MAX_TEXT):
    """Return ``value`` as a text that PostgreSQL stores, at most ``limit`` long."""
    text = value if isinstance(value, str) else str(value)
    if _NUL in text:
        text = text.replace(_NUL, "")
    text = text[:limit]
    return text if text.isascii() else encodable(text)


def clean_json(value):
    """Return ``value`` without what PostgreSQL's jsonb refuses, recursively."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(key): clean_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def normalize_email(value):
    """Return the address that stands for a person, or False when it is none.

    :param str value: an address in any case, blanks around it allowed
    :return: lower-case address (str), False when it is not exactly one address
    """
    if not isinstance(value, str) or len(value) > _MAX_EMAIL:
        return False
    lowered = value.strip().lower()
    if _PLAIN_EMAIL.fullmatch(lowered):
        return lowered
    # `email_normalize` finds "@nowhere" in "not an address@@nowhere".
    if not _ONE_EMAIL.fullmatch(lowered):
        return False
    return email_normalize(lowered) or False


def short_text(value):
    """Return a value that should be a line of text as one, None when it is empty.

    :param value: anything that JSON can say
    """
    return clean_text(value).strip() or None if value else None


def web_address(value):
    """Return a value that should be the address of a page, None when it is not.

    :param value: anything that JSON can say
    """
    text = short_text(value) if isinstance(value, str) else None
    if text and text.startswith("//"):
        text = f"https:{text}"
    return text if text and text.startswith(("https://", "http://")) else None


def small_integer(value):
    """Return a value that should be a number as an integer that PostgreSQL stores.

    :param value: anything that JSON can say
    :return: int, 0 when it is none
    """
    try:
        number = int(value or 0)
    except (TypeError, ValueError, OverflowError):
        return 0
    return number if abs(number) <= _MAX_INTEGER else 0


def capped(number):
    """Return an integer, or the one nearest to it that PostgreSQL stores."""
    return max(-_MAX_INTEGER, min(number, _MAX_INTEGER))


def remote_id(value):
    """Return what Mailchimp calls a thing, as a text; None when it cannot be a name.

    :param value: anything that JSON can say
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = short_text(str(value))
    return text if text and text == str(value) and len(text) <= MAX_ID else None


def as_map(value):
    """Return a value that should be an object as a dict, empty when it is none."""
    return value if isinstance(value, dict) else {}


def with_ids(items, key="id"):
    """Return the objects of a list that have a usable id, each once, the id as text.

    :param items: anything that JSON can say
    """
    usable = {}
    for item in items if isinstance(items, list) else ():
        if id_ := remote_id(as_map(item).get(key)):
            usable[id_] = {**item, key: id_}
    return list(usable.values())


def real_number(value):
    """Return a value that should be a number as a float, 0 when it is none."""
    try:
        number = float(value or 0)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return number if math.isfinite(number) else 0.0


class CoerceError(ValueError):
    """A value does not fit the field it is mapped to; the text says why."""


def _misfit(value, reason):
    text = clean_text(value)
    return CoerceError(f"“{text if len(text) <= 80 else text[:79] + '…'}” {reason}")


def to_text(value):
    """Turn any merge value into one line of text.

    :param value: text, number, or the dict of an address
    :return: text (str), False when empty
    """
    if isinstance(value, dict):
        parts = ("addr1", "addr2", "zip", "city", "state", "country")
        return ", ".join(str(value[p]) for p in parts if value.get(p)) or False
    if value is None or value is False:
        return False
    return clean_text(value).strip() or False


def to_number(value):
    """Turn a merge value into a float (False when empty).

    :raise CoerceError: when it is not a number
    """
    if value in ("", None, False):
        return False
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise _misfit(value, "is not a number") from None
    if not math.isfinite(number):
        raise _misfit(value, "is not a number")
    return number


def to_integer(value):
    """Turn a merge value into an integer (0 when empty).

    :raise CoerceError: when it is not a number, or too big a one
    """
    number = int(to_number(value) or 0)
    if abs(number) > _MAX_INTEGER:
        raise _misfit(value, "is too big a number")
    return number


def to_date(value):
    """Turn a merge value of type date into a `date` (False when empty).

    :raise CoerceError: when it is not a date, as birthdays (MM/DD) are not
    """
    if not value:
        return False
    try:
        return datetime.strptime(str(value)[:10], "%Y-%m-%d").date()
    except ValueError:
        raise _misfit(value, "is not a date with a year") from None


def to_boolean(value):
    """Turn the words people use for yes and no into a boolean.

    :raise CoerceError: for any other word
    """
    word = str(value or "").strip().lower()
    if word in ("", "0", "no", "false", "off", "n"):
        return False
    if word in ("1", "yes", "true", "on", "y"):
        return True
    raise _misfit(value, "is neither yes nor no")


# Odoo field type -> converter. Relations and selections need the database or the
# field, see `mailchimp.merge.field`.
CONVERTERS = {
    "char": to_text,
    "text": to_text,
    "html": to_text,
    "integer": to_integer,
    "float": to_number,
    "monetary": to_number,
    "date": to_date,
    "boolean": to_boolean,
}


# How the parts of a Mailchimp address are called on a customer.
ADDRESS_PARTS = {"addr1": "street", "addr2": "street2", "zip": "zip", "city": "city"}


def address_values(value, countries, states):
    """Turn an address into fields of a customer.

    :param value: dict of Mailchimp's address, or ``""``
    :param dict countries: lower-case name or code -> id
    :param dict states: (id of the country, lower-case name or code) -> id
    :return: field values (dict), empty when there is no address
    """
    if not isinstance(value, dict) or not any(value.values()):
        return {}
    vals = {ours: to_text(value.get(theirs)) for theirs, ours in ADDRESS_PARTS.items()}
    country = (to_text(value.get("country")) or "").lower()
    state = (to_text(value.get("state")) or "").lower()
    vals["country_id"] = countries.get(country, False)
    vals["state_id"] = states.get((vals["country_id"], state), False)
    return vals


def find_related(value, ids):
    """Return the id of the record that a merge value names (False when empty).

    :param value: text, or an address whose country counts
    :param dict ids: lower-case name or code -> id
    :raise CoerceError: when no record has that name
    """
    name = to_text(value.get("country") if isinstance(value, dict) else value)
    if not name:
        return False
    if name.lower() not in ids:
        raise _misfit(name, "does not exist in Odoo")
    return ids[name.lower()]


def find_choice(value, choices):
    """Return the key of the selection that a merge value names (False when empty).

    :param list choices: (key, label) pairs
    :raise CoerceError: when it is none of them
    """
    name = to_text(value)
    if not name:
        return False
    for key, label in choices:
        if name.lower() in (str(key).lower(), str(label).lower()):
            return key
    raise _misfit(name, "is not among the choices")
