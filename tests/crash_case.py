"""The base class of the tests that kill processes: real commits, again and again."""

import logging
import os
import random
import signal
import time

from odoo.tests import BaseCase
from odoo.tests.common import get_db_name

from .common import running_sandbox
from .patience import wait_until
from .robustness_case import START
from .robustness_process import Databases, Worker

_logger = logging.getLogger(__name__)


class CrashCase(BaseCase):
    """Processes work on copies of one database, each time from the same beginning.

    A subclass says what is in Mailchimp (`fill`), what is done before (`arrange`), and
    how much of the work was done (`done`).
    """

    page_size = 50
    processes = 2
    kills = 8

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = running_sandbox()
        cls.fill()
        cls.databases = Databases()
        for name in (cls.databases.base, cls.databases.scratch):
            cls.addClassCleanup(cls.databases.drop, name)
        cls.databases.duplicate(get_db_name(), cls.databases.scratch)
        cls.workers = []
        for _number in range(cls.processes):
            cls.workers.append(Worker(cls.databases.scratch, cls.page_size))
            cls.addClassCleanup(cls.workers[-1].stop)
        cls.arrange(cls.workers[0])
        cls.databases.duplicate(cls.databases.scratch, cls.databases.base)

    def setUp(self):
        super().setUp()
        self.anew()

    @classmethod
    def fill(cls):
        """Make the same Mailchimp as every time."""
        cls.sandbox.reset()
        cls.sandbox.clock.freeze(START)

    @classmethod
    def arrange(cls, worker):
        """Let a process bring Odoo to where the work begins."""

    def done(self):
        """Return how much of the work was done, 0 for nothing."""
        raise NotImplementedError

    # === ACTIONS === #

    def anew(self):
        """Be where the work is queued and has not begun."""
        self.databases.duplicate(self.databases.base, self.databases.scratch)

    def work(self, workers=1):
        """Let so many processes work until all is done.

        :return: how many seconds it took them the first time, with nothing else to do
        """
        started = time.monotonic()
        self.run_queue(workers)
        seconds = time.monotonic() - started
        # The server may take a moment to find out that a process is dead, and holds
        # its locks as long.
        wait_until(lambda: self.is_idle() or self.run_queue(workers))
        return seconds

    def is_idle(self):
        """Tell whether nothing is left to do."""
        return not self.ask("SELECT FROM mailchimp_job WHERE state = 'pending'")

    def run_queue(self, workers):
        """Let so many processes run the queue once."""
        for worker in self.workers[:workers]:
            worker.begin("work")
        for worker in self.workers[:workers]:
            self.assertEqual(worker.end(), 0)
        self.assertTrue(self.sandbox.batches.wait())

    def crashes(self, seconds):
        """Kill the work at any moment, each time from the beginning.

        :param float seconds: how long it takes; another time it may take more or less
        :return: generator of how much was done, for each kill; at least one of them
            was in the midst of the work
        """
        rng, total, found = random.Random(1), self.done(), []
        for _attempt in range(5 * self.kills):
            self.anew()
            moment = rng.uniform(0, seconds)
            if not self.kill(moment):
                seconds = moment
                continue
            found.append(self.done())
            _logger.info("Killed after %.2f s with %d done", moment, found[-1])
            yield found[-1]
            if not any(0 < done < total for done in found):
                seconds *= 1.2
            elif len(found) >= self.kills:
                return
        self.fail(f"It was not killed in its midst: {found}")

    def kill(self, moment):
        """Begin the work and kill it after so many seconds.

        :return: whether it had not ended before
        """
        pid = self.workers[0].begin("work")
        time.sleep(moment)
        os.kill(pid, signal.SIGKILL)
        return self.workers[0].end() == signal.SIGKILL

    def ask(self, query):
        """Return what a query finds in the database."""
        with self.databases.cursor() as cr:
            cr.execute(query)
            return cr.fetchall()
