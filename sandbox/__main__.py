"""``python -m sandbox --port 8025 [--demo] [--latency 0.3]``"""

import argparse
import signal
import sys
import threading

from .core import DEFAULT_KEY, Sandbox


def main():
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8025, help="0 picks a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per answer")
    parser.add_argument("--api-key", default=DEFAULT_KEY)
    parser.add_argument("--fill", type=int, default=0, help="members in one audience")
    options = parser.parse_args()
    sandbox = Sandbox(options.port, options.latency)
    account = sandbox.add_account(options.api_key)
    if options.fill:
        account.add_audience("Newsletter").fill(options.fill)
    sandbox.start()
    sys.stdout.write(f"url={sandbox.url}\napi_key={account.api_key}\n")
    sys.stdout.flush()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_args: stopped.set())
    stopped.wait()
    sandbox.stop()


if __name__ == "__main__":
    main()
