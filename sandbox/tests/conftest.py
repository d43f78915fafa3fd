"""Fixtures. The sandbox is imported on its own, as ``sandbox``, without Odoo."""

import sys
from pathlib import Path

import pytest
import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sandbox import Sandbox  # noqa: E402

KEY = "0123456789abcdef0123456789abcdef-us1"


class Client:
    """A plain client of one account."""

    def __init__(self, sandbox, key=KEY):
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = ("anything", key)

    def call(self, method, path, json=None, headers=None, **params):
        """:return requests.Response: whatever came back"""
        return self.session.request(
            method,
            self.sandbox.url + path,
            json=json,
            params=params,
            headers=headers,
            timeout=30,
        )

    def get(self, path, **params):
        """GET."""
        return self.call("GET", path, **params)

    def post(self, path, json=None, **params):
        """POST."""
        return self.call("POST", path, json, **params)

    def put(self, path, json=None, **params):
        """PUT."""
        return self.call("PUT", path, json, **params)

    def patch(self, path, json=None, **params):
        """PATCH."""
        return self.call("PATCH", path, json, **params)

    def delete(self, path, **params):
        """DELETE."""
        return self.call("DELETE", path, **params)


@pytest.fixture(scope="session")
def server():
    """One sandbox for the whole run."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    """The sandbox, empty."""
    server.reset()
    yield server
    server.reset()


@pytest.fixture
def account(sandbox):
    """An account."""
    return sandbox.add_account(KEY, "Harbour Lights")


@pytest.fixture
def audience(account):
    """An empty audience."""
    return account.add_audience("Newsletter")


@pytest.fixture
def client(sandbox, account):
    """A client with the right key."""
    return Client(sandbox)


@pytest.fixture
def path(audience):
    """Path of the audience."""
    return f"/lists/{audience.id}"
