"""An importing process is killed at any moment: the next one goes on."""

from odoo.tests import tagged

from .common import KEY
from .crash_case import CrashCase
from .robustness_state import differences, dump

MEMBERS = 200


@tagged("post_install", "-at_install")
class TestCrash(CrashCase):
    page_size = 20
    processes = 1
    kills = 20

    @classmethod
    def fill(cls):
        # pylint: disable=missing-return
        super().fill()
        account = cls.sandbox.add_account(KEY)
        for name in ("Newsletter", "Partners"):
            audience = account.add_audience(name)
            audience.add_interests("Topics", ["Wine", "Cheese"])
            audience.fill(MEMBERS // 2, tags=("Blue", "Green"))
            audience.add_oddity("broken_email")
            tags = [f"Tag {number}" for number in range(55)]
            audience.add_member("many@harborlight.example", tags=tags)

    @classmethod
    def arrange(cls, worker):
        worker.do("connect", cls.sandbox.url, KEY)

    def done(self):
        """Count the members that were committed."""
        [[members]] = self.ask("SELECT count(*) FROM mailchimp_member")
        return members

    def held(self):
        """Read what came of it."""
        with self.databases.cursor() as cr:
            return dump(cr)

    def test_killed_and_resumed(self):
        seconds = self.work()
        expected = self.held()
        for done in self.crashes(seconds):
            with self.subTest(members=done):
                self.work()
                self.assertEqual(differences(expected, self.held()), "")
