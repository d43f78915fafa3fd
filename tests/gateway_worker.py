"""A process of its own that makes requests, for the tests of the slots.

Run as ``python gateway_worker.py ADDON URL KEY SLOTS_DIR REQUESTS``; writes how many
of them succeeded.
"""

import sys
import types
from concurrent.futures import ThreadPoolExecutor

THREADS = 15


def main(addon, url, key, slots_dir, requests):
    """Make the requests, as many at a time as there are threads."""
    # The client needs nothing of Odoo, nor the rest of the addon.
    package = types.ModuleType("addon")
    package.__path__ = [addon]
    sys.modules["addon"] = package
    from addon.client import Gateway

    gateway = Gateway(key, base_url=url, slots_dir=slots_dir)
    turns = iter(range(int(requests)))  # shared: each turn is somebody's

    def work(_thread):
        return sum(1 for _turn in turns if gateway.api.ping.get())

    with ThreadPoolExecutor(THREADS) as pool:
        sys.stdout.write(str(sum(pool.map(work, range(THREADS)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
