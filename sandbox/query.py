"""Which members a request asks for: filters, order, and pages of them."""

import orjson

from . import problems
from .call import links
from .member import STATUSES

SORTABLE = ("timestamp_opt", "timestamp_signup", "last_changed")
MOST_SELECTIONS = 4
NOT_PART_OF_KEY = frozenset(("count", "offset", "fields", "exclude_fields"))


def select(call, audience):
    """All members that match, in order.

    Sorting and filtering 200,000 members takes a while and a client reads them page by
    page: the last few results are kept until the audience changes.

    :return list: of :class:`.member.Member`
    """
    key = tuple(
        sorted(item for item in call.query.items() if item[0] not in NOT_PART_OF_KEY)
    )
    cached = audience.selections.get(key)
    if cached and cached[0] == audience.version:
        return cached[1]
    found = list(audience.members.values())
    for test in _tests(call, audience):
        found = [member for member in found if test(member)]
    _sort(call, found)
    if len(audience.selections) >= MOST_SELECTIONS:
        audience.selections.clear()
    audience.selections[key] = (audience.version, found)
    return found


def page(call, audience):
    """:return bytes: one page of members as JSON"""
    return render_page(call, audience, select(call, audience))


def render_page(call, audience, found, omits=None):
    """One page of these members as JSON.

    :param dict omits: parts to leave out unless the caller selects some; such a page
        does not name its list either
    :return bytes: the collection
    """
    count, offset = call.page()
    parts = []
    shape = shape_of(call, audience, omits)
    if shape:
        rows = found[offset : offset + count]
        parts.append(b'"members":[' + b",".join(map(shape.render, rows)) + b"]")
    whole = {
        "members": [],
        "list_id": audience.id,
        "total_items": len(found),
        "_links": links(call.path),
    }
    if omits:
        del whole["list_id"]
    rest = call.selection().apply(whole)
    rest.pop("members", None)
    if rest:
        parts.append(orjson.dumps(rest)[1:-1])
    return b"{" + b",".join(parts) + b"}"


def shape_of(call, audience, omits=None):
    """:return Shape: how each member of a collection is written; None when the
    caller selected other parts only
    """
    wanted, inside, outside = call.selection().under("members")
    if not wanted:
        return None
    key = (call.query.get("fields"), call.query.get("exclude_fields"), bool(omits))
    if inside is None:
        outside = {**(omits or {}), **(outside or {})} or None
    return audience.shape(inside, outside, key)


# === FILTERS === #


def _tests(call, audience):
    """The conditions of a request; all must hold."""
    yield from _state_tests(call)
    yield from _time_tests(call)
    yield from _interest_tests(call, audience)


def _state_tests(call):
    query = call.query
    status = call.choice("status", STATUSES)
    if status:
        yield lambda m: m.status == status
    else:
        yield lambda m: m.status != "archived"
    email_type = query.get("email_type")
    if email_type:
        yield lambda m: m.email_type == email_type
    unique = query.get("unique_email_id")
    if unique:
        yield lambda m: m.unique_email_id == unique
    if call.flag("vip_only"):
        yield lambda m: m.vip
    if query.get("since_last_campaign") and not status:
        raise problems.invalid_field(
            "status", "Please provide a status to use since_last_campaign."
        )


def _time_tests(call):
    for name in ("timestamp_opt", "last_changed"):
        since = call.moment(f"since_{name}")
        before = call.moment(f"before_{name}")
        if since is not None:
            yield lambda m, n=name, t=since: getattr(m, n) > t
        if before is not None:
            yield lambda m, n=name, t=before: 0 < getattr(m, n) < t
    gone = call.moment("unsubscribed_since")
    if gone is not None:
        if call.query.get("status") != "unsubscribed":
            raise problems.invalid_field(
                "unsubscribed_since", "This filter requires status=unsubscribed."
            )
        yield lambda m: m.unsubscribed_at > gone


def _interest_tests(call, audience):
    names = ("interest_category_id", "interest_ids", "interest_match")
    given = [name for name in names if call.query.get(name)]
    if not given:
        return
    if len(given) < len(names):
        missing = next(name for name in names if name not in given)
        raise problems.invalid_field(missing, "This value should not be blank.")
    match = call.choice("interest_match", ("any", "all", "none"))
    if call.query["interest_category_id"] not in audience.categories:
        raise problems.invalid_field("interest_category_id", "Unknown category.")
    keys = [key.strip() for key in call.query["interest_ids"].split(",")]

    def test(member):
        chosen = [bool((member.interests or {}).get(key)) for key in keys]
        if match == "all":
            return all(chosen)
        return any(chosen) == (match == "any")

    yield test


def _sort(call, found):
    name = call.choice("sort_field", SORTABLE)
    direction = call.choice("sort_dir", ("ASC", "DESC"), "ASC")
    if name:
        found.sort(key=lambda m: getattr(m, name), reverse=direction == "DESC")
