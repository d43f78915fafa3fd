"""Paging: as many requests as there are pages, ahead of the reader, in order."""

import threading

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.exceptions import (
    MailchimpNotFound,
    MailchimpRejected,
    MailchimpRetryLater,
)

from .gateway_common import Answer, GatewayCase, problem
from .patience import PATIENCE


class Collection:
    """A script that serves the numbers from 0 on as members.

    :param int size: how many
    :param faults: callable(offset, count) -> an answer instead, or None
    """

    def __init__(self, size, faults=lambda offset, count: None):
        self.size = size
        self.faults = faults

    def __call__(self, request):
        offset, count = int(request.query["offset"]), int(request.query["count"])
        rows = list(range(offset, min(offset + count, self.size)))
        return self.faults(offset, count) or {
            "members": rows,
            "total_items": self.size,
        }


@tagged("post_install", "-at_install")
class TestGatewayPages(GatewayCase):
    def members(self, gateway, **options):
        """Start paging."""
        method = gateway.api.lists.get_list_members_info
        return gateway.pages(method, "a1", key="members", **options)

    def windows(self, server):
        """Return which windows were asked for, in order of their offsets."""
        queries = [request.query for request in server.requests]
        return sorted((int(q["offset"]), int(q["count"])) for q in queries)

    def assertRows(self, pages, rows):
        self.assertEqual([row for page in pages for row in page.items], list(rows))

    def test_a_request_for_each_page_and_no_more(self):
        for size, requests in ((0, 1), (1, 1), (10, 1), (11, 2), (40, 4), (205, 21)):
            with self.subTest(size=size):
                gateway, server = self.gateway_to(Collection(size))
                pages = list(self.members(gateway, count=10))
                self.assertRows(pages, range(size))
                self.assertEqual({page.total for page in pages}, {size})
                self.assertEqual(
                    [p.offset for p in pages], list(range(0, size or 1, 10))
                )
                self.assertEqual(len(server.requests), requests)

    def test_from_an_offset_on(self):
        gateway, server = self.gateway_to(Collection(25))
        self.assertRows(self.members(gateway, count=10, offset=7), range(7, 25))
        self.assertEqual(self.windows(server), [(7, 10), (17, 10)])

    def test_past_the_end(self):
        gateway, server = self.gateway_to(Collection(25))
        (page,) = self.members(gateway, count=10, offset=30)
        self.assertEqual((page.items, page.total), ([], 25))
        self.assertEqual(len(server.requests), 1)

    def test_a_page_has_a_thousand_rows_at_most(self):
        gateway, server = self.gateway_to(Collection(25))
        self.assertRows(self.members(gateway), range(25))
        self.assertEqual(self.windows(server), [(0, 1000)])
        for count in (0, 1001):
            with self.subTest(count=count), self.assertRaises(ValueError):
                list(self.members(gateway, count=count))

    def test_the_first_page_alone_then_several_at_a_time(self):
        together = threading.Barrier(4, timeout=PATIENCE)
        alone = []

        def faults(offset, count):
            if offset:
                together.wait()  # breaks unless four are in flight
            else:
                alone.append(server.in_flight)

        gateway, server = self.gateway_to(Collection(90, faults))
        self.assertRows(self.members(gateway, count=10, ahead=4), range(90))
        self.assertEqual(alone, [1])
        self.assertEqual(server.peak, 4)

    def test_what_is_wanted_next_is_requested_with_the_last_page(self):
        for refusals in (0, 1):
            with self.subTest(refusals=refusals):
                server = self.read_two_lists(refusals)
                self.assertEqual(len(server.requests), 6 + refusals)

    def read_two_lists(self, refusals):
        """Read 50 rows, and then the last five of them once more."""
        together, asked = threading.Barrier(2, timeout=PATIENCE), []

        def faults(offset, count):
            if offset == 40 or (count == 5 and 5 not in asked):
                asked.append(count)
                together.wait()  # breaks unless both are in flight
                return problem(500) if count == 5 and refusals else None

        gateway, server = self.gateway_to(Collection(50, faults))
        then = self.members(gateway, count=5, offset=45)
        self.assertRows(self.members(gateway, count=10, then=then), range(50))
        self.assertRows(then, range(45, 50))
        return server

    def test_pages_come_in_order_whatever_answers_first(self):
        last = threading.Event()

        def faults(offset, count):
            if offset == 30:
                last.set()
            elif offset:
                self.assertTrue(last.wait(PATIENCE))

        gateway, _server = self.gateway_to(Collection(40, faults))
        self.assertRows(self.members(gateway, count=10), range(40))

    def test_the_total_is_asked_for(self):
        for given, sent in (
            (["members.id"], "members.id,total_items"),
            ("members.id,members.vip", "members.id,members.vip,total_items"),
            (["total_items", "members.id"], "total_items,members.id"),
        ):
            with self.subTest(given=given):
                gateway, server = self.gateway_to(Collection(1))
                list(self.members(gateway, fields=given))
                self.assertEqual(server.requests[0].query["fields"], sent)

    def test_the_total_is_not_excluded(self):
        gateway, server = self.gateway_to(Collection(1))
        list(self.members(gateway, exclude_fields=["members._links", "total_items"]))
        self.assertEqual(server.requests[0].query["exclude_fields"], "members._links")

    def test_parameters_of_the_caller_stay_as_they_are(self):
        gateway, _server = self.gateway_to(Collection(1))
        fields = ["members.id"]
        list(self.members(gateway, fields=fields))
        self.assertEqual(fields, ["members.id"])

    def test_an_answer_without_total(self):
        gateway, _server = self.gateway_to(lambda _: {"members": [1, 2]})
        (page,) = self.members(gateway)
        self.assertEqual((page.items, page.total), ([1, 2], 2))

    def test_a_collection_by_another_name(self):
        gateway, _server = self.gateway_to(lambda _: {"lists": [], "total_items": 3})
        with self.assertRaisesRegex(MailchimpRejected, "members"):
            list(self.members(gateway))

    def test_a_page_too_heavy_is_read_in_halves(self):
        def faults(offset, count):
            return Answer(504) if count > 5 and offset == 20 else None

        gateway, server = self.gateway_to(Collection(43, faults))
        pages = self.members(gateway, count=10, ahead=1)
        self.assertRows(pages, range(43))
        self.assertEqual(
            self.windows(server),
            # Once is enough to learn it; the half past the end is not asked for.
            [(0, 10), (10, 10), (20, 5), (20, 10), (25, 5), (30, 5), (35, 5), (40, 5)],
        )

    def test_all_pages_too_heavy(self):
        def faults(offset, count):
            return Answer(504) if count > 500 else None

        gateway, _server = self.gateway_to(Collection(4200, faults))
        pages = list(self.members(gateway))
        self.assertRows(pages, range(4200))
        self.assertEqual([p.offset for p in pages], [0, 1000, 2000, 3000, 4000])

    def test_odd_halves_leave_no_gap(self):
        def faults(offset, count):
            return Answer(504) if count > 4 else None

        gateway, _server = self.gateway_to(Collection(20, faults))
        self.assertRows(self.members(gateway, count=7), range(20))

    def test_halves_too_heavy_as_well(self):
        gateway, server = self.gateway_to(lambda _: Answer(504))
        with self.assertRaises(MailchimpRetryLater) as caught:
            list(self.members(gateway))
        self.assertEqual(caught.exception.status, 504)
        self.assertEqual(self.windows(server), [(0, 500), (0, 1000)])

    def test_other_failures_are_not_taken_for_weight(self):
        for status in (429, 500, 502, 503):
            with self.subTest(status=status):
                gateway, server = self.gateway_to(lambda _, s=status: Answer(s))
                with self.assertRaises(MailchimpRetryLater):
                    list(self.members(gateway))
                self.assertEqual(len(server.requests), 1)

    def test_an_error_is_raised_at_its_page(self):
        def faults(offset, count):
            return problem(404, "Resource Not Found") if offset == 20 else None

        gateway, _server = self.gateway_to(Collection(100, faults))
        pages = self.members(gateway, count=10)
        self.assertEqual([next(pages).offset, next(pages).offset], [0, 10])
        with self.assertRaises(MailchimpNotFound):
            next(pages)
        self.assertNoThreads()

    def test_an_error_leaves_the_later_pages_unasked(self):
        def faults(offset, count):
            return Answer(502) if offset == 10 else None

        gateway, server = self.gateway_to(Collection(1000, faults))
        with self.assertRaises(MailchimpRetryLater):
            list(self.members(gateway, count=10, ahead=2))
        self.assertLessEqual(len(server.requests), 4)

    def test_closing_early(self):
        gateway, server = self.gateway_to(Collection(1000))
        pages = self.members(gateway, count=10, ahead=3)
        next(pages)
        next(pages)
        pages.close()
        self.assertNoThreads()
        # First page, three ahead, and one more when the second was handed out
        self.assertLessEqual(len(server.requests), 5)
        self.assertEqual(server.in_flight, 0)

    def test_who_is_about_to_stop_asks_for_nothing_in_vain(self):
        gateway, server = self.gateway_to(Collection(1000))
        left = iter([True, True])  # time to read ahead: twice, then never again
        pages = self.members(
            gateway, count=10, ahead=3, hurry=lambda: next(left, False)
        )
        taken = [next(pages) for _page in range(8)]
        pages.close()
        self.assertRows(taken, range(80))
        self.assertEqual(len(server.requests), len(taken))

    def test_nothing_is_asked_before_the_first_page_is(self):
        gateway, server = self.gateway_to(Collection(10))
        self.members(gateway)
        self.assertFalse(server.requests)

    def test_readers_within_readers_finish(self):
        gateway, server = self.gateway_to(Collection(60))
        rows = 0
        for page in self.members(gateway, count=10):
            for inner in self.members(gateway, count=10):
                rows += len(inner.items)
            rows += len(page.items)
        self.assertEqual(rows, 60 + 6 * 60)
        self.assertLessEqual(server.peak, 10)

    def assertNoThreads(self):
        names = [thread.name for thread in threading.enumerate()]
        self.assertFalse([name for name in names if "mailchimp-page" in name])
