"""Building what is sent to Mailchimp, beside Odoo's own ways to read contacts.

``BENCH_N`` is the number of contacts (50,000); each case runs three times. *Python* is
the processor time per contact, which tells more where others use the machine too.
"""

import os

from . import harness

CASES = {
    "browse, one by one": "browse_each",
    "search_read of the same contact fields": "search_read",
    "payloads: names and company": "names",
    "payloads: eight fields, customer, address": "everything",
}
# Reading one by one is slow enough to be measured on fewer.
FEW = {"browse_each": 5_000}


def main():
    """Run all cases one after the other and print the table."""
    count = int(os.environ.get("BENCH_N", 50_000))
    harness.prepare()
    print(f"{'contacts to payloads':44}{'contacts/s':>12}{'Python µs':>12}{'RSS':>10}")
    for name, case in CASES.items():
        wanted = min(count, FEW.get(case, count))
        result = harness.median(f"payload_cases.{case}", count=wanted)
        rate = result["rows"] / result["seconds"]
        python = result["cpu"] / result["rows"] * 1e6
        memory = f"{result['rss_mb']:7} MB"
        print(f"{name:44}{rate:12,.0f}{python:12.1f}{memory}", flush=True)


if __name__ == "__main__":
    main()
