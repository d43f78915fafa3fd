"""What a member has or has not: tags, groups, the VIP mark, permissions.

Each is known by a key, (kind, what Mailchimp calls it). Pure functions.
"""

from typing import NamedTuple

from .coerce import as_map, remote_id, short_text

TAG, INTEREST, VIP, PERMISSION = "tag", "interest", "vip", "permission"
VIP_KEY = (VIP, "")


class Label(NamedTuple):
    """A label and what stands for it in Odoo: a tag, or a field that is ticked.

    ``owned``: the push adds it and takes it away. ``settled``: whoever had it on one
    side when it was mapped has it on both by now. ``id``: of its record, if any.
    """

    key: tuple[str, str]
    category_id: int | None
    field: tuple[str, str] | None
    owned: bool
    settled: bool
    id: int | None = None
    name: str = ""

    @property
    def is_consent(self):
        """Tell whether it is for the person alone to say."""
        return self.key[0] == PERMISSION


def sent_labels(step):
    """Return the labels that a step of the push gives or takes away.

    As long as Mailchimp says just that of them, it is no news.

    :param Step step: see `tools.push`
    :return dict: {key: whether it is given}
    """
    body = step.body
    found = {(TAG, tag["name"]): tag["status"] == "active" for tag in step.tags}
    interests = body.get("interests") or {}
    found.update({(INTEREST, key): bool(on) for key, on in interests.items()})
    for entry in body.get("marketing_permissions") or ():
        key = (PERMISSION, entry["marketing_permission_id"])
        found[key] = bool(entry["enabled"])
    if "vip" in body:
        found[VIP_KEY] = bool(body["vip"])
    return found


class Change(NamedTuple):
    """Labels that Mailchimp gave somebody, and those that it took away."""

    given: set
    taken: set


def change(now, before, agreed, kept=()):
    """Return what Mailchimp changed since both sides agreed.

    :param set now: keys of the labels a member has in Mailchimp
    :param set before: of those it had, as far as we knew
    :param bool agreed: whether its contact ever agreed with it: else it has no say
    :param kept: keys that are no news, see `sent_labels`
    :rtype: Change
    """
    before = before if agreed else set()
    return Change(now - before - set(kept), before - now - set(kept))


def categories(changed, now, labels, elsewhere=()):
    """Return which Odoo tags a change gives and takes away.

    A tag that other labels give, too, goes only if the push can take those away: else
    it would say no longer what Mailchimp says.

    :param Change changed: what changed
    :param set now: keys of the labels of the member
    :param dict labels: {key: `Label`}
    :param elsewhere: ids of the Odoo tags that other members of the person give
    :return: two sets of ids
    """
    given = {labels[key].category_id for key in changed.given} - {None}
    owned = {k for k in changed.taken if labels[k].owned}
    taken = {labels[key].category_id for key in owned}
    others = {labels[key].category_id for key in changed.taken - owned}
    others -= {labels[key].category_id for key in now} | set(elsewhere)
    return given, (taken | others) - given - {None}


# === PERMISSIONS === #


def permissions(data):
    """Return the marketing permissions of a member, as Mailchimp sent them.

    :param data: list of dicts; anything else stands for not being asked for
    :return: {remote id: bool} and {remote id: text}, or None twice
    """
    if not isinstance(data, list):
        return None, None
    given, texts = {}, {}
    for entry in map(as_map, data):
        if key := remote_id(entry.get("marketing_permission_id")):
            given[key] = entry.get("enabled") is True
            texts[key] = short_text(entry.get("text")) or key
    return given, texts
