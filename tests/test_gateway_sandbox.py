"""The gateway against the sandbox: each way to fail, and real flows end to end."""

from concurrent.futures import ThreadPoolExecutor

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.client import Gateway
from odoo.addons.mailchimp_connector.exceptions import (
    MailchimpAuthError,
    MailchimpNotFound,
    MailchimpRejected,
    MailchimpRetryLater,
)

from .common import SandboxCase
from .gateway_common import KEY, GatewayCase

ADDRESS = "ann@harborlight.example"


@tagged("post_install", "-at_install")
class TestGatewaySandbox(SandboxCase, GatewayCase):
    def setUp(self):
        super().setUp()
        self.audience = self.sandbox.add_account(KEY).add_audience("Newsletter")
        self.gateway = Gateway(KEY, base_url=self.sandbox.url)
        self.addCleanup(self.gateway.close)
        self.lists = self.gateway.api.lists

    def members(self, **options):
        """Page through the members."""
        method, key = self.lists.get_list_members_info, "members"
        return self.gateway.pages(method, self.audience.id, key=key, **options)

    def test_faults_by_name(self):
        for fault, times, kind, facts in (
            ("429_problem", 1, MailchimpRetryLater, {"throttled": True, "status": 429}),
            ("429_empty", 1, MailchimpRetryLater, {"throttled": True, "status": 429}),
            ("403_empty", 1, MailchimpRetryLater, {"throttled": True, "status": 403}),
            ("403_problem", 1, MailchimpAuthError, {"status": 403}),
            ("500_problem", 1, MailchimpRetryLater, {"throttled": False}),
            ("500_empty", 1, MailchimpRetryLater, {"throttled": False, "title": ""}),
            ("502_html", 1, MailchimpRetryLater, {"status": 502, "title": ""}),
            ("503_akamai", 1, MailchimpRetryLater, {"status": 503, "title": ""}),
            ("empty_body", 1, MailchimpRetryLater, {"status": 200}),
            ("broken_json", 1, MailchimpRetryLater, {"status": 200}),
            ("truncated_body", 3, MailchimpRetryLater, {"status": 0}),
            ("answer_lost", 3, MailchimpRetryLater, {"status": 0}),
            ("connection_reset", 3, MailchimpRetryLater, {"status": 0}),
        ):
            with self.subTest(fault=fault):
                injected = self.sandbox.faults.inject(fault, times)
                with self.assertRaises(kind) as caught:
                    self.lists.get_list(self.audience.id)
                self.assertIs(type(caught.exception), kind)
                found = {name: getattr(caught.exception, name) for name in facts}
                self.assertEqual(found, facts)
                self.assertEqual(injected.hits, times)
                answer = self.lists.get_list(self.audience.id)
                self.assertEqual(answer["id"], self.audience.id)

    def test_passing_faults_are_not_noticed(self):
        for fault in ("truncated_body", "answer_lost", "connection_reset"):
            with self.subTest(fault=fault):
                injected = self.sandbox.faults.inject(fault, times=2)
                self.assertTrue(self.lists.get_list(self.audience.id))
                self.assertEqual(injected.hits, 2)

    def test_a_member_added_by_a_post_whose_answer_was_lost(self):
        self.sandbox.faults.inject("answer_lost", times=3, match="POST *")
        member = {"email_address": ADDRESS, "status": "subscribed"}
        with self.assertRaises(MailchimpRetryLater):
            self.lists.add_list_member(self.audience.id, member)
        sent = [r for r in self.sandbox.requests if r.method == "POST"]
        self.assertEqual(len(sent), 1)
        with self.assertRaises(MailchimpRejected) as caught:
            self.sandbox.faults.clear()
            self.lists.add_list_member(self.audience.id, member)
        self.assertEqual(caught.exception.title, "Member Exists")

    def test_a_wrong_key(self):
        gateway = Gateway(f"wrong{KEY}", base_url=self.sandbox.url)
        with self.assertRaises(MailchimpAuthError) as caught:
            gateway.api.ping.get()
        self.assertEqual(caught.exception.status, 401)

    def test_no_such_audience(self):
        with self.assertRaises(MailchimpNotFound):
            self.lists.get_list("nowhere")

    def test_all_members_although_full_pages_are_too_heavy(self):
        self.audience.fill(2500)
        self.sandbox.faults.inject("504_large_page", times=None)
        pages = list(self.members(fields=["members.id"]))
        ids = [member["id"] for page in pages for member in page.items]
        # A list without filter hides the archived ones.
        self.assertGreater(pages[-1].total, 2400)
        self.assertEqual(len(ids), pages[-1].total)
        self.assertEqual(len(set(ids)), pages[-1].total)

    def test_never_too_many_connections(self):
        self.sandbox.latency = 0.01
        with ThreadPoolExecutor(30) as pool:
            answers = pool.map(lambda _: self.gateway.api.ping.get(), range(150))
            self.assertEqual(sum(1 for answer in answers if answer), 150)
        self.assertEqual(self.sandbox.monitor.peak_in_flight, 10)

    def test_a_batch(self):
        path = f"/lists/{self.audience.id}/members"
        operations = [
            {"method": "GET", "path": path, "operation_id": "all"},
            {"method": "GET", "path": f"{path}/none", "operation_id": "none"},
        ]
        self.audience.add_member(ADDRESS)
        batch = self.gateway.api.batches.start({"operations": operations})
        self.sandbox.batches.wait()
        batch = self.gateway.api.batches.status(batch["id"])
        found = self.gateway.batch_results(batch["response_body_url"])
        results = {result.operation_id: result for result in found}
        self.assertEqual(set(results), {"all", "none"})
        self.assertEqual(results["all"].body["members"][0]["email_address"], ADDRESS)
        self.assertEqual(results["none"].status, 404)
        self.assertEqual(results["none"].body["title"], "Resource Not Found")
