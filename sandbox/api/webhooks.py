"""Webhooks of an audience, and those for batches."""

from .. import problems, validate
from ..call import links
from ..routing import route
from ..webhooks import EVENTS, SOURCES, Webhook, probe

PATH = "/lists/<list_id>/webhooks"
ONE = PATH + "/<webhook_id>"
BATCH = "/batch-webhooks"
MOST_BATCH_WEBHOOKS = 20
TAKEN = "Sorry, you can't set up multiple WebHooks for one URL"


def _get(call, list_id, webhook_id):
    audience = call.audience(list_id)
    return audience, validate.get(audience.webhooks, webhook_id)


@route("GET", PATH)
def read_webhooks(call, list_id):
    """All webhooks; this collection has no pages."""
    audience = call.audience(list_id)
    rows = [webhook.document() for webhook in audience.webhooks.values()]
    return {
        "webhooks": rows,
        "list_id": audience.id,
        "total_items": len(rows),
        "_links": links(call.path),
    }


@route("GET", ONE)
def read_webhook(call, list_id, webhook_id):
    """One webhook; never its secret."""
    return _get(call, list_id, webhook_id)[1].document()


@route("POST", PATH, locked=False)
def create_webhook(call, list_id):
    """Register a URL that answers; the signing secret is shown this once."""
    audience = call.audience(list_id)
    body = call.object()
    _check(body)
    validate.require(body, "url")
    _check_free(audience.webhooks, body["url"])
    if call.sandbox.webhooks.validate:
        probe(body["url"])
    with call.sandbox.lock:
        signing = call.account.webhook_signing
        webhook = Webhook(call.sandbox.ids.hex(10), audience.id, body["url"], signing)
        _write(webhook, body)
        audience.webhooks[webhook.id] = webhook
        document = webhook.document()
        if signing:
            webhook.secret = call.sandbox.ids.hex(64)
            document["signing_secret"] = webhook.secret
        return document


@route("PATCH", ONE, locked=False)
def update_webhook(call, list_id, webhook_id):
    """Change URL, events or sources."""
    audience, webhook = _get(call, list_id, webhook_id)
    body = call.object()
    _check(body)
    url = body.get("url", webhook.url)
    if url != webhook.url:
        _check_free(audience.webhooks, url)
        if call.sandbox.webhooks.validate:
            probe(url)
    with call.sandbox.lock:
        webhook.url = url
        _write(webhook, body)
        return webhook.document()


@route("DELETE", ONE)
def delete_webhook(call, list_id, webhook_id):
    """Drop a webhook."""
    audience, webhook = _get(call, list_id, webhook_id)
    webhook.disabled = True
    del audience.webhooks[webhook.id]


def _check(body):
    validate.typed(body, url=str, events=dict, sources=dict, enabled=bool)
    for name in ("events", "sources"):
        for key, value in body.get(name, {}).items():
            if not isinstance(value, bool):
                raise problems.wrong_shape(f"{name}.{key}", value, "boolean")
    if not body.get("url", "http://").startswith(("http://", "https://")):
        raise problems.invalid_field("url", "Please enter a valid URL")


def _check_free(webhooks, url):
    if any(webhook.url == url for webhook in webhooks.values()):
        raise problems.bad_request(TAKEN)


def _write(webhook, body):
    for name, known in (("events", EVENTS), ("sources", SOURCES)):
        values = {k: v for k, v in body.get(name, {}).items() if k in known}
        getattr(webhook, name).update(values)


# === BATCH WEBHOOKS === #


class BatchWebhook:
    """Told about every batch that ends."""

    def __init__(self, key, url):
        self.id = key
        self.url = url
        self.enabled = True
        self.disabled = False
        self.secret = ""

    def document(self):
        """:return dict: without the secret"""
        return {
            "id": self.id,
            "url": self.url,
            "enabled": self.enabled and not self.disabled,
            "_links": links(f"{BATCH}/{self.id}"),
        }


@route("GET", BATCH)
def read_batch_webhooks(call):
    """All of them."""
    rows = [webhook.document() for webhook in call.account.batch_webhooks.values()]
    return call.collection("webhooks", rows)


@route("POST", BATCH, locked=False)
def create_batch_webhook(call):
    """Register a URL that answers."""
    body = call.object()
    _check(body)
    validate.require(body, "url")
    known = call.account.batch_webhooks
    _check_free(known, body["url"])
    if len(known) >= MOST_BATCH_WEBHOOKS:
        raise problems.bad_request("You may have at most 20 batch webhooks.")
    if call.sandbox.webhooks.validate:
        probe(body["url"])
    with call.sandbox.lock:
        webhook = BatchWebhook(call.sandbox.ids.hex(10), body["url"])
        webhook.enabled = body.get("enabled", True)
        known[webhook.id] = webhook
        document = webhook.document()
        if call.account.webhook_signing:
            webhook.secret = call.sandbox.ids.hex(64)
            document.update(signing_enabled=True, signing_secret=webhook.secret)
        return document


@route("GET", BATCH + "/<webhook_id>")
def read_batch_webhook(call, webhook_id):
    """One of them."""
    return validate.get(call.account.batch_webhooks, webhook_id).document()


@route("PATCH", BATCH + "/<webhook_id>")
def update_batch_webhook(call, webhook_id):
    """Change URL or switch it."""
    webhook = validate.get(call.account.batch_webhooks, webhook_id)
    body = call.object()
    _check(body)
    webhook.url = body.get("url", webhook.url)
    webhook.enabled = body.get("enabled", webhook.enabled)
    return webhook.document()


@route("DELETE", BATCH + "/<webhook_id>")
def delete_batch_webhook(call, webhook_id):
    """Drop one."""
    webhook = validate.get(call.account.batch_webhooks, webhook_id)
    webhook.disabled = True
    del call.account.batch_webhooks[webhook.id]
