"""An importing process is killed at any moment: the next one goes on."""

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

KILLS = 20
PAGE = 50
MEMBERS = 600
ROUNDS = 200
PAUSE = 0.05


@tagged("post_install", "-at_install")
class TestCrash(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = Sandbox().start()
        cls.addClassCleanup(cls.sandbox.stop)
        cls.sandbox.clock.freeze(START)
        account = cls.sandbox.add_account(KEY)
        for name in ("Newsletter", "Partners"):
            audience = account.add_audience(name)
            audience.add_interests("Topics", ["Wine", "Cheese"])
            audience.fill(MEMBERS // 2, tags=("Blue", "Green"))
            audience.add_oddity("broken_email")
            tags = [f"Tag {number}" for number in range(55)]
            audience.add_member("many@harborlight.example", tags=tags)
        cls.databases = Databases()
        for name in (cls.databases.base, cls.databases.scratch):
            cls.addClassCleanup(cls.databases.drop, name)
        cls.databases.duplicate(get_db_name(), cls.databases.scratch)
        cls.worker = Worker(cls.databases.scratch, PAGE)
        cls.addClassCleanup(cls.worker.stop)
        cls.worker.do("connect", cls.sandbox.url, KEY)
        cls.databases.duplicate(cls.databases.scratch, cls.databases.base)

    def setUp(self):
        super().setUp()
        self.anew()

    def anew(self):
        """Be where the import is queued and has not begun."""
        self.databases.duplicate(self.databases.base, self.databases.scratch)

    def ask(self, query):
        """Return the one value that a query finds."""
        with self.databases.cursor() as cr:
            cr.execute(query)
            return cr.fetchone()[0]

    def members(self):
        """Count the members that were committed."""
        return self.ask("SELECT count(*) FROM mailchimp_member")

    def finish(self):
        """Let processes run the queue until it is empty; read what came of it.

        The server may take a moment to find out that a process is dead, and holds its
        locks as long.
        """
        for _round in range(ROUNDS):
            self.worker.do("work")
            query = "SELECT count(*) FROM mailchimp_job WHERE state = 'pending'"
            if not self.ask(query):
                with self.databases.cursor() as cr:
                    return dump(cr)
            time.sleep(PAUSE)
        self.fail("The queue does not become empty.")

    def kill(self, moment):
        """Begin the import and kill it after so many seconds.

        :return: whether it had not ended before
        """
        pid = self.worker.begin("work")
        time.sleep(moment)
        os.kill(pid, signal.SIGKILL)
        return self.worker.end() == signal.SIGKILL

    def crash(self, moment):
        """Kill an import in its midst; sooner, if this time it was quicker.

        :return: how many members were committed
        """
        while not self.kill(moment):
            self.anew()
            moment /= 2
        members = self.members()
        _logger.info("Killed after %.2f s with %d members", moment, members)
        return members

    def test_killed_and_resumed(self):
        started = time.monotonic()
        expected = self.finish()
        seconds = time.monotonic() - started
        total, found = self.members(), []
        rng = random.Random(1)
        for number in range(KILLS):
            self.anew()
            moment = rng.uniform(0, seconds)
            found.append(self.crash(moment))
            with self.subTest(number=number, moment=moment, members=found[-1]):
                self.assertEqual(differences(expected, self.finish()), "")
        self.assertTrue(any(0 < members < total for members in found), found)
