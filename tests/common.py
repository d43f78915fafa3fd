"""The base classes of the tests that talk to the sandbox."""

import atexit
import shutil
from functools import cache
from unittest.mock import patch
from uuid import uuid4

from odoo import SUPERUSER_ID
from odoo.tests import TransactionCase
from odoo.tools import config

from odoo.addons.mailchimp_connector.client.slots import shared_slots
from odoo.addons.mailchimp_connector.sandbox import Sandbox

# Of this process only: all who have a key wait for each other's requests.
KEY = f"{uuid4().hex}-us1"


@cache
def running_sandbox():
    """Start the sandbox of this process, which ends with it."""
    slots = shared_slots(KEY, f"{config['data_dir']}/mailchimp")
    atexit.register(shutil.rmtree, slots._directory, ignore_errors=True)
    return Sandbox().start()


class SandboxCase:
    """To be mixed in: a Mailchimp, which is empty at the beginning of each test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = running_sandbox()
        cls.sandbox.reset()

    def setUp(self):
        super().setUp()
        self.sandbox.reset()


class MailchimpCase(SandboxCase, TransactionCase):
    """A connected account, and a Mailchimp of its own for each test.

    The clock of the sandbox stands still: :meth:`later` moves it, for what changes
    within the second of a fetch belongs to the next one.
    """

    def setUp(self):
        super().setUp()
        self.sandbox.clock.freeze()
        self.people = self.sandbox.people
        self.remote_account = self.sandbox.add_account(KEY)
        self.remote = self.remote_account.add_audience("Newsletter")
        self.account = self.new_account("Sandbox", KEY)

    # === ACTIONS === #

    def new_account(self, name, key, **vals):
        """Create an account and connect it."""
        account = self.env["mailchimp.account"].create(
            {"name": name, "api_key": key, "base_url": self.sandbox.url, **vals}
        )
        account.action_test_connection()
        return account

    def run_jobs(self):
        """Run everything in the queue that is due, as the scheduled action does."""
        self.env.cr.flush()  # what a commit would do
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            env = self.env(cr=cr, user=SUPERUSER_ID, context={})
            env["mailchimp.job"]._cron_run_jobs()

    def later(self, seconds=5):
        """Let time pass in Mailchimp."""
        self.sandbox.clock.advance(seconds)

    def import_audiences(self, members=True):
        """Import the audiences, by default with their members.

        :return: the audience of ``self.remote``
        """
        self.later()
        self.account._start_import_audiences("user", 5, members=members)
        self.run_jobs()
        return self.audience()

    def fetch(self, full=False):
        """Fetch the members of all audiences.

        :return: the run of ``self.remote``'s audience
        """
        self.later()
        runs = self.account.audience_ids._start_fetch("user", 5, full=full)
        self.run_jobs()
        return runs.filtered(lambda run: run.audience_id == self.audience())

    def small_pages(self, size=10):
        """Let an audience of a few members have several pages."""
        for name in ("fetch", "refresh"):
            module = f"odoo.addons.mailchimp_connector.models.mailchimp_member_{name}"
            self.startPatcher(patch(f"{module}.PAGE_SIZE", size))

    # === WHAT CAME OF IT === #

    def audience(self, remote=None):
        """Find the record of an audience of the sandbox."""
        return (
            self.env["mailchimp.audience"]
            .with_context(active_test=False)
            .search([("mailchimp_id", "=", (remote or self.remote).id)])
            .with_env(self.env)
        )

    def member(self, email):
        """Find a member of ``self.remote`` by address."""
        return self.env["mailchimp.member"].search(
            [("audience_id", "=", self.audience().id), ("email", "=", email)]
        )

    def contact(self, email):
        """Find mailing contacts by address."""
        return self.env["mailing.contact"].search([("email_normalized", "=", email)])

    def subscription(self, email):
        """Find the subscription of a contact to the list of ``self.remote``."""
        return self.member(email).subscription_id

    def runs(self, kind="members"):
        """Find the runs of a kind, newest first."""
        return self.env["mailchimp.run"].search([("kind", "=", kind)])
