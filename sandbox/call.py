"""One request, as the endpoints see it, and the parameters it carries."""

import re

import orjson

from . import clock, problems
from .fields import Selection

TRUE = frozenset(("true", "1"))
MAX_COUNT = 1000


class Call:
    """A request to the API, from a socket or from inside a batch.

    ``query`` holds the last value of each parameter, ``headers`` lower-case names;
    ``delay`` is a wait that a fault adds, ``flight`` how many requests of the account
    were under way when it came.
    """

    def __init__(self, sandbox, method, path, query, body=b"", headers=None):
        self.sandbox = sandbox
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.headers = headers or {}
        self.account = None
        self.in_batch = False
        self.delay = 0
        self.flight = 0
        self.remote = "127.0.0.1"

    @property
    def now(self):
        """:return int: the simulated time"""
        return self.sandbox.clock.now()

    def audience(self, list_id):
        """:raise Problem: 404 when this account has no such audience"""
        audience = self.account.audiences.get(list_id)
        if audience is None:
            raise problems.not_found()
        return audience

    def json(self):
        """:return: the decoded body
        :raise Problem: 400 when it is no JSON
        """
        try:
            return orjson.loads(self.body or b"null")
        except orjson.JSONDecodeError as error:
            raise problems.bad_json(
                f"We encountered an unspecified JSON parsing error: {error}"
            ) from None

    def object(self):
        """:return dict: the decoded body
        :raise Problem: 400 when it is anything but an object
        """
        data = self.json()
        if not isinstance(data, dict):
            raise problems.wrong_shape("", data)
        return data

    # === PARAMETERS === #

    def flag(self, name):
        """:return bool: true and 1 in any case are true, all else is false"""
        return self.query.get(name, "").lower() in TRUE

    def number(self, name, default, most=None):
        """:raise Problem: 400 when it is no whole number from 0 to ``most``"""
        text = self.query.get(name)
        if text is None or text == "":
            return default
        if not re.fullmatch(r"\d{1,12}", text):
            raise problems.invalid_field(name, "Please enter a number")
        value = int(text)
        if most is not None and value > most:
            raise problems.invalid_field(
                name, f"The value must be less than or equal to {most}."
            )
        return value

    def page(self):
        """:return tuple: count and offset"""
        return self.number("count", 10, MAX_COUNT), self.number("offset", 0)

    def moment(self, name):
        """:return float: a date parameter as seconds, None when absent
        :raise Problem: 400 when it is no date
        """
        text = self.query.get(name)
        if not text:
            return None
        try:
            return clock.parse(text)
        except ValueError:
            raise problems.invalid_field(name, "Please enter a date") from None

    def choice(self, name, allowed, default=None):
        """:raise Problem: 400 when the value is not one of those allowed"""
        value = self.query.get(name)
        if not value:
            return default
        if value not in allowed:
            raise problems.invalid_field(
                name, f"The value must be one of: {', '.join(allowed)}"
            )
        return value

    def selection(self):
        """:return Selection: what ``fields`` and ``exclude_fields`` ask for"""
        return Selection(self.query.get("fields"), self.query.get("exclude_fields"))

    def collection(self, name, items, **extra):
        """One page of a collection.

        :param str name: key of the items in the answer
        :param list items: all that match
        """
        count, offset = self.page()
        return {
            name: items[offset : offset + count],
            **extra,
            "total_items": len(items),
            "_links": links(self.path),
        }


class Raw:
    """An answer that is serialised already."""

    def __init__(self, body, content_type="application/json; charset=utf-8"):
        self.body = body
        self.content_type = content_type


def links(path, **others):
    """Stubs of the links that the real API puts on every resource."""
    base = "https://us1.api.mailchimp.com/3.0"
    found = [{"rel": "self", "href": f"{base}{path}", "method": "GET"}]
    for rel, (method, suffix) in others.items():
        found.append({"rel": rel, "href": f"{base}{path}{suffix}", "method": method})
    return found
