"""Reports are read by processes that are killed, and by two of them at once."""

import os
import random
import signal
import time

from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name

from odoo.addons.mailchimp_connector.sandbox import Sandbox, activity

from .common import KEY
from .report_common import second
from .robustness_case import START
from .robustness_process import Databases, Worker

KILLS = 8
PAGE = 40
MEMBERS = 400
EVENTS = 3000
ROUNDS = 200
PAUSE = 0.05
HELD = """
    SELECT c.mailchimp_id, a.email_id, a.action, a.occurred_at, COALESCE(a.url, ''),
           COALESCE(a.bounce_type, ''), a.member_id IS NOT NULL
      FROM mailchimp_campaign_activity a
      JOIN mailchimp_campaign c ON c.id = a.campaign_id"""


@tagged("post_install", "-at_install")
class TestReportCrash(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = Sandbox().start()
        cls.addClassCleanup(cls.sandbox.stop)
        cls.sandbox.clock.freeze(START)
        audience = cls.sandbox.add_account(KEY).add_audience("Newsletter")
        audience.fill(MEMBERS)
        # Opens and clicks only: whoever leaves would be read again, one by one.
        cls.sent = [
            activity.send(audience, f"Letter {n}", EVENTS, shares={"click": 30})
            for n in range(2)
        ]
        cls.databases = Databases()
        for name in (cls.databases.base, cls.databases.scratch):
            cls.addClassCleanup(cls.databases.drop, name)
        cls.databases.duplicate(get_db_name(), cls.databases.scratch)
        cls.workers = [Worker(cls.databases.scratch, PAGE) for _number in range(2)]
        for worker in cls.workers:
            cls.addClassCleanup(worker.stop)
        worker = cls.workers[0]
        for command in (("connect", cls.sandbox.url, KEY), ("work",), ("campaigns",)):
            worker.do(*command)
        worker.do("work")
        worker.do("reports")
        cls.databases.duplicate(cls.databases.scratch, cls.databases.base)

    def setUp(self):
        super().setUp()
        self.anew()

    def anew(self):
        """Be where the reading is queued and has not begun."""
        self.databases.duplicate(self.databases.base, self.databases.scratch)

    def ask(self, query):
        """Return what a query finds."""
        with self.databases.cursor() as cr:
            cr.execute(query)
            return cr.fetchall()

    def there(self):
        """Return what happened in Mailchimp, as `HELD` does."""
        found = []
        for sent in self.sent:
            at = second(sent.send_time)
            found += [
                (sent.id, person["email_id"], "sent", at, "", "", True)
                for person in sent.recipients
            ]
            found += [
                (sent.id, one["id"], one["action"], second(one["at"]))
                + (one.get("url", ""), one.get("type", ""), True)
                for one in sent.events
            ]
        return sorted(found)

    def finish(self, workers):
        """Let processes run the queue until it is empty."""
        for _round in range(ROUNDS):
            for worker in workers:
                worker.begin("work")
            for worker in workers:
                self.assertEqual(worker.end(), 0)
            query = "SELECT FROM mailchimp_job WHERE state = 'pending'"
            if not self.ask(query):
                return
            time.sleep(PAUSE)
        self.fail("The queue does not become empty.")

    def assertComplete(self):
        self.assertEqual(sorted(self.ask(HELD)), self.there())
        states = self.ask("SELECT state FROM mailchimp_run WHERE kind = 'reports'")
        self.assertEqual(states, [("done",)])

    def kill(self, moment):
        """Begin to read and kill it after so many seconds.

        :return: whether it had not ended before
        """
        pid = self.workers[0].begin("work")
        time.sleep(moment)
        os.kill(pid, signal.SIGKILL)
        return self.workers[0].end() == signal.SIGKILL

    def test_killed_and_resumed(self):
        started = time.monotonic()
        self.finish(self.workers[:1])
        seconds = time.monotonic() - started
        self.assertComplete()
        total, found = len(self.there()), []
        rng = random.Random(1)
        for number in range(KILLS):
            self.anew()
            moment = rng.uniform(0, seconds)
            while not self.kill(moment):
                self.anew()
                moment /= 2
            found.append(len(self.ask(HELD)))
            with self.subTest(number=number, moment=moment, rows=found[-1]):
                self.finish(self.workers[:1])
                self.assertComplete()
        self.assertTrue(any(0 < rows < total for rows in found), found)

    def test_two_workers(self):
        self.finish(self.workers)
        self.assertComplete()
