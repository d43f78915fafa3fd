"""What the gateway sends: the traps of the official client, closed."""

import datetime
import inspect
import json
from decimal import Decimal

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.client import Gateway
from odoo.addons.mailchimp_connector.exceptions import (
    MailchimpAuthError,
    MailchimpRejected,
)

from .gateway_common import KEY, Answer, GatewayCase


@tagged("post_install", "-at_install")
class TestGatewayAddress(GatewayCase):
    def test_the_key_tells_the_data_centre(self):
        gateway = Gateway("part-with-dashes-us21")
        self.assertEqual(gateway.base_url, "https://us21.api.mailchimp.com/3.0")

    def test_a_key_with_spaces_around_it(self):
        gateway = Gateway(f"  {KEY}\n")
        self.assertEqual(gateway.base_url, "https://us6.api.mailchimp.com/3.0")

    def test_a_key_without_data_centre(self):
        for key in (
            "",
            None,
            "0123456789abcdef",
            "0123-evil.example/us6",
            "x-us6@host",
        ):
            with self.subTest(key=key), self.assertRaises(MailchimpAuthError) as caught:
                Gateway(key)
            if key:
                self.assertNotIn(key, str(caught.exception))

    def test_a_key_that_no_header_can_carry(self):
        for key in ("clé-us6", "01\r\nX-Evil:1-us6", "01 23-us6", "01\0-us6"):
            with self.subTest(key=key), self.assertRaises(MailchimpAuthError):
                Gateway(key, base_url="https://proxy.example/3.0")

    def test_a_token_with_an_address(self):
        gateway = Gateway("token", base_url="https://proxy.example/3.0/")
        self.assertEqual(gateway.base_url, "https://proxy.example/3.0")

    def test_clear_text_only_on_loopback(self):
        for host in ("127.0.0.1:8069", "localhost", "[::1]:1", "127.9.9.9"):
            Gateway(KEY, base_url=f"http://{host}/3.0")
        for url in (
            "http://api.mailchimp.com/3.0",
            "http://127.0.0.1@evil.example/3.0",
            "http://127.0.0.1.evil.example/3.0",
            "ftp://127.0.0.1/3.0",
            "127.0.0.1/3.0",
            "https:///3.0",
        ):
            with self.subTest(url=url), self.assertRaises(MailchimpAuthError):
                Gateway(KEY, base_url=url)


@tagged("post_install", "-at_install")
class TestGatewayRequests(GatewayCase):
    def sent(self, call, answer=None):
        """Have a gateway make a call; return the request that arrived."""
        gateway, server = self.gateway_to(lambda _: answer or {"ok": True})
        call(gateway.api)
        self.assertEqual(len(server.requests), 1)
        return server.requests[0]

    def test_the_word_server_in_an_id(self):
        request = self.sent(
            lambda api: api.ecommerce.get_store_product("server", "server-rack-01")
        )
        self.assertEqual(
            request.target, "/3.0/ecommerce/stores/server/products/server-rack-01"
        )

    def test_a_slash_in_an_id_stays_within_its_segment(self):
        request = self.sent(
            lambda api: api.ecommerce.get_order(
                "st ore", "INV/2024/#1?a=b%2F{store_id}"
            )
        )
        self.assertEqual(
            request.target,
            "/3.0/ecommerce/stores/st%20ore/orders/INV%2F2024%2F%231%3Fa%3Db%252F"
            "%7Bstore_id%7D",
        )

    def test_an_id_that_would_change_the_path_is_not_sent(self):
        gateway, server = self.gateway_to(lambda _: {})
        for value in ("", ".", "..", False):
            with self.subTest(value=value), self.assertRaises(MailchimpRejected):
                gateway.api.lists.delete_list(value)
        self.assertFalse(server.requests)

    def test_every_method_of_the_official_client(self):
        gateway, server = self.gateway_to(lambda _: Answer(204))
        for name, method in self.methods(gateway.api):
            parameters = inspect.signature(method).parameters.values()
            required = [p.name for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD]
            in_path = [name for name in required if name not in ("body", "query")]
            with self.subTest(name):
                method(*["server/1"] * len(required))
                target = server.requests.pop().target
                self.assertEqual(target.count("/server%2F1"), len(in_path), target)
                self.assertNotIn("{", target)

    def methods(self, api):
        """List the methods of the official client."""
        for group, methods in vars(api).items():
            for name, method in inspect.getmembers(methods, inspect.ismethod):
                is_internal = name.startswith("_") or name.endswith("_with_http_info")
                if group != "api_client" and not is_internal:
                    yield f"{group}.{name}", method

    def test_fields_given_as_a_string(self):
        request = self.sent(lambda api: api.lists.get_list("a1", fields="id,stats"))
        self.assertEqual(request.query, {"fields": "id,stats"})

    def test_query_values(self):
        moment = datetime.datetime(2024, 5, 6, 7, 8, 9, 123)
        request = self.sent(
            lambda api: api.lists.get_list_members_info(
                "a1",
                fields=["members.id", "total_items"],
                since_last_changed=moment,
                vip_only=True,
                status=None,
            )
        )
        self.assertEqual(
            request.query,
            {
                "fields": "members.id,total_items",
                "since_last_changed": "2024-05-06T07:08:09+00:00",
                "vip_only": "true",
            },
        )

    def test_a_body(self):
        body = {
            "price": Decimal("120.59"),
            "quantity": Decimal("3.00"),
            "at": datetime.datetime(2024, 5, 6, 7, 8, 9, 123),
            "on": datetime.date(2024, 5, 6),
            "tags": {"one"},
            "name": "Jürgen",
            1: None,
        }
        request = self.sent(lambda api: api.lists.batch_list_members("a1", body))
        self.assertEqual(request.method, "POST")
        self.assertEqual(request.headers["Content-Type"], "application/json")
        self.assertEqual(
            json.loads(request.body),
            {
                "price": 120.59,
                "quantity": 3,
                "at": "2024-05-06T07:08:09+00:00",
                "on": "2024-05-06",
                "tags": ["one"],
                "name": "Jürgen",
                "1": None,
            },
        )

    def test_a_body_that_json_cannot_express(self):
        gateway, server = self.gateway_to(lambda _: {})
        for value in (object(), Decimal("NaN"), "\ud800"):
            with self.subTest(value=repr(value)), self.assertRaises(MailchimpRejected):
                gateway.api.lists.create_list({"name": value})
        self.assertFalse(server.requests)

    def test_an_action_has_no_body_at_all(self):
        request = self.sent(lambda api: api.campaigns.send("c1"), Answer(204))
        self.assertEqual((request.method, request.body), ("POST", b""))

    def test_headers(self):
        request = self.sent(lambda api: api.ping.get())
        self.assertEqual(request.headers["User-Agent"], "mailchimp_connector")
        self.assertTrue(request.headers["Authorization"].startswith("Basic "))

    def test_cookies_are_not_kept(self):
        gateway, server = self.gateway_to(
            lambda _: Answer(body={"a": 1}, headers={"Set-Cookie": "bm=1; Path=/"})
        )
        gateway.api.ping.get()
        gateway.api.ping.get()
        self.assertNotIn("Cookie", server.requests[1].headers)

    def test_one_connection_carries_many_requests(self):
        gateway, server = self.gateway_to(lambda _: {"a": 1})
        for _ in range(5):
            gateway.api.ping.get()
        self.assertEqual((len(server.requests), server.connections), (5, 1))

    def test_the_credentials_go_to_the_api_only(self):
        gateway, server = self.gateway_to(lambda _: {"a": 1})
        for url in (server.url.replace("3.0", "2.0"), f"{server.url}.evil/lists"):
            with self.assertRaises(MailchimpRejected):
                gateway.api.api_client.request("GET", url)
        self.assertFalse(server.requests)

    def test_the_key_shows_nowhere(self):
        gateway = Gateway(KEY)
        self.assertNotIn(KEY, repr(gateway))
        self.assertNotIn(KEY, repr(vars(gateway.api.api_client)))
