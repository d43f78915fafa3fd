"""Tags for new merge fields."""

import re
import unicodedata

MAX_TAG = 10
RESERVED_TAGS = frozenset({"EMAIL"})
_NOT_TAG = re.compile(r"[^A-Z0-9_]")


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
