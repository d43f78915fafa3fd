"""The one door to Mailchimp: every request of this addon leaves through it."""

import time
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlencode, urlsplit

import mailchimp_marketing
import requests
from requests.adapters import HTTPAdapter

from ..exceptions import (
    MailchimpAuthError,
    MailchimpRejected,
    MailchimpRetryLater,
)
from . import address, answer, wire
from .batches import read_results
from .paging import MAX_COUNT, PageReader, Pages, read_many, with_total
from .redact import get_logger
from .slots import SIZE, shared_slots

_logger = get_logger(__name__)
get_logger("urllib3.connectionpool")  # it logs URLs, which may hold addresses

_CONNECT_TIMEOUT = 10
_RESENDS = 2
_CHUNK = 1 << 16


class Gateway:
    """The one door to Mailchimp.

    ``api`` is the official client: ``gateway.api.lists.get_list(id, fields=[...])``.
    Its methods return the parsed JSON, None where Mailchimp has nothing to say, and
    raise :class:`~..exceptions.MailchimpError`.  A gateway may be used by several
    threads at a time.

    :param str api_key: an API key; with ``base_url`` also a token without data centre
    :param str base_url: address of the API, by default that of the key's data centre
    :param float timeout: seconds to wait for an answer, and for a free slot
    :param slots_dir: a directory shared by the processes that must not exceed
        Mailchimp's ten connections together; None to count within this process only
    :param requests.Session session: instead of the gateway's own
    :raise MailchimpAuthError: if key and address cannot be right
    """

    def __init__(
        self, api_key, *, base_url=None, timeout=60, slots_dir=None, session=None
    ):
        api_key = _usable_key(api_key)
        self.base_url = address.base_address(api_key, base_url)
        self.timeout = timeout
        self._credentials = ("mailchimp_connector", api_key)
        self._slots = shared_slots(api_key, slots_dir)
        self._session = session or _new_session()
        # Mailchimp's clock (naive UTC datetime) as of the last answer, None before.
        self.server_time = None
        self.api = mailchimp_marketing.Client()
        self._take_over(self.api.api_client)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def close(self):
        """Close the idle connections."""
        self._session.close()

    def pages(
        self,
        method,
        *args,
        key,
        count=MAX_COUNT,
        ahead=9,
        offset=0,
        hurry=None,
        then=None,
        **params,
    ):
        """Read a whole collection, several pages ahead of the caller.

        Makes exactly one request a page (one if there are none), unless Mailchimp
        runs out of time (504): from then on a page is read in two halves.

        :param method: of the client: ``gateway.api.lists.get_list_members_info``
        :param args: its path arguments
        :param str key: where the answer holds the rows: ``"members"``
        :param int count: rows a page, 1000 at most
        :param int ahead: how many pages to request at a time after the first one
        :param int offset: the row to start from
        :param hurry: callable; as soon as it is false nothing is read ahead any more
        :param Pages then: what is wanted next: its first page is read ahead, too
        :param params: its other arguments; ``fields`` need not name ``total_items``
        :return: the pages, in order; to close them early cancels what was not started
        :rtype: Pages
        :raise MailchimpError: when the page that failed is reached
        """
        params = with_total(params)

        def fetch(**window):
            return method(*args, **window, **params)

        reader = PageReader(fetch, key, count)
        return Pages(reader, offset, then, ahead=ahead, hurry=hurry)

    def map(self, method, arguments, *, ahead=9, **params):
        """Read many single things, several at a time; one that fails spoils no other.

        :param method: of the client that reads: ``gateway.api.campaigns.get_content``
        :param arguments: the path arguments of each request (list of tuples)
        :param int ahead: how many requests to make at a time
        :param params: other arguments, the same for all: ``fields``
        :return: an answer for each, in order, with its data or its `MailchimpError`;
            to close it early cancels what was not started
        :rtype: Iterator[Answer]
        """
        return read_many(lambda one: method(*one, **params), list(arguments), ahead)

    def batch_results(self, response_body_url):
        """Download the results of a batch and read them one by one.

        https://mailchimp.com/developer/marketing/guides/run-async-requests-batch-endpoint/

        :param str response_body_url: as a batch's status names it, valid ten minutes
        :rtype: Iterator[BatchResult]
        :raise MailchimpRejected: if the address is not one to ask
        :raise MailchimpRetryLater: if the download fails: ask for the status again
        """
        is_secure = urlsplit(response_body_url).scheme == "https"
        if not is_secure and not address.same_origin(response_body_url, self.base_url):
            raise MailchimpRejected("The address of the batch results is not secure.")
        return self._download(response_body_url)

    def _download(self, url):
        options = {
            "auth": _no_credentials,
            "headers": {"Accept-Encoding": "identity"},
            "timeout": self.timeout,
            "allow_redirects": False,
            "stream": True,
        }
        try:
            with self._exchange("GET", url, options) as response:
                if response.status_code != 200:
                    raise answer.download_failure(response)
                yield from read_results(response.iter_content(_CHUNK))
        except requests.RequestException as error:
            raise answer.no_answer(error) from error

    # === TRANSPORT === #

    def _take_over(self, transport):
        """Replace how the official client (3.0.80) talks HTTP.

        It opens a connection for each request, takes an error without a body for a
        success, loses headers, and rewrites the word "server" anywhere in a URL.
        """
        transport.host = self.base_url
        transport.server = ""
        transport.call_api = self._call
        transport.request = self._send

    def _call(
        self, resource_path, method, path_params=None, query_params=None, *_, **options
    ):
        """Stand in for the official ``ApiClient.call_api``."""
        url = self.base_url + address.path(resource_path, path_params)
        return self._send(method, url, query_params, body=options.get("body"))

    def _send(self, method, url, query_params=None, headers=None, body=None):
        """Send a request and read its answer.

        Stands in for the official ``ApiClient.request``.

        :raise MailchimpError: if it does not succeed
        """
        if not url.startswith(f"{self.base_url}/"):
            raise MailchimpRejected("The request does not go to Mailchimp's API.")
        options = {
            "params": wire.query(query_params),
            "data": wire.body(body),
            "headers": headers,
            "auth": self._credentials,
            "timeout": self.timeout,
            "allow_redirects": False,
        }
        with self._slots.hold(self.timeout):
            response = self._exchange(method, url, options)
        self.server_time = answer.server_time(response) or self.server_time
        return answer.read(response)

    def _exchange(self, method, url, options):
        """Get a response, and write the one line about it into the log."""
        started, outcome = time.monotonic(), "no answer"
        try:
            response = self._request(method, url, options)
            outcome = f"{response.status_code} {response.headers.get('X-Request-Id')}"
            return response
        except MailchimpRetryLater as error:
            outcome = f"no answer ({type(error.__cause__).__name__})"
            raise
        finally:
            milliseconds = (time.monotonic() - started) * 1000
            query = urlencode(options.get("params", ()))
            path = urlsplit(url).path
            _logger.debug(
                "%s %s?%s: %s, %d ms", method, path, query, outcome, milliseconds
            )

    def _request(self, method, url, options):
        try:
            return self._session.request(method, url, **options)
        except OSError as error:
            return self._resend(error, method, url, options)

    def _resend(self, error, method, url, options):
        """Send a request again, if that can do no harm.

        The usual cause is a connection that the other side closed while it was idle.
        The pool replaces a broken connection by a fresh one, and hands that out first.
        """
        for _attempt in range(_RESENDS):
            if not answer.may_resend(method, error):
                break
            try:
                return self._session.request(method, url, **options)
            except OSError as again:
                error = again
        raise answer.no_answer(error) from error


class _Adapter(HTTPAdapter):
    """Gives up connecting sooner than waiting for an answer.

    Not by a pair of time-outs at the session: Odoo's tests compare them to a number.
    """

    def send(self, request, stream=False, timeout=None, **options):
        """Override of `requests` to split the time-out."""
        if isinstance(timeout, (int, float)):
            timeout = (min(timeout, _CONNECT_TIMEOUT), timeout)
        return super().send(request, stream=stream, timeout=timeout, **options)


def _new_session():
    session = requests.Session()
    session.headers.update(
        {
            "Accept": "application/json, application/problem+json",
            "Content-Type": "application/json",
            "User-Agent": "mailchimp_connector",
        }
    )
    # Threads share the session: no state between requests.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(pool_connections=2, pool_maxsize=SIZE)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _no_credentials(request):
    # An authentication of its own, else the user's ~/.netrc would be consulted.
    return request


def _usable_key(api_key):
    api_key = (api_key or "").strip()
    if not api_key:
        raise MailchimpAuthError("There is no API key.")
    if not (api_key.isascii() and api_key.isprintable() and " " not in api_key):
        raise MailchimpAuthError("The API key contains a character that no key has.")
    return api_key
