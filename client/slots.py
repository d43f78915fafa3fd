"""At most ten requests in flight for an API key, in all processes of this host.

Mailchimp allows ten simultaneous connections per user and cannot raise it:
https://mailchimp.com/developer/marketing/docs/fundamentals/

A slot is a locked file, so that the kernel frees it when its holder dies.
"""

import hashlib
import logging
import random
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..exceptions import MailchimpRetryLater

_logger = logging.getLogger(__name__)

SIZE = 10
_PAUSE = 0.01

_shared = {}
_shared_lock = threading.Lock()


def shared_slots(api_key, directory=None):
    """Get the slots of an API key: the same object for everybody in this process.

    :param str api_key: the key; only its digest is used
    :param directory: where to keep the lock files, None to look after this process only
    :rtype: Slots
    """
    digest = hashlib.sha256(api_key.encode()).hexdigest()[:16]
    place = Path(directory, digest) if directory else None
    with _shared_lock:
        if (place, digest) not in _shared:
            _shared[place, digest] = _new_slots(place)
        return _shared[place, digest]


class Slots:
    """Ten slots, shared with the other processes that use the same directory.

    Threads of this process wait for each other on a semaphore.  With other processes
    they compete at the turnstile: who holds it gets the next slot that frees.  When all
    slots were busy, a process then lets the others go first for a moment; otherwise a
    busy one, always the first to see its own slots free, makes them wait several turns.

    :param Path directory: of the lock files, None to look after this process only
    :raise OSError: if the directory cannot be used
    """

    def __init__(self, directory=None):
        self._here = threading.BoundedSemaphore(SIZE)
        self._gate = threading.Lock()
        self._courtesy = 0
        self._directory = directory
        if directory:
            self._prepare_files()

    @contextmanager
    def hold(self, timeout):
        """Hold a slot within the context.

        :param float timeout: seconds to wait for one
        :raise MailchimpRetryLater: if none frees in time
        """
        deadline = time.monotonic() + timeout
        if not self._here.acquire(timeout=timeout):
            raise _no_slot()
        try:
            lock = self._take(deadline) if self._directory else None
            try:
                yield
            finally:
                if lock:
                    self._give_back(lock)
        finally:
            self._here.release()

    def _prepare_files(self):
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # One object is never in two hands: filelock lets the holder of a lock take it
        # again.  Hence no thread-local state, and a list of idle ones.
        self._turnstile, *self._idle = (
            FileLock(self._directory / f"{name}.lock", thread_local=False)
            for name in ("turn", *range(SIZE))
        )

    def _take(self, deadline):
        if not self._gate.acquire(timeout=max(0, deadline - time.monotonic())):
            raise _no_slot()
        try:
            self._let_others_go_first()
            return self._pass() or self._queue(deadline)
        except OSError as error:
            raise MailchimpRetryLater(
                f"The lock files of the connector cannot be used: {error.strerror}."
            ) from error
        finally:
            self._gate.release()

    def _let_others_go_first(self):
        pause = self._courtesy - time.monotonic()
        if pause > 0:  # sleep(0) costs as much as a lock
            time.sleep(pause)

    def _pass(self):
        """Take a slot if nobody queues and one is free."""
        if not _locked(self._turnstile):
            return None
        try:
            return self._free_slot()
        finally:
            self._turnstile.release()

    def _queue(self, deadline):
        _wait_for(lambda: _locked(self._turnstile), deadline)
        try:
            return self._free_slot() or self._next_slot(deadline)
        finally:
            self._turnstile.release()

    def _next_slot(self, deadline):
        lock = _wait_for(self._free_slot, deadline)
        self._courtesy = time.monotonic() + 2 * _PAUSE
        return lock

    def _free_slot(self):
        for lock in reversed(self._idle[:]):
            if _locked(lock):
                self._idle.remove(lock)
                return lock
        return None

    def _give_back(self, lock):
        lock.release()
        self._idle.append(lock)


def _new_slots(directory):
    try:
        return Slots(directory)
    except OSError as error:
        _logger.warning(
            "Requests to Mailchimp are not counted across processes: %s", error
        )
        return Slots()


def _locked(lock):
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def _wait_for(attempt, deadline):
    """:return: the first result of ``attempt`` that is true"""
    while not (result := attempt()):
        if time.monotonic() > deadline:
            raise _no_slot()
        time.sleep(_PAUSE * random.uniform(0.5, 1.5))
    return result


def _no_slot():
    return MailchimpRetryLater(
        "All connections to Mailchimp were busy for too long.", seconds=1
    )
