"""Where requests may go: the address of an account's API and of its batch results."""

import ipaddress
import re
from urllib.parse import quote, urlsplit

from ..exceptions import MailchimpAuthError, MailchimpRejected

# The text after the last dash of a key.  Strict on purpose: it becomes a host name.
# https://mailchimp.com/developer/marketing/docs/fundamentals/
_DATA_CENTRE = re.compile(r"[a-z]{2,4}\d{1,4}")


def base_address(api_key, base_url=None):
    """Tell where the API of an account is.

    :param str api_key: a key or OAuth2 token, ending in ``-<data centre>`` unless
        ``base_url`` is given
    :param str base_url: the address to use instead: a proxy or a sandbox
    :return: an address without a final slash
    :rtype: str
    :raise MailchimpAuthError: if no address follows from the two, or if it would
        send the key in clear text
    """
    if base_url:
        return _checked(base_url.strip().rstrip("/"))
    centre = data_centre(api_key)
    if not centre:
        raise MailchimpAuthError(
            "The API key does not end in a data centre such as -us6:"
            " copy the whole key from Mailchimp."
        )
    return f"https://{centre}.api.mailchimp.com/3.0"


def data_centre(api_key):
    """Tell where an account lives.

    :param str api_key: a key or OAuth2 token
    :return: the part after the last dash, None when that is not a data centre: it
        could be the secret itself
    :rtype: str
    """
    _secret, _dash, centre = api_key.rpartition("-")
    return centre if _DATA_CENTRE.fullmatch(centre) else None


def path(template, values=None):
    """Fill the ``{name}`` segments of a path.

    A slash within a value is quoted too: ``INV/2024/0001`` is one segment.

    :param str template: e.g. ``/lists/{list_id}/members/{subscriber_hash}``
    :param dict values: segment name -> remote id
    :return: the path, quoted
    :rtype: str
    :raise MailchimpRejected: if a value would turn the path into another one
    """
    for name, value in (values or {}).items():
        template = template.replace(f"{{{name}}}", _segment(name, value))
    return template


def same_origin(url, other):
    """Tell whether two URLs share scheme, host and port."""
    one, two = urlsplit(url), urlsplit(other)
    return (one.scheme, one.netloc) == (two.scheme, two.netloc)


def _segment(name, value):
    # HTTP clients collapse "", "." and "..": DELETE /lists/{id}/members/ would be
    # a request about something else.
    if str(value) in ("", ".", "..", "None", "False"):
        raise MailchimpRejected(f"The request lacks a usable {name}.")
    return quote(str(value), safe="")


def _checked(url):
    parts = urlsplit(url)
    secure = parts.scheme == "https" and parts.hostname
    if secure or (parts.scheme == "http" and _is_loopback(parts.hostname)):
        return url
    raise MailchimpAuthError(
        "The address of the Mailchimp API must start with https://,"
        " otherwise the API key would travel unprotected."
    )


def _is_loopback(host):
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
