"""What the gateway does when no answer comes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import requests
from requests.adapters import HTTPAdapter

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.client import Gateway
from odoo.addons.mailchimp_connector.exceptions import MailchimpRetryLater

from .gateway_common import KEY, Answer, GatewayCase
from .patience import PATIENCE

MEMBER = ("a1", "0123456789abcdef0123456789abcdef")
IDEMPOTENT = {
    "GET": lambda api: api.lists.get_list_member(*MEMBER),
    "PUT": lambda api: api.lists.set_list_member(*MEMBER, {"vip": True}),
    "PATCH": lambda api: api.lists.update_list_member(*MEMBER, {"vip": True}),
    "DELETE": lambda api: api.lists.delete_list_member(*MEMBER),
}


class Late(HTTPAdapter):
    """Does something just before the third attempt to connect."""

    attempts, at_the_third = 0, None

    def send(self, *args, **options):
        """Override."""
        Late.attempts += 1
        if Late.attempts == 3:
            Late.at_the_third()
        return super().send(*args, **options)


@tagged("post_install", "-at_install")
class TestGatewayNetwork(GatewayCase):
    def test_a_lost_answer_is_asked_for_again(self):
        for method, call in IDEMPOTENT.items():
            with self.subTest(method=method):
                gateway, server = self.gateway_to([None, None, {"id": 1}])
                self.assertEqual(call(gateway.api), {"id": 1})
                self.assertEqual([r.method for r in server.requests], [method] * 3)
                self.assertEqual(len({r.body for r in server.requests}), 1)

    def test_but_twice_at_most(self):
        gateway, server = self.gateway_to(lambda _: None)
        with self.assertRaisesRegex(MailchimpRetryLater, "connection.*broke"):
            gateway.api.ping.get()
        self.assertEqual(len(server.requests), 3)

    def test_a_post_whose_answer_was_lost_is_not_repeated(self):
        gateway, server = self.gateway_to([None, {"id": 1}])
        with self.assertRaises(MailchimpRetryLater):
            gateway.api.batches.start({"operations": []})
        self.assertEqual(len(server.requests), 1)

    def test_an_answer_cut_short_is_asked_for_again(self):
        answer = Answer(body={"id": "0123456789"}, cut=5)
        gateway, server = self.gateway_to([answer, {"id": 1}])
        self.assertEqual(gateway.api.ping.get(), {"id": 1})
        self.assertEqual(len(server.requests), 2)

    def test_a_post_cut_short_is_not_repeated(self):
        answer = Answer(body={"id": "0123456789"}, cut=5)
        gateway, server = self.gateway_to([answer, {"id": 1}])
        with self.assertRaises(MailchimpRetryLater):
            gateway.api.batches.start({"operations": []})
        self.assertEqual(len(server.requests), 1)

    def test_connections_closed_while_idle(self):
        gateway, server = self.with_idle_connections(4)
        server.script = lambda _: {"id": 1}
        server.hang_up()
        self.assertEqual(gateway.api.batches.start({"operations": []}), {"id": 1})

    def test_a_retry_uses_a_connection_of_its_own(self):
        gateway, server = self.with_idle_connections(4)
        idle = {request.connection for request in server.requests}
        server.requests.clear()
        # As if the other side had forgotten them, without a word
        server.script = lambda r: None if r.connection in idle else {"id": 1}
        self.assertEqual(gateway.api.ping.get(), {"id": 1})
        self.assertEqual(len(server.requests), 2)

    def with_idle_connections(self, number):
        """Make a gateway that has so many connections open."""
        together = threading.Barrier(number, timeout=PATIENCE)
        gateway, server = self.gateway_to(lambda _: {"turn": together.wait()})
        with ThreadPoolExecutor(number) as pool:
            list(pool.map(lambda _: gateway.api.ping.get(), range(number)))
        self.assertEqual(server.connections, number)
        return gateway, server

    def test_nobody_listens(self):
        gateway = self.connect(self.closed_server(lambda _: {}))
        with self.assertRaisesRegex(MailchimpRetryLater, "cannot be reached") as caught:
            gateway.api.batches.start({"operations": []})
        self.assertEqual(caught.exception.status, 0)

    def test_a_post_that_never_left_is_sent_again(self):
        server = self.closed_server([{"id": 1}])
        Late.attempts, Late.at_the_third = 0, lambda: self.open(server)
        session = requests.Session()
        session.mount("http://", Late())
        gateway = self.connect(server, session=session)
        self.assertEqual(gateway.api.batches.start({"operations": []}), {"id": 1})
        self.assertEqual(Late.attempts, 3)

    def test_a_time_out_is_not_retried_at_once(self):
        released = self.event()
        self.assertTimesOut(lambda _: released.wait(PATIENCE))

    def test_a_time_out_amid_the_body_is_one_too(self):
        released = self.event()
        answer = Answer(body={"id": 1}, cut=3, then=lambda: released.wait(PATIENCE))
        self.assertTimesOut(lambda _: answer)

    def assertTimesOut(self, script):
        """A request that is answered so arrives, is given up, and is not repeated."""
        arrived = self.event()
        gateway, server = self.gateway_to(
            lambda request: arrived.set() or script(request), timeout=0.5
        )
        with self.assertRaisesRegex(MailchimpRetryLater, "did not answer in time"):
            gateway.api.ping.get()
        self.assertTrue(arrived.wait(PATIENCE))
        self.assertEqual(len(server.requests), 1)

    def event(self):
        """Make an event that happens at the end of the test, if not before."""
        event = threading.Event()
        self.addCleanup(event.set)
        return event

    def test_no_tls_at_the_other_end(self):
        server = self.serve(lambda _: {})
        gateway = Gateway(KEY, base_url=server.url.replace("http:", "https:"))
        with self.assertRaisesRegex(MailchimpRetryLater, "secure connection"):
            gateway.api.ping.get()
