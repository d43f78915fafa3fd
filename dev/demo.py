"""Connect the demo database to the sandbox, import everything, compare the counts.

Run by ``dev/demo`` inside ``odoo shell``, with SANDBOX_URL and SANDBOX_KEY.
"""

import os
import sys

import requests

STATUSES = (
    "subscribed",
    "unsubscribed",
    "cleaned",
    "pending",
    "transactional",
    "archived",
)


def connect(env):
    """Create the account, test the connection, and import with the wizard."""
    account = env["mailchimp.account"].create(
        {
            "name": "Mailchimp (sandbox)",
            "api_key": os.environ["SANDBOX_KEY"],
            "base_url": os.environ["SANDBOX_URL"],
        }
    )
    print(account.action_test_connection()["params"]["message"])
    env["mailchimp.import"].create({"account_ids": account.ids}).action_process()
    env.cr.commit()
    return account


def run_queue(env):
    """Run jobs until nothing is left to do."""
    jobs = env["mailchimp.job"]
    while jobs.search_count([("state", "=", "pending")]):
        jobs._cron_run_jobs()


def remote_counts(audience):
    """Ask the sandbox itself, not through the connector."""
    counts = {}
    for status in STATUSES:
        answer = requests.get(
            f"{os.environ['SANDBOX_URL']}/lists/{audience.mailchimp_id}/members",
            params={"status": status, "count": 1, "fields": "total_items"},
            auth=("demo", os.environ["SANDBOX_KEY"]),
            timeout=30,
        )
        counts[status] = answer.json()["total_items"]
    return counts


def report(account):
    """Print what both sides hold; return how many numbers differ."""
    differing = 0
    print(f"\n{'Audience':28}{'Status':16}{'Mailchimp says':>16}{'Odoo has':>10}")
    for audience in account.audience_ids:
        for status, remote in remote_counts(audience).items():
            local = audience[f"{status}_count"]
            mark = "" if local == remote else "  <-- differs"
            differing += local != remote
            row = f"{audience.name[:26]:28}{status:16}{remote:16}{local:10}{mark}"
            print(row)
    runs = account.env["mailchimp.run"].search([])
    open_runs = runs.filtered(lambda run: run.state != "done")
    print(f"\n{len(runs)} runs, {len(open_runs)} of them not done:")
    for run in runs:
        print(f"  {run.name}: {run.state}")
    print(f"{len(runs.line_ids)} log lines, {contacts(account.env)} contacts.")
    if not differing and not open_runs:
        print("All numbers agree.")
    return differing + len(open_runs)


def contacts(env):
    """Count the mailing contacts."""
    return env["mailing.contact"].search_count([])


demo_account = connect(env)  # noqa: F821 - `odoo shell` provides it
run_queue(env)  # noqa: F821
sys.stdout.flush()
if report(demo_account):
    sys.exit("The two sides differ.")
