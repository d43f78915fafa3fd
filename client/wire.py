"""Python values as Mailchimp reads and writes them: query strings and JSON."""

import datetime
import re
from decimal import Decimal

import orjson

from ..exceptions import MailchimpRejected

# Odoo's datetimes are naive and in UTC; Mailchimp speaks ISO 8601 with an offset.
_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_NON_STR_KEYS
# An escape of a JSON text: a pair of surrogates, half of one, or any other.
_ESCAPE = re.compile(
    rb"""\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}
           |(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)""",
    re.VERBOSE | re.DOTALL,
)


def parse(content):
    """Parse JSON, with a mark instead of each half of a character that it has.

    Where an emoji was cut in two, one text would make all others unreadable.

    :param bytes content: a whole document
    :raise orjson.JSONDecodeError: if it is none
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        if b"\\ud" not in content and b"\\uD" not in content:
            raise
        return orjson.loads(_ESCAPE.sub(_whole, content))


def _whole(escape):
    return rb"\ufffd" if escape[1] else escape[0]


def query(parameters):
    """Prepare query parameters.

    Lists are joined by commas, but a string that stands for a list is left alone (the
    official client joins its letters); None is left out.

    :param parameters: dict or list of pairs
    :return: list of pairs of strings
    :rtype: list[tuple[str, str]]
    """
    pairs = parameters.items() if isinstance(parameters, dict) else parameters or ()
    return [(name, _text(value)) for name, value in pairs if value is not None]


def body(value):
    """Serialise a request body.

    :param value: the body, None for a request without one (the official client sends
        ``null``, which Mailchimp refuses: "Schema describes object, NULL found")
    :rtype: bytes | None
    :raise MailchimpRejected: if JSON has no word for a value
    """
    if value is None:
        return None
    try:
        return orjson.dumps(value, default=_plain, option=_OPTIONS)
    except orjson.JSONEncodeError as error:
        raise MailchimpRejected(
            f"A value cannot be sent to Mailchimp as JSON: {error}."
        ) from error


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(_text(item) for item in value)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=datetime.timezone.utc)
        return value.isoformat(timespec="seconds")
    return str(value)


def _plain(value):
    if isinstance(value, Decimal) and value.is_finite():
        # The shortest text of the float: 120.59, never 120.5900000000000034
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not JSON serializable")
