"""Tags (static segments) and saved segments."""

from . import clock


class Segment:
    """A tag is a static segment: the same object, the same integer id.

    ``members`` maps contact ids to members, for static ones only.
    """

    def __init__(self, key, name, kind, now, options=None):
        self.id = key
        self.name = name
        self.kind = kind
        self.created_at = self.updated_at = now
        self.options = options or {}
        self.members = {}

    @property
    def is_tag(self):
        """:return bool: whether members are put in by hand"""
        return self.kind == "static"

    def document(self, list_id, member_count):
        """:return dict: the segment without links"""
        return {
            "id": self.id,
            "name": self.name,
            "member_count": member_count,
            "type": self.kind,
            "created_at": clock.iso(self.created_at),
            "updated_at": clock.iso(self.updated_at),
            "options": self.options,
            "list_id": list_id,
        }
