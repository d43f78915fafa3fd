"""A process of its own that obeys: one command a line, one line of JSON as answer.

Run as ``python queue_worker.py DATABASE CORE`` with ``ODOO_RC`` set. Process and
backend share a core: on two, each query waits for the other core to wake up, but only
while nobody else keeps it awake.
"""

import json
import os
import sys
import time
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config


def main(database, core):
    """Say that we are ready, then do what is asked until the input ends."""
    config.parse_config(["--database", database, "--log-level", "critical"])
    registry = Registry(database)
    registry["res.partner"]._job_nothing = lambda partner: None
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            processes = [os.getpid(), cr._cnx.info.backend_pid]
            stay_on(int(core), processes)
            used = cpu_seconds(processes)
            started = time.monotonic()  # the same clock in all processes
            result = COMMANDS[name](env, *arguments)
            cr.commit()
            ended = time.monotonic()
            used = cpu_seconds(processes) - used
        answer = {"started": started, "ended": ended, "cpu": used, "result": result}
        print(json.dumps(answer), flush=True)


def stay_on(core, processes):
    """Keep processes on one core, as far as we may."""
    for process in processes:
        try:
            os.sched_setaffinity(process, {core})
        except OSError as error:
            print(f"Process {process} stays on no core: {error}", file=sys.stderr)


def cpu_seconds(processes):
    """Add up the CPU time of processes."""
    ticks = 0
    for process in processes:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def enqueue(env, count):
    """Queue jobs that do nothing."""
    env.cr.execute("TRUNCATE mailchimp_job")
    partner = env.ref("base.main_partner")
    for number in range(count):
        env["mailchimp.job"]._enqueue(partner, "_job_nothing", name=f"Job {number}")


def run(env):
    """Run everything that is due, and tell how many jobs are done."""
    env["mailchimp.job"]._cron_run_jobs()
    return env["mailchimp.job"].search_count([("state", "=", "done")])


def enqueue_oca(env, count):
    """Queue jobs of OCA queue_job that do nothing."""
    env.cr.execute("TRUNCATE queue_job CASCADE")
    for _number in range(count):
        env["queue.job"].with_delay()._test_job()


def progress_oca(env):
    """Tell how many jobs of OCA queue_job are done, and in how many seconds."""
    env.cr.execute(
        """SELECT count(*), extract(epoch FROM max(date_done) - min(date_started))
             FROM queue_job WHERE state = 'done'"""
    )
    count, seconds = env.cr.fetchone()
    return [count, float(seconds or 0)]


COMMANDS = {
    "enqueue": enqueue,
    "run": run,
    "enqueue_oca": enqueue_oca,
    "progress_oca": progress_oca,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
