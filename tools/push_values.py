"""What of a member differs, and Odoo has a say in. Pure functions."""

from .merge import ODOO, settle


def merge_fields_to_send(held, values, policy):
    """Return the values that travel to Mailchimp.

    A name does so with all its parts: half of ours and half of what somebody there
    writes meanwhile would be nobody's.
    """
    remote = held["merge_values"] or {}
    agreed = {**remote, **(held["base_values"] or {})}
    names = [tag for tag in values if tag in policy.names]
    groups = [[tag] for tag in values if tag not in policy.names]
    found = {}
    for tags in [names, *groups] if names else groups:
        base, ours, theirs = (
            _whole({tag: side.get(tag, "") for tag in tags})
            for side in (agreed, values, remote)
        )
        if ours == theirs:
            continue
        rule = policy.rules.get(tags[0], ODOO)
        if settle(base, ours, theirs, rule, held["odoo_is_newer"]) == ODOO:
            found.update({tag: values[tag] for tag in tags})
    return found


def _whole(parts):
    """Return the value of one tag, or those of several as one value."""
    return parts if len(parts) > 1 else next(iter(parts.values()))


def labels_to_send(held, row, before, after):
    """Return the groups, language, VIP mark and permissions that differ."""
    body = {}
    chosen = set(held["interests"])
    groups = {k: on for k, on in row["interests"].items() if on != (k in chosen)}
    if groups:
        body["interests"] = groups
        before["interests"] = {key: not on for key, on in groups.items()}
        after["interests"] = groups
    for name, empty in (("language", ""), ("vip", False)):
        if row[name] is not None and row[name] != (held[name] or empty):
            body[name] = row[name]
            before[name], after[name] = held[name] or empty, row[name]
    if permissions := _permissions(held, row["marketing_permissions"]):
        body["marketing_permissions"] = permissions
        after["marketing_permissions"] = permissions
    return body


def _permissions(held, wanted):
    """Return the permissions that differ from what Mailchimp said."""
    said = held.get("marketing_permissions") or {}
    return [
        entry
        for entry in wanted or ()
        if said.get(entry["marketing_permission_id"], False) != entry["enabled"]
    ]


def tags_to_send(held, wanted, before, after):
    """Return the tags that differ, as Mailchimp takes them."""
    has = set(held["tags"])
    changed = {name: on for name, on in wanted.items() if on != (name in has)}
    if changed:
        before["tags"] = sorted(has)
        kept = has - changed.keys()
        after["tags"] = sorted(kept | {name for name, on in changed.items() if on})
    return [
        {"name": name, "status": "active" if on else "inactive"}
        for name, on in changed.items()
    ]
