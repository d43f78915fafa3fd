"""What the tests of the push have in common."""

from contextlib import contextmanager
from datetime import timedelta
from fnmatch import fnmatchcase
from unittest.mock import patch

from odoo import fields
from odoo.tests import new_test_user

from odoo.addons.mailchimp_connector.sandbox import openapi

from .common import MailchimpCase

USER = "mailchimp_connector.group_mailchimp_user"
ROUNDS = 30
BACK = ("archived", "forgotten")


class PushCase(MailchimpCase):
    """An audience whose contacts are pushed by themselves."""

    def setUp(self):
        super().setUp()
        self.account.write(
            {
                "auto_push_contacts": True,
                "two_way_sync": True,
                "new_member_status": "subscribed",
                # How much at once asks a manager is tested elsewhere.
                "brake_share": 0,
                "brake_new": 0,
            }
        )

    # === ACTIONS === #

    def drive(self):
        """Run the queue until nothing waits, without waiting for times of retries."""
        Job = self.env["mailchimp.job"]
        for _round in range(ROUNDS):
            self.env.flush_all()
            self.run_jobs()
            self.assertTrue(self.sandbox.batches.wait())
            soon = fields.Datetime.now() + timedelta(hours=1)
            waiting = Job.search([("state", "=", "pending"), ("run_after", "<", soon)])
            if not waiting:
                failed = Job.search([("state", "=", "failed")])
                self.assertFalse(failed.mapped("error"))
                self.env.invalidate_all()
                return
            waiting.action_run_now()
        self.fail(f"Never done: {waiting.mapped('name')}, {waiting.mapped('error')}")

    def new_contact(self, email, **vals):
        """Create a contact on the list of the audience."""
        return self.env["mailing.contact"].create(
            {
                "email": email,
                "name": vals.pop("name", email.partition("@")[0].capitalize()),
                "subscription_ids": [
                    fields.Command.create(
                        {"list_id": self.audience().mailing_list_id.id}
                    )
                ],
                **vals,
            }
        )

    def export(self, contacts):
        """Export contacts and wait for the end of it.

        :return: the run
        """
        run = contacts._mailchimp_start_export(self.audience(), "user", 5)
        self.drive()
        return run

    # === WHAT CAME OF IT === #

    def there(self, email):
        """Find a member in the sandbox."""
        return self.remote.by_email(email)

    def writes(self, after=0):
        """Return the requests that may change something, since the first ones."""
        return [
            request
            for request in self.sandbox.requests[after:]
            if request.method != "GET" and not request.in_batch
        ]

    def assertNobodyCameBack(self):
        """Nobody who had left was brought back through the API."""
        self.assertEqual(self.sandbox.monitor.resubscribed(), [])
        back = [
            entry
            for entry in self.sandbox.transitions
            if entry.source == "api" and entry.before in BACK
        ]
        self.assertEqual(back, [])
        forgotten = set()
        for entry in self.sandbox.transitions:
            if entry.after == "forgotten":
                forgotten.add(entry.email)
            elif entry.source == "api" and not entry.before:
                self.assertNotIn(entry.email, forgotten)

    def assertWellFormed(self):
        """All requests are as the official description wants them."""
        self.assertEqual(openapi.check_recorded(self.sandbox.requests), [])

    @contextmanager
    def before_write(self, deed, match="*", times=1):
        """Let something happen in Mailchimp right before a request that may write.

        :param callable deed: what happens
        :param str match: shell pattern of ``METHOD /path``
        """
        application, left = self.sandbox.application, [times]
        run = application.run

        def meddled(call):
            label = f"{call.method} {call.path}"
            writes = call.method != "GET" and not call.path.startswith("/batches")
            if left[0] and writes and fnmatchcase(label, match):
                left[0] -= 1
                deed()
            return run(call)

        with patch.object(application, "run", meddled):
            yield
        self.assertEqual(left[0], 0, "nothing was written")


class PushUserCase(PushCase):
    """An audience with some members, one of whom opted out in Mailchimp."""

    def setUp(self):
        super().setUp()
        for number in range(4):
            self.remote.add_member(f"m{number}@a.example")
        self.remote.add_member("out@a.example", status="unsubscribed")
        self.import_audiences()
        self.later()
        self.user = new_test_user(
            self.env, "uma", f"base.group_user,{USER},base.group_allow_export"
        )

    def call(self, record, method, *args, **context):
        """Call a method as a client does that sends a context."""
        return getattr(record.with_user(self.user).with_context(**context), method)(
            *args
        )

    def ledger(self, email):
        """Return the entries about an address, newest first."""
        return self.env["mailchimp.consent"].search([("email", "=", email)])

    def assertOptedOut(self, email):
        """Odoo does not mail this address, from any contact on the list."""
        held = self.env["mailing.subscription"].search(
            [
                ("list_id", "=", self.audience().mailing_list_id.id),
                ("contact_id.email_normalized", "=", email),
            ]
        )
        self.assertFalse(held.filtered(lambda sub: not sub.opt_out), email)
