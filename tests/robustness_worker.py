"""Processes that import members, and that may be killed.

Run as ``python robustness_worker.py DATABASE PAGE_SIZE [ODOO OPTION]…``. It says
``ready`` when it has loaded the registry, and then obeys its input, line by line. Each
line is done by a new process, whose id is said, and how it ended after another line:

* ``connect URL KEY`` makes an account and queues the import of all it has
* ``work`` runs the queue
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


def work(env):
    """Run the queue."""
    env["mailchimp.job"]._cron_run_jobs()


COMMANDS = {"connect": connect, "work": work}


def say(text):
    """Write a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
