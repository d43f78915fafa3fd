"""Members by the thousand: believable, the same for the same seed, and quick."""

import gc
import random
from bisect import bisect
from contextlib import contextmanager
from itertools import accumulate

from . import names
from .ids import md5, subscriber_hash, unique_email_id
from .member import Member

YEAR = 365 * 24 * 3600
STATUS_SHARES = (
    ("subscribed", 0.88),
    ("unsubscribed", 0.09),
    ("cleaned", 0.02),
    ("pending", 0.004),
    ("transactional", 0.003),
    ("archived", 0.003),
)
_STATUSES = [status for status, _share in STATUS_SHARES]
_STATUS_STEPS = list(accumulate(share for _status, share in STATUS_SHARES))
_CULTURE_STEPS = list(accumulate(names.WEIGHTS))
_ORIGINS = {"cleaned": ("bounce",), "unsubscribed": ("user", "user", "user", "admin")}
_REASONS = {
    "user": "No longer interested",
    "admin": "N/A (Unsubscribed by admin)",
    "complaint": "Marked as spam",
}
_LATITUDES = {"US": (42.36, -71.06), "DE": (53.55, 9.99), "FR": (45.76, 4.84)}


def contact_id(list_id, number):
    """:return str: 32 hex digits"""
    return md5(f"{list_id}:{number}")


def address(member, email):
    """Give a member an address and the identifiers that follow from it."""
    member.email = email
    member.id = subscriber_hash(email)
    member.unique_email_id = unique_email_id(email)


def identify(audience, member):
    """Give a new member all its identifiers."""
    address(member, member.email)
    member.contact_id = audience.new_contact_id()
    member.web_id = audience.sandbox.ids.number()


def fill(audience, n, seed=1, tags=(), merge_fields=True):
    """Add ``n`` members, at about a second for each 100,000.

    Shares of the statuses are :data:`STATUS_SHARES`. No webhooks, no transitions.

    :param tags: names to hand out; each member gets none to two of them
    :param bool merge_fields: whether fields beside the names are filled
    :return int: ``n``
    """
    sandbox = audience.sandbox
    with sandbox.lock, _no_collector():
        rng = random.Random(f"{audience.name}:{seed}")
        now = sandbox.clock.now()
        segments = [audience.make_tag(name) for name in tags]
        start = len(audience.members)
        for number in range(start, start + n):
            member = _member(audience, rng, number, now, merge_fields)
            audience.insert(member)
            _hand_out(audience, rng, member, segments)
    return n


@contextmanager
def _no_collector():
    """Nothing of what is made becomes garbage: looking for some takes as long again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def churn(audience, share, seed):
    """Give some members another last name now; see :meth:`.People.churn`.

    :return int: how many changed
    """
    rng = random.Random(f"{audience.name}:churn:{seed}")
    members = list(audience.members.values())
    chosen = rng.sample(members, round(len(members) * share))
    for member in chosen:
        member.merges = {**member.merges, "LNAME": f"Renamed-{rng.randrange(10**6)}"}
        audience.touch(member)
    return len(chosen)


def copy(audience, source, rng):
    """Put a person of one audience into another, with a status of its own there."""
    member = Member(source.email, "subscribed" if rng.random() < 0.8 else "pending")
    identify(audience, member)
    member.merges = {k: v for k, v in source.merges.items() if audience.field(k)}
    member.language = source.language
    member.last_changed = source.last_changed
    if member.status == "subscribed":
        member.timestamp_opt = source.last_changed
    if member.id not in audience.members:
        audience.insert(member)


def _member(audience, rng, number, now, full):
    pick = rng.random
    culture = names.CULTURES[bisect(_CULTURE_STEPS, pick() * _CULTURE_STEPS[-1])]
    first = culture.firsts[int(pick() * len(culture.firsts))]
    last = culture.lasts[int(pick() * len(culture.lasts))]
    domain = culture.domains[int(pick() * len(culture.domains))]
    status = _STATUSES[min(bisect(_STATUS_STEPS, pick()), len(_STATUSES) - 1)]
    member = Member(f"{first[1]}.{last[1]}{number}@{domain}", status)
    identify(audience, member)
    member.merges = {"FNAME": first[0], "LNAME": last[0]}
    if full:
        _fill_fields(audience, rng, member, culture)
    member.language = culture.language
    _times(rng, member, now)
    _consent(rng, member)
    member.rating = 2 + int(pick() * 3.5) if status == "subscribed" else 2
    member.vip = pick() < 0.01
    if pick() < 0.4:
        member.location = _location(culture)
        member.open_rate = int(pick() * 80) / 100
        member.click_rate = int(pick() * 20) / 100
    return member


def _times(rng, member, now):
    joined = now - 86400 - int(rng.random() * 3 * YEAR)
    member.timestamp_signup = joined if rng.random() < 0.5 else 0
    if member.status not in ("pending", "transactional"):
        member.timestamp_opt = joined + 60
        member.ip_opt = f"198.51.100.{int(rng.random() * 250) + 1}"
    member.last_changed = joined + 60 + int(rng.random() * (now - 120 - joined))


def _consent(rng, member):
    origins = _ORIGINS.get(member.status)
    if origins:
        member.origin = origins[int(rng.random() * len(origins))]
    if member.status == "unsubscribed":
        member.reason = _REASONS[member.origin]
        member.unsubscribed_at = member.last_changed


def _location(culture):
    latitude, longitude = _LATITUDES.get(culture.country, (0, 0))
    return {
        "latitude": latitude,
        "longitude": longitude,
        "gmtoff": 0,
        "dstoff": 0,
        "country_code": culture.country,
        "timezone": culture.timezone,
        "region": "",
    }


def _hand_out(audience, rng, member, segments):
    if segments:
        for _turn in range(int(rng.random() * 2.4)):
            segment = segments[int(rng.random() * len(segments))]
            audience.put_tag(member, segment, member.last_changed)
    if audience.interest_ids:
        member.interests = {
            key: True for key in audience.interest_ids if rng.random() < 0.25
        }


# === VALUES OF MERGE FIELDS === #


def _fill_fields(audience, rng, member, culture):
    for field in audience.fields.values():
        maker = MAKERS.get(field.type)
        if maker and field.tag not in member.merges and rng.random() < 0.6:
            member.merges[field.tag] = maker(rng, field, culture)


def _address(rng, _field, culture):
    city, state, code = culture.places[int(rng.random() * len(culture.places))]
    street = names.STREETS[int(rng.random() * len(names.STREETS))]
    return {
        "addr1": f"{int(rng.random() * 180) + 1} {street}",
        "addr2": "",
        "city": city,
        "state": state,
        "zip": code,
        "country": culture.country,
    }


def _choice(rng, field, _culture):
    choices = field.options.get("choices") or [""]
    return choices[int(rng.random() * len(choices))]


def _digits(rng, low, high, width=2):
    return f"{low + int(rng.random() * (high - low + 1)):0{width}d}"


MAKERS = {
    "text": lambda rng, field, culture: f"{field.name} {int(rng.random() * 500)}",
    "number": lambda rng, field, culture: round(rng.random() * 1200, 2),
    "address": _address,
    "phone": lambda rng, field, culture: f"+1 555 01{_digits(rng, 0, 99)}",
    "date": lambda rng, field, culture: (
        f"{_digits(rng, 2015, 2024)}-{_digits(rng, 1, 12)}-{_digits(rng, 1, 28)}"
    ),
    "birthday": lambda rng, field, culture: (
        f"{_digits(rng, 1, 12)}/{_digits(rng, 1, 28)}"
    ),
    "url": lambda rng, field, culture: f"https://{culture.domains[0]}/profile",
    "imageurl": lambda rng, field, culture: f"https://{culture.domains[0]}/face.png",
    "radio": _choice,
    "dropdown": _choice,
    "zip": lambda rng, field, culture: _digits(rng, 10000, 99999, 5),
}
