"""Processes that import members, and that may be killed.

Run as ``python robustness_worker.py DATABASE PAGE_SIZE [ODOO OPTION]…``. It says
``ready`` when it has loaded the registry, and then obeys its input, line by line. Each
line is done by a new process, whose id is said, and how it ended after another line:

* ``connect URL KEY`` makes an account and queues the import of all it has
* ``edit`` changes, opts out, adds, moves and archives people in Odoo
* ``campaigns`` queues their import, ``reports`` the reading of their reports
* ``work`` runs the queue, whatever waits for a later time too
"""

import importlib
import os
import sys
import traceback

from odoo import SUPERUSER_ID, api, sql_db
from odoo.modules.registry import Registry
from odoo.tools import config

ADDON = "odoo.addons.mailchimp_connector"


def main(database, page_size, *options):
    """Load all that takes time, then fork for each line of the input."""
    config.parse_config([*options, "--database", database, "--log-level", "critical"])
    registry = Registry(database)
    # After the registry: it imports the addon.
    fetch = f"{ADDON}.models.mailchimp_member_fetch"
    importlib.import_module(fetch).PAGE_SIZE = int(page_size)
    report = f"{ADDON}.models.mailchimp_report_read"
    importlib.import_module(report).PAGE_SIZE = int(page_size)
    push = f"{ADDON}.models.mailchimp_member_push"
    importlib.import_module(push).CLAIM = int(page_size)
    say("ready")
    for line in iter(sys.stdin.readline, ""):
        # Processes cannot share connections, and the database may be another one.
        sql_db.close_all()
        pid = os.fork()
        if not pid:
            obey(registry, *line.split())
        say(pid)
        # A dead one is a zombie until then: whoever kills it kills nobody else.
        sys.stdin.readline()
        say(os.waitpid(pid, 0)[1])


def obey(registry, command, *arguments):
    """Do what a line says and end this process."""
    code = 1
    try:
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            COMMANDS[command](env, *arguments)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def connect(env, url, key):
    """Queue the import of everything."""
    account = env["mailchimp.account"].create(
        {"name": "Crash", "api_key": key, "base_url": url}
    )
    account.action_test_connection()
    account._start_import_audiences("user", 5, members=True)


def edit(env):
    """Do in Odoo what a push is to bring to Mailchimp."""
    env["mailchimp.account"].search([]).write(
        {
            "auto_push_contacts": True,
            "two_way_sync": True,
            "new_member_status": "subscribed",
            "brake_share": 0,
            "brake_new": 0,
        }
    )
    audience = env["mailchimp.audience"].search([], limit=1)
    members = env["mailchimp.member"].search(
        [("audience_id", "=", audience.id), ("status", "=", "subscribed")],
        order="email",
    )
    members[:60].contact_id.first_name = "Edith"
    members[50:65].subscription_id.opt_out = True
    for member in members[65:68]:
        member.contact_id.email = f"moved-{member.email}"
    contacts = env["mailing.contact"].create(
        [{"name": f"New N{n}", "email": f"n{n}@a.example"} for n in range(60)]
    )
    contacts._mailchimp_start_export(audience, "user", 5)
    members[70:85]._in_act()._start_act(audience, "archive")


def work(env):
    """Run the queue."""
    env["mailchimp.job"].search([("state", "=", "pending")]).action_run_now()
    env.cr.commit()
    env["mailchimp.job"]._cron_run_jobs()


def campaigns(env):
    """Queue the import of all campaigns."""
    accounts = env["mailchimp.account"].search([])
    accounts._start_import_campaigns("user", 5)


def reports(env):
    """Queue reading the reports of all campaigns."""
    env["mailchimp.campaign"].search([]).action_fetch_report()


COMMANDS = {
    "connect": connect,
    "edit": edit,
    "work": work,
    "campaigns": campaigns,
    "reports": reports,
}


def say(text):
    """Write a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
