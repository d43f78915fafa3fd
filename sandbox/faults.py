"""What can go wrong on the way, by name."""

import threading
from fnmatch import fnmatchcase

from . import problems
from .server import Answer

JSON = "application/json; charset=utf-8"
PROBLEM = "application/problem+json; charset=utf-8"
HTML = "text/html"
BAD_GATEWAY = (
    b"<html><head><title>502 Bad Gateway</title></head><body><center>"
    b"<h1>502 Bad Gateway</h1></center>An error occurred while processing your request"
    b"</body></html>"
)
AKAMAI = (
    b'{"type":"akamai_error_message","title":"akamai_503","status":503,'
    b'"ref_no":"Reference Number: 00.9c89d817.1700000000.11a2f3e4"}'
)
GATEWAY_TIMEOUT = (
    b"<html><head><title>504 Gateway Time-out</title></head><body><center>"
    b"<h1>504 Gateway Time-out</h1></center></body></html>"
)
# Answered without processing the request: status, content type, body or problem name.
INSTEAD = {
    "429_problem": (429, PROBLEM, "TooManyRequests"),
    "429_empty": (429, None, b""),
    "403_empty": (403, None, b""),
    "403_problem": (403, PROBLEM, "Forbidden"),
    "500_problem": (500, PROBLEM, "InternalServerError"),
    "500_empty": (500, None, b""),
    "502_html": (502, HTML, BAD_GATEWAY),
    "503_akamai": (503, JSON, AKAMAI),
    "504_large_page": (504, HTML, GATEWAY_TIMEOUT),
    "connection_reset": (0, None, b""),
}
# The request is processed, the answer is spoilt; "slow" only delays it.
AFTER = ("empty_body", "broken_json", "truncated_body", "answer_lost", "slow")
FAULTS = (*INSTEAD, *AFTER)
LARGE_PAGE = 1000


class Fault:
    """One injected fault.

    ``hits`` counts how often it struck, ``seen`` how many requests matched.
    """

    def __init__(self, kind, times, match, seconds, after):
        if kind not in FAULTS:
            raise ValueError(f"no fault {kind!r}: {', '.join(FAULTS)}")
        self.kind = kind
        self.times = times
        self.match = match
        self.seconds = seconds
        self.after = after
        self.seen = self.hits = 0

    def strikes(self, label, path, query):
        """:return bool: whether this request is the one"""
        if self.times is not None and self.hits >= self.times:
            return False
        if not (fnmatchcase(label, self.match) or fnmatchcase(path, self.match)):
            return False
        if self.kind == "504_large_page":
            count = query.get("count", "")
            if not count.isdigit() or int(count) < LARGE_PAGE:
                return False
        self.seen += 1
        if self.seen <= self.after:
            return False
        self.hits += 1
        return True

    def instead(self, language="en"):
        """:return Answer: given without processing; None when it is processed"""
        if self.kind not in INSTEAD:
            return None
        status, content_type, body = INSTEAD[self.kind]
        if self.kind == "connection_reset":
            return Answer(0, ending="reset")
        headers = {}
        if isinstance(body, str):
            instance, body = problems.named(body).body(language)
            headers["X-Request-Id"] = instance
        return Answer(status, body, content_type, headers)

    def spoil(self, answer):
        """:return Answer: what is left of a good answer"""
        if self.kind == "empty_body":
            return Answer(answer.status, b"", answer.content_type, answer.headers)
        if self.kind == "broken_json":
            body = (
                answer.body[: max(1, len(answer.body) * 2 // 3)]
                if answer.body
                else b"{"
            )
            status = 200 if answer.status == 204 else answer.status
            return Answer(status, body, answer.content_type or JSON, answer.headers)
        if self.kind == "truncated_body":
            ending = "cut" if len(answer.body) > 1 else "reset"
            return Answer(
                answer.status, answer.body, answer.content_type, answer.headers, ending
            )
        if self.kind == "answer_lost":
            return Answer(0, ending="reset")
        return answer


class Faults:
    """The faults that wait for their request."""

    def __init__(self):
        self._lock = threading.Lock()
        self._waiting = []

    def inject(self, kind, times=1, match="*", seconds=1.0, after=0):
        """Let requests fail.

        :param str kind: one of :data:`FAULTS`
        :param int times: how many requests, None for all from now on
        :param str match: shell pattern of ``METHOD /path``, or of the path alone,
            without ``/3.0``: ``GET /lists/*/members``. Operations inside a batch are
            ``BATCH PUT /lists/…``; the download of its results is
            ``GET /_results/…``
        :param float seconds: delay of ``slow``
        :param int after: how many matching requests to let pass first
        :return Fault: its ``hits`` tell whether it struck
        """
        fault = Fault(kind, times, match, seconds, after)
        with self._lock:
            self._waiting.append(fault)
        return fault

    def clear(self):
        """Let everything work again."""
        with self._lock:
            self._waiting.clear()

    def take(self, method, path, query):
        """:return Fault: the first that strikes this request, or None"""
        if not self._waiting:
            return None
        with self._lock:
            label = f"{method} {path}"
            for fault in self._waiting:
                if fault.strikes(label, path, query):
                    return fault
        return None

    @property
    def waiting(self):
        """:return list: faults that have not struck as often as asked"""
        return [f for f in self._waiting if f.times is None or f.hits < f.times]
