"""Thousands of stories of people who act on both sides: ``dev/bench story``.

What ``tests/test_two_way_story.py`` tells, with other seeds each time.
``BENCH_EXAMPLES`` is the number of stories (2,000), ``BENCH_SEED`` repeats a round that
ended badly.
"""

import os
import random
import subprocess
import sys
import time

from .harness import REPO

# Each round begins with a seed of its own, so that one can be repeated in minutes.
ROUND = 500
TEST = "tests/test_two_way_story.py"


def main():
    """Tell the stories, a round at a time; the first bad end is the last word."""
    left = int(os.environ.get("BENCH_EXAMPLES", 2000))
    asked = os.environ.get("BENCH_SEED")
    while left > 0:
        seed = asked or str(random.SystemRandom().randrange(10**9))
        count = min(left, ROUND)
        print(f"seed {seed}: {count} stories", flush=True)
        started = time.monotonic()
        code = tell(seed, count)
        seconds = time.monotonic() - started
        print(f"seed {seed}: {'bad' if code else 'good'} end, {seconds:.0f} s")
        if code:
            sys.exit(f"again: BENCH_SEED={seed} BENCH_EXAMPLES={count} dev/bench story")
        left -= count


def tell(seed, count):
    """Tell stories in a database of their own.

    :return: the exit code, 0 when all ended well
    """
    environment = dict(os.environ, STORY_SEED=seed, STORY_EXAMPLES=str(count))
    command = [REPO / "dev" / "test", TEST, "-q"]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    main()
