"""Ten requests in flight at most: per key, across threads and processes."""

import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.client import Gateway, slots
from odoo.addons.mailchimp_connector.exceptions import MailchimpRetryLater

from .gateway_common import Answer, GatewayCase
from .patience import PATIENCE, wait_until

HERE = Path(__file__).parent
ADDON = Path(slots.__file__).parent.parent


class OneByOne:
    """A script that answers who came last, whenever all slots are taken.

    So one slot frees at a time, for which everybody else waits.
    """

    def __init__(self):
        self._changed = threading.Condition()
        self._waiting = []
        self._is_over = False

    def __call__(self, _request):
        turn = object()
        with self._changed:
            self._waiting.append(turn)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_turn_of(turn), PATIENCE)
            self._waiting.remove(turn)
        return {"a": 1}

    def _is_turn_of(self, turn):
        is_last = turn is self._waiting[-1] and len(self._waiting) == slots.SIZE
        return self._is_over or is_last

    def stop(self):
        """Answer everybody."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()


@tagged("post_install", "-at_install")
class TestGatewaySlots(GatewayCase):
    def setUp(self):
        super().setUp()
        # Slots are shared by key: each test has its own.
        self.key = f"{self.id()}-us6"
        self.slots_dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.slots_dir, ignore_errors=True)

    def gateway(self, server, key=None, timeout=PATIENCE, slots_dir=None):
        """Make a gateway with the key of this test."""
        gateway = Gateway(
            key or self.key, base_url=server.url, timeout=timeout, slots_dir=slots_dir
        )
        self.addCleanup(gateway.close)
        return gateway

    def worker(self, server, requests):
        """Start another process that makes requests."""
        process = subprocess.Popen(
            [
                *(sys.executable, HERE / "gateway_worker.py", ADDON),
                *(server.url, self.key, self.slots_dir, str(requests)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def in_groups(self, size):
        """Make a script that answers requests in groups of exactly that many."""
        group = threading.Barrier(size, timeout=PATIENCE)
        return lambda _: {"turn": group.wait() + 1}

    def load(self, gateways, requests):
        """Make requests by so many threads that the slots are what limits them."""
        with ThreadPoolExecutor(30) as pool:
            calls = [gateways[n % len(gateways)].api.ping.get for n in range(requests)]
            return sum(1 for answer in pool.map(lambda call: call(), calls) if answer)

    def test_ten_at_a_time_among_threads(self):
        for slots_dir in (None, self.slots_dir):
            with self.subTest(slots_dir=slots_dir):
                server = self.serve(self.in_groups(10))
                gateways = [self.gateway(server, slots_dir=slots_dir) for _ in "ab"]
                self.assertEqual(self.load(gateways, 60), 60)
                self.assertEqual(server.peak, 10)

    def test_ten_for_each_key(self):
        server = self.serve(self.in_groups(20))
        keys = [f"{name}{self.key}" for name in "ab"]
        gateways = [self.gateway(server, key, slots_dir=self.slots_dir) for key in keys]
        self.assertEqual(self.load(gateways, 40), 40)
        self.assertEqual(server.peak, 20)

    def test_ten_at_a_time_among_processes(self):
        server = self.serve(self.in_groups(10))
        workers = [self.worker(server, 120) for _ in "ab"]
        for worker in workers:
            self.assertEqual(worker.stdout.read(), "120")
        self.assertEqual(server.peak, 10)

    def test_a_busy_process_does_not_starve_another(self):
        script = OneByOne()
        self.addCleanup(script.stop)
        server = self.serve(script)
        self.worker(server, 300)
        wait_until(lambda: server.peak == 10)
        gateway = self.gateway(server, slots_dir=self.slots_dir)
        for _ in range(10):
            gateway.api.ping.get()
        turns = len(server.requests)
        self.assertLess(turns, 300, "The other process had its turn first, each time.")
        self.assertEqual(server.peak, 10)

    def test_slots_of_a_killed_process_are_free(self):
        done = threading.Event()
        self.addCleanup(done.set)
        server = self.serve(lambda _: {"stopped": done.wait(PATIENCE)})
        worker = self.worker(server, 15)
        wait_until(lambda: server.in_flight == 10)
        with self.assertRaisesRegex(MailchimpRetryLater, "busy"):
            self.gateway(server, timeout=0.2, slots_dir=self.slots_dir).api.ping.get()
        self.assertEqual(len(server.requests), 10)
        worker.kill()
        worker.wait()
        done.set()
        self.assertTrue(
            self.gateway(server, slots_dir=self.slots_dir).api.ping.get()["stopped"]
        )

    def test_waiting_has_an_end_within_a_process_too(self):
        done = threading.Event()
        self.addCleanup(done.set)
        server = self.serve(lambda _: {"stopped": done.wait(PATIENCE)})
        patient, impatient = self.gateway(server), self.gateway(server, timeout=0.1)
        with ThreadPoolExecutor(10) as pool:
            calls = [pool.submit(patient.api.ping.get) for _ in range(10)]
            wait_until(lambda: server.in_flight == 10)
            with self.assertRaisesRegex(MailchimpRetryLater, "busy") as caught:
                impatient.api.ping.get()
            done.set()
            self.assertTrue(all(call.result() for call in calls))
        self.assertFalse(caught.exception.throttled)
        self.assertTrue(impatient.api.ping.get())

    def test_failures_free_their_slots(self):
        server = self.serve([*[None] * 20, *[Answer(500)] * 15, Answer(body={"a": 1})])
        gateway = self.gateway(server, slots_dir=self.slots_dir)
        for _ in range(20 + 15):
            with self.assertRaises(MailchimpRetryLater):
                gateway.api.batches.start({})
        self.assertEqual(gateway.api.batches.start({}), {"a": 1})

    def test_paging_takes_all_slots_and_goes_on(self):
        server = self.serve(lambda _: {"members": [1], "total_items": 60})
        gateway = self.gateway(server, slots_dir=self.slots_dir)
        method = gateway.api.lists.get_list_members_info
        for _page in gateway.pages(method, "a1", key="members", count=1, ahead=12):
            gateway.api.ping.get()
        self.assertEqual(len(server.requests), 60 + 60)
        self.assertLessEqual(server.peak, 10)

    def test_the_key_is_no_file_name(self):
        server = self.serve(lambda _: {"a": 1})
        self.gateway(server, slots_dir=self.slots_dir).api.ping.get()
        names = [str(path) for path in Path(self.slots_dir).rglob("*")]
        self.assertTrue(names)
        self.assertFalse([name for name in names if self.key in name])

    def test_a_directory_that_vanished(self):
        server = self.serve(lambda _: {"a": 1})
        gateway = self.gateway(server, slots_dir=self.slots_dir)
        shutil.rmtree(self.slots_dir)
        self.assertTrue(gateway.api.ping.get())

    def test_a_directory_that_cannot_be(self):
        file = Path(self.slots_dir, "file")
        file.touch()
        server = self.serve(self.in_groups(10))
        with self.assertLogs(slots.__name__, "WARNING"):
            gateway = self.gateway(server, slots_dir=file)
        self.assertEqual(self.load([gateway], 20), 20)
        self.assertEqual(server.peak, 10)
