"""Simulated time: the real clock plus an offset that only moves forward.

Mailchimp stamps with a resolution of one second, so everything here is whole seconds
since the epoch; 0 means "not set" and is written as an empty string.
"""

import threading
import time
from datetime import datetime, timezone
from functools import cache

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock:
    """What time it is in the sandbox."""

    def __init__(self):
        self._offset = 0
        self._frozen = None
        self.moved = threading.Condition()

    def now(self):
        """:return int: seconds since the epoch"""
        if self._frozen is not None:
            return self._frozen
        return int(time.time()) + self._offset

    def advance(self, seconds):
        """Jump ahead, and wake whoever waits for a moment to come."""
        with self.moved:
            if self._frozen is None:
                self._offset += int(seconds)
            else:
                self._frozen += int(seconds)
            self.moved.notify_all()

    def freeze(self, at=None):
        """Stand still, now or at the given epoch second, until :meth:`advance`."""
        with self.moved:
            self._frozen = self.now() if at is None else int(at)
            self.moved.notify_all()

    def reset(self):
        """Back to the real time."""
        with self.moved:
            self._offset, self._frozen = 0, None
            self.moved.notify_all()


def iso(seconds):
    """:return str: ``2021-11-23T22:51:56+00:00``, or an empty string for 0"""
    if not seconds:
        return ""
    day, second = divmod(seconds, DAY)
    return f"{_date(day)}T{_time(second // MINUTE)}:{second % MINUTE:02}+00:00"


@cache
def _date(day):
    moment = datetime.fromtimestamp(day * DAY, timezone.utc)
    return moment.strftime("%Y-%m-%d")


@cache
def _time(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def plain(seconds):
    """:return str: ``2021-11-23 22:51:56`` in UTC, as webhooks write it"""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def parse(text):
    """Read a date as the API accepts it.

    :param str text: ISO 8601 with or without offset and fraction, or a plain date
    :return float: seconds since the epoch
    :raise ValueError: when it is no date
    """
    cleaned = str(text).strip().replace("Z", "+00:00").replace(" +", "+")
    if len(cleaned) > 6 and cleaned[-6] == " ":  # a "+" that was not URL-quoted
        cleaned = cleaned[:-6] + "+" + cleaned[-5:]
    cleaned = _pad_fraction(cleaned)
    moment = datetime.fromisoformat(cleaned)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def _pad_fraction(text):
    """Python 3.10 reads fractions of exactly 3 or 6 digits only."""
    head, dot, tail = text.partition(".")
    if not dot:
        return text
    digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
    return f"{head}.{digits[:6]:0<6}{tail[len(digits) :]}"
