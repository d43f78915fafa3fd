"""A pushing process is killed at any moment, or there are two of them."""

import json

from odoo.tests import tagged

from .common import KEY
from .crash_case import CrashCase
from .robustness_state import BY_CHANCE, TRIED, differences, dump, without

MEMBERS = 120
# Whose numbers depend on which of two processes created them.
NUMBERED = BY_CHANCE | {"web_id", "remote_contact_id", "contact_id"}


@tagged("post_install", "-at_install")
class TestPushCrash(CrashCase):
    page_size = 20

    @classmethod
    def fill(cls):
        # pylint: disable=missing-return
        super().fill()
        cls.remote = cls.sandbox.add_account(KEY).add_audience("Newsletter")
        for number in range(MEMBERS):
            cls.remote.add_member(f"m{number:03}@a.example")

    @classmethod
    def arrange(cls, worker):
        worker.do("connect", cls.sandbox.url, KEY)
        worker.do("work")
        cls.sandbox.clock.advance(60)
        worker.do("edit")

    def anew(self):
        """Override: Mailchimp is as it was before, too."""
        # pylint: disable=missing-return
        self.fill()
        self.sandbox.clock.advance(60)
        super().anew()

    def done(self):
        """Count the members that were created."""
        return len(self.remote.members) - MEMBERS

    def both_sides(self):
        """Dump what both sides hold, but for how it became known."""
        self.assertEqual(self.sandbox.monitor.resubscribed(), [])
        with self.databases.cursor() as cr:
            state = without(dump(cr), TRIED, NUMBERED)
        state["remote"] = sorted(
            json.dumps([m.email, m.status, m.merges, sorted(m.tags)])
            for m in self.remote.members.values()
        )
        state["left"] = [
            json.dumps(self.ask("SELECT count(*) FROM mailchimp_change")),
            json.dumps(self.ask("SELECT count(batch_id) FROM mailchimp_member")),
        ]
        return state

    def test_killed_and_resumed(self):
        seconds = self.work()
        expected = self.both_sides()
        self.assertEqual(self.done(), 60)
        for created in self.crashes(seconds):
            with self.subTest(created=created):
                self.work()
                self.assertEqual(differences(expected, self.both_sides()), "")

    def test_two_at_once(self):
        self.work()
        expected = self.both_sides()
        self.anew()
        self.work(workers=2)
        self.assertEqual(differences(expected, self.both_sides()), "")
        created = [
            entry.email for entry in self.sandbox.transitions if not entry.before
        ]
        new = [email for email in created if email.startswith("n")]
        self.assertEqual(len(new), len(set(new)))
