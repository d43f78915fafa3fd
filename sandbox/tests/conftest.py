"""Fixtures. The sandbox is imported on its own, as ``sandbox``, without Odoo."""

import http.server
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support import ANN, EVENTS, SOURCES, key  # noqa: E402

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
    with_key = Client(sandbox, account.api_key)
    yield with_key
    with_key.session.close()


@pytest.fixture
def connect(sandbox):
    """Makes clients with other keys."""
    return lambda key: Client(sandbox, key)


@pytest.fixture
def path(audience):
    """Path of the audience."""
    return f"/lists/{audience.id}"


@pytest.fixture
def members(path):
    """Path of the members of the audience."""
    return f"{path}/members"


@pytest.fixture
def ann(audience, members):
    """Path of a subscribed member."""
    audience.add_member(
        ANN,
        merge_fields={"FNAME": "Ann", "LNAME": "Lee"},
        tags=["x"],
        timestamp_opt=500,
    )
    return f"{members}/{key(ANN)}"


class Receiver(http.server.ThreadingHTTPServer):
    """Somebody's webhook URL: keeps what it gets, answers as told."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.seen = []

    @property
    def url(self):
        """:return str: with a secret in it, as is usual"""
        return f"http://127.0.0.1:{self.server_address[1]}/hook/s3cret"

    def posts(self):
        """:return list: of (headers, form) of every delivery"""
        return [
            (headers, form) for method, headers, form in self.seen if method == "POST"
        ]


class Handler(http.server.BaseHTTPRequestHandler):
    """Notes requests."""

    def _take(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        form[""] = body
        self.server.seen.append((self.command, dict(self.headers), form))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = _take

    def log_message(self, *_arguments):
        """Keep quiet."""


@pytest.fixture
def receiver():
    """A webhook URL that answers."""
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def hook(client, path, receiver):
    """A registered webhook for everything; nothing is seen by its receiver yet."""
    body = {"url": receiver.url, "events": EVENTS, "sources": SOURCES}
    made = client.post(f"{path}/webhooks", body).json()
    receiver.seen.clear()
    return made


@pytest.fixture
def posts(sandbox, receiver, hook):
    """Returns the forms that have arrived."""

    def wait():
        assert sandbox.webhooks.wait()
        return [form for _headers, form in receiver.posts()]

    return wait
