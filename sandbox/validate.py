"""Small checks of request bodies."""

from . import clock, problems

BLANK = "This value should not be blank."
JSON_TYPES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
}


def require(body, *paths):
    """Refuse a body that lacks a value at one of the dotted paths.

    :raise Problem: 400 that names all that are missing
    """
    errors = [(path, BLANK) for path in paths if _at(body, path) in (None, "")]
    if errors:
        raise problems.invalid(errors=errors)


def _at(body, path):
    for name in path.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body


def typed(body, /, **types):
    """Refuse values of another JSON type than asked; absent ones pass.

    :raise Problem: 400 that names the first one
    """
    for name, wanted in types.items():
        if name not in body:
            continue
        value = body[name]
        fits = isinstance(value, wanted)
        if wanted is not bool and isinstance(value, bool):
            fits = False
        if wanted is float and isinstance(value, int):
            fits = True
        if not fits:
            raise problems.wrong_shape(name, value, JSON_TYPES[wanted])


def one_of(body, name, allowed):
    """Refuse a value that is not one of those allowed; an absent one passes.

    :raise Problem: 400 that names it
    """
    if name in body and body[name] not in allowed:
        raise problems.invalid_field(
            name, f"The value must be one of: {', '.join(allowed)}"
        )


def moment(body, name):
    """Read a date from a body.

    :return int: seconds, 0 when absent or empty
    :raise Problem: 400 when it is no date
    """
    value = body.get(name)
    if not value:
        return 0
    try:
        return int(clock.parse(value))
    except ValueError:
        raise problems.invalid_field(name, "Please enter a date") from None


def get(items, key):
    """:return: the item
    :raise Problem: 404 when there is none
    """
    item = items.get(key)
    if item is None:
        raise problems.not_found()
    return item


def integer(text):
    """:return int: an id out of a path, -1 when it is none"""
    return int(text) if text.isascii() and text.isdigit() else -1
