"""What happened, kept so that a test can prove what did not."""

import threading
from collections import deque
from dataclasses import asdict, dataclass, field

import orjson

MOST_KEPT = 50_000
OPTED_OUT = frozenset(("unsubscribed", "cleaned"))


@dataclass(frozen=True)
class Recorded:
    """One request, however it ended. ``status`` is 0 when no answer was sent."""

    number: int
    at: int
    account: str
    method: str
    path: str
    query: dict
    body: bytes
    status: int
    fault: str = ""
    in_flight: int = 0
    in_batch: bool = False
    headers: dict = field(default_factory=dict)

    @property
    def json(self):
        """:return: the decoded body, None when it is empty or no JSON"""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    def document(self):
        """:return dict: ready for JSON"""
        data = asdict(self)
        data["body"] = self.body.decode("utf-8", "replace")
        data["json"] = self.json
        return data


@dataclass(frozen=True)
class Transition:
    """A member came into being or changed status.

    ``source`` is api, user, admin or seed; ``before`` is empty for a new member;
    ``origin`` tells who had opted the person out before.
    """

    at: int
    list_id: str
    contact_id: str
    email: str
    before: str
    after: str
    source: str
    origin: str

    def document(self):
        """:return dict: ready for JSON"""
        return asdict(self)


class Monitor:
    """Requests, transitions and confirmation mails since the last reset."""

    def __init__(self):
        self._lock = threading.Lock()
        self.clear()

    def clear(self):
        """Forget everything."""
        self.requests = deque(maxlen=MOST_KEPT)
        self.transitions = deque(maxlen=MOST_KEPT)
        self.mails = deque(maxlen=MOST_KEPT)
        self.peak_in_flight = 0
        self._count = 0

    def request(self, **values):
        """Record a request."""
        with self._lock:
            self._count += 1
            self.requests.append(Recorded(number=self._count, **values))
            self.peak_in_flight = max(self.peak_in_flight, values.get("in_flight", 0))

    def transition(self, **values):
        """Record a change of status."""
        self.transitions.append(Transition(**values))

    def mail(self, kind, list_id, email, at):
        """Record a mail that Mailchimp would send, such as a confirmation request."""
        self.mails.append({"kind": kind, "list_id": list_id, "email": email, "at": at})

    def resubscribed(self, source="api"):
        """People who had opted out (or bounced) and were subscribed again.

        :param str source: who did it; ``api`` means a client of the API, not the person
        :return list: of :class:`Transition`
        """
        return [
            entry
            for entry in self.transitions
            if entry.after == "subscribed"
            and entry.source == source
            and (entry.before in OPTED_OUT or entry.origin != "none")
        ]
