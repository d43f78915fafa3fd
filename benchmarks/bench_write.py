"""What the connector costs whoever edits contacts and customers.

The same writes, each up to its commit, in turns in two databases of one process: one
without the connector, one with it, where all contacts and customers are members of an
audience that is pushed automatically. ``BENCH_N`` is the number of contacts (1,000).
"""

import os

from . import harness

PLAIN = f"{harness.TEMPLATE}_plain"


def main():
    """Run the writes and print the table."""
    count = int(os.environ.get("BENCH_N", 1_000))
    harness.prepare()
    harness.prepare(PLAIN, "mass_mailing")
    result = harness.run_case("write_cases.compare", plain=PLAIN, count=count)
    harness.drop(PLAIN)
    print(f"{f'writes, {count:,} contacts':52}{'without':>11}{'with':>11}{'ratio':>8}")
    for name, (without, with_) in result["times"].items():
        ratio = with_ / without
        print(f"{name:52}{without * 1e3:8.2f} ms{with_ * 1e3:8.2f} ms{ratio:8.2f}")


if __name__ == "__main__":
    main()
