"""Import of members beside Odoo's own ways, in one run: ``make bench``.

``BENCH_N`` is the number of members (50,000), ``BENCH_RUNS`` how often each case runs
(the median is printed).
"""

import os
import sys

from const import MEMBER_FIELDS
from sandbox.process import SandboxProcess

from . import harness

CASES = ("csv_import", "orm_create", "sql_upsert", "our_imports")


def main():
    """Run all cases one after the other and print the table."""
    count = int(os.environ.get("BENCH_N", 50_000))
    runs = int(os.environ.get("BENCH_RUNS", 3))
    harness.prepare()
    rows = {}
    for case in CASES:
        results = [run(case, count) for _run_number in range(runs)]
        rows[case] = sorted(results, key=lambda result: result["seconds"])[runs // 2]
        print(f"  {case}: {rows[case]}", file=sys.stderr)
    _print(rows)


def run(case, count):
    """Start a sandbox, fill it, run one case against it."""
    with SandboxProcess() as sandbox:
        audience = sandbox.control("audience", name="Bench", fill=count)["id"]
        # What the server spends on making the pages is not ours to measure.
        fields = [*(f"members.{name}" for name in MEMBER_FIELDS), "total_items"]
        sandbox.control("warm", fields=",".join(fields))
        parameters = {"url": sandbox.url, "key": sandbox.api_key, "audience": audience}
        if case == "our_imports":
            parameters["control"] = f"{sandbox.root}/_sandbox"
        return harness.run_case(f"import_cases.{case}", **parameters)


def _print(rows):
    ours = rows["our_imports"]
    table = {
        "Odoo's CSV import (load)": rows["csv_import"],
        "ORM create, batches of 1,000": rows["orm_create"],
        "raw SQL upsert": rows["sql_upsert"],
        "first import (300 ms a request)": {**ours, **ours["first"]},
        "import again, nothing changed": {**ours, **ours["unchanged"]},
        "the same requests, HTTP alone": {**ours, **ours["http"]},
        "fetch, 1 % changed": {**ours, **ours["delta"]},
    }
    print(f"{'members into Odoo':32}{'rows/s':>10}{'seconds':>10}{'peak RSS':>10}")
    for name, result in table.items():
        rate = result.get("done", result["rows"]) / result["seconds"]
        seconds, peak = result["seconds"], result["rss_mb"]
        print(f"{name:32}{rate:10,.0f}{seconds:10.2f}{peak:7} MB")
    first = ours["rows"] / ours["seconds"]
    for name, case in (("CSV import", "csv_import"), ("ORM create", "orm_create")):
        rate = rows[case]["rows"] / rows[case]["seconds"]
        print(f"first import / {name}: {first / rate:.2f}x")
    ratio = ours["http"]["seconds"] / ours["unchanged"]["seconds"]
    written = ours["unchanged"]["rows_written"]
    print(f"unchanged re-import / HTTP alone: {ratio:.2f}x, {written} rows written")
    print(f"requests of the first import: {ours['first']['requests']}")


if __name__ == "__main__":
    main()
