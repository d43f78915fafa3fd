"""The base class of the tests in which two people save at once."""

import psycopg2.errors

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .common import KEY, SandboxCase
from .job_common import CommittingJobCase


class TwoPeopleCase(SandboxCase, CommittingJobCase):
    """A connected account, with real commits."""

    def setUp(self):
        super().setUp()
        self.remote_account = self.sandbox.add_account(KEY)
        self.account.write({"api_key": KEY, "base_url": self.sandbox.url})
        self.account.action_test_connection()
        self.world.cr.commit()

    def seen_by(self, record):
        """Return a record as somebody else sees it, whose transaction has begun."""
        found = record.with_env(self.session())
        self.assertTrue(found.to_push)
        return found

    def save_at_once(self, record):
        """Two people save the same: the second waits, and then starts anew."""
        first, second = self.seen_by(record), self.seen_by(record)
        first.lock_for_update()
        with self.assertRaisesRegex(UserError, "Somebody else"):
            second.action_push()
        first.action_push()
        first.env.cr.commit()
        self.start_anew(second.env, second.action_push)
        second.env.cr.commit()

    def start_anew(self, env, action):
        """Press a button after somebody else; Odoo repeats it then, as is done here.

        :return: what the button returns
        """
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.SerializationFailure),
        ):
            action()
        env.cr.rollback()
        return action()
