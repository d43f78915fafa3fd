"""What an answer means: its data, or one of our typed errors.

Classified by HTTP status and by the shape of the body.  Mailchimp translates its texts,
so that only few of them carry meaning here.
"""

import datetime
from email.utils import parsedate_to_datetime

import orjson
import requests
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from ..exceptions import (
    MailchimpAuthError,
    MailchimpNotFound,
    MailchimpRejected,
    MailchimpRetryLater,
)
from . import wire
from .redact import mask

# A permanent refusal in form (400), yet the same request succeeds some hours later.
_SIGNUP_FLOOD = "has signed up to a lot of lists very recently"
_SIGNUP_FLOOD_SECONDS = 6 * 3600
_MAX_RETRY_AFTER = 24 * 3600

_IDEMPOTENT = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"}
_BROKEN_CONNECTION = (
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
)


def read(response):
    """Read the answer to a request.

    :param requests.Response response: a complete response
    :return: the parsed JSON, None where there is none by design (204, HEAD)
    :rtype: dict | list | None
    :raise MailchimpError: if it is not a success, or not one that can be read
    """
    status = response.status_code
    if status >= 300:
        raise failure(response)
    if status == 204 or response.request.method == "HEAD":
        return None
    data = _parsed(response.content)
    if not isinstance(data, (dict, list)):
        # A proxy's page, or an answer cut short: the request may have been processed.
        raise MailchimpRetryLater(
            "Mailchimp's answer could not be read.", status=status
        )
    return data


def failure(response):
    """Make the typed error of an answer that is not a success.

    https://mailchimp.com/developer/marketing/docs/errors/

    :param requests.Response response: a response with status 300 or more
    :rtype: MailchimpError
    """
    status = response.status_code
    problem = _problem(response.content)
    facts = {
        "status": status,
        "title": str(problem.get("title") or ""),
        "detail": str(problem.get("detail") or ""),
        "errors": _field_errors(problem),
    }
    message = _sentence(facts)
    if _SIGNUP_FLOOD in facts["detail"]:
        return MailchimpRetryLater(message, seconds=_SIGNUP_FLOOD_SECONDS, **facts)
    if _is_temporary(status, problem):
        return MailchimpRetryLater(
            message,
            seconds=_retry_after(response.headers.get("Retry-After", "")),
            throttled=status in (403, 429),
            **facts,
        )
    kinds = {
        401: MailchimpAuthError,
        403: MailchimpAuthError,
        404: MailchimpNotFound,
    }
    return kinds.get(status, MailchimpRejected)(message, **facts)


def download_failure(response):
    """Make the typed error of a download that was refused.

    Its address expires after ten minutes; the batch's status names a new one.

    :param requests.Response response: of a file store, not of the API
    :rtype: MailchimpRetryLater
    """
    return MailchimpRetryLater(
        "The results of the batch could not be downloaded"
        f" (status {response.status_code}).",
        status=response.status_code,
    )


def no_answer(error):
    """Make the typed error of a request that got no answer.

    :param OSError error: what the HTTP library raised
    :rtype: MailchimpRetryLater
    """
    if isinstance(error, requests.exceptions.SSLError):
        cause = "the secure connection to Mailchimp failed"
    elif _is_timeout(error):
        cause = "Mailchimp did not answer in time"
    elif isinstance(error, requests.exceptions.ProxyError):
        cause = "the proxy on the way to Mailchimp does not answer"
    elif _was_never_connected(error):
        cause = "Mailchimp cannot be reached"
    else:
        cause = "the connection to Mailchimp broke"
    return MailchimpRetryLater(f"The request got no answer: {cause}.")


def may_resend(method, error):
    """Tell whether a request without an answer may be sent once more at once.

    A timed-out one may still be running and occupy one of the ten connections.
    Otherwise: whatever can be repeated without harm, and what never got out.

    :param str method: HTTP method
    :param OSError error: what the HTTP library raised
    :rtype: bool
    """
    if _is_timeout(error) or not isinstance(error, _BROKEN_CONNECTION):
        return False
    return method in _IDEMPOTENT or _was_never_connected(error)


def _is_timeout(error):
    # Amid the body, requests calls it a ConnectionError.
    return isinstance(error, requests.Timeout) or any(
        isinstance(cause, ReadTimeoutError) for cause in error.args
    )


def _was_never_connected(error):
    reasons = (getattr(cause, "reason", None) for cause in error.args)
    return any(isinstance(reason, NewConnectionError) for reason in reasons)


def _is_temporary(status, problem):
    # Redirects are never followed: whoever sends one is not the API.
    redirected = status < 400
    # Under heavy load Mailchimp answers 403 without a problem document:
    # https://mailchimp.com/developer/marketing/docs/fundamentals/
    overloaded = status == 403 and not problem
    # Whoever believed the 404 of a proxy would take every member for deleted.
    foreign = status == 404 and not problem
    temporary = status in (408, 425, 429) or status >= 500
    return redirected or overloaded or foreign or temporary


def _parsed(content):
    try:
        return wire.parse(content)
    except orjson.JSONDecodeError:
        return None


def _problem(content):
    problem = _parsed(content)
    if not isinstance(problem, dict):
        return {}
    # The content delivery network in front of Mailchimp, not Mailchimp
    return {} if problem.get("type") == "akamai_error_message" else problem


def _field_errors(problem):
    errors = problem.get("errors")
    errors = errors if isinstance(errors, list) else []
    return [error for error in errors if isinstance(error, dict)]


def _sentence(facts):
    said = [facts["title"], facts["detail"]]
    said += [f"{e.get('field', '')}: {e.get('message', '')}" for e in facts["errors"]]
    text = mask(" - ".join(filter(None, said)))
    if not text and facts["status"] >= 500:
        return f"Mailchimp is not available at the moment (status {facts['status']})."
    text = text[:500] or "no reason given"
    return f"Mailchimp answered {facts['status']}: {text}"


def _retry_after(value):
    """Read a Retry-After header: seconds, or a date; 0 where there is none."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        seconds = int(value[:9])
    else:
        seconds = _seconds_until(value)
    return min(max(seconds, 0), _MAX_RETRY_AFTER)


def _seconds_until(date):
    try:
        moment = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    now = datetime.datetime.now(datetime.timezone.utc)
    return (moment - now).total_seconds()


def server_time(response):
    """Return the time of the answer by the server's clock.

    :param requests.Response response: any answer
    :return: naive UTC `datetime`, None when the answer does not tell
    """
    try:
        moment = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError, TypeError):
        return None
    return moment.astimezone(datetime.timezone.utc).replace(tzinfo=None)
