"""Batch results: an archive read from the wire, one result at a time."""

import gzip
import io
import json
import tarfile
import tracemalloc

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.client import BatchResult
from odoo.addons.mailchimp_connector.exceptions import (
    MailchimpRejected,
    MailchimpRetryLater,
)

from .gateway_common import Answer, GatewayCase


def result(number, response="", status=200):
    """Make the entry of one operation."""
    return {
        "status_code": status,
        "operation_id": f"op-{number}",
        "response": response,
    }


def archive(*files, compressed=True):
    """Make an archive as Mailchimp does: ``./`` first, then a file for each text."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz" if compressed else "w") as tar:
        root = tarfile.TarInfo("./")
        root.type = tarfile.DIRTYPE
        tar.addfile(root)
        for number, text in enumerate(files):
            entry = tarfile.TarInfo(f"./{number:08x}.json")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
    return packed.getvalue()


def array(*results):
    """Make the text of a file."""
    return json.dumps(results).encode()


@tagged("post_install", "-at_install")
class TestGatewayBatches(GatewayCase):
    def results(self, answer):
        """Return the results that the gateway finds in an answer."""
        gateway, server = self.gateway_to(lambda _: answer)
        return list(gateway.batch_results(f"{server.url}/a-response.tar.gz"))

    def test_results(self):
        data = archive(
            array(result(1, '{"id": "a"}'), result(2, "", 204)),
            b"",
            array(result(3, '{"title": "Invalid Resource"}', 400)),
            b"[]",
        )
        self.assertEqual(
            self.results(Answer(body=data)),
            [
                BatchResult("op-1", 200, {"id": "a"}),
                BatchResult("op-2", 204, None),
                BatchResult("op-3", 400, {"title": "Invalid Resource"}),
            ],
        )

    def test_layouts_of_a_file(self):
        pretty = json.dumps([result(1), result(2)], indent=4).encode()
        compact = json.dumps([result(3)], separators=(",", ":")).encode()
        data = archive(b"\n" + pretty + b"\n", compact, b" [ ] \n")
        ids = [r.operation_id for r in self.results(Answer(body=data))]
        self.assertEqual(ids, ["op-1", "op-2", "op-3"])

    def test_responses_that_are_no_objects(self):
        data = archive(
            array(result(1, "<html>"), result(2, {"id": 1}), result(3, None))
        )
        bodies = [r.body for r in self.results(Answer(body=data))]
        self.assertEqual(bodies, ["<html>", {"id": 1}, None])

    def test_text_beyond_ascii_across_chunks(self):
        text = json.dumps({"name": "Zoë€" * 50_000}, ensure_ascii=False)
        data = json.dumps([result(1, text)], ensure_ascii=False).encode()
        (only,) = self.results(Answer(body=archive(data)))
        self.assertEqual(only.body["name"], "Zoë€" * 50_000)

    def test_an_archive_without_results(self):
        self.assertEqual(self.results(Answer(body=archive())), [])

    def test_an_archive_that_a_proxy_unpacked(self):
        data = archive(array(result(1)), compressed=False)
        self.assertEqual(len(self.results(Answer(body=data))), 1)

    def test_an_archive_that_was_packed_for_the_way(self):
        data = gzip.compress(archive(array(result(1))))
        answer = Answer(body=data, headers={"Content-Encoding": "gzip"})
        self.assertEqual(len(self.results(answer)), 1)

    def test_no_credentials_are_sent(self):
        gateway, server = self.gateway_to(lambda _: Answer(body=archive()))
        list(gateway.batch_results(f"{server.url}/x?Signature=a%2Fb%2Bc"))
        self.assertNotIn("Authorization", server.requests[0].headers)
        self.assertEqual(server.requests[0].target, "/3.0/x?Signature=a%2Fb%2Bc")

    def test_only_safe_addresses(self):
        gateway, server = self.gateway_to(lambda _: Answer(body=archive()))
        other = self.serve(lambda _: Answer(body=archive()))
        for url in (
            f"{other.url}/x",
            server.url.replace("127.0.0.1", "localhost"),
            server.url.replace("//", "//127.0.0.1@"),
            "file:///etc/passwd",
            "//127.0.0.1/x",
            "",
        ):
            with self.subTest(url=url), self.assertRaises(MailchimpRejected):
                gateway.batch_results(url)
        self.assertFalse(server.requests + other.requests)

    def test_a_redirect_is_not_followed(self):
        answer = Answer(302, headers={"Location": "/3.0/elsewhere"})
        with self.assertRaises(MailchimpRetryLater):
            self.results(answer)

    def test_an_address_that_expired(self):
        with self.assertRaises(MailchimpRetryLater) as caught:
            self.results(Answer(400, b"<Error><Code>ExpiredToken</Code></Error>"))
        self.assertEqual(caught.exception.status, 400)

    def test_damaged_archives(self):
        whole = archive(array(*map(result, range(1000))))
        for name, data in (
            ("empty", b""),
            ("a page", b"<html></html>"),
            ("cut", whole[: len(whole) // 2]),
            ("checksum cut", whole[:-4]),
            ("checksum wrong", whole[:-8] + b"\0" * 8),
            ("not json", archive(b"<html></html>")),
            ("json cut", archive(b'[{"status_code": 200')),
            ("no status", archive(b'[{"operation_id": "a"}]')),
            ("no object", archive(b"[1]")),
            ("no text", archive(b"\xff\xff\xff")),
        ):
            with self.subTest(name), self.assertRaises(MailchimpRetryLater):
                self.results(Answer(body=data))

    def test_a_download_cut_short(self):
        data = archive(array(*map(result, range(1000))))
        with self.assertRaisesRegex(MailchimpRetryLater, "connection.*broke"):
            self.results(Answer(body=data, cut=len(data) // 2))

    def test_results_before_the_damage_are_handed_out(self):
        data = archive(array(result(1)), b"[{")
        gateway, server = self.gateway_to(lambda _: Answer(body=data))
        results = gateway.batch_results(f"{server.url}/x")
        self.assertEqual(next(results).operation_id, "op-1")
        with self.assertRaises(MailchimpRetryLater):
            next(results)

    def assertFlat(self, data, results, limit):
        """Check that reading the results takes no more than so many bytes."""
        gateway, server = self.gateway_to(lambda _: Answer(body=data))
        self.assertGreater(len(gzip.decompress(data)), 5 * limit)
        found = gateway.batch_results(f"{server.url}/x")
        next(found)
        tracemalloc.start()
        try:
            self.assertEqual(sum(1 for _ in found), results - 1)
            _current, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        self.assertLess(peak, limit)

    def test_one_large_file_in_flat_memory(self):
        response = json.dumps({"text": "x" * 2000})
        data = archive(array(*(result(n, response) for n in range(10_000))))
        self.assertFlat(data, 10_000, limit=2_000_000)

    def test_many_files_in_flat_memory(self):
        data = archive(*(array(result(n, "1" * 2000)) for n in range(4_000)))
        self.assertFlat(data, 4_000, limit=1_500_000)
