"""Delivering webhooks.

One thread makes the deliveries, in order of the simulated time they are due. A test
that wants to hold them calls :meth:`Webhooks.hold` and later :meth:`Webhooks.deliver`.
"""

import heapq
import itertools
import threading
import time

import requests

from .webhooks import TIMEOUT, encode, sign

SENDER = "MailChimp"
# Waits between attempts, in simulated seconds: 75 minutes in all.
RETRIES = (60, 240, 600, 1200, 2400)
GONE = 410


class Delivery:
    """One event on its way to one URL.

    ``state`` is waiting, delivered, failed or lost; ``attempts`` holds pairs of the
    simulated time and the HTTP status (0 without an answer).
    """

    def __init__(self, number, webhook, event, body, due):
        self.number = number
        self.webhook = webhook
        self.event = event
        self.body = body
        self.due = due
        self.attempts = []
        self.state = "waiting"

    @property
    def headers(self):
        """:return dict: as sent; the signature is of this moment"""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": SENDER,
        }
        if self.webhook.secret:
            headers["X-Mailchimp-Signature"] = sign(self.webhook.secret, self.body)
        return headers

    def document(self):
        """:return dict: ready for JSON"""
        return {
            "number": self.number,
            "webhook_id": self.webhook.id,
            "url": self.webhook.url,
            "event": self.event,
            "body": self.body.decode(),
            "headers": self.headers,
            "due": self.due,
            "attempts": self.attempts,
            "state": self.state,
        }


class Webhooks:
    """The deliveries of a sandbox.

    ``validate`` switches the check of new URLs; ``copies`` is how often each event is
    posted; the next ``lose`` events are dropped; ``reverse`` delivers the newest first.
    """

    def __init__(self, sandbox):
        self._sandbox = sandbox
        self._moved = sandbox.clock.moved
        self._numbers = itertools.count(1)
        self._session = requests.Session()
        self._session.trust_env = False
        self._thread = None
        self._stopping = False
        self.reset()

    def reset(self):
        """Forget all deliveries and deliver as usual."""
        with self._moved:
            self.deliveries = []
            self._queue = []
            self._busy = 0
            self._held = False
            self.validate = True
            self.copies = 1
            self.lose = 0
            self.reverse = False

    # === FIRING === #

    def emit(self, audience, event, source, data):
        """Queue an event for every webhook that wants it."""
        for webhook in list(audience.webhooks.values()):
            wanted = webhook.events.get(event) and webhook.sources.get(source)
            if wanted and not webhook.disabled:
                self.post(webhook, event, data)

    def post(self, webhook, event, data):
        """Queue an event for one webhook."""
        now = self._sandbox.clock.now()
        body = encode(event, now, data)
        with self._moved:
            for _copy in range(self.copies):
                number = next(self._numbers)
                delivery = Delivery(number, webhook, event, body, now)
                self.deliveries.append(delivery)
                if self.lose:
                    self.lose -= 1
                    delivery.state = "lost"
                else:
                    self._push(delivery)
            self._start()
            self._moved.notify_all()

    def _push(self, delivery):
        order = -delivery.number if self.reverse else delivery.number
        heapq.heappush(self._queue, (delivery.due, order, delivery))

    # === DELIVERING === #

    def hold(self):
        """Keep deliveries back until :meth:`deliver` or :meth:`release`."""
        self._held = True

    def release(self):
        """Deliver in the background again."""
        with self._moved:
            self._held = False
            self._start()
            self._moved.notify_all()

    def deliver(self):
        """Make all deliveries that are due, in this thread.

        :return int: how many
        """
        made = 0
        while True:
            delivery = self._next()
            if delivery is None:
                return made
            self._attempt(delivery)
            made += 1

    def wait(self, timeout=60):
        """Block until nothing that is due is left.

        :return bool: whether that happened in time
        """
        limit = time.monotonic() + timeout
        with self._moved:
            while self._busy or self._is_due():
                left = limit - time.monotonic()
                if left <= 0:
                    return False
                self._moved.wait(min(left, 0.2))
        return True

    @property
    def pending(self):
        """:return list: deliveries that are not over, retries included"""
        return [delivery for delivery in self.deliveries if delivery.state == "waiting"]

    def stop(self):
        """End the thread."""
        with self._moved:
            self._stopping = True
            self._moved.notify_all()
        if self._thread:
            self._thread.join(TIMEOUT + 1)
            self._thread = None

    def _start(self):
        if self._thread is None and not self._held:
            self._stopping = False
            self._thread = threading.Thread(
                target=self._run, name="sandbox-webhooks", daemon=True
            )
            self._thread.start()

    def _run(self):
        while not self._stopping:
            delivery = None if self._held else self._next()
            if delivery:
                self._attempt(delivery)
                continue
            with self._moved:
                if not self._stopping and (self._held or not self._is_due()):
                    self._moved.wait(1)

    def _is_due(self):
        return bool(self._queue) and self._queue[0][0] <= self._sandbox.clock.now()

    def _next(self):
        with self._moved:
            if not self._is_due():
                return None
            self._busy += 1
            return heapq.heappop(self._queue)[2]

    def _attempt(self, delivery):
        status = 0 if delivery.webhook.disabled else self._send(delivery)
        with self._moved:
            self._busy = max(0, self._busy - 1)
            self._settle(delivery, status)
            self._moved.notify_all()

    def _send(self, delivery):
        try:
            response = self._session.post(
                delivery.webhook.url,
                data=delivery.body,
                headers=delivery.headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            return response.status_code
        except (requests.RequestException, ValueError):
            return 0

    def _settle(self, delivery, status):
        now = self._sandbox.clock.now()
        delivery.attempts.append((now, status))
        if 200 <= status < 300:
            delivery.state = "delivered"
        elif status == GONE or delivery.webhook.disabled:
            delivery.webhook.disabled = True
            delivery.state = "failed"
        elif len(delivery.attempts) > len(RETRIES):
            delivery.state = "failed"
        else:
            delivery.due = now + RETRIES[len(delivery.attempts) - 1]
            self._push(delivery)
