"""A process of its own that works off the queue of a database.

Run as ``python job_worker.py DATABASE [ODOO OPTION]…``. It says ``ready`` when it has
loaded the registry, begins with the next line of its input, and says ``done``.
"""

import sys

import job_bodies

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config


def main(database, *options):
    """Run what is due."""
    config.parse_config([*options, "--database", database, "--log-level", "critical"])
    registry = Registry(database)
    job_bodies.install(registry)
    _say("ready")
    sys.stdin.readline()
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        env["mailchimp.job"]._cron_run_jobs()
    _say("done")


def _say(word):
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
