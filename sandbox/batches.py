"""``/batches``: operations that run in the background, in no particular order."""

import io
import itertools
import logging
import random
import tarfile
import threading
import uuid
from urllib.parse import parse_qsl, unquote

import orjson

from . import clock, payloads, problems
from .call import Call, links

_logger = logging.getLogger(__name__)
ROWS_PER_FILE = 400
PAGE = 1000
LINK_LIFE = 10 * clock.MINUTE
BATCH_LIFE = 7 * clock.DAY
STEPS = ("pending", "preprocessing", "started", "finalizing", "finished")
MOST_PENDING = 500


class Batch:
    """One batch and, later, its results.

    ``links`` maps the tokens of result URLs to the second they expire.
    """

    def __init__(self, key, account, operations, now):
        self.id = key
        self.account = account
        self.operations = operations
        self.status = "pending"
        self.total = len(operations)
        self.finished = self.errored = 0
        self.submitted_at = now
        self.completed_at = 0
        self.deleted = False
        self.results = []
        self.archive = b""
        self.links = {}

    def document(self, sandbox):
        """:return dict: the batch, with a new result URL when it is finished"""
        url = self._mint(sandbox) if self.status == "finished" else ""
        return {
            "id": self.id,
            "status": self.status,
            "total_operations": self.total,
            "finished_operations": self.finished,
            "errored_operations": self.errored,
            "submitted_at": clock.iso(self.submitted_at),
            "completed_at": clock.iso(self.completed_at),
            "response_body_url": url,
            "_links": links(f"/batches/{self.id}"),
        }

    def _mint(self, sandbox):
        token = uuid.uuid4().hex
        self.links[token] = sandbox.clock.now() + LINK_LIFE
        # A signature with characters that decode to something else: a client that
        # decodes the URL before it fetches gets nothing.
        signature = f"{token}%2B%2F%3D"
        return (
            f"{sandbox.root}/_results/{self.id}-response.tar.gz"
            f"?X-Goog-Expires={LINK_LIFE}&X-Goog-Signature={signature}"
        )


class Batches:
    """The one worker that runs batches, one after the other.

    :meth:`hold` keeps new batches pending; ``pause`` is a real delay in seconds between
    the steps of a batch.
    """

    def __init__(self, sandbox):
        self._sandbox = sandbox
        self._changed = threading.Condition()
        self._thread = None
        self._stopping = False
        self.reset()

    def reset(self):
        """Forget what waits and run as usual."""
        with self._changed:
            self._queue = []
            self._held = False
            self._busy = False
            self.pause = 0.0
            self._rng = random.Random(1)

    def submit(self, account, operations):
        """:return Batch: pending"""
        sandbox = self._sandbox
        batch = Batch(sandbox.ids.hex(10), account, operations, sandbox.clock.now())
        account.batches[batch.id] = batch
        with self._changed:
            self._queue.append(batch)
            self._start()
            self._changed.notify_all()
        return batch

    def pending(self, account):
        """:return int: how many of an account have not begun"""
        return sum(b.status == "pending" for b in account.batches.values())

    def hold(self):
        """Leave batches pending until :meth:`release`."""
        self._held = True

    def release(self):
        """Run what waits."""
        with self._changed:
            self._held = False
            self._start()
            self._changed.notify_all()

    def wait(self, timeout=60):
        """Block until no batch is left to run.

        :return bool: whether that happened in time
        """
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._queue and not self._busy, timeout
            )

    def stop(self):
        """End the thread after the batch that runs."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join(10)
            self._thread = None

    # === WORKING === #

    def _start(self):
        if self._thread is None and not self._held:
            self._stopping = False
            self._thread = threading.Thread(
                target=self._run, name="sandbox-batches", daemon=True
            )
            self._thread.start()

    def _run(self):
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._stopping or (self._queue and not self._held)
                )
                if self._stopping:
                    return
                batch = self._queue.pop(0)
                self._busy = True
            try:
                self._work(batch)
            except Exception:
                _logger.exception("batch %s", batch.id)
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    def _work(self, batch):
        for step in STEPS[1:]:
            if self.pause:
                threading.Event().wait(self.pause)
            if batch.deleted:
                return
            if step == "started":
                batch.status = step
                self._operate(batch)
            elif step == "finished":
                self._finish(batch)
            batch.status = step
        self._announce(batch)

    def _operate(self, batch):
        operations = list(batch.operations)
        self._rng.shuffle(operations)
        for operation in operations:
            if batch.deleted:
                return
            for status, text in self._perform(batch, operation):
                batch.results.append(
                    {
                        "status_code": status,
                        "operation_id": operation.get("operation_id"),
                        "response": text,
                    }
                )
                batch.finished += 1
                batch.errored += not 200 <= status < 300
        batch.total = max(batch.total, batch.finished)

    def _perform(self, batch, operation):
        """Run one operation; a GET without ``count`` reads every page.

        :return list: pairs of status and text of the answers
        """
        call = self._call(batch, operation)
        answer = self._answer(call)
        if call.method != "GET" or "count" in call.query or answer.status != 200:
            return [(answer.status, answer.body.decode())]
        total = orjson.loads(answer.body).get("total_items")
        if not isinstance(total, int):
            return [(answer.status, answer.body.decode())]
        found = []
        for offset in itertools.count(0, PAGE):
            call.query.update(count=str(PAGE), offset=str(offset))
            answer = self._answer(call)
            found.append((answer.status, answer.body.decode()))
            if offset + PAGE >= total or answer.status != 200:
                return found

    def _call(self, batch, operation):
        path, _mark, inline = operation["path"].partition("?")
        path = "%2F".join(unquote(part) for part in path.split("%2F"))
        query = dict(parse_qsl(inline, keep_blank_values=True))
        params = operation.get("params") or {}
        query.update({key: str(value) for key, value in params.items()})
        body = (operation.get("body") or "").encode()
        call = Call(self._sandbox, operation["method"], path, query, body)
        call.account = batch.account
        call.in_batch = True
        return call

    def _answer(self, call):
        fault = self._sandbox.faults.take(f"BATCH {call.method}", call.path, call.query)
        answer = fault.instead() if fault else None
        answer = answer or self._sandbox.application.run(call)
        self._sandbox.monitor.request(
            at=self._sandbox.clock.now(),
            account=call.account.name,
            method=call.method,
            path=call.path,
            query=dict(call.query),
            body=call.body,
            status=answer.status,
            fault=fault.kind if fault else "",
            in_batch=True,
        )
        return answer

    def _finish(self, batch):
        batch.archive = pack(batch.id, batch.results)
        batch.completed_at = self._sandbox.clock.now()

    def _announce(self, batch):
        for webhook in list(batch.account.batch_webhooks.values()):
            if webhook.enabled and not webhook.disabled:
                document = batch.document(self._sandbox)
                data = payloads.batch(document)
                self._sandbox.webhooks.post(webhook, "batch_operation_completed", data)


def pack(seed, results):
    """Results as Mailchimp packs them: a tar whose first entry is ``./``, several
    files, one of them without a byte.

    :return bytes: gzipped
    """
    rng = random.Random(seed)
    chunks = [
        orjson.dumps(results[start : start + ROWS_PER_FILE])
        for start in range(0, len(results), ROWS_PER_FILE)
    ]
    if len(chunks) == 1 and len(results) > 1:
        half = len(results) // 2
        chunks = [orjson.dumps(results[:half]), orjson.dumps(results[half:])]
    chunks.insert(1, b"")
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        folder = tarfile.TarInfo("./")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(folder)
        for chunk in chunks:
            entry = tarfile.TarInfo(f"./{rng.getrandbits(40):010x}.json")
            entry.size = len(chunk)
            archive.addfile(entry, io.BytesIO(chunk))
    return stream.getvalue()


def find(call, batch_id):
    """:return Batch: one that is not older than seven days
    :raise Problem: 404
    """
    batch = call.account.batches.get(batch_id)
    if batch is None or call.now - batch.submitted_at > BATCH_LIFE:
        raise problems.not_found()
    return batch
