"""What each value may be in the end, from who changed it, when, and by which rule."""

from odoo.addons.mailchimp_connector.tools.merge import settle

ODOO = "odoo"


class Register:
    """One value of a person: in Odoo, and in each audience that has it.

    Whatever both sides agreed on, it is the value as of the last time all was settled.
    Between two turns of the queue nothing travels: what happens then is settled as one.

    :param value: which all sides hold
    """

    def __init__(self, value):
        self.base = value
        self.edits = []

    def note(self, side, value, turn):
        """Somebody gave it a value on one side."""
        self.edits.append((side, value, turn))

    def last(self, side):
        """:return: what was given last on a side, or what it began with"""
        values = [value for one, value, _turn in self.edits if one == side]
        return values[-1] if values else self.base

    def settled(self, value):
        """All sides hold the same, and nothing is under way."""
        self.base, self.edits = value, []

    @property
    def sides(self):
        """:return set: those that somebody changed it on"""
        return {side for side, _value, _turn in self.edits}

    @property
    def possible(self):
        """:return list: the values of which one stands in the end"""
        return [self.base] if not self.edits else [self.last(s) for s in self.sides]

    def at_once(self):
        """:return bool: whether nothing travelled between the edits"""
        return len({turn for _side, _value, turn in self.edits}) <= 1

    def expect(self, side, rule, odoo_is_newer):
        """Say what Odoo and one audience hold, where that is certain.

        :param str side: the audience
        :return: a pair of values, or None when it depends on what travelled when
        """
        if self.sides - {ODOO, side}:
            return None
        ours, theirs = self.last(ODOO), self.last(side)
        if not self.at_once():
            if len(self.sides) == 1 and rule != "if_empty":
                value = ours if ODOO in self.sides else theirs
                return value, value
            return None
        verdict = settle(self.base, ours, theirs, rule, odoo_is_newer)
        return {
            "odoo": (ours, ours),
            "mailchimp": (theirs, theirs),
        }.get(verdict, (ours, theirs))


def allowed_to_differ(rule, conflict, ours, theirs):
    """Tell whether a rule leaves both sides with a value of their own.

    :param conflict: (Odoo's, Mailchimp's) of the open conflict about it, or None
    """
    if rule == "if_empty":
        return True
    return rule == "ask" and conflict == (str(ours or ""), str(theirs or ""))
