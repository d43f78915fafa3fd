"""What must not show in a log does not."""

import logging
import sys

from odoo.tests import BaseCase, tagged

from odoo.addons.mailchimp_connector.client.redact import (
    RedactingFilter,
    get_logger,
    mask,
)
from odoo.addons.mailchimp_connector.exceptions import MailchimpRetryLater

from .gateway_common import KEY, Answer, GatewayCase

SECRETS = [
    KEY,
    f"key {KEY}, again",
    f"https://us6.api.mailchimp.com/3.0/?apikey={KEY}",
    "https://x.y/?apikey=Sup3rS3cret&id=1",
    "https://x.y/?access_token=Sup3rS3cret",
    "{'api_key': 'Sup3rS3cret', 'id': 1}",
    '{"client_secret":"Sup3rS3cret"}',
    "Authorization: Basic U3VwM3JTM2NyZXQ=",
    "{'Authorization': 'Bearer Sup3rS3cret'}",
    "authorization: apikey Sup3rS3cret",
    "sent with Basic dXNlcjowMTIzNDU2Nzg5YWJjZGVm==",
    "POST /mailchimp/webhook/Sup3rS3cret HTTP/1.1",
    "/mailchimp/webhook/Sup3rS3cret?x=1",
    "https://storage.googleapis.com/x.tar.gz?Expires=1&Signature=Sup3rS3cret",
    "https://storage.googleapis.com/x.tar.gz?X-Goog-Signature=Sup3rS3cret",
]


@tagged("post_install", "-at_install")
class TestMask(BaseCase):
    def test_secrets(self):
        for text in SECRETS:
            with self.subTest(text=text):
                masked = mask(text)
                for secret in ("Sup3rS3cret", "U3VwM3JT", "dXNlcjow", KEY[:32]):
                    self.assertNotIn(secret, masked)
                self.assertIn("***", masked)
                self.assertEqual(mask(masked), masked, "masking twice changes nothing")

    def test_what_surrounds_a_secret_stays(self):
        self.assertEqual(mask(f"key {KEY}, bad"), "key ***-us6, bad")
        self.assertEqual(mask("/x?apikey=abc&id=1"), "/x?apikey=***&id=1")
        self.assertEqual(mask("{'api_key': 'a', 'b': 1}"), "{'api_key': '***', 'b': 1}")
        self.assertEqual(
            mask("GET /mailchimp/webhook/abc?x=1"), "GET /mailchimp/webhook/***?x=1"
        )

    def test_addresses(self):
        for address, masked in (
            ("jane@doe.com", "j***@d***.com"),
            ("jane.doe+tag@mail.doe.co.uk", "j***@m***.uk"),
            ("j@d.io", "j***@d***.io"),
            ("o'brien@doe.com", "o***@d***.com"),
            ("zoë@müller.de", "z***@m***.de"),
            ("jane%40doe.com", "j***%40d***.com"),
            ("jane%2Btag%40doe.com", "j***%40d***.com"),
        ):
            for text in ("{}", "<{}>", "'{}'", "/members?query={}&x=1", "a {}, b"):
                with self.subTest(text=text, address=address):
                    self.assertEqual(mask(text.format(address)), text.format(masked))
                    self.assertEqual(mask(text.format(masked)), text.format(masked))

    def test_the_rest_stays(self):
        for text in (
            "",
            "GET /3.0/lists/a1b2c3/members/0123456789abcdef0123456789abcdef -> 200",
            "basic functionality is available for everybody",
            "the secret of success",
            "@property",
            "2 @ 3.50",
            "https://us6.api.mailchimp.com/3.0/lists?count=10&offset=0",
        ):
            with self.subTest(text=text):
                self.assertEqual(mask(text), text)

    def test_hostile_lines(self):
        for text in ("a" * 100_000, "%41" * 50_000, "a.a@" * 50_000, "=" * 100_000):
            with self.subTest(text=text[:4]):
                self.assertLessEqual(len(mask(text)), len(text) * 2)


@tagged("post_install", "-at_install")
class TestRedactingFilter(BaseCase):
    def logged(self, *args, **kwargs):
        """Return what a logger with the filter writes."""
        logger = get_logger("odoo.addons.mailchimp_connector.test_redact")
        with self.assertLogs(logger, "DEBUG") as log:
            logger.warning(*args, **kwargs)
        (record,) = log.records
        return record

    def text(self, *args, **kwargs):
        """Return the whole text of it."""
        return logging.Formatter().format(self.logged(*args, **kwargs))

    def test_arguments(self):
        self.assertEqual(
            self.text("%s and %s: %d %%", "jane@doe.com", KEY, 5),
            "j***@d***.com and ***-us6: 5 %",
        )
        self.assertEqual(self.text("%(who)s", {"who": "jane@doe.com"}), "j***@d***.com")
        self.assertEqual(
            self.text("%r", [{"e": "j@d.com"}]), "[{'e': 'j***@d***.com'}]"
        )
        self.assertEqual(self.text("%s", ValueError("j@doe.com")), "j***@d***.com")

    def test_a_secret_in_two_parts(self):
        self.assertEqual(self.text("apikey=%s", "abc"), "apikey=***")

    def test_the_message_itself(self):
        self.assertEqual(self.text("jane@doe.com 100%"), "j***@d***.com 100%")

    def test_arguments_that_do_not_fit(self):
        record = self.logged("%d", "jane@doe.com")
        self.assertNotIn("jane", f"{record.msg} {record.args}")

    def test_a_record_without_secrets_is_untouched(self):
        record = self.logged("%s of %s", 1, 2)
        self.assertEqual((record.msg, record.args), ("%s of %s", (1, 2)))

    def test_tracebacks(self):
        try:
            raise ValueError(f"{KEY} of jane@doe.com")
        except ValueError:
            text = self.text("failed", exc_info=True)
        self.assertIn("Traceback", text)
        self.assertIn("ValueError: ***-us6 of j***@d***.com", text)
        self.assertNotIn(KEY, text)

    def test_no_traceback(self):
        self.assertEqual(sys.exc_info(), (None, None, None))
        self.assertEqual(
            self.text("fine", exc_info=sys.exc_info()), "fine\nNoneType: None"
        )

    def test_one_filter_a_logger(self):
        logger = get_logger("odoo.addons.mailchimp_connector.test_redact")
        get_logger(logger.name)
        filters = [f for f in logger.filters if isinstance(f, RedactingFilter)]
        self.assertEqual(len(filters), 1)


@tagged("post_install", "-at_install")
class TestGatewayLog(GatewayCase):
    LOGGER = "odoo.addons.mailchimp_connector.client.gateway"

    def test_one_line_for_each_request(self):
        gateway, _server = self.gateway_to(lambda _: {"exact_matches": "body-text"})
        with self.assertLogs(self.LOGGER, "DEBUG") as log:
            gateway.api.searchMembers.search("jane@doe.com")
        (line,) = log.output
        self.assertRegex(
            line, r"GET /3.0/search-members\?query=j\*\*\*%40d\*\*\*.com: 200 .*\d+ ms"
        )
        self.assertNotIn("body-text", line)

    def test_the_request_id(self):
        answer = {"X-Request-Id": "0f6c2f2e-uuid"}
        gateway, _server = self.gateway_to(lambda _: Answer(body={}, headers=answer))
        with self.assertLogs(self.LOGGER, "DEBUG") as log:
            gateway.api.ping.get()
        self.assertIn("0f6c2f2e-uuid", log.output[0])

    def test_no_answer(self):
        gateway, _server = self.gateway_to(lambda _: None)
        with self.assertLogs(self.LOGGER, "DEBUG") as log:
            with self.assertRaises(MailchimpRetryLater):
                gateway.api.batches.start({"operations": ["jane@doe.com"]})
        (line,) = log.output
        self.assertIn("POST /3.0/batches", line)
        self.assertIn("no answer", line)
        self.assertNotIn("doe", line)

    def test_no_key_at_any_level_of_any_logger(self):
        gateway, _server = self.gateway_to(lambda _: {"a": 1})
        with self.assertLogs(level="DEBUG") as log:
            gateway.api.searchMembers.search("jane@doe.com")
        text = "\n".join(log.output)
        self.assertIn("urllib3", text)
        for secret in (KEY, "jane", "Basic"):
            self.assertNotIn(secret, text)
