"""The variants of A/B tests. Pure functions.

https://mailchimp.com/developer/marketing/api/campaigns/get-campaign-info/
"""

from string import ascii_uppercase

from .coerce import (
    MAX_HTML,
    as_map,
    clean_text,
    parse_datetime,
    remote_id,
    short_text,
    small_integer,
)

# What a test compares: our field, Mailchimp's list, and what points into it.
COMPARED = (
    ("subject", "subject_lines", "subject_line"),
    ("from_name", "from_names", "from_name"),
    ("reply_to", "reply_to_addresses", "reply_to"),
    ("content_label", "contents", "content_description"),
    ("send_time", "send_times", "send_time"),
)
CRITERIA = ("opens", "clicks", "manual", "total_revenue")
# Of the tests that Mailchimp had before, with two groups.
GROUPS = ("a", "b")
MINUTES = {"hours": 60, "days": 24 * 60}


def variants(details):
    """Return what each variant of a test has of its own.

    :param dict details: ``variate_settings`` or ``ab_split_opts`` of a campaign
    :return: field values of `mailchimp.campaign.variant`, none for other campaigns
    """
    settings = as_map(details.get("variate_settings"))
    rows = [_combination(settings, as_map(c)) for c in _list(settings, "combinations")]
    split = as_map(details.get("ab_split_opts"))
    if not rows and split:
        rows = [_group(split, group) for group in GROUPS]
    return [
        {"name": letter, **row}
        for letter, row in zip(ascii_uppercase, rows, strict=False)
    ]


def terms(details):
    """Return how a test is decided.

    :param dict details: see `variants`
    :return: dict with ``size`` (percentage of the recipients), ``criteria`` (one of
        `CRITERIA`, None where nobody wins) and ``minutes`` until then
    """
    settings = as_map(details.get("variate_settings"))
    split = as_map(details.get("ab_split_opts"))
    if settings:
        size = small_integer(settings.get("test_size"))
        criteria = settings.get("winner_criteria")
        minutes = small_integer(settings.get("wait_time"))
        everybody = bool(_list(settings, "send_times"))
    else:
        size = 2 * small_integer(split.get("split_size"))
        criteria = split.get("pick_winner")
        unit = MINUTES.get(str(split.get("wait_units")), MINUTES["hours"])
        minutes = small_integer(split.get("wait_time")) * unit
        everybody = split.get("split_test") == "schedule"
    if everybody or not 0 < size < 100:
        size, criteria = 100, None
    known = criteria if criteria in CRITERIA else None
    return {"size": size, "criteria": known, "minutes": minutes}


def contents(items):
    """Return the contents that a test compares, in Mailchimp's order.

    :param items: ``variate_contents`` of a campaign; anything that JSON can say
    :return: list of dicts with ``label``, ``html`` and ``plain_text``
    """
    found = [as_map(one) for one in items] if isinstance(items, list) else []
    return [
        {
            "label": short_text(one.get("content_label")),
            **{name: _mail(one.get(name)) for name in ("html", "plain_text")},
        }
        for one in found[: len(ascii_uppercase)]
    ]


def _combination(settings, combination):
    winner = remote_id(settings.get("winning_combination_id"))
    id_ = remote_id(combination.get("id"))
    return {
        "mailchimp_id": id_,
        **{
            ours: _value(ours, _pick(settings, names, combination.get(index)))
            for ours, names, index in COMPARED
        },
        "content_number": _number(combination.get("content_description")) or 0,
        "recipients": small_integer(combination.get("recipients")),
        "is_winner": bool(id_ and id_ == winner),
    }


def _group(split, group):
    return {
        "subject": short_text(split.get(f"subject_{group}")),
        "from_name": short_text(split.get(f"from_name_{group}")),
        "reply_to": short_text(split.get(f"reply_email_{group}")),
        "send_time": parse_datetime(split.get(f"send_time_{group}")),
    }


def _pick(settings, name, index):
    values, at = _list(settings, name), _number(index)
    return values[at] if at is not None and at < len(values) else None


def _value(field, value):
    return parse_datetime(value) if field == "send_time" else short_text(value)


def _number(value):
    """Return a value that should be a place in a list as one, None if it is none."""
    usable = isinstance(value, int) and not isinstance(value, bool)
    return value if usable and 0 <= value < len(ascii_uppercase) else None


def _list(settings, name):
    value = settings.get(name)
    return value if isinstance(value, list) else []


def _mail(value):
    return clean_text(value, MAX_HTML) if isinstance(value, str) and value else False
