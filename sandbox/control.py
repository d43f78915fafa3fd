"""The controls of a sandbox over HTTP, under ``/_sandbox``: JSON in, JSON out."""

import orjson

from .server import Answer


def answer(sandbox, incoming):
    """Do what a control request asks.

    :return Answer: 400 with the reason when it is wrong
    """
    try:
        body = orjson.loads(incoming.body or b"{}")
        result = COMMANDS[incoming.path](sandbox, body)
    except Exception as error:
        reason = {"error": f"{type(error).__name__}: {error}"}
        return Answer(400, orjson.dumps(reason), "application/json")
    return Answer(200, orjson.dumps(result), "application/json")


def _latency(sandbox, body):
    sandbox.latency = float(body["seconds"])
    return {}


def _account(sandbox, body):
    account = sandbox.add_account(**body)
    return {"api_key": account.api_key}


def _audience(sandbox, body):
    account = sandbox.accounts[0]
    fill = body.pop("fill", 0)
    seed = body.pop("seed", 1)
    audience = account.add_audience(**body)
    audience.fill(fill, seed)
    return {"id": audience.id}


COMMANDS = {
    "/_sandbox/latency": _latency,
    "/_sandbox/account": _account,
    "/_sandbox/audience": _audience,
    "/_sandbox/reset": lambda sandbox, body: sandbox.reset(),
}
