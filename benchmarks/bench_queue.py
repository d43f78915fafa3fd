"""Jobs a second of our queue, with one and two processes, beside OCA queue_job.

The jobs do nothing: what is measured is the queue. ``BENCH_JOBS`` is how many of ours
(5,000), ``BENCH_OCA_JOBS`` how many of queue_job's (400), ``BENCH_RUNS`` how often each
case runs (3; the medians are printed).

Two processes need two cores. A round of ours (one process, then two) is therefore
repeated while others use the machine, and only the quietest rounds count; how much
others used of the cores in them is printed.
"""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from . import harness

DATABASE = f"{harness.TEMPLATE}_queue"
OCA_DATABASE = f"{harness.TEMPLATE}_queue_oca"
WORKER = Path(__file__).with_name("queue_worker.py")
# Cores that others may use on average while we measure, and how often we try again.
QUIET = 0.15
PATIENCE = 4
# Label -> (processes that run jobs, channels of queue_job); as its own users do.
OCA_CASES = {"1 process": (0, "root:1"), "2 processes": (2, "root:4")}


class Worker:
    """A process that obeys; see ``queue_worker.py``."""

    def __init__(self, database, core=0):
        self._process = subprocess.Popen(
            [sys.executable, WORKER, database, str(core)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.answer()

    def ask(self, *command):
        """Send a command without waiting."""
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def answer(self):
        """Wait for the answer to the last command."""
        line = self._process.stdout.readline()
        if not line:
            sys.exit("A process of the benchmark died")
        return json.loads(line)

    def do(self, *command):
        """Send a command and return its answer."""
        self.ask(*command)
        return self.answer()

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait(30)


def main():
    """Run all cases and print the table."""
    jobs = int(os.environ.get("BENCH_JOBS", 5000))
    runs = int(os.environ.get("BENCH_RUNS", 3))
    ours = _ours(jobs, runs)
    theirs = _theirs(int(os.environ.get("BENCH_OCA_JOBS", 400)), runs)
    print(f"{'jobs that do nothing':24}{'jobs/s':>10}   all runs")
    for name, rates in {**ours, **theirs}.items():
        every = ", ".join(f"{rate:,.0f}" for rate in rates)
        print(f"{name:24}{statistics.median(rates):10,.0f}   {every}")
    median = {name: statistics.median(rates) for name, rates in (ours | theirs).items()}
    ratio = median["ours, 2 processes"] / median["ours, 1 process"]
    print(f"two processes / one: {ratio:.2f}x")
    for case in OCA_CASES if theirs else ():
        ratio = median[f"ours, {case}"] / median[f"queue_job, {case}"]
        print(f"ours / queue_job, {case}: {ratio:.1f}x")


def _ours(jobs, runs):
    harness.drop(DATABASE)
    harness._dev(
        "odoo", "-d", DATABASE, "-i", "mailchimp_connector", "--stop-after-init"
    )
    rounds = []
    with ExitStack() as stack:
        stack.callback(harness.drop, DATABASE)
        cores = sorted(os.sched_getaffinity(0))
        workers = [Worker(DATABASE, cores[number % len(cores)]) for number in range(2)]
        for worker in workers:
            stack.callback(worker.close)
        for number in (1, 2):  # warm up
            _measure(workers[:number], 500)
        while not _is_enough(rounds, runs):
            # In turns, so that both meet the same machine.
            rounds.append([_measure(workers[:1], jobs), _measure(workers, jobs)])
    rounds = sorted(rounds, key=_others)[:runs]
    print(f"cores that others used meanwhile: up to {_others(rounds[-1]):.2f}")
    cases = zip(*rounds, strict=True)
    names = ("ours, 1 process", "ours, 2 processes")
    return {
        name: [measured["rate"] for measured in case]
        for name, case in zip(names, cases, strict=True)
    }


def _is_enough(rounds, runs):
    quiet = [measured for measured in rounds if _others(measured) < QUIET]
    return len(quiet) >= runs or len(rounds) >= runs * PATIENCE


def _others(measured_round):
    return max(measured["others"] for measured in measured_round)


def _measure(workers, jobs):
    """Return the jobs per second of these workers, and the cores that others used."""
    workers[0].do("enqueue", jobs)
    busy, started = _busy_seconds(), time.monotonic()
    for worker in workers:
        worker.ask("run")
    answers = [worker.answer() for worker in workers]
    busy, ended = _busy_seconds() - busy, time.monotonic()
    if max(answer["result"] for answer in answers) != jobs:
        sys.exit(f"Not all jobs were done: {answers}")
    first = min(answer["started"] for answer in answers)
    ours = sum(answer["cpu"] for answer in answers)
    return {
        "rate": jobs / (max(answer["ended"] for answer in answers) - first),
        "others": (busy - ours) / (ended - started),
    }


def _busy_seconds():
    """Return the CPU time of all cores so far that was not idle."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split()[1:9]]
    idle, io_wait = ticks[3:5]
    return (sum(ticks) - idle - io_wait) / os.sysconf("SC_CLK_TCK")


def _theirs(jobs, runs):
    if not (harness.REPO / ".dev/addons/queue_job").exists():
        print("OCA queue_job is not here to compare with")
        return {}
    harness.drop(OCA_DATABASE)
    harness._dev("odoo", "-d", OCA_DATABASE, "-i", "queue_job", "--stop-after-init")
    rates = {}
    with ExitStack() as stack:
        stack.callback(harness.drop, OCA_DATABASE)
        worker = Worker(OCA_DATABASE)
        stack.callback(worker.close)
        for case, (processes, channels) in OCA_CASES.items():
            with _server(processes, channels):
                _measure_oca(worker, 20)  # warm up
                rates[f"queue_job, {case}"] = [
                    _measure_oca(worker, jobs) for _run in range(runs)
                ]
    return rates


def _measure_oca(worker, jobs):
    """Return the jobs per second by queue_job's own time stamps."""
    worker.do("enqueue_oca", jobs)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        done, seconds = worker.do("progress_oca")["result"]
        if done == jobs:
            return done / seconds
        time.sleep(0.5)
    sys.exit("queue_job does not run its jobs")


@contextmanager
def _server(processes, channels):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--http-port={port}", f"--workers={processes}", "--max-cron-threads=0"]
    options += [f"--gevent-port={port + 1}"] if processes else []
    options += ["-d", OCA_DATABASE, "--load=base,rpc,web,queue_job", "--log-level=warn"]
    server = subprocess.Popen(
        [harness.REPO / "dev" / "odoo", *options],
        env=dict(os.environ, ODOO_QUEUE_JOB_CHANNELS=channels),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    try:
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


if __name__ == "__main__":
    main()
