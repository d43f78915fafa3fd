"""Who belongs to a segment."""

from . import clock


def members(audience, segment, include=()):
    """The members of a segment, counting the active ones only unless told.

    :param include: statuses to count beside the active ones
    :return list: in the order of the audience
    """
    wanted = {"subscribed", *include}
    pool = segment.members if segment.is_tag else audience.members
    found = [member for member in pool.values() if member.status in wanted]
    return found if segment.is_tag else _filter(audience, segment.options, found)


def matching(audience, options):
    """:return list: subscribed members who meet the conditions of some options"""
    found = [m for m in audience.members.values() if m.status == "subscribed"]
    return _filter(audience, options, found)


def _filter(audience, options, found):
    tests = [_test(audience, entry) for entry in options.get("conditions", [])]
    if not tests:
        return found
    combine = all if options.get("match", "all") == "all" else any
    return [m for m in found if combine(test(m) for test in tests)]


def _test(audience, condition):
    """:return: a function of a member; unknown conditions match nobody"""
    kind = condition.get("condition_type", "")
    return KINDS.get(kind, _nobody)(audience, condition)


def _nobody(_audience, _condition):
    return lambda member: False


def _static(audience, condition):
    tag = audience.segments.get(condition.get("value"))
    inside = condition.get("op") == "static_is"
    key = tag.id if tag else None
    return lambda member: (key in member.tags) == inside


def _text(_audience, condition):
    field, value = condition.get("field", ""), str(condition.get("value", "")).lower()
    compare = TEXT_OPERATORS.get(condition.get("op"), TEXT_OPERATORS["is"])

    def test(member):
        own = member.email if field == "EMAIL" else member.merges.get(field, "")
        return compare(str(own).lower(), value)

    return test


def _interests(_audience, condition):
    keys = condition.get("value") or []
    operator = condition.get("op", "interestcontains")

    def test(member):
        chosen = [bool((member.interests or {}).get(key)) for key in keys]
        if operator == "interestcontainsall":
            return all(chosen)
        return any(chosen) == (operator != "interestnotcontains")

    return test


def _date(_audience, condition):
    name = {"timestamp_opt": "timestamp_opt", "last_changed": "last_changed"}.get(
        condition.get("field"), "last_changed"
    )
    try:
        limit = clock.parse(condition.get("extra") or condition.get("value") or "")
    except ValueError:
        return lambda member: False
    later = condition.get("op", "greater") == "greater"
    return lambda member: (getattr(member, name) > limit) == later


TEXT_OPERATORS = {
    "is": lambda own, value: own == value,
    "not": lambda own, value: own != value,
    "contains": lambda own, value: value in own,
    "notcontain": lambda own, value: value not in own,
    "starts": lambda own, value: own.startswith(value),
    "ends": lambda own, value: own.endswith(value),
    "blank": lambda own, value: not own,
    "blank_not": lambda own, value: bool(own),
}
KINDS = {
    "StaticSegment": _static,
    "TextMerge": _text,
    "EmailAddress": _text,
    "SelectMerge": _text,
    "Interests": _interests,
    "Date": _date,
}
