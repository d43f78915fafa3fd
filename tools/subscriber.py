"""Who a member is, and whether it changed. Pure functions."""

import hashlib

import orjson


def subscriber_hash(email):
    """Return Mailchimp's id of an address inside an audience.

    https://mailchimp.com/developer/marketing/docs/methods-parameters/#path-parameters

    :param str email: an address
    :return: 32 hexadecimal digits
    """
    digest = hashlib.md5(email.strip().lower().encode(), usedforsecurity=False)
    return digest.hexdigest()


def subscriber_hashes(emails):
    """Return the hashes of addresses: members are found by them, not by addresses."""
    return [subscriber_hash(email) for email in emails if email]


def fingerprint(data):
    """Return a digest that differs when what Mailchimp says of a member differs.

    :param dict data: a member as Mailchimp sent it
    :return: 32 hexadecimal digits
    """
    canonical = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    return hashlib.md5(canonical, usedforsecurity=False).hexdigest()
