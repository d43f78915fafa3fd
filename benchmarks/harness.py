"""Run a case in a fresh Odoo process on a fresh copy of a database."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
TEMPLATE = "mailchimp_bench"
MARK = "BENCH "


def prepare(database=None, module="mailchimp_connector"):
    """Make a database without data; each case starts from the one with the addon."""
    database = database or TEMPLATE
    drop(database)
    _dev("odoo", "-d", database, "-i", module, "--stop-after-init")


def run_case(function, **parameters):
    """Call ``function(env, **parameters)`` in a process and database of its own.

    :param str function: dotted name below ``benchmarks``
    :param parameters: JSON-able arguments
    :return: what it returned (JSON-able), with ``rss_mb`` and ``rss_growth_mb``
    """
    database = f"{TEMPLATE}_{os.getpid()}"
    drop(database)
    copy = f"CREATE DATABASE {database} TEMPLATE {TEMPLATE}"
    _dev("psql", "-d", "postgres", "-qc", copy)
    code = (
        "from odoo.addons.mailchimp_connector.benchmarks.harness import answer\n"
        f"answer(env, {function!r}, {json.dumps(parameters)!r})\n"
    )
    try:
        output = _dev("odoo", "shell", "-d", database, "--log-level=warn", stdin=code)
    finally:
        drop(database)
    lines = [line for line in output.splitlines() if MARK in line]
    if not lines:
        sys.exit(f"{function} said nothing:\n{output}")
    return json.loads(lines[-1].split(MARK, 1)[1])


def answer(env, function, parameters):
    """Inside the process: call the function and print what it measured."""
    import importlib

    module, _dot, name = function.rpartition(".")
    module = importlib.import_module(f"{__package__}.{module}")
    before = _rss()
    result = getattr(module, name)(env, **json.loads(parameters))
    result["rss_mb"] = _peak_rss()
    result["rss_growth_mb"] = _peak_rss() - before
    print(MARK + json.dumps(result))


def median(function, runs=3, **parameters):
    """Return the run with the median time of several runs of a case."""
    results = [run_case(function, **parameters) for _run in range(runs)]
    middle = statistics.median_low(result["seconds"] for result in results)
    return next(result for result in results if result["seconds"] == middle)


def _rss():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def _peak_rss():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def drop(database):
    """Remove a database, if it is there."""
    _dev("psql", "-d", "postgres", "-qc", f"DROP DATABASE IF EXISTS {database}")


def _dev(command, *arguments, stdin=None):
    process = subprocess.run(
        [REPO / "dev" / command, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
    )
    if process.returncode:
        sys.exit(process.stderr[-4000:])
    return process.stdout
