"""A scripted HTTP server on loopback, and the base class of the gateway's tests."""

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import requests

from odoo.tests import BaseCase

from odoo.addons.mailchimp_connector.client import Gateway

from .patience import PATIENCE

KEY = "0123456789abcdef0123456789abcdef-us6"
_send = requests.Session.send


class Request(NamedTuple):
    """A request as it arrived; ``connection`` tells connections apart."""

    method: str
    target: str
    headers: Any
    body: bytes
    connection: tuple

    @property
    def path(self):
        """The path as sent, still quoted."""
        return urlsplit(self.target).path

    @property
    def query(self):
        """The query parameters by name."""
        return {k: v[0] for k, v in parse_qs(urlsplit(self.target).query).items()}


class Answer(NamedTuple):
    """What to answer.

    :param int cut: how many bytes at the end of the body are never sent
    :param then: callable to run before the connection is closed, if cut
    """

    status: int = 200
    body: Any = b""
    headers: Any = None
    cut: int = 0
    then: Any = None


class Server(ThreadingHTTPServer):
    """Answers by a function of the request, and remembers the requests.

    :param script: callable(Request) -> Answer, a JSON value (200), or None to hang up
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, script):
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.server_bind()
        self.script = script
        self.requests = []
        self.in_flight = self.peak = 0
        self.lock = threading.Lock()
        self.sockets = set()

    @property
    def url(self):
        """The address to give to a gateway."""
        return f"http://127.0.0.1:{self.server_port}/3.0"

    @property
    def connections(self):
        """How many connections carried a request."""
        return len({request.connection for request in self.requests})

    @contextmanager
    def counted(self, request):
        """Count a request while it is in flight.

        Not while it is answered: the client may be faster to send the next one.
        """
        with self.lock:
            self.requests.append(request)
            self.in_flight += 1
            self.peak = max(self.peak, self.in_flight)
        try:
            yield
        finally:
            with self.lock:
                self.in_flight -= 1

    def hang_up(self):
        """Close all connections, idle ones included."""
        for connection in list(self.sockets):
            connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        """Override: a client that went away is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self):
        """Override: the server can hang up on whoever is connected."""
        self.server.sockets.add(self.connection)
        try:
            return super().handle()
        finally:
            self.server.sockets.discard(self.connection)

    def answer(self):
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size)
        request = Request(
            self.command, self.path, self.headers, body, self.client_address
        )
        with self.server.counted(request):
            answer = self.server.script(request)
        self._reply(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer

    def _reply(self, answer):
        if answer is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if not isinstance(answer, Answer):
            answer = Answer(body=answer)
        body = answer.body
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response_only(answer.status)
        for name, value in (answer.headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) - answer.cut])
        if answer.cut:
            self.close_connection = True
            if answer.then:
                answer.then()

    def log_message(self, *_arguments):
        pass


class GatewayCase(BaseCase):
    """Talks real HTTP to a scripted server."""

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Override: all is on loopback; Odoo would stretch the time-outs to 10 s."""
        return _send(session, request, **options)

    def serve(self, script):
        """Start a server for this test.

        :param script: see :class:`Server`; or a list of answers, the last one for good
        :rtype: Server
        """
        server = self.closed_server(script)
        self.open(server)
        return server

    def closed_server(self, script):
        """Make a server that has its address already, and where nobody listens yet.

        :rtype: Server
        """
        server = Server(_in_turn(script) if isinstance(script, list) else script)
        self.addCleanup(server.server_close)
        return server

    def open(self, server):
        """Let a server answer from now on."""
        server.server_activate()
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(server.shutdown)

    def connect(self, server, **options):
        """Make a gateway to a server."""
        gateway = Gateway(KEY, base_url=server.url, **{"timeout": PATIENCE, **options})
        self.addCleanup(gateway.close)
        return gateway

    def gateway_to(self, script, **options):
        """Start a server and make a gateway to it.

        :rtype: tuple[Gateway, Server]
        """
        server = self.serve(script)
        return self.connect(server, **options), server


def _in_turn(answers):
    answers = list(answers)
    return lambda _: answers.pop(0) if answers[1:] else answers[0]


def problem(status, title="", detail="", **more):
    """Make an answer with one of Mailchimp's problem documents."""
    body = {"title": title, "status": status, "detail": detail, **more}
    return Answer(status, body, {"Content-Type": "application/problem+json"})
