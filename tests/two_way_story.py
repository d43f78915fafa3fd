"""What people may do on both sides, and what may go wrong meanwhile: strategies."""

from hypothesis import strategies as st

from odoo.addons.mailchimp_connector.sandbox import FAULTS

AUDIENCES = ("news", "club")
# Their status in each audience at the beginning, and whether they are customers.
PEOPLE = {
    "ann@a.example": ("subscribed", "subscribed", True),
    "bob@a.example": ("subscribed", None, True),
    "cid@a.example": ("unsubscribed", "subscribed", True),
    "dan@a.example": ("pending", None, True),
    "eva@a.example": ("archived", "subscribed", False),
    "fay@a.example": ("cleaned", None, False),
}
# On the mailing lists of both audiences, but in Odoo only.
NEWCOMERS = {"gus@a.example": True, "hal@a.example": False}
ADDRESSES = (*PEOPLE, *NEWCOMERS, "ida@a.example")
# {field: values people choose from}; the first one is what they begin with.
VALUES = {
    "name": ("Joe Doe", "Kim Doe", "Joe Lee", "Max Fox"),
    "company": ("Acme", "", "Bolt", "Coil"),
    "job": ("Cook", "", "Pilot", "Baker"),
    "score": (3, 5, 8),
    "country": ("", "France", "Germany"),
    "city": ("Ulm", "Bonn", "Kiel"),
    "ref": ("R1", "R2", "R3"),
}
# {audience: its fields}; the company is everybody's.
FIELDS = {"news": tuple(VALUES), "club": ("name", "company")}
RULES = ("odoo", "mailchimp", "newest", "if_empty", "ask")
RULED = ("news company", "club company", "news job", "news score", "news country")
TAGS = ("Blue", "Green")

# A story is about a few people and values: else hardly anybody would meet.
_usual = ("ann@a.example", "bob@a.example", "cid@a.example")
_people = st.sampled_from((*_usual, *_usual, *ADDRESSES))
_people = st.lists(_people, min_size=2, max_size=4, unique=True)
_people = st.shared(_people, key="people")
_who = _people.flatmap(st.sampled_from)
_few = _people
_fields = st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3, unique=True)
_fields = st.shared(_fields, key="fields")
_change = _fields.flatmap(
    lambda fields: st.sampled_from([(f, v) for f in fields for v in VALUES[f]])
)
_changes = _fields.flatmap(
    lambda fields: st.sampled_from(
        [(f, v, w) for f in fields for v in VALUES[f] for w in VALUES[f] if v != w]
    )
)
_where = st.sampled_from(AUDIENCES)
_tag = st.sampled_from(TAGS)


IN_ODOO = {
    "edit": st.tuples(_who, _change),
    "label": st.tuples(_who, _tag, st.booleans()),
    "move": st.tuples(_who, _who),
    "opt_out": st.tuples(_where, _who),
    "blacklist": st.tuples(_who),
    "remove": st.tuples(_who),
    "create": st.tuples(_where, _who),
    "merge_customers": st.tuples(_who, _who),
    "export": st.tuples(_where, _few),
    "auto_export": st.tuples(_where),
    "update": st.tuples(_few),
    "act": st.tuples(_where, _who, st.sampled_from(("unsubscribe", "archive"))),
}
IN_MAILCHIMP = {
    "profile": st.tuples(_where, _who, _change),
    "tag": st.tuples(_where, _who, _tag, st.booleans()),
    "change_email": st.tuples(_where, _who, _who),
    "unsubscribe": st.tuples(_where, _who),
    "take_off": st.tuples(_where, _who),
    "bounce": st.tuples(_where, _who),
    "complain": st.tuples(_where, _who),
    "archive": st.tuples(_where, _who),
    "delete": st.tuples(_where, _who),
    "sign_up": st.tuples(_where, _who),
    "confirm": st.tuples(_where, _who),
}
AROUND = {
    "both": st.tuples(_where, _who, _changes, st.booleans()),
    "deliver": st.tuples(st.integers(0, 9), st.booleans()),
    "fetch": st.tuples(_where, st.booleans()),
    "fault": st.tuples(
        st.sampled_from(FAULTS),
        st.integers(1, 3),
        st.integers(0, 3),
        st.sampled_from(("*", "P* *", "GET *", "BATCH *", "DELETE *")),
    ),
    "batches": st.tuples(),
    "wait": st.tuples(st.integers(1, 4)),
    "hurry": st.tuples(),
}


def _deeds(kinds, favourites=()):
    """Return a strategy for one deed: its name and what it is about."""
    names = (*kinds, *favourites)
    return st.sampled_from(names).flatmap(
        lambda name: kinds[name].map(lambda words: (name, *words))
    )


_ours = _deeds(IN_ODOO, ("edit", "edit", "edit", "edit", "move", "opt_out"))
_theirs = _deeds(IN_MAILCHIMP, ("profile", "profile", "profile", "profile"))
_anything = st.one_of(_ours, _theirs, _deeds(AROUND))
# The queue: what happens between its steps, what people do in Mailchimp before a
# request, and the request at which the worker dies, before or after it was answered.
_work = st.tuples(
    st.just("work"),
    st.lists(st.one_of(st.none(), _anything), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 4), _theirs), max_size=2),
    st.one_of(st.none(), st.tuples(st.integers(0, 8), st.booleans())),
)
_settle = st.just(("settle",))
_around = _deeds(AROUND, ("both", "both", "both"))
_deed = st.one_of(_ours, _theirs, _work, _work, _around, _anything, _settle)
stories = st.fixed_dictionaries(
    {
        "rules": st.tuples(*[st.sampled_from(RULES)] * len(RULED)),
        "local": st.booleans(),
        "few": st.sampled_from((0, 1, 10)),
        "deeds": st.lists(_deed, min_size=2, max_size=16),
    }
)
