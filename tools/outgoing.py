"""Turn Odoo's values into values that Mailchimp takes. Pure functions.

A converter takes what `read` gives for a field (a dict for an address) and returns the
value in Mailchimp's form; ``""`` clears, whatever the type. What does not fit is not
sent: the converter raises `Unfit` then.
"""

import math
import re
import unicodedata
from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

from odoo.tools import html2plaintext

from .coerce import CoerceError, to_boolean

# https://mailchimp.com/developer/marketing/docs/merge-fields/
MAX_BYTES = 255
MAX_TAG = 10
RESERVED_TAGS = frozenset({"EMAIL"})
# A text that is no longer than this is not longer in bytes either.
_SURELY_SHORT = MAX_BYTES // 4

_URL = re.compile(r"https?://[^\s/]+\.[^\s/]+\S*", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_MONTH_DAY = re.compile(r"(\d{1,2})/(\d{1,2})")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ZIP = re.compile(r"(\d{5})(?:-\d{4})?")
_NOT_TAG = re.compile(r"[^A-Z0-9_]")
_NOT_DIGIT = re.compile(r"\D")

# The parts that Mailchimp wants together, and how they are called on a customer.
ADDRESS_SOURCE = {
    "addr1": "street",
    "city": "city",
    "state": "state_id",
    "zip": "zip",
    "country": "country_id",
}


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


# === WHAT A TEXT HAS TO BE FOR A FIELD === #


def short_number(value):
    """Return a number as JSON has it: an integer where it is one."""
    number = round(value or 0, 6)
    return int(number) if number == int(number) else number


def as_number(value):
    """Return a number.

    :raise Unfit: when a text is none
    """
    if value is None or value == "":
        return ""
    try:
        number = float(value)
    except ValueError:
        raise Unfit("unfit", value) from None
    if not math.isfinite(number):
        raise Unfit("unfit", value)
    return short_number(number)


def as_phone(text, american=False):
    """Return a telephone number; American ones as NNN-NNN-NNNN.

    :raise Unfit: when it is not an American one but has to be
    """
    if not text or not american:
        return text
    digits = _NOT_DIGIT.sub("", text)
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    if len(digits) != 10:
        raise Unfit("unfit", text)
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


def as_zip(text):
    """Return the five digits of a ZIP code.

    :raise Unfit: when it has not five digits: Mailchimp takes no others
    """
    if not text:
        return ""
    match = _ZIP.fullmatch(text)
    if not match:
        raise Unfit("unfit", text)
    return match[1]


def as_url(text):
    """Return an address in the web, with its scheme.

    :raise Unfit: when it is none
    """
    if not text:
        return ""
    url = text if _SCHEME.match(text) and "://" in text else f"https://{text}"
    if not _URL.fullmatch(url):
        raise Unfit("unfit", text)
    return url


def as_date(value):
    """Return a day.

    :param value: date, or a text that is one
    :raise Unfit: when a text is not a day with a year
    """
    if not value:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError:
        raise Unfit("unfit", value) from None


def as_birthday(value):
    """Return month and day.

    :param value: date, or a text: 12/31 or 1990-12-31
    :raise Unfit: when a text is neither
    """
    if not value:
        return ""
    if isinstance(value, date):
        return f"{value:%m/%d}"
    if _ISO_DATE.match(value):
        return as_date(value)[5:].replace("-", "/")
    match = _MONTH_DAY.fullmatch(value)
    try:
        # A leap year, so that 02/29 is somebody's birthday.
        return f"{date(2024, int(match[1]), int(match[2])):%m/%d}"
    except (TypeError, ValueError):
        raise Unfit("unfit", value) from None


def as_choice(text, choices):
    """Return the choice that a text names, as Mailchimp spells it.

    :param dict choices: lower-case choice -> choice
    :raise Unfit: (bad_choice) when there is no such choice
    """
    if not text:
        return ""
    choice = choices.get(text.lower())
    if choice is None:
        raise Unfit("bad_choice", text)
    return choice


def choices_by_word(choices):
    """Return the choices of a field by how people may spell them."""
    by_word = {str(choice).strip().lower(): choice for choice in choices or ()}
    for choice in choices or ():
        try:
            by_word.setdefault("yes" if to_boolean(choice) else "no", choice)
        except CoerceError:
            continue  # neither yes nor no
    return by_word


def from_address(values):
    """Return an address: all of it, or none.

    :param dict values: street, street2, city, zip of a customer, and of the state and
        the country dicts with ``code`` and ``name``; None when there is no customer
    :raise Unfit: (incomplete_address) with the names of the fields that are empty
    """
    if not values:
        return ""
    country, state = values["country_id"] or {}, values["state_id"] or {}
    address = {
        "addr1": cut_bytes((values["street"] or "").strip()),
        "addr2": cut_bytes((values["street2"] or "").strip()),
        "city": (values["city"] or "").strip(),
        "state": state.get("code") or state.get("name") or "",
        "zip": (values["zip"] or "").strip(),
        "country": country.get("code") or "",
    }
    missing = [name for part, name in ADDRESS_SOURCE.items() if not address[part]]
    if not missing:
        return address
    if len(missing) == len(ADDRESS_SOURCE) and not address["addr2"]:
        return ""
    raise Unfit("incomplete_address", missing)


# === BOTH STEPS === #


def chain(first, then):
    """Return a converter that does one after the other."""
    return lambda value: then(first(value))


def day_of(value, tz):
    """Return the day of a moment in a time zone."""
    return local_moment(value, tz).date() if value else None


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
_NUMERIC = frozenset({"integer", "float", "monetary"})
# Field types of Mailchimp -> what makes a fit of a text.
_FITS = {
    "number": as_number,
    "date": as_date,
    "birthday": as_birthday,
    "url": as_url,
    "imageurl": as_url,
    "zip": as_zip,
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


def fit_of(type_, choices=None, american=False):
    """Return what makes a text fit a field of Mailchimp, None when any text does.

    :param str type_: type of the merge field
    :param choices: of radio buttons and drop downs
    :param bool american: whether a telephone number has to be an American one
    """
    if type_ in ("radio", "dropdown"):
        return partial(as_choice, choices=choices_by_word(choices))
    if type_ == "phone":
        return partial(as_phone, american=True) if american else None
    return _FITS.get(type_)


def converter(odoo_type, type_, tz="UTC", labels=None, choices=None, american=False):
    """Return the converter from an Odoo field to a merge field; see above."""
    if odoo_type in _NUMERIC and type_ == "number":
        return short_number
    if odoo_type == "boolean" and type_ == "number":
        return lambda value: 1 if value else 0
    if type_ in ("date", "birthday"):
        fit = _FITS[type_]
        if odoo_type == "date":
            return fit
        if odoo_type == "datetime":
            return chain(partial(day_of, tz=tz), fit)
    text = to_text_of(odoo_type, tz, labels)
    fit = fit_of(type_, choices, american)
    return chain(text, fit) if fit else text


def merge_tag(label, used):
    """Return a tag for a merge field: at most 10 capital letters, digits, underscores.

    :param str label: what it is about
    :param used: tags that are taken
    """
    plain = (
        unicodedata.normalize("NFKD", label or "").encode("ascii", "ignore").decode()
    )
    stem = _NOT_TAG.sub("", plain.upper().replace(" ", ""))[:MAX_TAG] or "FIELD"
    tag, number = stem, 1
    while tag in used or tag in RESERVED_TAGS:
        number += 1
        tag = f"{stem[: MAX_TAG - len(str(number))]}{number}"
    return tag
