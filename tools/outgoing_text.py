"""Turn values of Odoo's fields into texts that can be sent. Pure functions."""

from functools import partial
from zoneinfo import ZoneInfo

from odoo.tools import html2plaintext

# https://mailchimp.com/developer/marketing/docs/merge-fields/
MAX_BYTES = 255
# A text that is no longer than this is not longer in bytes either.
_SURELY_SHORT = MAX_BYTES // 4


class Unfit(ValueError):
    """A value that Mailchimp would refuse, or not keep as it is.

    :param str code: what is wrong: too_long, bad_choice, incomplete_address, unfit
    :param shown: what a person is to see: the value, or names of the missing fields
    :param value: what may be sent nevertheless; None: the field is left out
    """

    def __init__(self, code, shown, value=None):
        super().__init__(code)
        self.code = code
        self.shown = shown
        self.value = value


def cut_bytes(text, limit=MAX_BYTES):
    """Return the beginning of a text that fits, never half a character."""
    return text.encode()[:limit].decode(errors="ignore")


def plain_text(value):
    """Return a text as one that can be sent.

    :raise Unfit: (too_long) with the cut text when it has more than 255 bytes
    """
    if not value:
        return ""
    text = value.strip()
    if len(text) > _SURELY_SHORT and len(text.encode()) > MAX_BYTES:
        raise Unfit("too_long", text, cut_bytes(text).rstrip())
    return text


def from_html(value):
    """Return what a formatted text says, without its form."""
    if not value:
        return ""
    return plain_text(" ".join(html2plaintext(str(value)).split()))


def from_boolean(value):
    """Return the word that the import understands."""
    return "Yes" if value else "No"


def from_number(value, digits=None):
    """Return a number as a text, without the noise of binary fractions."""
    if digits is not None:
        return f"{value or 0:.{digits}f}"
    number = short_number(value)
    return "0" if not number else f"{number}"


def from_date(value):
    """Return a day as Mailchimp writes it."""
    return value.isoformat() if value else ""


def local_moment(value, tz):
    """Return a moment (naive UTC) in a time zone."""
    moment = value.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(tz))
    return moment.replace(tzinfo=None)


def from_datetime(value, tz):
    """Return a moment to the minute, in the time zone of the company."""
    return local_moment(value, tz).strftime("%Y-%m-%d %H:%M") if value else ""


def from_label(value, labels):
    """Return the label of a selection."""
    return plain_text(labels.get(value, value)) if value else ""


def from_names(names):
    """Return the names of several records."""
    return plain_text(", ".join(name for name in names or () if name))


def short_number(value):
    """Return a number as JSON has it: an integer where it is one."""
    number = round(value or 0, 6)
    return int(number) if number == int(number) else number


# Odoo field type -> text of it.
_TEXT = {
    "char": plain_text,
    "text": plain_text,
    "html": from_html,
    "boolean": from_boolean,
    "integer": from_number,
    "float": from_number,
    "monetary": partial(from_number, digits=2),
    "date": from_date,
}


def to_text_of(odoo_type, tz="UTC", labels=None):
    """Return what turns values of an Odoo field into text.

    :param str odoo_type: type of the field
    :param str tz: time zone in which moments are told
    :param dict labels: of a selection
    """
    if odoo_type == "selection":
        return partial(from_label, labels=labels or {})
    if odoo_type == "datetime":
        return partial(from_datetime, tz=tz)
    if odoo_type == "many2many":
        return from_names
    return _TEXT[odoo_type]
