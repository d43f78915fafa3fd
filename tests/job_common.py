"""Base classes of the tests of the queue."""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.tests import TransactionCase
from odoo.tools import config

from odoo.addons.mailchimp_connector.exceptions import MailchimpRetryLater

from . import job_bodies

JOB_LOGGERS = (
    "odoo.addons.mailchimp_connector.models.mailchimp_job_engine",
    "odoo.addons.mailchimp_connector.models.mailchimp_job_outcome",
)


class JobCase(TransactionCase):
    """A connected account, a partner, and jobs that do what a test wants."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        job_bodies.install(cls.registry)
        cls.addClassCleanup(job_bodies.remove, cls.registry)
        cls.Job = cls.env["mailchimp.job"]
        cls.partner = cls.env["res.partner"].create({"name": "Ann"})
        cls.account = cls.new_account("Queue")

    @classmethod
    def new_account(cls, name, env=None):
        """Create an account that counts as connected."""
        account = (env or cls.env)["mailchimp.account"].create({"name": name})
        account.state = "connected"
        return account

    def setUp(self):
        super().setUp()
        self.addCleanup(job_bodies.CALLS.clear)
        self.log = []

    def new_run(self, account=None):
        """Create a run for jobs to belong to."""
        account = account or self.account
        return account.env["mailchimp.run"]._open_run(account, "members", "user")

    def enqueue(self, body, key=None, records=None, **options):
        """Queue the call of ``body(records)``.

        :param body: callable; or an exception to raise; or a string to log
        """
        key = key or f"job {len(job_bodies.CALLS)}"
        job_bodies.CALLS[key] = self._callable(body)
        records = self.partner if records is None else records
        return records.env["mailchimp.job"]._enqueue(
            records,
            "_job_call",
            **{"name": key, "args": {"key": key}, "account": self.account, **options},
        )

    def _callable(self, body):
        if isinstance(body, Exception):

            def fail(records):
                raise body

            return fail
        if isinstance(body, str):
            return lambda records: self.log.append(body)
        return body

    def run_queue(self, **context):
        """Run everything that is due, as the scheduled action does."""
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, context)
            env["mailchimp.job"]._cron_run_jobs()

    def triggers(self):
        """Return the times at which the queue is to be woken."""
        cron = self.env.ref("mailchimp_connector.ir_cron_run_jobs")
        domain = [("cron_id", "=", cron.id)]
        return self.env["ir.cron.trigger"].search(domain).mapped("call_at")

    def forget_triggers(self):
        """Be in a transaction in which nothing has woken the queue yet."""
        self.env["ir.cron.trigger"].search([]).unlink()
        self.env.cr.precommit.data.pop("mailchimp_woken", None)


class CommittingJobCase(JobCase):
    """Tests that need real commits, and other cursors to see them.

    What they leave in the database is removed in the end. Their records live in
    ``self.world``, an environment on a cursor of its own.
    """

    def setUp(self):
        super().setUp()
        self.assertFalse(self.Job.search_count([("state", "=", "pending")]))
        self.addCleanup(self._remove_traces)  # the last one, when all locks are gone
        self.world = self.session()
        self.partner = self.world["res.partner"].create({"name": "Ann"})
        self.account = self.new_account("Queue of a test", self.world)
        self.world.cr.commit()
        self.traces = {
            "mailchimp_job": ("account_id", self.account.id),
            "mailchimp_run": ("account_id", self.account.id),
            "mailchimp_account": ("id", self.account.id),
            "res_partner": ("id", self.partner.id),
        }

    def _remove_traces(self):
        last = self.env["ir.cron.trigger"].search([], order="id desc", limit=1).id
        with self.registry.cursor() as cr:
            cr.execute("SET LOCAL lock_timeout = '20s'")  # rather fail than hang
            cr.execute("DELETE FROM ir_cron_trigger WHERE id > %s", [last or 0])
            for table, (column, value) in self.traces.items():
                cr.execute(f"DELETE FROM {table} WHERE {column} = %s", [value])  # noqa: S608

    def session(self):
        """Return an environment on a new cursor, as another process has one."""
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        return api.Environment(cr, SUPERUSER_ID, {})

    def enqueue(self, body, key=None, **options):
        """Queue a call and commit."""
        job = super().enqueue(body, key, **options)
        job.env.cr.commit()
        return job

    def run_queue(self, **context):
        """Run everything that is due, with real commits."""
        env = self.session()
        env(context=context)["mailchimp.job"]._cron_run_jobs()
        self.world.cr.rollback()  # and see what came of it

    # === OTHER PROCESSES === #

    def scratch(self):
        """Return the path of a file that does not exist yet."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return os.path.join(folder.name, "marks")

    @contextmanager
    def worker(self):
        """Start a process that will work off the queue when it is told to."""
        options = [f"--config={config['config']}"] if config["config"] else []
        options.append(f"--addons-path={','.join(config['addons_path'])}")
        script = Path(__file__).with_name("job_worker.py")
        process = subprocess.Popen(
            [sys.executable, script, self.env.cr.dbname, *options],
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path))),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.assertEqual(process.stdout.readline(), "ready\n")
            yield process
        finally:
            process.kill()
            process.communicate()

    @staticmethod
    def begin(process):
        """Let a worker begin."""
        process.stdin.write("\n")
        process.stdin.flush()

    @staticmethod
    def marks(path):
        """Count the lines that jobs have left in a file."""
        return (
            Counter(Path(path).read_text().splitlines()) if Path(path).exists() else {}
        )


def throttled(seconds=0):
    """Make the error of a 429."""
    return MailchimpRetryLater("Slow down", seconds=seconds, throttled=True, status=429)


def out_of_order(seconds=0, status=503):
    """Make the error of a Mailchimp that is down."""
    return MailchimpRetryLater("Mailchimp is down", seconds=seconds, status=status)
