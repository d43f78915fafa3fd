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
CAMPAIGN_STATUSES = ("save", "paused", "schedule", "sending", "sent")


# Customers to play with: new to Mailchimp, two with one address, two to be corrected.
CUSTOMERS = {
    "Greta Lindqvist": "greta@kafferosteri.test",
    "Tomás Herrera": "tomas@bodega-herrera.test",
    "Aiko Tanaka": "aiko@tanaka-sake.test",
    "Osteria da Nino": "ciao@osteria-nino.test",
    "Nino Bianchi": "ciao@osteria-nino.test",
    "Ingrid Olsen": "ingrid.olsen@fjord-mail.test",
    "Weinhaus Adler": "einkauf(at)weinhaus-adler.test",
    "Walk-in Customer": False,
}


def populate(env):
    """Give the company a name, customers, and a user who can be written to."""
    env.company.name = "Harbour & Vine Trading"
    env.ref("base.user_admin").email = "admin@harbourvine.example"
    env["res.partner"].create(
        [{"name": name, "email": email} for name, email in CUSTOMERS.items()]
    )


def connect(env):
    """Create the account, test the connection, and import with the wizard."""
    account = env["mailchimp.account"].create(
        {
            "name": "Mailchimp (sandbox)",
            "api_key": os.environ["SANDBOX_KEY"],
            "base_url": os.environ["SANDBOX_URL"],
            "user_id": env.ref("base.user_admin").id,
        }
    )
    print(account.action_test_connection()["params"]["message"])
    env["mailchimp.import"].create(
        {"account_ids": account.ids, "import_campaigns": True}
    ).action_process()
    env.cr.commit()
    return account


def run_queue(env):
    """Run jobs until nothing is left to do."""
    jobs = env["mailchimp.job"]
    while jobs.search_count([("state", "=", "pending")]):
        jobs._cron_run_jobs()


def ask(path, **params):
    """Ask the sandbox itself, not through the connector."""
    answer = requests.get(
        f"{os.environ['SANDBOX_URL']}{path}",
        params=params,
        auth=("demo", os.environ["SANDBOX_KEY"]),
        timeout=30,
    )
    return answer.json()


def remote_count(path, **params):
    """Return how many Mailchimp says there are."""
    return ask(path, count=1, fields="total_items", **params)["total_items"]


def remote_counts(audience):
    """Return how many members of each status Mailchimp says there are."""
    path = f"/lists/{audience.mailchimp_id}/members"
    return {status: remote_count(path, status=status) for status in STATUSES}


def row(name, what, remote, local):
    """Print what both sides hold; return whether it differs."""
    mark = "" if local == remote else "  <-- differs"
    print(f"{name[:26]:28}{what:16}{remote:16}{local:10}{mark}")
    return local != remote


def report_documents(account):
    """Print templates and campaigns; return how many numbers differ."""
    env, of_account = account.env, ("account_id", "=", account.id)
    print(f"\n{'Account':28}{'What':16}{'Mailchimp says':>16}{'Odoo has':>10}")
    local = env["mailchimp.template"].search_count([of_account])
    remote = remote_count("/templates", type="user")
    differing = row(account.name, "templates", remote, local)
    for status in CAMPAIGN_STATUSES:
        domain = [of_account, ("status", "=", status)]
        local = env["mailchimp.campaign"].search_count(domain)
        remote = remote_count("/campaigns", status=status)
        differing += row(account.name, f"campaigns {status}", remote, local)
    unread = [of_account, ("html", "=", False)]
    for campaign in env["mailchimp.campaign"].search(unread):
        print(f"{campaign.name} has no content")
        differing += 1
    return differing


def fetch_reports(account):
    """Fetch the reports of all campaigns that were sent."""
    sent = account.env["mailchimp.campaign"].search(
        [("account_id", "=", account.id), ("report_state", "!=", "none")]
    )
    sent.action_fetch_report()
    account.env.cr.commit()
    run_queue(account.env)
    return sent


def report_activity(campaigns):
    """Print what people did with each campaign; return how many numbers differ."""
    differing = 0
    print(f"\n{'Campaign':28}{'Activity':16}{'Mailchimp says':>16}{'Odoo has':>10}")
    counts = {
        (campaign, action): count
        for campaign, action, count in campaigns.env[
            "mailchimp.campaign.activity"
        ]._read_group(
            [("campaign_id", "in", campaigns.ids)],
            ["campaign_id", "action"],
            ["__count"],
        )
    }
    for campaign in campaigns:
        found = ask(f"/reports/{campaign.mailchimp_id}")
        for action, remote in (
            ("sent", found["emails_sent"]),
            ("open", found["opens"]["opens_total"]),
            ("click", found["clicks"]["clicks_total"]),
            ("bounce", sum(found["bounces"].values())),
            ("unsubscribe", found["unsubscribed"]),
            ("abuse", found["abuse_reports"]),
        ):
            local = counts.get((campaign, action), 0)
            differing += row(campaign.name, action, remote, local)
    return differing


def report(account):
    """Print what both sides hold; return how many numbers differ."""
    differing = 0
    print(f"\n{'Audience':28}{'Status':16}{'Mailchimp says':>16}{'Odoo has':>10}")
    for audience in account.audience_ids:
        for status, remote in remote_counts(audience).items():
            local = audience[f"{status}_count"]
            differing += row(audience.name, status, remote, local)
    differing += report_documents(account)
    differing += report_activity(fetch_reports(account))
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


populate(env)  # noqa: F821 - `odoo shell` provides it
demo_account = connect(env)  # noqa: F821
run_queue(env)  # noqa: F821
sys.stdout.flush()
if report(demo_account):
    sys.exit("The two sides differ.")
