"""Who of an audience gets a campaign, in Mailchimp's words and in ours. Pure functions.

https://mailchimp.com/developer/marketing/api/campaigns/add-campaign/
"""

from typing import NamedTuple

from .coerce import as_map, remote_id

TAG_CONDITION = {
    "condition_type": "StaticSegment",
    "field": "static_segment",
    "op": "static_is",
}


class Recipients(NamedTuple):
    """Who of an audience: ``kind`` is all, named (tags or segments) or other.

    ``ids`` are remote ids (texts); ``match`` is any or all of them.
    """

    kind: str
    ids: tuple[str, ...] = ()
    match: str = "any"


def read(options):
    """Read what Mailchimp says about the recipients of a campaign.

    :param options: ``segment_opts``, anything that JSON can say
    :rtype: Recipients
    """
    options = as_map(options)
    if saved := remote_id(options.get("saved_segment_id") or None):
        return Recipients("named", (saved,))
    if options.get("prebuilt_segment_id"):
        return Recipients("other")
    conditions = options.get("conditions")
    if not conditions:
        return Recipients("all")
    ids = [_tag_of(condition) for condition in _list(conditions)]
    if not ids or None in ids:
        return Recipients("other")
    match = "all" if options.get("match") == "all" else "any"
    return Recipients("named", tuple(ids), match)


def same(one, other):
    """Tell whether two ``recipients`` of campaigns mean the same members.

    :param one: with ``list_id`` and ``segment_opts``; anything that JSON can say
    """
    one, other = as_map(one), as_map(other)
    if (one.get("list_id") or "") != (other.get("list_id") or ""):
        return False
    options = [as_map(said.get("segment_opts")) for said in (one, other)]
    first, second = map(read, options)
    if "other" in (first.kind, second.kind):
        return options[0] == options[1]
    return _who(first) == _who(second)


def of_tags(ids, match):
    """Return the options for the members with any or all of some tags.

    :param ids: remote ids (texts)
    :param str match: any or all
    """
    conditions = [{**TAG_CONDITION, "value": _number(id_)} for id_ in ids]
    return {"match": match, "conditions": conditions}


def of_segment(id_):
    """Return the options for the members of a saved segment.

    :param str id_: its remote id
    """
    return {"saved_segment_id": _number(id_)}


def _number(id_):
    """Return an id as Mailchimp says it: a number, as far as is known."""
    return int(id_) if str(id_).isdecimal() else id_


def _who(recipients):
    ids = frozenset(recipients.ids)
    return recipients.kind, ids, recipients.match if len(ids) > 1 else "any"


def _tag_of(condition):
    condition = as_map(condition)
    wanted = {name: condition.get(name) for name in TAG_CONDITION}
    return remote_id(condition.get("value")) if wanted == TAG_CONDITION else None


def _list(value):
    return value if isinstance(value, list) else []
