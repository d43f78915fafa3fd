"""List webhooks as they are registered, and how their events are written."""

import hashlib
import hmac
import time
from urllib.parse import urlencode

import requests

from . import clock, problems
from .call import links

EVENTS = ("subscribe", "unsubscribe", "profile", "cleaned", "upemail", "campaign")
SOURCES = ("user", "admin", "api")
VALIDATOR = "MailChimp.com WebHook Validator"
TIMEOUT = 10


class Webhook:
    """One registration. ``secret`` is told once, when it is made."""

    def __init__(self, key, list_id, url, signing):
        self.id = key
        self.list_id = list_id
        self.url = url
        self.events = dict.fromkeys(EVENTS, False)
        self.sources = dict.fromkeys(SOURCES, False)
        self.signing = signing
        self.secret = ""
        self.disabled = False

    def document(self):
        """:return dict: the webhook without its secret"""
        return {
            "id": self.id,
            "url": self.url,
            "events": self.events,
            "sources": self.sources,
            "list_id": self.list_id,
            "signing_enabled": self.signing,
            "_links": links(f"/lists/{self.list_id}/webhooks/{self.id}"),
        }


def sign(secret, body, at=None):
    """:return str: value of X-Mailchimp-Signature, by the real time"""
    at = int(time.time()) if at is None else at
    message = f"{at}.".encode() + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def encode(event, fired_at, data):
    """:return bytes: the form-encoded body of a webhook"""
    pairs = [("type", event), ("fired_at", clock.plain(fired_at)), *data]
    return urlencode(pairs, errors="replace").encode()


def probe(url):
    """Check that a URL answers GET with 200, as Mailchimp does on registration.

    :raise Problem: 400
    """
    try:
        response = requests.get(
            url,
            headers={"User-Agent": VALIDATOR},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        status = response.status_code
    except (requests.RequestException, ValueError):
        status = 0
    if status != 200:
        message = "We couldn't reach that URL: it did not answer with status 200."
        raise problems.invalid_field("url", message)
