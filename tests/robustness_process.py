"""Databases with real commits, and processes that are killed while they write."""

import os
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

from odoo import sql_db
from odoo.tests.common import get_db_name
from odoo.tools import SQL, config

WORKER = Path(__file__).with_name("robustness_worker.py")


class Databases:
    """Copies of the database of the tests, which is left alone."""

    def __init__(self):
        self.base = f"{get_db_name()}_base"
        self.scratch = f"{get_db_name()}_scratch"

    def duplicate(self, source, target):
        """Make a database; one of that name goes before.

        Whoever is connected to either of them is cut off.
        """
        self.drop(target)
        names = SQL.identifier(target), SQL.identifier(source)
        with self._alone(source) as cr:
            cr.execute(SQL("CREATE DATABASE %s TEMPLATE %s", *names))

    def drop(self, name):
        """Remove a database, if it exists."""
        with self._alone(name) as cr:
            cr.execute(SQL("DROP DATABASE IF EXISTS %s", SQL.identifier(name)))

    def cursor(self):
        """:return: a cursor on the scratch database, to close"""
        return closing(sql_db.db_connect(self.scratch).cursor())

    @contextmanager
    def _alone(self, name):
        """Cut off everybody from a database, but for PostgreSQL's own workers."""
        sql_db.close_db(name)
        with closing(sql_db.db_connect("postgres").cursor()) as cr:
            cr._cnx.autocommit = True  # databases are not made within a transaction
            cr.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = %s AND usename = current_user""",
                [name],
            )
            yield cr


class Worker:
    """Does things in processes of their own; see :mod:`.robustness_worker`.

    :param str database: where
    :param int page_size: how many members it reads at a time
    """

    def __init__(self, database, page_size):
        options = [f"--config={config['config']}"] if config["config"] else []
        options.append(f"--addons-path={','.join(config['addons_path'])}")
        self._process = subprocess.Popen(
            [sys.executable, WORKER, database, str(page_size), *options],
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path))),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._line() != "ready":
            raise RuntimeError("the worker did not start")

    def begin(self, *command):
        """Begin something.

        :return: the id of the process that does it
        """
        return int(self._ask(*command))

    def end(self):
        """Wait for the end of what was begun.

        :return: 0, the number of the signal that killed it, or more if it failed
        """
        return int(self._ask("end"))

    def do(self, *command):
        """Do something.

        :raise RuntimeError: when it fails
        """
        self.begin(*command)
        if self.end():
            raise RuntimeError(f"{command[0]} failed")

    def stop(self):
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, *words):
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self):
        return self._process.stdout.readline().strip()
