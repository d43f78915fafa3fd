"""Turn Odoo's values into values that Mailchimp takes. Pure functions.

A converter takes what `read` gives for a field (a dict for an address) and returns the
value in Mailchimp's form; ``""`` clears, whatever the type. What does not fit is not
sent: the converter raises `Unfit` then.
"""

import math
import re
from datetime import date
from functools import partial

from .coerce import CoerceError, to_boolean
from .outgoing_text import (
    Unfit,
    cut_bytes,
    local_moment,
    short_number,
    to_text_of,
)

_URL = re.compile(r"https?://[^\s/]+\.[^\s/]+\S*", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_MONTH_DAY = re.compile(r"(\d{1,2})/(\d{1,2})")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ZIP = re.compile(r"(\d{5})(?:-\d{4})?")
_NOT_DIGIT = re.compile(r"\D")

# The parts that Mailchimp wants together, and how they are called on a customer.
ADDRESS_SOURCE = {
    "addr1": "street",
    "city": "city",
    "state": "state_id",
    "zip": "zip",
    "country": "country_id",
}


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
