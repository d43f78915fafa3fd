"""Things that should not be there and that a client has to survive."""

from . import seeding
from .member import ABSENT

ODDITIES = (
    "no_email",
    "null_email",
    "broken_email",
    "unknown_status",
    "unknown_merge_type",
    "huge_name",
    "emoji",
    "nul_byte",
    "address_empty",
    "address_dict",
    "no_merge_fields",
)
BROKEN_EMAIL = "not an address@@nowhere"
HUGE = 64 * 1024
ADDRESS = {
    "addr1": "5 Harbour Street",
    "addr2": "",
    "city": "Galway",
    "state": "Galway",
    "zip": "H91 AB12",
    "country": "IE",
}


def add(audience, kind, email=None):
    """Put one oddity into an audience.

    :param str kind: one of :data:`ODDITIES`
    :return: the member, or the merge field for ``unknown_merge_type``
    """
    if kind not in ODDITIES:
        raise ValueError(f"no oddity {kind!r}: {', '.join(ODDITIES)}")
    email = email or f"{kind.replace('_', '-')}@oddity.example"
    if kind == "unknown_merge_type":
        return seeding.add_merge_field(audience, "HOLO", "hologram", name="Hologram")
    member = audience.add_member(email, merge_fields=MERGES.get(kind, {}))
    if kind in RAW:
        member.raw = RAW[kind]
        audience.touch(member)
    return member


RAW = {
    "no_email": {"email_address": ABSENT},
    "null_email": {"email_address": None},
    "broken_email": {"email_address": BROKEN_EMAIL},
    "unknown_status": {"status": "hibernating"},
    "no_merge_fields": {"merge_fields": ABSENT},
}
MERGES = {
    "huge_name": {"FNAME": "x" * HUGE, "LNAME": "Huge"},
    "emoji": {"FNAME": "Zoë 🦄👩‍👩‍👧", "LNAME": "🎉"},
    "nul_byte": {"FNAME": "Nul\u0000byte", "LNAME": "Nul"},
    "address_empty": {"FNAME": "Nowhere", "ADDRESS": ""},
    "address_dict": {"FNAME": "Somewhere", "ADDRESS": ADDRESS},
}
