"""Many single requests: in order, several at a time, one that fails spoils no other."""

import threading

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.exceptions import (
    MailchimpNotFound,
    MailchimpRetryLater,
)

from .gateway_common import Answer, GatewayCase, problem
from .patience import PATIENCE


@tagged("post_install", "-at_install")
class TestGatewayMany(GatewayCase):
    def contents(self, gateway, numbers, **options):
        """Ask for the contents of campaigns."""
        method = gateway.api.campaigns.get_content
        return gateway.map(method, [(f"c{n}",) for n in numbers], **options)

    def number(self, request):
        return int(request.path.split("/")[3][1:])

    def test_in_order_and_each_once(self):
        for size in (0, 1, 2, 9, 40):
            with self.subTest(size):
                gateway, server = self.gateway_to(lambda r: {"html": self.number(r)})
                answers = list(self.contents(gateway, range(size), fields=["html"]))
                self.assertEqual([a.data["html"] for a in answers], list(range(size)))
                self.assertEqual([a.error for a in answers], [None] * size)
                self.assertEqual(len(server.requests), size)
                asked = {request.query.get("fields") for request in server.requests}
                self.assertLessEqual(asked, {"html"})

    def test_one_that_fails(self):
        def script(request):
            failures = {3: problem(404), 5: Answer(502, b"<html>")}
            return failures.get(self.number(request), {"html": "x"})

        gateway, _server = self.gateway_to(script)
        answers = list(self.contents(gateway, range(8)))
        self.assertIsInstance(answers[3].error, MailchimpNotFound)
        self.assertIsInstance(answers[5].error, MailchimpRetryLater)
        self.assertIsNone(answers[3].data)
        self.assertEqual(sum(bool(a.data) for a in answers), 6)

    def test_so_many_at_a_time(self):
        for ahead in (1, 3, 9):
            with self.subTest(ahead):
                waiting = threading.Barrier(ahead)

                def script(_request, waiting=waiting):
                    waiting.wait(PATIENCE)
                    return {"html": "x"}

                gateway, server = self.gateway_to(script)
                found = list(self.contents(gateway, range(ahead * 3), ahead=ahead))
                self.assertEqual(len(found), ahead * 3)
                self.assertEqual(server.peak, ahead)

    def test_closed_early(self):
        gateway, server = self.gateway_to(lambda _request: {"html": "x"})
        answers = self.contents(gateway, range(100), ahead=3)
        next(answers)
        answers.close()
        self.assertLess(len(server.requests), 10)
