"""Waiting for what other threads and processes do, however slow the machine is."""

import time

# As long as nobody waits unless something is wrong.
PATIENCE = 120


def wait_until(condition, pause=0.01):
    """Wait for something to happen.

    :param condition: callable; what it returns is true when it has happened
    :return: that
    :raise AssertionError: if it does not happen
    """
    until = time.monotonic() + PATIENCE
    while not (happened := condition()):
        if time.monotonic() > until:
            raise AssertionError("It does not happen.")
        time.sleep(pause)
    return happened
