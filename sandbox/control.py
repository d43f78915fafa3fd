"""The controls of a sandbox over HTTP, under ``/_sandbox``: JSON in, JSON out.

Each command is a POST to ``/_sandbox/<name>`` with an object of arguments. ``account``
names an API key (the first account when left out), ``audience`` an id or a name (the
first one when left out). A command that is wrong gets 400 with ``{"error": …}``.
"""

import gc

import orjson

from . import activity
from .server import Answer

COMMANDS = {}
JSON = "application/json"


def command(function):
    """Register a command under the name of the function."""
    COMMANDS[function.__name__] = function
    return function


def answer(sandbox, incoming):
    """Do what a control request asks.

    :return Answer: 400 with the reason when it is wrong
    """
    name = incoming.path.removeprefix("/_sandbox").strip("/")
    try:
        arguments = orjson.loads(incoming.body or b"{}")
        if name not in COMMANDS:
            raise ValueError(f"no command {name!r}: {', '.join(sorted(COMMANDS))}")
        result = COMMANDS[name](sandbox, arguments)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = {"error": f"{type(error).__name__}: {error}"}
        return Answer(400, orjson.dumps(reason), JSON)
    return Answer(200, orjson.dumps(result, default=str), JSON)


def _account(sandbox, body):
    key = body.pop("account", None)
    for account in sandbox.accounts:
        if key in (None, account.api_key):
            return account
    raise ValueError("no such account")


def _audience(sandbox, body):
    key = body.pop("audience", None)
    account = _account(sandbox, body)
    for audience in account.audiences.values():
        if key in (None, audience.id, audience.name):
            return audience
    raise ValueError(f"no audience {key!r}")


# === SEEDING === #


@command
def reset(sandbox, _body):
    """Forget everything."""
    sandbox.reset()
    return {}


@command
def account(sandbox, body):
    """Make an account: ``api_key``, ``name``, switches."""
    return {"api_key": sandbox.add_account(**body).api_key}


@command
def switch(sandbox, body):
    """Set switches of an account, such as ``disabled``, ``language``, ``role``."""
    target = _account(sandbox, body)
    for name, value in body.items():
        current = getattr(target, name)
        setattr(target, name, set(value) if isinstance(current, set) else value)
    return {}


@command
def audience(sandbox, body):
    """Make an audience.

    ``merge_fields`` is a list of ``{tag, type, …}``, ``interests`` of ``{title, names,
    type}``, ``fill`` a number of members (with ``seed`` and ``tags``); the rest are
    settings.
    """
    owner = _account(sandbox, body)
    fields, groups = body.pop("merge_fields", ()), body.pop("interests", ())
    options = {name: body.pop(name) for name in ("seed", "tags") if name in body}
    count = body.pop("fill", 0)
    made = owner.add_audience(**body)
    for field in fields:
        made.add_merge_field(**field)
    for group in groups:
        made.add_interests(**group)
    if count:
        _fill(made, count, options)
    return {"id": made.id, "name": made.name}


@command
def fill(sandbox, body):
    """Add ``n`` believable members."""
    target = _audience(sandbox, body)
    _fill(target, body.pop("n"), body)
    return {"members": len(target.members)}


def _fill(target, count, options):
    target.fill(count, **options)
    gc.collect()
    gc.freeze()  # a collector that walks 200,000 members would stall answers


@command
def members(sandbox, body):
    """Put ``members`` there: objects as :func:`.seeding.add_member` takes them."""
    target = _audience(sandbox, body)
    made = [target.add_member(**entry) for entry in body["members"]]
    return {"ids": [member.id for member in made]}


@command
def oddity(sandbox, body):
    """Put something wrong there: ``kind``, ``email``."""
    _audience(sandbox, body).add_oddity(**body)
    return {}


@command
def demo(sandbox, body):
    """Make the demo company: ``api_key``."""
    return sandbox.add_demo(**body)


@command
def churn(sandbox, body):
    """Let a ``share`` of the members change their last name."""
    target = _audience(sandbox, body)
    return {"changed": sandbox.people.churn(target, **body)}


@command
def people(sandbox, body):
    """Let somebody do something: ``action`` is a method of :class:`.People`."""
    action = body.pop("action")
    if action.startswith("_"):
        raise ValueError(f"no action {action!r}")
    target = _audience(sandbox, body)
    getattr(sandbox.people, action)(target, **body)
    return {}


@command
def campaign(sandbox, body):
    """Send a campaign to an audience, and let people do something with it: ``title``,
    ``events``, ``seed``, ``at`` (seconds since the epoch), ``shares``."""
    sent = activity.send(_audience(sandbox, body), **body)
    gc.collect()
    gc.freeze()
    return {"id": sent.id, "recipients": len(sent.recipients), "counts": sent.counts()}


# === TROUBLE AND TIME === #


@command
def latency(sandbox, body):
    """Set how many ``seconds`` every answer takes."""
    sandbox.latency = float(body["seconds"])
    return {}


@command
def fault(sandbox, body):
    """Inject a fault: ``kind``, ``times``, ``match``, ``seconds``, ``after``."""
    sandbox.faults.inject(**body)
    return {}


@command
def faults(sandbox, body):
    """Tell what waits; with ``clear`` let everything work again."""
    if body.get("clear"):
        sandbox.faults.clear()
    keys = ("kind", "times", "match", "seconds", "after", "seen", "hits")
    return [
        {key: getattr(entry, key) for key in keys} for entry in sandbox.faults.waiting
    ]


@command
def clock(sandbox, body):
    """Tell the time, after ``advance`` seconds or ``freeze`` at a second."""
    if "freeze" in body:
        sandbox.clock.freeze(body["freeze"])
    if "advance" in body:
        sandbox.clock.advance(body["advance"])
    return {"now": sandbox.clock.now()}


@command
def webhooks(sandbox, body):
    """Control deliveries: ``hold``, ``release``, ``deliver``, ``wait`` (seconds),
    ``copies``, ``lose``, ``reverse``, ``validate``."""
    return _steer(sandbox.webhooks, body)


@command
def batches(sandbox, body):
    """Control batches: ``hold``, ``release``, ``wait`` (seconds), ``pause``."""
    return _steer(sandbox.batches, body)


def _steer(target, body):
    result = {}
    for name, value in body.items():
        if name in ("hold", "release", "deliver"):
            result[name] = getattr(target, name)()
        elif name == "wait":
            result[name] = target.wait(value)
        else:
            getattr(target, name)  # a name that does not exist is a mistake
            setattr(target, name, value)
    return result


# === LOOKING === #


@command
def requests(sandbox, body):
    """Requests with a number above ``after``."""
    after = body.get("after", 0)
    return [entry.document() for entry in sandbox.requests if entry.number > after]


@command
def transitions(sandbox, _body):
    """All changes of status."""
    return [entry.document() for entry in sandbox.transitions]


@command
def resubscribed(sandbox, body):
    """People who had opted out and were subscribed again by ``source``."""
    return [entry.document() for entry in sandbox.monitor.resubscribed(**body)]


@command
def mails(sandbox, _body):
    """Confirmation mails."""
    return list(sandbox.monitor.mails)


@command
def deliveries(sandbox, _body):
    """All webhook deliveries."""
    return [entry.document() for entry in sandbox.webhooks.deliveries]


@command
def counts(sandbox, _body):
    """Members by status of every audience of every account."""
    return [
        {
            "account": owner.name,
            "id": entry.id,
            "name": entry.name,
            "counts": {k: n for k, n in entry.counts.items() if n},
            "forgotten": len(entry.forgotten),
        }
        for owner in sandbox.accounts
        for entry in owner.audiences.values()
    ]


@command
def peak(sandbox, _body):
    """The most requests that were in flight at once."""
    return {"in_flight": sandbox.monitor.peak_in_flight}


@command
def warm(sandbox, body):
    """Render all members for a ``query`` now, so that a benchmark does not wait."""
    target = _audience(sandbox, body)
    rendered = sandbox.warm(target, **body)
    return {"rendered": rendered}
