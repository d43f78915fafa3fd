"""Groups: categories and the interests in them."""

from .. import problems, validate
from ..call import links
from ..routing import route
from ..seeding import Category, Interest

PATH = "/lists/<list_id>/interest-categories"
ONE = PATH + "/<category_id>"
INTERESTS = ONE + "/interests"
KINDS = ("checkboxes", "dropdown", "radio", "hidden")
MOST_INTERESTS = 60


def category_document(audience, category):
    """:return dict: the category"""
    return {
        "list_id": audience.id,
        "id": category.id,
        "title": category.title,
        "display_order": category.display_order,
        "type": category.kind,
        "_links": links(f"/lists/{audience.id}/interest-categories/{category.id}"),
    }


def interest_document(audience, category, interest, subscribers=None):
    """:return dict: the interest; its ``subscriber_count`` is a string"""
    if subscribers is None:
        subscribers = _subscribers(audience).get(interest.id, 0)
    path = f"/lists/{audience.id}/interest-categories/{category.id}/interests"
    return {
        "category_id": category.id,
        "list_id": audience.id,
        "id": interest.id,
        "name": interest.name,
        "subscriber_count": str(subscribers),
        "display_order": interest.display_order,
        "_links": links(f"{path}/{interest.id}"),
    }


def _subscribers(audience):
    counts = {}
    for member in audience.members.values():
        if member.status == "subscribed" and member.interests:
            for key, chosen in member.interests.items():
                counts[key] = counts.get(key, 0) + bool(chosen)
    return counts


def _get(call, list_id, category_id):
    audience = call.audience(list_id)
    return audience, validate.get(audience.categories, category_id)


@route("GET", PATH)
def read_categories(call, list_id):
    """All categories."""
    audience = call.audience(list_id)
    kind = call.query.get("type")
    found = [c for c in audience.categories.values() if kind in (None, c.kind)]
    rows = [category_document(audience, category) for category in found]
    return call.collection("categories", rows, list_id=audience.id)


@route("POST", PATH)
def create_category(call, list_id):
    """Add a category without groups."""
    audience = call.audience(list_id)
    body = call.object()
    validate.typed(body, title=str, type=str, display_order=int)
    validate.require(body, "title", "type")
    validate.one_of(body, "type", KINDS)
    if any(c.title == body["title"] for c in audience.categories.values()):
        raise problems.bad_request(
            f'Cannot add "{body["title"]}" because it already exists on the list.'
        )
    order = body.get("display_order", len(audience.categories))
    key = call.sandbox.ids.hex(10)
    category = Category(key, body["title"], body["type"], order)
    audience.categories[key] = category
    return category_document(audience, category)


@route("GET", ONE)
def read_category(call, list_id, category_id):
    """One category."""
    return category_document(*_get(call, list_id, category_id))


@route("PATCH", ONE)
def update_category(call, list_id, category_id):
    """Change title, type or place."""
    audience, category = _get(call, list_id, category_id)
    body = call.object()
    validate.typed(body, title=str, type=str, display_order=int)
    validate.one_of(body, "type", KINDS)
    category.title = body.get("title", category.title)
    category.kind = body.get("type", category.kind)
    category.display_order = body.get("display_order", category.display_order)
    return category_document(audience, category)


@route("DELETE", ONE)
def delete_category(call, list_id, category_id):
    """Drop a category with its groups."""
    audience, category = _get(call, list_id, category_id)
    del audience.categories[category.id]
    audience.schema_changed()


@route("GET", INTERESTS)
def read_interests(call, list_id, category_id):
    """All groups of a category."""
    audience, category = _get(call, list_id, category_id)
    counts = _subscribers(audience)
    rows = [
        interest_document(audience, category, interest, counts.get(interest.id, 0))
        for interest in category.interests.values()
    ]
    return call.collection(
        "interests", rows, list_id=audience.id, category_id=category.id
    )


@route("POST", INTERESTS)
def create_interest(call, list_id, category_id):
    """Add a group."""
    audience, category = _get(call, list_id, category_id)
    body = call.object()
    validate.typed(body, name=str, display_order=int)
    validate.require(body, "name")
    if len(audience.interest_ids) >= MOST_INTERESTS:
        raise problems.bad_request("You have reached the maximum number of groups.")
    if any(i.name == body["name"] for i in category.interests.values()):
        raise problems.bad_request(
            f'Cannot add "{body["name"]}" because it already exists on the list.'
        )
    key = call.sandbox.ids.hex(10)
    order = body.get("display_order", len(category.interests) + 1)
    interest = Interest(key, body["name"], order)
    category.interests[key] = interest
    audience.schema_changed()
    return interest_document(audience, category, interest)


@route("GET", INTERESTS + "/<interest_id>")
def read_interest(call, list_id, category_id, interest_id):
    """One group."""
    audience, category = _get(call, list_id, category_id)
    interest = validate.get(category.interests, interest_id)
    return interest_document(audience, category, interest)


@route("PATCH", INTERESTS + "/<interest_id>")
def update_interest(call, list_id, category_id, interest_id):
    """Change name or place."""
    audience, category = _get(call, list_id, category_id)
    interest = validate.get(category.interests, interest_id)
    body = call.object()
    validate.typed(body, name=str, display_order=int)
    interest.name = body.get("name", interest.name)
    interest.display_order = body.get("display_order", interest.display_order)
    return interest_document(audience, category, interest)


@route("DELETE", INTERESTS + "/<interest_id>")
def delete_interest(call, list_id, category_id, interest_id):
    """Drop a group."""
    audience, category = _get(call, list_id, category_id)
    del category.interests[validate.get(category.interests, interest_id).id]
    audience.schema_changed()
