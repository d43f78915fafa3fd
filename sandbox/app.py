"""The path of a request: fault, key, slots, endpoint, envelope, record."""

import json
import logging
import threading
import uuid
from contextlib import contextmanager
from email.utils import formatdate
from time import sleep
from urllib.parse import parse_qsl

import orjson

from . import api, auth, control, pictures, problems, routing
from .call import Call, Raw
from .faults import JSON, PROBLEM
from .server import Answer

_logger = logging.getLogger(__name__)
PREFIX = "/3.0"
KEPT_HEADERS = ("user-agent", "accept-encoding", "accept-language", "content-type")
SCHEMA = "https://us1.api.mailchimp.com/schema/3.0/Definitions"
DESCRIBED_BY = f'<{SCHEMA}/ProblemDetailDocument.json>; rel="describedBy"'


class Application:
    """Answers :class:`.server.Incoming` requests on behalf of a sandbox."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.adapter = routing.build()
        self._slots = threading.Lock()

    def __call__(self, incoming):
        """:return Answer: never raises"""
        path = incoming.path
        if path.startswith("/_sandbox"):
            return control.answer(self.sandbox, incoming)
        if path.startswith(pictures.PATH):
            return self._picture(path)
        call = self._call(incoming)
        if path.startswith("/_results/"):
            return self._with_faults(call, lambda: self._results(call, incoming))
        if not path.startswith(PREFIX):
            return Answer(404, b"Not Found", "text/plain")
        return self._with_faults(call, lambda: self._serve(call))

    def _call(self, incoming):
        path = incoming.path
        if path.startswith(PREFIX):
            path = path[len(PREFIX) :] or "/"
        query = dict(parse_qsl(incoming.query, keep_blank_values=True))
        return Call(
            self.sandbox, incoming.method, path, query, incoming.body, incoming.headers
        )

    def _with_faults(self, call, serve):
        fault = self.sandbox.faults.take(call.method, call.path, call.query)
        answer = fault.instead() if fault else None
        if answer is None:
            if fault and fault.kind == "slow":
                call.delay = fault.seconds
            answer = serve()
            if fault:
                answer = fault.spoil(answer)
        now = self.sandbox.clock.now()
        answer.headers.setdefault("Date", formatdate(now, usegmt=True))
        self._record(call, answer, fault)
        return answer

    def _record(self, call, answer, fault):
        if call.account and call.account not in self.sandbox.accounts:
            return  # asked before the last reset
        self.sandbox.monitor.request(
            at=self.sandbox.clock.now(),
            account=call.account.name if call.account else "",
            method=call.method,
            path=call.path,
            query=call.query,
            body=call.body,
            status=answer.status,
            fault=fault.kind if fault else "",
            in_flight=call.flight,
            headers={k: v for k, v in call.headers.items() if k in KEPT_HEADERS},
        )

    def _serve(self, call):
        try:
            auth.authenticate(call)
            with self._slot(call):
                delay = self.sandbox.latency + call.delay
                if delay:
                    sleep(delay)
                    self._check_still_there(call)
                return self.run(call)
        except problems.Problem as problem:
            return refuse(call, problem)

    def _check_still_there(self, call):
        """Leave alone what has come since the sandbox was reset.

        :raise Problem: 401
        """
        if call.account not in self.sandbox.accounts:
            raise problems.named("APIKeyInvalid")

    @contextmanager
    def _slot(self, call):
        """One of the simultaneous requests that a user may make."""
        account = call.account
        with self._slots:
            account.in_flight += 1
            call.flight = account.in_flight
        try:
            if call.flight > account.max_in_flight:
                raise problems.named("TooManyRequests")
            yield
        finally:
            with self._slots:
                account.in_flight -= 1

    def run(self, call):
        """Find the endpoint and wrap what it returns.

        :param Call call: authenticated
        :return Answer: a problem document when it refuses
        """
        try:
            self._triggered(call)
            method = self._method(call)
            function, arguments = routing.match(self.adapter, method, call.path)
            if function.locked:
                with self.sandbox.lock:
                    result = function(call, **arguments)
                    return accept(call, result)
            return accept(call, function(call, **arguments))
        except problems.Problem as problem:
            return refuse(call, problem)
        except Exception:
            _logger.exception("%s %s", call.method, call.path)
            return refuse(call, problems.named("InternalServerError"))

    @staticmethod
    def _triggered(call):
        name = call.headers.get("x-trigger-error")
        problem = problems.named(name) if name else None
        if problem:
            raise problem

    @staticmethod
    def _method(call):
        override = call.headers.get("x-http-method-override")
        if not override:
            return call.method
        if call.method != "POST":
            raise problems.named("InvalidMethodOverride")
        return override.upper()

    def _picture(self, path):
        template = pictures.find(self.sandbox, path)
        if template is None:
            return Answer(404, b"Not Found", "text/plain")
        return Answer(200, pictures.draw(template), pictures.SVG)

    def _results(self, call, incoming):
        sleep(call.delay)
        with self.sandbox.lock:
            return api.batches.download(self.sandbox, incoming)


def accept(call, result):
    """:return Answer: 200 with the selected fields, or 204 when there is nothing"""
    headers = {"X-Request-Id": str(uuid.uuid4())}
    if result is None:
        return Answer(204, b"", JSON, headers)
    if isinstance(result, Raw):
        return Answer(200, result.body, result.content_type, headers)
    return Answer(200, _document(call.selection().apply(result)), JSON, headers)


def _document(data):
    """Half a character, which texts cut in two have, goes out as its escape."""
    try:
        return orjson.dumps(data)
    except TypeError:
        return json.dumps(data).encode()


def refuse(call, problem):
    """:return Answer: the problem document"""
    language = call.account.language if call.account else "en"
    instance, body = problem.body(language)
    headers = {"X-Request-Id": instance, "Link": DESCRIBED_BY, **problem.headers}
    return Answer(problem.status, body, PROBLEM, headers)
