"""The sandbox as a whole."""

import threading

from . import demo
from .account import Account
from .app import Application
from .batches import Batches
from .call import Call
from .clock import Clock
from .delivery import Webhooks
from .faults import Faults
from .ids import Ids
from .monitor import Monitor
from .people import People
from .query import select, shape_of
from .server import Server

HOST = "127.0.0.1"
DEFAULT_KEY = "0123456789abcdef0123456789abcdef-us1"


class Sandbox:
    """A stateful Mailchimp on loopback.

    :param int port: 0 picks a free one at :meth:`start`
    :param float latency: seconds that every answer of the API takes

    ``clock``, ``faults``, ``monitor``, ``people``, ``webhooks`` and ``batches`` are its
    controls; ``lock`` guards the state.
    """

    def __init__(self, port=0, latency=0.0):
        self.lock = threading.RLock()
        self.latency = latency
        self.clock = Clock()
        self.faults = Faults()
        self.monitor = Monitor()
        self.ids = Ids()
        self.accounts = []
        self.people = People(self)
        self.webhooks = Webhooks(self)
        self.batches = Batches(self)
        self.application = Application(self)
        self._server = Server(self.application, HOST, port)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_exception):
        self.stop()

    def start(self):
        """Serve; returns when the port answers."""
        self._server.start()
        return self

    def stop(self):
        """Close the port and end the threads. The state stays."""
        self.batches.stop()
        self.webhooks.stop()
        self._server.stop()

    @property
    def root(self):
        """:return str: ``http://127.0.0.1:41233``"""
        return f"http://{HOST}:{self._server.port}"

    @property
    def url(self):
        """:return str: base URL of the API, ``http://127.0.0.1:41233/3.0``"""
        return f"{self.root}/3.0"

    def reset(self):
        """Forget all accounts, faults and records; the port stays open."""
        with self.lock:
            self.faults.clear()
            self.monitor.clear()
            self.clock.reset()
            self.webhooks.reset()
            self.batches.reset()
            self.accounts.clear()
            self.ids = Ids()
            self.latency = 0.0

    def add_account(self, api_key=DEFAULT_KEY, name="Sandbox Company", **values):
        """:return Account: a new one, opened by ``api_key``"""
        with self.lock:
            account = Account(self, api_key, name, **values)
            self.accounts.append(account)
            return account

    def add_demo(self, api_key=DEFAULT_KEY):
        """Make the demo company; see :mod:`.demo`.

        :return dict: what it has
        """
        with self.lock:
            return demo.build(self.add_account(api_key, demo.COMPANY))

    def warm(self, audience, **query):
        """Render all members for a query, so that its pages are served at once.

        :param query: as in the request, ``fields`` or ``exclude_fields`` above all
        :return int: how many members
        """
        path = f"/lists/{audience.id}/members"
        texts = {name: str(value) for name, value in query.items()}
        call = Call(self, "GET", path, texts)
        call.account = audience.account
        with self.lock:
            found = select(call, audience)
            shape = shape_of(call, audience)
            for member in found if shape else ():
                shape.render(member)
            return len(found)

    @property
    def requests(self):
        """:return list: of :class:`.monitor.Recorded` since the last reset"""
        return list(self.monitor.requests)

    @property
    def transitions(self):
        """:return list: of :class:`.monitor.Transition` since the last reset"""
        return list(self.monitor.transitions)
