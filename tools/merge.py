"""Three-way merge of one value. Pure functions."""

# What settle says: who has the value that both sides should hold.
SAME, ODOO, MAILCHIMP, ASK = "same", "odoo", "mailchimp", "ask"
# Nobody: Mailchimp repeats what we sent, and Odoo holds something newer by now.
ECHO = "echo"
# The kind of what was sent, see `tools.labels.sent_labels` for others.
VALUE = "value"


def settle(base, odoo, mailchimp, rule, odoo_is_newer=False):
    """Decide which side's value stands, from what both agreed on last.

    A side that did not change has no say: what only one side changed travels to the
    other. When both changed, or never agreed, the rule decides. All values are in the
    form of the same side; everything empty is alike.

    :param base: the value both sides last agreed on, None when they never did
    :param odoo: the value in Odoo
    :param mailchimp: the value in Mailchimp
    :param str rule: "odoo", "mailchimp", "newest", "ask"; or "if_empty": a value is
        never replaced, only an empty side is filled (if it was not emptied on purpose)
    :param bool odoo_is_newer: for "newest": whether Odoo's change is the later one
    :return: "odoo" or "mailchimp": that value is to be taken to the other side; "ask":
        a person decides; "same": nothing is to be taken anywhere
    """
    base, odoo, mailchimp = plain(base), plain(odoo), plain(mailchimp)
    if odoo == mailchimp:
        return SAME
    if mailchimp == base:
        return _filling(ODOO, mailchimp, odoo) if rule == "if_empty" else ODOO
    if odoo == base:
        return _filling(MAILCHIMP, odoo, mailchimp) if rule == "if_empty" else MAILCHIMP
    if rule == "if_empty":
        return MAILCHIMP if not odoo else ODOO if not mailchimp else SAME
    if rule == "newest":
        return ODOO if odoo_is_newer else MAILCHIMP
    return rule


def _filling(verdict, old, new):
    """Return the verdict if it fills a side that is empty, and replaces nothing."""
    return verdict if new and not old else SAME


def plain(value):
    """Return a value in the form in which values are compared.

    An empty part of an address is as good as none, and an empty text as no value.
    """
    if isinstance(value, dict):
        value = {key: part for key, part in value.items() if part}
    return value or False


def sent_values(step):
    """Return the values that a step of the push is about, by key.

    What Mailchimp answers about them is what it made of ours; all else that it answers
    is as good as read.

    :param Step step: see `tools.push`
    :return dict: {(VALUE, tag): value}
    """
    values = step.body.get("merge_fields") or {}
    return {(VALUE, tag): value for tag, value in values.items()}
