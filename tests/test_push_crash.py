"""A pushing process is killed at any moment, or there are two of them."""

import json
import logging
import os
import random
import signal
import time

from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name

from odoo.addons.mailchimp_connector.sandbox import Sandbox

from .common import KEY
from .robustness_case import START
from .robustness_process import Databases, Worker
from .robustness_state import differences, dump

_logger = logging.getLogger(__name__)

KILLS = 8
PAGE = 20
MEMBERS = 120
ROUNDS = 60
PAUSE = 0.05
# How often something was tried, and by which request it became known.
NOT_COMPARED = ("audiences", "jobs", "runs", "lines")
BY_CHANCE = (
    "source evidence batch_id fingerprint agreed_with web_id remote_contact_id "
    "contact_id"
).split()


@tagged("post_install", "-at_install")
class TestPushCrash(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = Sandbox().start()
        cls.addClassCleanup(cls.sandbox.stop)
        cls.new_world()
        cls.databases = Databases()
        for name in (cls.databases.base, cls.databases.scratch):
            cls.addClassCleanup(cls.databases.drop, name)
        cls.databases.duplicate(get_db_name(), cls.databases.scratch)
        cls.workers = [Worker(cls.databases.scratch, PAGE) for _number in range(2)]
        for worker in cls.workers:
            cls.addClassCleanup(worker.stop)
        cls.workers[0].do("connect", cls.sandbox.url, KEY)
        cls.workers[0].do("work")
        cls.sandbox.clock.advance(60)
        cls.workers[0].do("edit")
        cls.databases.duplicate(cls.databases.scratch, cls.databases.base)

    @classmethod
    def new_world(cls):
        """Make the same Mailchimp as every time."""
        cls.sandbox.reset()
        cls.sandbox.clock.freeze(START)
        cls.remote = cls.sandbox.add_account(KEY).add_audience("Newsletter")
        for number in range(MEMBERS):
            cls.remote.add_member(f"m{number:03}@a.example")

    def anew(self):
        """Be where people were edited and nothing was pushed."""
        self.new_world()
        self.sandbox.clock.advance(60)
        self.databases.duplicate(self.databases.base, self.databases.scratch)

    def ask(self, query):
        """Return the one value that a query finds."""
        with self.databases.cursor() as cr:
            cr.execute(query)
            return cr.fetchone()[0]

    def finish(self):
        """Let processes run the queue until it is empty.

        :return: what both sides hold then
        """
        for _round in range(ROUNDS):
            self.workers[0].do("work")
            self.assertTrue(self.sandbox.batches.wait())
            if not self.ask(
                "SELECT count(*) FROM mailchimp_job WHERE state = 'pending'"
            ):
                return self.both_sides()
            time.sleep(PAUSE)
        self.fail("The queue does not become empty.")

    def both_sides(self):
        """Dump what both sides hold, but for how it became known."""
        self.assertEqual(self.sandbox.monitor.resubscribed(), [])
        with self.databases.cursor() as cr:
            state = dump(cr)
        for section in NOT_COMPARED:
            del state[section]
        state = {name: sorted(map(_compared, rows)) for name, rows in state.items()}
        state["remote"] = sorted(
            json.dumps([m.email, m.status, m.merges, sorted(m.tags)])
            for m in self.remote.members.values()
        )
        state["left"] = [
            str(self.ask("SELECT count(*) FROM mailchimp_change")),
            str(self.ask("SELECT count(batch_id) FROM mailchimp_member")),
        ]
        return state

    def test_killed_and_resumed(self):
        self.anew()
        started = time.monotonic()
        self.workers[0].do("work")
        seconds = time.monotonic() - started
        expected = self.finish()
        self.assertEqual(len(expected["remote"]), MEMBERS + 60)
        rng, killed = random.Random(1), []
        for number in range(KILLS):
            self.anew()
            moment = rng.uniform(0, seconds)
            pid = self.workers[0].begin("work")
            time.sleep(moment)
            os.kill(pid, signal.SIGKILL)
            killed.append(self.workers[0].end() == signal.SIGKILL)
            done = len(self.remote.members) - MEMBERS
            _logger.info("Killed after %.2f s with %d created", moment, done)
            with self.subTest(number=number, moment=moment, created=done):
                self.assertEqual(differences(expected, self.finish()), "")
        self.assertGreater(sum(killed), KILLS / 2)

    def test_two_at_once(self):
        self.anew()
        expected = self.finish()
        self.anew()
        for worker in self.workers:
            worker.begin("work")
        for worker in self.workers:
            worker.end()
        self.assertEqual(differences(expected, self.finish()), "")
        created = [
            entry.email for entry in self.sandbox.transitions if not entry.before
        ]
        new = [email for email in created if email.startswith("n")]
        self.assertEqual(len(new), len(set(new)))


def _compared(text):
    """Leave out what differs by the way it became known."""
    return json.dumps(
        [
            {k: v for k, v in part.items() if k not in BY_CHANCE}
            if isinstance(part, dict)
            else part
            for part in json.loads(text)
        ]
    )
