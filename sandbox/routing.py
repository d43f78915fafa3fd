"""Which function answers which method and path."""

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

from . import problems

_rules = []


def route(method, path, *, locked=True):
    """Register an endpoint.

    :param str path: Werkzeug rule, relative to ``/3.0``
    :param bool locked: whether it runs while the state of the sandbox is locked; one
        that talks to somebody else's server must not, and locks by itself
    """

    def register(function):
        function.locked = locked
        _rules.append((method, path, function))
        return function

    return register


def build():
    """:return MapAdapter: matches all registered endpoints"""
    rules = [
        Rule(path, methods=[method], endpoint=function)
        for method, path, function in _rules
    ]
    table = Map(rules, strict_slashes=False, merge_slashes=False)
    return table.bind("sandbox")


def table():
    """:return list: ``(method, path)`` of every endpoint"""
    return [(method, path) for method, path, _function in _rules]


def match(adapter, method, path):
    """:return tuple: the function and its path arguments
    :raise Problem: 404, 405 or 414
    """
    try:
        function, arguments = adapter.match(path or "/", method)
        # The server leaves quoted slashes alone: they belong to an id.
        return function, {k: v.replace("%2F", "/") for k, v in arguments.items()}
    except MethodNotAllowed as error:
        allowed = set(error.valid_methods or ()) - {"HEAD"}
        raise problems.not_allowed(allowed) from None
    except (NotFound, RequestRedirect):
        if path.count("/") > 8:
            raise problems.named("ResourceNestingTooDeep") from None
        raise problems.not_found() from None
