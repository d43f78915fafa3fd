"""Activity of campaigns beside a raw SQL upsert, in one run: ``dev/bench activity``.

``BENCH_N`` is the number of events of the comparison (100,000), ``BENCH_MOST`` that of
the largest report whose memory is measured (1,000,000).
"""

import os

from sandbox.process import SandboxProcess

from . import harness

# Of all rows; the others tell who got the mail.
EVENTS_PER_RECIPIENT = 3
# Of a hundred events; the rest are opens. Whoever leaves is read again, one by one, by
# other jobs: not what is measured here.
SHARES = {"click": 18, "soft": 2}


def main():
    """Run all cases one after the other and print the tables."""
    count = int(os.environ.get("BENCH_N", 100_000))
    most = int(os.environ.get("BENCH_MOST", 1_000_000))
    harness.prepare()
    ours = run("direct", count)
    _print_rates(ours)
    sizes = [most // 100, most // 10, most]
    for batch in (False, True):
        _print_memory([run("memory", size, batch=batch) for size in sizes], batch)


def run(case, count, **parameters):
    """Start a sandbox with a report of so many rows, run one case against it."""
    recipients = count // (EVENTS_PER_RECIPIENT + 1)
    with SandboxProcess() as sandbox:
        # About this share of the members is subscribed.
        sandbox.control("audience", name="Bench", fill=round(recipients / 0.88))
        sent = sandbox.control(
            "campaign", title="Bench", events=count - recipients, shares=SHARES
        )
        return harness.run_case(
            f"activity_cases.{case}",
            url=sandbox.url,
            key=sandbox.api_key,
            campaign=sent["id"],
            control=f"{sandbox.root}/_sandbox",
            **parameters,
        )


def _print_rates(ours):
    table = {
        "raw SQL upsert, no HTTP": ours["raw"],
        "report, page by page": ours,
    }
    print(f"{'events into Odoo':32}{'rows/s':>10}{'seconds':>10}")
    for name, result in table.items():
        rate = result["rows"] / result["seconds"]
        print(f"{name:32}{rate:10,.0f}{result['seconds']:10.2f}")
    ratio = ours["raw"]["seconds"] / ours["seconds"]
    again = ours["again"]
    print(f"report / raw SQL upsert: {ratio:.2f}x")
    print(
        f"all of it again, nothing new: {again['seconds']:.2f} s,"
        f" {again['rows_written']} rows written"
    )


def _print_memory(results, batch):
    how = "by batch" if batch else "page by page"
    print(f"\n{'memory, ' + how:32}{'rows/s':>10}{'seconds':>10}{'peak RSS':>10}")
    for result in results:
        rate = result["rows"] / result["seconds"]
        print(
            f"{result['rows']:<32,}{rate:10,.0f}{result['seconds']:10.2f}"
            f"{result['rss_mb']:7} MB"
        )
    peaks = [result["rss_mb"] for result in results]
    print(f"largest / smallest: {max(peaks) / min(peaks):.2f}x")


if __name__ == "__main__":
    main()
