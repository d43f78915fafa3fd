"""Names and checks that several tests share."""

import hashlib

import requests

ANN = "ann@harbour.test"
EVENTS = dict.fromkeys(
    ("subscribe", "unsubscribe", "profile", "cleaned", "upemail", "campaign"), True
)
SOURCES = {"user": True, "admin": True, "api": True}


def key(email):
    return hashlib.md5(email.encode()).hexdigest()


def problem(answer, title, detail=None):
    """Check a refusal with status 400."""
    assert answer.status_code == 400, answer.text
    document = answer.json()
    assert document["title"] == title
    if detail:
        assert document["detail"] == detail
    return document


class PlainClient:
    """Calls the API with one key."""

    def __init__(self, url, key):
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = ("tour", key)

    def call(self, method, path, body, **query):
        """:return requests.Response: whatever came back"""
        url = self._url + path
        return self._session.request(method, url, json=body, params=query, timeout=60)
