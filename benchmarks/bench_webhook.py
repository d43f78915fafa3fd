"""Webhooks a second beside an empty controller and one that inserts a row by ORM.

The three routes take turns on one server, so that all meet the same machine. Each
request comes over a new connection and is about another person, which is our worst
case. With "cron", the scheduled action works off the hints of our webhook as they come,
in the same process if there are no workers; they are about campaigns then, so that no
answer of Mailchimp is waited for. ``BENCH_SECONDS`` is how long a turn lasts (1),
``BENCH_RUNS`` how many turns each route gets (11).
"""

import configparser
import hashlib
import hmac
import itertools
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlencode

from . import harness

DATABASE = "mailchimp_bench_webhook"
LIST_ID, TOKEN, SECRET = (
    "bench00001",
    "bench-token-of-43-characters-000000000000000",
    "s",
)
# Workers (0: threads), clients, whether the scheduled action runs. Where it does not,
# jobs stay that it could not do without Mailchimp: that comes last.
CASES = ((0, 1, 1), (0, 4, 1), (2, 4, 1), (0, 1, 0), (0, 4, 0), (2, 4, 0))
ROUTES = {
    "empty public controller": "/mailchimp/bench/empty",
    "one row by ORM": "/mailchimp/bench/orm",
    "our webhook": f"/mailchimp/webhook/{TOKEN}",
}
SETUP = f"""
account = env["mailchimp.account"].create(
    {{"name": "Bench", "webhook_token": {TOKEN!r}}})
account.state = "connected"
env["mailchimp.audience"].create({{
    "name": "Bench", "account_id": account.id, "mailchimp_id": {LIST_ID!r},
    "mailing_list_id": env["mailing.list"].create({{"name": "Bench"}}).id,
    "webhook_secret": {SECRET!r}}})
env.cr.commit()
"""
numbers = itertools.count()
_answered = [0]


def main():
    """Measure a threaded server and one with two workers, with and without cron."""
    seconds = float(os.environ.get("BENCH_SECONDS", 1))
    runs = int(os.environ.get("BENCH_RUNS", 11))
    options = _prepare()
    print(f"{'':28}{'':22}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'ratio':>8}")
    for workers, clients, cron in CASES:
        kind = "campaign" if cron else "profile"
        with _server(options, workers, cron, kind) as port:
            turns = {name: [] for name in ROUTES}
            for name in [*ROUTES] * (runs + 1):
                turns[name].append(_turn(port, ROUTES[name], kind, clients, seconds))
        case = f"{workers} workers" if workers else "threads"
        case += f", c={clients}{', cron' if cron else ''}"
        _print(case, {name: turn[1:] for name, turn in turns.items()})
    _check_jobs()
    harness.drop(DATABASE)


def _prepare():
    config = configparser.ConfigParser()
    config.read(os.environ["ODOO_RC"])
    paths = f"{config['options']['addons_path']},{harness.REPO}/benchmarks/addons"
    options = ["-d", DATABASE, f"--addons-path={paths}", "--log-level=warn"]
    harness.drop(DATABASE)
    harness._dev("odoo", *options, "-i", "mailchimp_bench_webhook", "--stop-after-init")
    harness._dev("odoo", "shell", "-d", DATABASE, "--log-level=warn", stdin=SETUP)
    return options


def _check_jobs():
    """Every request that was answered must have left its job."""
    code = "print(env['mailchimp.job'].search_count([]))"
    out = harness._dev("odoo", "shell", "-d", DATABASE, "--log-level=warn", stdin=code)
    print(f"answered by our webhook: {_answered[0]}, jobs queued: {out.split()[-1]}")


@contextmanager
def _server(options, workers, cron, kind):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    more = [f"--http-port={port}", f"--workers={workers}", f"--max-cron-threads={cron}"]
    if workers:
        more.append(f"--gevent-port={port + 1}")
    server = subprocess.Popen(
        [harness.REPO / "dev" / "odoo", *options, *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait(port, kind)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _wait(port, kind):
    for _attempt in range(300):
        try:
            for path in ROUTES.values():
                _post(port, path, kind)
            return
        except (OSError, AssertionError):
            time.sleep(0.2)
    sys.exit("The server does not answer")


def _body(kind):
    number = next(numbers)
    fields = {
        "type": kind,
        "fired_at": "2026-03-26 21:35:57",
        "data[id]": f"{number:010x}",
        "data[email]": f"person{number}@example.com",
        "data[email_type]": "html",
        "data[ip_opt]": "198.51.100.7",
        "data[web_id]": str(number),
        "data[merges][EMAIL]": f"person{number}@example.com",
        "data[merges][FNAME]": "Jane",
        "data[merges][LNAME]": "Doe",
        "data[merges][ADDRESS][addr1]": "1 Main Street",
        "data[merges][ADDRESS][city]": "Atlanta",
        "data[list_id]": LIST_ID,
    }
    return urlencode(fields).encode()


def _post(port, path, kind):
    """Send one webhook over a connection of its own; return the seconds it took."""
    body, at = _body(kind), int(time.time())
    signature = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nUser-Agent: MailChimp\r\n"
        f"X-Mailchimp-Signature: t={at},v1={signature.hexdigest()}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    started = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(head.encode() + body)
        # Not to the end of the connection: there Odoo waits 10 ms for more.
        answer = b""
        while b"\r\n\r\n" not in answer and (chunk := connection.recv(4096)):
            answer += chunk
        took = time.perf_counter() - started
    assert answer.split(b" ", 2)[1] == b"200", answer[:200]
    if TOKEN in path:
        _answered[0] += 1
    return took


def _turn(port, path, kind, clients, seconds):
    """Let clients post as fast as they can; return the times of all requests."""
    times, end = [], time.monotonic() + seconds

    def post():
        while time.monotonic() < end:
            times.append(_post(port, path, kind))

    threads = [threading.Thread(target=post) for _client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"rate": len(times) / seconds, "times": sorted(times)}


def _print(case, turns):
    """Print the medians; the ratio is that of each round, which meets one machine."""
    reference = turns["one row by ORM"]
    for name, turn_list in turns.items():
        times = sorted(itertools.chain(*(turn["times"] for turn in turn_list)))
        p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
        rate = statistics.median(turn["rate"] for turn in turn_list)
        pairs = zip(turn_list, reference, strict=True)
        ratio = statistics.median(turn["rate"] / other["rate"] for turn, other in pairs)
        print(
            f"{name:28}{case:22}{rate:12.0f}"
            f"{p50 * 1000:9.1f}{p99 * 1000:9.1f}{ratio:8.2f}"
        )


if __name__ == "__main__":
    main()
