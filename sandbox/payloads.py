"""Bodies of list webhooks: pairs of a PHP-style key and a text, in order."""


def _contact(audience, member):
    yield "data[id]", member.unique_email_id
    yield "data[list_id]", audience.id
    yield "data[email]", member.email
    yield "data[email_type]", member.email_type
    yield "data[ip_opt]", member.ip_opt
    if member.ip_signup:
        yield "data[ip_signup]", member.ip_signup
    yield "data[web_id]", str(member.web_id)


def _merges(audience, member):
    yield "data[merges][EMAIL]", member.email
    for tag in audience.merge_tags:
        value = member.merges.get(tag, "")
        if isinstance(value, dict):
            for part, text in value.items():
                yield f"data[merges][{tag}][{part}]", str(text)
        else:
            yield f"data[merges][{tag}]", str(value)
    if audience.categories:
        yield from _groups(audience, member)


def _groups(audience, member):
    chosen = member.interests or {}
    names, groupings = [], []
    for number, category in enumerate(audience.categories.values()):
        own = [i.name for i in category.interests.values() if chosen.get(i.id)]
        own = ", ".join(name.replace(",", "\\,") for name in own)
        names.append(own)
        prefix = f"data[merges][GROUPINGS][{number}]"
        groupings.append((f"{prefix}[id]", str(4101 + number * 4)))
        groupings.append((f"{prefix}[unique_id]", category.id))
        groupings.append((f"{prefix}[name]", category.title))
        groupings.append((f"{prefix}[groups]", own))
    yield "data[merges][INTERESTS]", ", ".join(filter(None, names))
    yield from groupings


def subscribe(audience, member):
    """Somebody is subscribed."""
    return [*_contact(audience, member), *_merges(audience, member)]


def profile(audience, member):
    """Somebody's data changed."""
    return subscribe(audience, member)


def unsubscribe(audience, member, action, details):
    """Somebody opted out (``unsub``) or was taken off the list (``delete``)."""
    data = [
        ("data[action]", action),
        ("data[reason]", details.get("kind", "manual")),
        *subscribe(audience, member),
    ]
    if details.get("campaign_id"):
        data.append(("data[campaign_id]", details["campaign_id"]))
    return data


def cleaned(audience, member, details):
    """An address does not work (``hard``) or its owner complained (``abuse``)."""
    return [
        ("data[list_id]", audience.id),
        ("data[campaign_id]", details.get("campaign_id") or ""),
        ("data[reason]", details.get("kind", "hard")),
        ("data[email]", member.email),
    ]


def upemail(audience, member, old_email):
    """Somebody has another address now."""
    return [
        ("data[list_id]", audience.id),
        ("data[new_id]", member.unique_email_id),
        ("data[new_email]", member.email),
        ("data[old_email]", old_email),
    ]


def campaign(list_id, campaign_id, subject, status):
    """A campaign was sent or cancelled."""
    return [
        ("data[id]", campaign_id),
        ("data[subject]", subject),
        ("data[status]", status),
        ("data[reason]", ""),
        ("data[list_id]", list_id),
    ]


def batch(document):
    """A batch is finished."""
    data = [(f"data[{k}]", str(v)) for k, v in document.items() if k != "_links"]
    for number, link in enumerate(document["_links"]):
        for name, value in link.items():
            data.append((f"data[_links][{number}][{name}]", value))
    return data
