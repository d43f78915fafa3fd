"""Who is let in, and what the others are told."""

import socket
import time

from odoo.tests import tagged

from .webhook_common import PATH, WebhookCase

OTHER = PATH + "x" * 43
LIMIT = 64 * 1024


@tagged("post_install", "-at_install")
class TestWebhookRequests(WebhookCase):
    def assertRefused(self, status, body, path=None, **headers):
        """Check that nothing came of a delivery, and nothing was logged as a fault."""
        with self.assertNoLogs("odoo", level="WARNING"):
            self.assertEqual(self.post(body, path, **headers), status)
        self.assertFalse(self.jobs())

    def test_get_and_head_tell_nothing(self):
        for path in (self.path, OTHER):
            for method in ("GET", "HEAD"):
                answer = self.url_open(path, method=method)
                self.assertEqual((answer.status_code, answer.content), (200, b""))
        self.assertEqual(self.url_open(PATH + "short").status_code, 404)

    def test_an_event_is_queued_and_nothing_else(self):
        before = len(self.sandbox.requests)
        with self.assertNoLogs("odoo", level="WARNING"):
            self.assertEqual(self.post(self.body(merges="<b>")), 200)
        job = self.jobs()
        self.assertEqual(job.res_ids, self.list.ids)
        self.assertEqual(job.account_id, self.account)
        self.assertEqual(job.priority, 10)
        self.assertEqual(job.args["event"]["emails"], ["ann@example.com"])
        self.assertNotIn("<b>", str(job.args))
        self.assertEqual(len(self.sandbox.requests), before)

    def test_the_queue_is_woken(self):
        cron = self.env.ref("mailchimp_connector.ir_cron_run_jobs")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        triggers.unlink()
        self.post(self.body())
        self.assertEqual(triggers.search_count([("cron_id", "=", cron.id)]), 1)
        self.post(self.body(email="bob@example.com"))
        self.assertEqual(len(self.jobs()), 2)
        # One that is due and cannot go before our commit stands for the second.
        self.assertEqual(triggers.search_count([("cron_id", "=", cron.id)]), 1)

    def test_the_same_delivery_twice_is_one_job(self):
        body = self.body("unsubscribe", action="unsub", reason="manual")
        for _time in range(3):
            self.assertEqual(self.post(body), 200)
        self.assertEqual(len(self.jobs()), 1)

    def test_unknown_token(self):
        self.assertRefused(404, self.body(), OTHER)
        self.assertRefused(404, self.body(), PATH + "short")
        self.assertRefused(404, self.body(), self.path[:-1] + "!")

    def test_token_of_an_archived_account(self):
        self.account.active = False
        self.assertRefused(404, self.body())

    def test_unknown_or_archived_audience(self):
        self.assertRefused(404, self.body(list_id="0000000000"))
        self.list.active = False
        self.assertRefused(404, self.body())

    def test_audience_of_another_account(self):
        other_account = self.sandbox.add_account("f" * 32 + "-us1")
        other_account.add_audience("Elsewhere")
        account = self.new_account("Other", "f" * 32 + "-us1")
        account._start_import_audiences("user", 5, members=False)
        self.run_jobs()
        self.assertTrue(account.audience_ids)
        body = self.body(list_id=account.audience_ids.mailchimp_id)
        self.assertRefused(404, body)

    def test_junk(self):
        for body in (
            b"\x00\xff\xfe junk",
            b"&=&=[[[",
            b'{"type": "profile"}',
            b"self=1&token=2&args=3",
            b"type=profile&data%5Bemail%5D=%FF%FE@x",
            self.body(email="nobody"),
            self.body("explode"),
        ):
            self.assertRefused(400, body)

    def test_fields_with_the_names_of_our_arguments(self):
        body = self.body() + b"&self=1&token=2&status=500&args=1&kwargs=2"
        with self.assertNoLogs("odoo", level="WARNING"):
            self.assertEqual(self.post(body), 200)
            self.assertEqual(self.post(body, f"{self.path}?self=1&token=2"), 200)
        self.assertEqual(len(self.jobs()), 1)

    def test_other_kinds_of_content(self):
        for kind in ("application/json", "multipart/form-data", "text/plain", ""):
            self.assertRefused(400, b"junk", **{"Content-Type": kind})

    def test_an_empty_post_is_a_probe(self):
        self.assertRefused(200, b"")
        self.assertRefused(404, b"", OTHER)

    def test_text_that_cannot_be_stored(self):
        body = self.body("unsubscribe", reason="a\0b", campaign_id="\0")
        self.assertEqual(self.post(body), 200)
        self.assertEqual(self.jobs().args["event"]["reason"], "ab")

    def test_a_body_that_is_too_long(self):
        self.assertRefused(413, self.body(merges="x" * LIMIT))
        self.assertRefused(413, b"x" * 10_000_000)

    def test_a_long_body_is_refused_before_it_is_sent(self):
        answer = self.raw(b"Content-Length: 10000000\r\n\r\n")
        self.assertIn(b" 413 ", answer.partition(b"\r\n")[0])

    def test_a_body_of_unknown_length(self):
        chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        answer = self.raw(b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 4)
        self.assertIn(answer.partition(b"\r\n")[0][9:12], (b"413", b"400"))
        self.assertFalse(self.jobs())

    def raw(self, rest):
        """Post over a bare connection and return the beginning of the answer."""
        self.env.cr.flush()
        port = int(self.base_url().rpartition(":")[2])
        head = f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\n".encode()
        with self.reachable():
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                connection.sendall(head + b"Connection: close\r\n" + rest)
                return connection.recv(4096)

    def test_no_other_method_and_never_410(self):
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = self.url_open(self.path, method=method)
            self.assertIn(answer.status_code, (200, 204, 405), method)


@tagged("post_install", "-at_install")
class TestWebhookSignature(WebhookCase):
    def setUp(self):
        super().setUp()
        self.register()

    def test_signed(self):
        body = self.body()
        self.assertEqual(self.post(body, **self.signature(body)), 200)
        self.assertEqual(len(self.jobs()), 1)

    def test_not_signed_or_not_by_mailchimp(self):
        body, now = self.body(), int(time.time())
        for headers in (
            {},
            {"X-Mailchimp-Signature": "junk"},
            self.signature(body, secret="0" * 64),
            self.signature(body + b"&a=1"),
            self.signature(body, at=now - 310),
            self.signature(body, at=now + 310),
        ):
            with self.assertNoLogs("odoo", level="WARNING"):
                self.assertEqual(self.post(body, **headers), 401)
        self.assertFalse(self.jobs())

    def test_the_raw_bytes_are_what_is_signed(self):
        body = self.body().replace(b"%5B", b"[").replace(b"%5D", b"]") + b"&x=%zz&&"
        self.assertEqual(self.post(body, **self.signature(body)), 200)

    def test_an_audience_without_a_secret_needs_no_signature(self):
        self.list.sudo().webhook_secret = False
        self.assertEqual(self.post(self.body()), 200)
