"""``python -m sandbox --port 8025 [--demo] [--latency 0.3]``"""

import argparse
import gc
import signal
import sys
import threading

from .core import DEFAULT_KEY, Sandbox

DESCRIPTION = "A stateful Mailchimp Marketing API on loopback."


def main():
    """Serve until told to stop."""
    options = _options()
    sandbox = Sandbox(options.port, options.latency)
    if options.demo:
        sandbox.add_demo(options.api_key)
    else:
        account = sandbox.add_account(options.api_key)
        if options.fill:
            account.add_audience("Newsletter").fill(options.fill)
    gc.freeze()
    sandbox.start()
    sys.stdout.write(f"url={sandbox.url}\napi_key={options.api_key}\n")
    sys.stdout.flush()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_arguments: stopped.set())
    if options.until_eof:
        threading.Thread(target=_watch, args=(stopped,), daemon=True).start()
    stopped.wait()
    sandbox.stop()


def _options():
    parser = argparse.ArgumentParser(prog="sandbox", description=DESCRIPTION)
    parser.add_argument("--port", type=int, default=8025, help="0 picks a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per answer")
    parser.add_argument("--api-key", default=DEFAULT_KEY)
    parser.add_argument("--demo", action="store_true", help="with a demo company")
    parser.add_argument("--fill", type=int, default=0, help="members in one audience")
    parser.add_argument(
        "--until-eof", action="store_true", help="end when standard input does"
    )
    return parser.parse_args()


def _watch(stopped):
    while sys.stdin.buffer.read(4096):
        pass
    stopped.set()


if __name__ == "__main__":
    main()
