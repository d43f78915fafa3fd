"""HTTP on loopback: persistent connections, and answers that break off on demand."""

import socket
import struct
import threading

from cheroot import server as cheroot

THREADS = 48
REASONS = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    414: "URI Too Long",
    422: "Unprocessable Entity",
    426: "Unknown",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Incoming:
    """A request off the wire: text, but for the body."""

    def __init__(self, req):
        self.method = req.method.decode("ascii").upper()
        self.path = req.path.decode("utf-8", "replace")
        self.query = (req.qs or b"").decode("ascii", "replace")
        self.headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in req.inheaders.items()
        }
        self.body = req.rfile.read()


class Answer:
    """What goes back.

    :param str ending: ``cut`` breaks the connection in the middle of the body,
        ``reset`` before the first byte
    """

    def __init__(self, status, body=b"", content_type=None, headers=None, ending=""):
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers or {}
        self.ending = ending


class Gateway(cheroot.Gateway):
    """Between Cheroot and the application."""

    def respond(self):
        """Answer one request."""
        req = self.req
        answer = req.server.application(Incoming(req))
        if answer.ending == "reset":
            return self._break()
        reason = REASONS.get(answer.status, "Unknown")
        req.status = f"{answer.status} {reason}".encode("ascii")
        req.outheaders = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in self._headers(answer)
        ]
        req.sent_headers = True
        req.send_headers()
        if answer.ending == "cut":
            req.write(answer.body[: len(answer.body) // 2])
            return self._break()
        if answer.body and req.method != b"HEAD":
            req.write(answer.body)
        return None

    @staticmethod
    def _headers(answer):
        if answer.content_type:
            yield "Content-Type", answer.content_type
        if answer.status != 204:
            yield "Content-Length", str(len(answer.body))
        yield from answer.headers.items()

    def _break(self):
        """Drop the connection so that the other side sees a reset.

        Cheroot closes the socket when we are back. It sends a regular end of stream
        first, which has to be left out; without that the other side would see an
        early end instead, no worse.
        """
        req = self.req
        req.ready = False
        req.close_connection = True
        linger = struct.pack("ii", 1, 0)
        req.conn.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        req.conn._close_kernel_socket = _nothing


class Server:
    """Serves an application in background threads.

    :param application: takes an :class:`Incoming`, returns an :class:`Answer`
    :param int port: 0 picks a free one when it starts
    """

    def __init__(self, application, host, port):
        self._application = application
        self.host = host
        self.port = port
        self._server = None
        self._thread = None
        self._outcome = None

    def start(self):
        """Listen; returns when connections are accepted."""
        server = cheroot.HTTPServer(
            (self.host, self.port), Gateway, minthreads=THREADS, server_name="openresty"
        )
        server.application = self._application
        server.error_log = _silent
        server.timeout = 600
        server.keep_alive_conn_limit = 1000
        server.request_queue_size = 128
        server.shutdown_timeout = 1
        server.nodelay = True
        self._server = server
        self._thread = threading.Thread(target=self._serve, name="sandbox", daemon=True)
        ready = threading.Event()
        self._outcome = ready, []
        self._thread.start()
        ready.wait()
        if self._outcome[1]:
            raise self._outcome[1][0]

    def _serve(self):
        """Listen in a daemon thread: the workers it starts are daemons like it, and
        a test that crashes does not hang."""
        ready, errors = self._outcome
        try:
            self._server.prepare()
            self.port = self._server.bind_addr[1]
        except OSError as error:
            errors.append(error)
            return
        finally:
            ready.set()
        self._server.serve()

    def stop(self):
        """Close the port; the same object can be started again on it."""
        if self._server:
            self._server.stop()
            self._thread.join(5)
            self._server = self._thread = None


def _silent(msg="", level=20, traceback=False):
    """Broken connections are what this server is for: not worth a log line."""


def _nothing():
    """Stands for a step that is left out."""
