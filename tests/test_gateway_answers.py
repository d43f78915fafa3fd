"""What the gateway makes of answers: data, or typed errors."""

import datetime
from email.utils import format_datetime

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.exceptions import (
    MailchimpAuthError,
    MailchimpNotFound,
    MailchimpRejected,
    MailchimpRetryLater,
)

from .gateway_common import KEY, Answer, GatewayCase, problem

HTML = b"<html><body>An error occurred while processing your request</body></html>"


@tagged("post_install", "-at_install")
class TestGatewaySuccess(GatewayCase):
    def answered(self, answer):
        """Return what the gateway makes of an answer."""
        gateway, _server = self.gateway_to(lambda _: answer)
        return gateway.api.lists.get_list("a1")

    def test_data(self):
        self.assertEqual(self.answered({"id": "a1"}), {"id": "a1"})

    def test_empty_data(self):
        self.assertEqual(self.answered(Answer(body={})), {})

    def test_no_content(self):
        headers = {"Content-Type": "application/json"}
        self.assertIsNone(self.answered(Answer(204, headers=headers)))

    def test_a_success_that_says_nothing_readable(self):
        for body in (b"", HTML, b'{"id": "a1"', b"null", b'"text"', b"\xff\xfe"):
            with self.subTest(body=body):
                with self.assertRaises(MailchimpRetryLater) as caught:
                    self.answered(Answer(200, body))
                self.assertEqual(caught.exception.status, 200)

    def test_the_clock_of_mailchimp(self):
        gateway, server = self.gateway_to(lambda _: {})
        self.assertIsNone(gateway.server_time)
        for date, moment in (
            ("Wed, 21 Oct 2015 07:28:00 GMT", datetime.datetime(2015, 10, 21, 7, 28)),
            ("nonsense", datetime.datetime(2015, 10, 21, 7, 28)),
            ("Thu, 22 Oct 2015 09:28:00 +0200", datetime.datetime(2015, 10, 22, 7, 28)),
        ):
            with self.subTest(date=date):
                server.script = lambda _, d=date: Answer(body={}, headers={"Date": d})
                gateway.api.ping.get()
                self.assertEqual(gateway.server_time, moment)

    def test_a_redirect_is_not_followed(self):
        gateway, server = self.gateway_to(
            lambda _: Answer(302, headers={"Location": "/3.0/elsewhere"})
        )
        with self.assertRaises(MailchimpRetryLater) as caught:
            gateway.api.ping.get()
        self.assertEqual(caught.exception.status, 302)
        self.assertEqual(len(server.requests), 1)


@tagged("post_install", "-at_install")
class TestGatewayErrors(GatewayCase):
    def error_of(self, answer):
        """Return the error that the gateway makes of an answer."""
        gateway, server = self.gateway_to(lambda _: answer)
        with self.assertRaises(Exception) as caught:
            gateway.api.lists.add_list_member("a1", {"email_address": "j@doe.com"})
        self.assertEqual(len(server.requests), 1, "answered requests are not repeated")
        self.assertNotIn(KEY, str(caught.exception))
        return caught.exception

    def assertError(self, answer, kind, **facts):
        error = self.error_of(answer)
        self.assertIs(type(error), kind)
        self.assertEqual({name: getattr(error, name) for name in facts}, facts)

    def test_by_status_and_problem_document(self):
        for status, kind in (
            (400, MailchimpRejected),
            (401, MailchimpAuthError),
            (403, MailchimpAuthError),
            (404, MailchimpNotFound),
            (405, MailchimpRejected),
            (408, MailchimpRetryLater),
            (414, MailchimpRejected),
            (422, MailchimpRejected),
            (426, MailchimpRejected),
            (429, MailchimpRetryLater),
            (500, MailchimpRetryLater),
            (502, MailchimpRetryLater),
            (503, MailchimpRetryLater),
            (504, MailchimpRetryLater),
        ):
            with self.subTest(status=status):
                answer = problem(status, "A Title", "A detail.", type="https://x.y")
                self.assertError(
                    answer, kind, status=status, title="A Title", detail="A detail."
                )

    def test_by_status_without_body(self):
        for status, kind in (
            (400, MailchimpRejected),
            (401, MailchimpAuthError),
            (403, MailchimpRetryLater),
            (404, MailchimpRetryLater),
            (429, MailchimpRetryLater),
            (500, MailchimpRetryLater),
            (502, MailchimpRetryLater),
        ):
            with self.subTest(status=status):
                self.assertError(Answer(status), kind, status=status, title="")

    def test_the_404_of_a_proxy_is_not_an_answer_of_mailchimp(self):
        self.assertError(Answer(404, HTML), MailchimpRetryLater, throttled=False)

    def test_overload_pauses_the_account(self):
        for answer in (
            problem(429, "Too Many Requests"),
            Answer(429),
            Answer(403),
            Answer(403, HTML),
            Answer(403, b"[]"),
            Answer(403, b'{"type": "akamai_error_message", "title": "akamai_403"}'),
        ):
            with self.subTest(answer=answer):
                self.assertError(answer, MailchimpRetryLater, throttled=True, seconds=0)

    def test_an_outage_does_not_pause_the_account(self):
        self.assertError(Answer(502, HTML), MailchimpRetryLater, throttled=False)

    def test_retry_after(self):
        for value, seconds in (
            ("7", 7),
            (" 12 ", 12),
            ("-5", 0),
            ("soon", 0),
            ("", 0),
            ("1e9", 0),
            ("9" * 5000, 24 * 3600),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ):
            with self.subTest(value=value):
                answer = Answer(429, headers={"Retry-After": value})
                self.assertError(answer, MailchimpRetryLater, seconds=seconds)

    def test_retry_after_as_a_date(self):
        moment = datetime.datetime.now(datetime.timezone.utc)
        date = format_datetime(moment + datetime.timedelta(hours=2), usegmt=True)
        error = self.error_of(Answer(503, headers={"Retry-After": date}))
        self.assertAlmostEqual(error.seconds, 7200, delta=600)

    def test_a_signup_flood_passes(self):
        detail = (
            "j@doe.com has signed up to a lot of lists very recently;"
            " we're not allowing more signups for now"
        )
        self.assertError(
            problem(400, "Invalid Resource", detail),
            MailchimpRetryLater,
            seconds=6 * 3600,
            throttled=False,
            title="Invalid Resource",
            detail=detail,
        )

    def test_field_errors(self):
        errors = [{"field": "LTV", "message": "Bitte gib eine Zahl ein."}]
        error = self.error_of(
            problem(400, "Invalid Resource", "Invalid.", errors=errors)
        )
        self.assertEqual(error.errors, errors)
        self.assertIn("LTV: Bitte gib eine Zahl ein.", str(error))

    def test_odd_problem_documents(self):
        for body in (
            b"[]",
            b'"text"',
            b"null",
            b"{",
            b'{"title": null, "detail": 5, "errors": null}',
            b'{"errors": "none"}',
            b'{"errors": ["text", null, {"field": "A"}]}',
        ):
            with self.subTest(body=body):
                self.assertIs(type(self.error_of(Answer(400, body))), MailchimpRejected)

    def test_the_sentence_names_cause_but_no_person(self):
        detail = "jane@doe.com is already a list member."
        error = self.error_of(problem(400, "Member Exists", detail))
        self.assertEqual(error.detail, detail)
        self.assertEqual(
            str(error),
            "Mailchimp answered 400: Member Exists - j***@d***.com is already a list"
            " member.",
        )

    def test_a_key_that_mailchimp_repeats_is_masked(self):
        error = self.error_of(problem(401, "API Key Invalid", f"The key {KEY} is bad."))
        self.assertIn("***-us6", str(error))
