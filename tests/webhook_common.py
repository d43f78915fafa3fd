"""The base class of the tests in which Mailchimp calls Odoo."""

from contextlib import contextmanager

from odoo import SUPERUSER_ID
from odoo.tests import HttpCase

from odoo.addons.mailchimp_connector.sandbox.webhooks import encode, sign

from .common import MailchimpCase

PATH = "/mailchimp/webhook/"
FORM = "application/x-www-form-urlencoded"


class WebhookCase(HttpCase, MailchimpCase):
    """An imported audience whose webhook may be registered: real HTTP both ways."""

    def setUp(self):
        super().setUp()
        self.sandbox.webhooks.hold()
        self.remote.add_member("ann@example.com", merges={"FNAME": "Ann"})
        self.list = self.import_audiences()
        self.token = self.account.webhook_token
        self.path = PATH + self.token

    def run_jobs(self):
        """Override: this kind of test is in the mode that it asks for already."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            env = self.env(cr=cr, user=SUPERUSER_ID, context={})
            env["mailchimp.job"]._cron_run_jobs()
        self.env.invalidate_all()

    @contextmanager
    def reachable(self):
        """Let the sandbox call Odoo in this block."""
        self.env.cr.flush()
        self.env.cr.clear()
        with self.allow_requests(all_requests=True):
            yield

    def register(self, audiences=None):
        """Press the button."""
        with self.reachable():
            return (audiences or self.list).action_register_webhook()

    def deliver(self):
        """Let the sandbox deliver what it holds back, then run the queue."""
        with self.reachable():
            self.sandbox.webhooks.deliver()
        statuses = [
            status
            for delivery in self.sandbox.webhooks.deliveries
            for _at, status in delivery.attempts
        ]
        self.assertEqual(set(statuses), {200})
        self.run_jobs()

    def post(self, body, path=None, **headers):
        """Post a body as Mailchimp does.

        :return: the HTTP status
        """
        headers = {"Content-Type": FORM, "User-Agent": "MailChimp", **headers}
        path = path or self.path
        answer = self.url_open(path, data=body, headers=headers, method="POST")
        if answer.status_code == 200:
            self.assertEqual(answer.content, b"")
        self.assertNotIn("Set-Cookie", answer.headers)
        return answer.status_code

    def body(self, event="profile", email="ann@example.com", **data):
        """Encode an event about somebody."""
        data = {"list_id": self.remote.id, "email": email, **data}
        pairs = [(f"data[{name}]", value) for name, value in data.items()]
        return encode(event, self.sandbox.clock.now(), pairs)

    def signature(self, body, at=None, secret=None):
        """Return the header that signs a body with the secret of the audience."""
        secret = secret or self.list.sudo().webhook_secret
        return {"X-Mailchimp-Signature": sign(secret, body, at)}

    def jobs(self, state="pending"):
        """Find the jobs that deliveries left."""
        return self.env["mailchimp.job"].search(
            [("method", "=", "_job_webhook"), ("state", "=", state)]
        )
