"""Read pages of a list, or many single things, several ahead of who consumes them."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import NamedTuple

from ..exceptions import MailchimpError, MailchimpRejected, MailchimpRetryLater

# https://mailchimp.com/developer/marketing/docs/methods-parameters/
MAX_COUNT = 1000


class Page(NamedTuple):
    """A page of a collection: where it starts, its rows, the size of the whole."""

    offset: int
    items: list
    total: int


class Answer(NamedTuple):
    """What came of one of many requests: what Mailchimp said, or the error."""

    data: object
    error: MailchimpError | None


class PageReader:
    """Reads one page; in halves from the first time that a whole one is too much.

    Heavy rows make Mailchimp run out of time (504) at 1000 a page.

    :param fetch: callable(count, offset) -> the parsed answer
    :param str key: the name of the collection in the answer
    :param int count: rows a page
    """

    def __init__(self, fetch, key, count):
        if not 1 <= count <= MAX_COUNT:
            raise ValueError(f"count must be within 1 and {MAX_COUNT}")
        self.count = count
        self._fetch = fetch
        self._key = key
        self._in_halves = False
        self._kept = {}

    def keep(self, offset):
        """Read a page that is wanted later; to be waited for before it is wanted."""
        self._kept[offset] = self.page(offset)

    def page(self, offset):
        """:rtype: Page"""
        if offset in self._kept:
            return self._kept.pop(offset)
        if not self._in_halves:
            try:
                return self._read(offset, self.count)
            except MailchimpRetryLater as error:
                if error.status != 504 or self.count == 1:
                    raise
                self._in_halves = True
        return self._read_halves(offset)

    def _read_halves(self, offset):
        half = self.count // 2
        first = self._read(offset, half)
        if first.total <= offset + half:
            return first
        second = self._read(offset + half, self.count - half)
        return Page(offset, first.items + second.items, second.total)

    def _read(self, offset, count):
        answer = self._fetch(count=count, offset=offset)
        answer = answer if isinstance(answer, dict) else {}
        items = answer.get(self._key, [])
        size = len(items) if isinstance(items, list) else None
        total = answer.get("total_items", size is not None and offset + size)
        if not answer or size is None or type(total) is not int:
            raise MailchimpRetryLater("Mailchimp's answer could not be read.")
        if self._key not in answer and total > offset:
            raise MailchimpRejected(f'Mailchimp\'s answer has no "{self._key}".')
        return Page(offset, items, total)


class Pages:
    """The pages of a collection, in order, to be gone through once.

    To close them early cancels what was not started.

    :param PageReader reader: reads one page
    :param int offset: where to start
    :param then: other `Pages` that are wanted next: the first of them is requested
        together with the last of these
    :param options: see `read_pages`
    """

    def __init__(self, reader, offset=0, then=None, **options):
        self.then = then
        self._reader = reader
        self._offset = offset
        self._pages = read_pages(reader, offset, then=then and then.begin, **options)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._pages)

    def begin(self):
        """Request the first page; if that fails, it fails when its turn comes."""
        with suppress(MailchimpError):
            self._reader.keep(self._offset)

    def close(self):
        """Cancel what was not started."""
        self._pages.close()


def read_pages(reader, offset=0, ahead=9, hurry=None, then=None):
    """Read all pages from an offset on, in order.

    The first page alone (it tells the total), then up to ``ahead`` at a time; no
    request more than there are pages.  An error of a page is raised when its turn
    comes.  Closing the generator cancels what was not started.

    :param PageReader reader: reads one page
    :param int offset: where to start
    :param int ahead: how many pages to request at a time
    :param hurry: callable; as soon as it is false nothing is read ahead any more, so
        that who stops soon has requested nothing in vain
    :param then: callable; called in the background once all pages were requested, if
        there are several; it has returned when the last one was gone through
    :rtype: Iterator[Page]
    """
    first = reader.page(offset)
    rest = range(offset + reader.count, first.total, reader.count)
    if not rest:
        yield first
        return
    tasks = [
        *(partial(reader.page, start) for start in rest),
        *([then] if then else ()),
    ]
    ahead = max(1, min(ahead, len(tasks)))
    pool = ThreadPoolExecutor(ahead, "mailchimp-page")
    try:
        waiting, window = iter(tasks), deque()

        def refill():
            room = ahead - len(window) if hurry is None or hurry() else 0
            window.extend(pool.submit(task) for task in islice(waiting, room))

        refill()
        yield first
        for _page in rest:
            page = window.popleft().result() if window else next(waiting)()
            refill()
            yield page
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def read_many(call, arguments, ahead=9):
    """Make a reading request for each of many arguments, several at a time.

    Closing the generator cancels what was not started.

    :param call: callable(arguments) -> the parsed answer
    :param list arguments: of each request
    :param int ahead: how many to make at a time
    :rtype: Iterator[Answer]
    """
    if len(arguments) <= 1:
        yield from (_outcome(call, one) for one in arguments)
        return
    ahead = max(1, min(ahead, len(arguments)))
    pool = ThreadPoolExecutor(ahead, "mailchimp-read")
    try:
        rest, window = iter(arguments), deque()

        def refill(room):
            window.extend(pool.submit(_outcome, call, a) for a in islice(rest, room))

        refill(ahead)
        while window:
            outcome = window.popleft().result()
            refill(1)
            yield outcome
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _outcome(call, arguments):
    try:
        return Answer(call(arguments), None)
    except MailchimpError as error:
        return Answer(None, error)


def with_total(parameters):
    """Make sure that the answer tells the total.

    https://mailchimp.com/developer/marketing/docs/methods-parameters/

    :param dict parameters: of the API method
    :rtype: dict
    """
    parameters = dict(parameters)
    if parameters.get("fields"):
        fields = _names(parameters["fields"])
        parameters["fields"] = list(dict.fromkeys([*fields, "total_items"]))
    if parameters.get("exclude_fields"):
        fields = _names(parameters["exclude_fields"])
        parameters["exclude_fields"] = [f for f in fields if f != "total_items"]
    return parameters


def _names(fields):
    return fields.split(",") if isinstance(fields, str) else fields
