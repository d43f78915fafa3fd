"""Identifiers that look like Mailchimp's and are the same on every run."""

import hashlib
import itertools
import random


def md5(text):
    """:return str: 32 hex digits"""
    return hashlib.md5(text.encode("utf-8", "surrogatepass")).hexdigest()


def subscriber_hash(email):
    """The member id: md5 of the lower-case address."""
    return md5(email.strip().lower())


def unique_email_id(email):
    """Ten hex digits that belong to the address, whatever the audience."""
    return md5(f"eid:{email.lower()}")[:10]


class Ids:
    """Source of new identifiers."""

    def __init__(self, seed=1):
        self._random = random.Random(seed)
        self._numbers = itertools.count(400750001, 4)
        self._small = itertools.count(2201)

    def hex(self, digits):
        """:return str: random hex digits"""
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def number(self):
        """:return int: for the web interface"""
        return next(self._numbers)

    def small(self):
        """:return int: for templates, segments and folders"""
        return next(self._small)
