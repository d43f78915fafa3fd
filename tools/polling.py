"""When Mailchimp is asked again how far a batch is. Pure functions.

https://mailchimp.com/developer/marketing/guides/run-async-requests-batch-endpoint/
"""

from datetime import timedelta

# The first question comes after so many seconds; each pause is twice the last one.
FIRST_PAUSE = 5
LONGEST_PAUSE = 60


def pause_after(polls):
    """Return how long to wait before the next question (`timedelta`).

    :param int polls: how often it was asked before
    """
    seconds = min(FIRST_PAUSE * 2 ** min(polls, 10), LONGEST_PAUSE)
    return timedelta(seconds=seconds)
