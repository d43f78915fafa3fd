"""Members of an audience."""

from .. import problems, query
from ..call import Raw
from ..routing import route

PATH = "/lists/<list_id>/members"
ONE = PATH + "/<subscriber_hash>"


def find(call, list_id, key):
    """Look a member up by hash, address or contact id.

    :return tuple: audience and member
    :raise Problem: 404
    """
    audience = call.audience(list_id)
    member = audience.find(key)
    if member is None:
        raise problems.not_found()
    return audience, member


def answer(call, audience, member):
    """:return Raw: one member with the selected fields"""
    selection = call.selection()
    key = ("one", call.query.get("fields"), call.query.get("exclude_fields"))
    shape = audience.shape(selection.fields, selection.exclude, key)
    return Raw(shape.render(member))


@route("GET", PATH)
def read_members(call, list_id):
    """A page of members; archived ones only with ``status=archived``."""
    return Raw(query.page(call, call.audience(list_id)))


@route("GET", ONE)
def read_member(call, list_id, subscriber_hash):
    """One member, whatever the status."""
    return answer(call, *find(call, list_id, subscriber_hash))
