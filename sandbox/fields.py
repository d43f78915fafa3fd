"""``fields`` and ``exclude_fields``: dotted paths relative to the answer."""

from functools import lru_cache

from . import problems

# Parts of an answer that are left out when they do not apply, and maps whose keys are
# the customer's: asking for them is never a mistake.
OPTIONAL = frozenset(
    "interests marketing_permissions last_note unsubscribe_reason total_contacts "
    "signing_secret _links ecommerce_data rss_opts ab_split_opts variate_settings "
    "social_card sms_phone_number sms_subscription_status report_summary "
    "delivery_status resendable parent_campaign_id location errors".split()
)
FREE = frozenset(("merge_fields", "interests"))


@lru_cache(maxsize=512)
def tree(paths):
    """``"a.b,c"`` -> ``{"a": {"b": {}}, "c": {}}``; an empty dict means all of it."""
    root = {}
    for path in filter(None, (part.strip() for part in paths.split(","))):
        node = root
        for name in path.split("."):
            node = node.setdefault(name, {})
    return root


class Selection:
    """Which parts of the answer the caller asked for.

    :param str fields: comma list, or None for all
    :param str exclude: comma list, or None for nothing
    :raise Problem: when both are given
    """

    def __init__(self, fields=None, exclude=None):
        if fields and exclude:
            raise problems.fields_invalid()
        self.fields = tree(fields) if fields else None
        self.exclude = tree(exclude) if exclude else None

    def apply(self, data):
        """:return: the answer, cut down
        :raise Problem: 422 for a name that the answer does not have
        """
        if self.fields:
            return pick(data, self.fields)
        if self.exclude:
            return drop(data, self.exclude)
        return data

    def under(self, name):
        """The selection inside one part.

        :return tuple: whether the part is wanted, the tree of wanted parts inside it
            or None for all, the tree of unwanted ones or None
        """
        if self.fields is not None:
            return name in self.fields, self.fields.get(name) or None, None
        if self.exclude is not None:
            inside = self.exclude.get(name)
            return inside is None or bool(inside), None, inside or None
        return True, None, None


def check(names, known):
    """Refuse names that exist neither in the answer nor among the optional parts."""
    for name in names:
        if name not in known and name not in OPTIONAL:
            raise problems.fields_invalid()


def pick(data, wanted):
    """Keep the wanted parts only."""
    if isinstance(data, list):
        return [pick(item, wanted) for item in data]
    if not isinstance(data, dict):
        return data
    check(wanted, data)
    picked = {}
    for name, inside in wanted.items():
        if name in data:
            free = name in FREE
            picked[name] = _pick_part(data[name], inside, free)
    return picked


def _pick_part(value, inside, free):
    if not inside:
        return value
    if free and isinstance(value, dict):
        return {key: value[key] for key in inside if key in value}
    return pick(value, inside)


def drop(data, unwanted):
    """Leave the unwanted parts out."""
    if isinstance(data, list):
        return [drop(item, unwanted) for item in data]
    if not isinstance(data, dict):
        return data
    check(unwanted, data)
    kept = {}
    for name, value in data.items():
        inside = unwanted.get(name)
        if inside is None:
            kept[name] = value
        elif inside:
            kept[name] = value if name in FREE else drop(value, inside)
    return kept
