"""A Mailchimp to be disturbed, and what Odoo makes of it."""

from unittest.mock import patch

import requests

from odoo.addons.mailchimp_connector.models import (
    mailchimp_member_fetch,
    mailchimp_member_refresh,
)

from .common import KEY, MailchimpCase

_send = requests.Session.send

# The same second for every run, so that every stamp is the same too.
START = 1_750_000_000
ROUNDS = 30


class RobustnessCase(MailchimpCase):
    """Does the same thing again and again, each time from the same beginning."""

    # Small pages: a few members are enough for all that happens between pages.
    page_size = 25

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for module in (mailchimp_member_fetch, mailchimp_member_refresh):
            cls.startClassPatcher(patch.object(module, "PAGE_SIZE", cls.page_size))

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Override: all is on loopback; Odoo would stretch the time-outs to 10 s."""
        return _send(session, request, **options)

    def new_world(self):
        """Make the same Mailchimp as every time."""
        self.sandbox.reset()
        self.sandbox.clock.freeze(START)
        self.sandbox.webhooks.validate = False
        self.sandbox.webhooks.hold()
        self.remote_account = self.sandbox.add_account(KEY)
        self.fill_account(self.remote_account)

    def fill_account(self, remote_account):
        """Override to put audiences there; the first one is ``self.remote``."""
        self.remote = remote_account.add_audience("Newsletter")

    def begin(self):
        """Undo in Odoo, in the end, what happens from now on."""
        self.env.flush_all()
        savepoint = self.env.cr.savepoint()
        return _Undo(self.env, savepoint)

    def drive(self):
        """Run the queue until nothing waits, without waiting for the time of retries.

        A person connects the account again whenever it was disconnected.
        """
        Job = self.env["mailchimp.job"]
        for _round in range(ROUNDS):
            self.run_jobs()
            self.reconnect()
            waiting = Job.search([("state", "=", "pending")])
            if not waiting:
                failed = Job.search([("state", "=", "failed")])
                self.assertFalse(failed.mapped("error"))
                return
            waiting.action_run_now()
        self.fail(f"Never done: {waiting.mapped('name')}, {waiting.mapped('error')}")

    def reconnect(self):
        """Press Test Connection where that is needed."""
        if self.account.state != "connected":
            # If the trouble goes on, the next round tries again.
            self.account.action_test_connection()

    def deliver(self, delivery, env=None):
        """Hand a webhook to Odoo, as its controller does.

        :param delivery: of ``self.sandbox.webhooks``
        :param env: an environment of another cursor
        :return: the HTTP status (int)
        """
        account = self.account.with_env(env or self.env).sudo()
        status = account._receive_webhook(
            account.webhook_token,
            delivery.body,
            delivery.headers.get("X-Mailchimp-Signature"),
        )
        if status == 200:
            delivery.state = "delivered"
        return status


class _Undo:
    """A savepoint that is always rolled back."""

    def __init__(self, env, savepoint):
        self._env = env
        self._savepoint = savepoint

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self._env.flush_all()
        self._savepoint.close(rollback=True)
        self._env.invalidate_all(flush=False)
