"""Merge fields: what they are and which values they take."""

import re
from datetime import datetime

from . import problems

TYPES = (
    "text",
    "number",
    "address",
    "phone",
    "date",
    "url",
    "imageurl",
    "radio",
    "dropdown",
    "birthday",
    "zip",
)
MOST_BYTES = 255
ADDRESS_REQUIRED = ("addr1", "city", "state", "zip")
ADDRESS_KEYS = ("addr1", "addr2", "city", "state", "zip", "country")
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%d-%m-%Y", "%m/%d/%Y")
NO_SUCH_SHAPE = "Data did not match any of the schemas described in anyOf."
DEFAULT_OPTIONS = {
    "text": {"size": 25},
    "address": {"default_country": 164},
    "phone": {"phone_format": "none"},
    "date": {"date_format": "MM/DD/YYYY"},
    "birthday": {"date_format": "MM/DD"},
    "imageurl": {"size": 25},
    "url": {"size": 25},
    "zip": {"size": 25},
}


class MergeField:
    """One field of an audience. ``type`` never changes; ``tag`` is upper case."""

    def __init__(self, merge_id, tag, type="text", **values):
        self.merge_id = merge_id
        self.tag = tag
        self.type = type
        self.name = values.get("name", tag)
        self.required = values.get("required", False)
        self.default_value = values.get("default_value", "")
        self.public = values.get("public", False)
        self.display_order = values.get("display_order", merge_id + 1)
        self.help_text = values.get("help_text", "")
        self.options = {**DEFAULT_OPTIONS.get(type, {}), **values.get("options", {})}

    def document(self, list_id):
        """:return dict: the field without links"""
        return {
            "merge_id": self.merge_id,
            "tag": self.tag,
            "name": self.name,
            "type": self.type,
            "required": self.required,
            "default_value": self.default_value,
            "public": self.public,
            "display_order": self.display_order,
            "options": self.options,
            "help_text": self.help_text,
            "list_id": list_id,
        }


def default_fields():
    """:return dict: the fields that a new audience has, by id"""
    fields = (
        MergeField(1, "FNAME", name="First Name"),
        MergeField(2, "LNAME", name="Last Name"),
        MergeField(3, "ADDRESS", "address", name="Address"),
        MergeField(4, "PHONE", "phone", name="Phone Number"),
        MergeField(5, "BIRTHDAY", "birthday", name="Birthday"),
    )
    return {field.merge_id: field for field in fields}


class Rejected(ValueError):
    """A value that a field does not take. Its text is the message to the caller."""


def clean(field, value):
    """Turn what was written into what is stored.

    :return: the stored value; ``""`` means empty, whatever the type
    :raise Rejected: when the type does not take it
    """
    if value is None or value == "":
        return ""
    return CLEANERS.get(field.type, _text)(field, value)


def _text(_field, value):
    if isinstance(value, (dict, list)):
        raise Rejected(NO_SUCH_SHAPE)
    if isinstance(value, bool):
        value = "1" if value else ""
    data = str(value).encode("utf-8", "replace")
    return data[:MOST_BYTES].decode("utf-8", "ignore")


def _number(_field, value):
    if isinstance(value, bool):
        raise Rejected("Please enter a number")
    if isinstance(value, (int, float)):
        return value
    try:
        number = float(str(value))
    except ValueError:
        raise Rejected("Please enter a number") from None
    return int(number) if number.is_integer() else number


def _choice(field, value):
    if value not in field.options.get("choices", []):
        raise Rejected("Please select a valid option")
    return value


def _date(_field, value):
    text = str(value)[:10]
    for pattern in DATE_FORMATS:
        try:
            return datetime.strptime(text, pattern).strftime("%Y-%m-%d")
        except ValueError:
            continue
    raise Rejected("Please enter a date")


def _birthday(_field, value):
    try:
        # A leap year, so that 02/29 is somebody's birthday.
        datetime.strptime(f"2024/{value}", "%Y/%m/%d")
    except ValueError:
        raise Rejected("Please enter a month (01-12) and a day (01-31)") from None
    return str(value)


def _address(_field, value):
    if not isinstance(value, dict):
        raise Rejected(NO_SUCH_SHAPE)
    if any(not isinstance(part, str) for part in value.values()):
        raise Rejected(NO_SUCH_SHAPE)
    if not any(part.strip() for part in value.values()):
        return ""
    if any(not value.get(key, "").strip() for key in ADDRESS_REQUIRED):
        raise Rejected("Please enter a complete address")
    return {key: value.get(key, "") for key in ADDRESS_KEYS}


def _zip(_field, value):
    if not re.fullmatch(r"\d{5}", str(value)):
        raise Rejected("Please enter a valid zip code")
    return str(value)


def _phone(field, value):
    text = _text(field, value)
    american = field.options.get("phone_format") == "US"
    if american and not re.fullmatch(r"\(?\d{3}\)?[-. ]?\d{3}[-. ]?\d{4}", text):
        raise Rejected("Please enter a valid phone number")
    return text


def _url(field, value):
    text = _text(field, value)
    if not re.match(r"https?://[^\s/]+\.[^\s/]+", text):
        raise Rejected("Please enter a valid URL")
    return text


CLEANERS = {
    "number": _number,
    "radio": _choice,
    "dropdown": _choice,
    "date": _date,
    "birthday": _birthday,
    "address": _address,
    "zip": _zip,
    "phone": _phone,
    "url": _url,
    "imageurl": _url,
}


def check(audience, written, current, *, skip_required):
    """Validate the ``merge_fields`` of a member.

    Unknown tags are ignored, absent ones left alone, ``""`` erases.

    :param dict written: what the caller sent
    :param dict current: what the member has
    :return dict: the values to store
    :raise Problem: 400 that names every field at fault
    """
    if not isinstance(written, dict):
        raise problems.wrong_shape("merge_fields", written)
    errors, stored = [], dict(current)
    for field in audience.fields.values():
        if field.tag in written:
            try:
                stored[field.tag] = clean(field, written[field.tag])
            except Rejected as error:
                errors.append((field.tag, str(error)))
                continue
        if field.required and not skip_required and stored.get(field.tag, "") == "":
            errors.append((field.tag, "Please enter a value"))
    if errors:
        raise problems.invalid("Your merge fields were invalid.", errors)
    return stored
