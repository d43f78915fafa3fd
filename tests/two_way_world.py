"""Two audiences and a few people, who are in Odoo, in Mailchimp or in both."""

import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, sql_db
from odoo.fields import Command
from odoo.tests.test_cursor import TestCursor

from odoo.addons.mailchimp_connector.client import paging
from odoo.addons.mailchimp_connector.models import (
    mailchimp_batch_results,
    mailchimp_member_push,
    mailchimp_member_push_send,
)

from . import robustness_case
from .robustness_case import RobustnessCase
from .robustness_story import Inline
from .two_way_story import AUDIENCES, FIELDS, NEWCOMERS, PEOPLE, RULED, TAGS, VALUES

# {field: (tag, type of the merge field, path in Odoo, direction)}
MAPPING = {
    "company": ("COMPANY", "text", "company_name", "both"),
    "job": ("JOB", "text", "partner_id.function", "both"),
    "score": ("SCORE", "number", "partner_id.color", "both"),
    "country": ("COUNTRY", "text", "country_id", "both"),
    "city": ("CITY", "text", "partner_id.city", "to_mailchimp"),
    "ref": ("REF", "text", "partner_id.ref", "to_odoo"),
}
OF_CUSTOMER = frozenset(f for f in MAPPING if MAPPING[f][2].startswith("partner_id."))
# Where Odoo manages the tags; elsewhere they only come to Odoo.
MANAGED = ("news",)
FEW_IN = (mailchimp_batch_results, mailchimp_member_push, mailchimp_member_push_send)
# Nothing that Odoo counts as late may become it while stories are played.
AHEAD = timedelta(days=1)


class Killed(BaseException):
    """The worker dies here."""


class Gremlin:
    """What happens between the requests of a worker."""

    def __init__(self):
        self.calm()

    def calm(self):
        """Let nothing happen."""
        self.deeds, self.act, self.crash, self.count = [], None, None, 0

    def before(self):
        """A request is about to be sent.

        :raise Killed: if the worker does not live to see it
        """
        while self.deeds and self.deeds[0][0] <= 0:
            self.act(self.deeds.pop(0)[1])
        if self.deeds:
            gap, deed = self.deeds[0]
            self.deeds[0] = (gap - 1, deed)
        self._die(True)

    def after(self):
        """The answer is there.

        :raise Killed: if the worker does not live to read it
        """
        self._die(False)
        self.count += 1

    def _die(self, before):
        if self.crash == (self.count, before):
            self.crash = None
            raise Killed


class TwoWayCase(RobustnessCase):
    """The same two audiences at the beginning of each story."""

    page_size = 10
    gremlin = Gremlin()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.object(paging, "ThreadPoolExecutor", Inline))
        start = int(time.time() + AHEAD.total_seconds())
        cls.startClassPatcher(patch.object(robustness_case, "START", start))
        for cursor in (sql_db.Cursor, TestCursor):
            cls.startClassPatcher(patch.object(cursor, "now", cls._now))

    @classmethod
    def _now(cls, _cursor=None):
        """Return the time of the sandbox; that of a database stands still in a test."""
        return datetime.utcfromtimestamp(cls.sandbox.clock.now())

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        cls.gremlin.before()
        answer = super()._request_handler(session, request, **options)
        cls.gremlin.after()
        return answer

    # === THE BEGINNING === #

    def fill_account(self, remote_account):
        """Put people into both audiences."""
        self.remotes = {}
        for number, name in enumerate(AUDIENCES):
            remote = self.remotes[name] = remote_account.add_audience(name)
            for field in FIELDS[name]:
                if field in MAPPING:
                    remote.add_merge_field(*MAPPING[field][:2])
            for email, details in PEOPLE.items():
                if details[number]:
                    merges = self.first_merges(name)
                    remote.add_member(email, details[number], merge_fields=merges)
        self.remote = self.remotes[AUDIENCES[0]]

    def first_merges(self, name):
        """Return the merge values that members of an audience begin with."""
        first = {field: VALUES[field][0] for field in FIELDS[name]}
        forename, surname = first.pop("name").split()
        merges = {MAPPING[field][0]: value for field, value in first.items()}
        return {"FNAME": forename, "LNAME": surname, **merges}

    def prepare(self):
        """Import both audiences; Odoo holds what Mailchimp holds, and pushes."""
        self.new_world()
        self.new_customers()
        key = self.remote_account.api_key
        self.account = self.new_account("Stories", key, auto_create_contact=True)
        self.account._start_import_audiences("user", 5)
        self.drive()
        for name in AUDIENCES:
            self.map_fields(self.ours(name))
        self.map_tags()
        self.sandbox.clock.advance(5)
        self.account.audience_ids._start_fetch("user", 5, full=True)
        self.drive()
        self.account.write(
            {
                "auto_push_contacts": True,
                "two_way_sync": True,
                "new_member_status": "subscribed",
            }
        )
        self.new_contacts()
        self.drive()
        self.env.cr.execute("DELETE FROM mailchimp_job")

    def new_customers(self):
        """Some people are customers already."""
        wanted = {email: details[2] for email, details in PEOPLE.items()} | NEWCOMERS
        self.env["res.partner"].create(
            [
                {
                    "name": "Joe Doe",
                    "email": email,
                    "function": VALUES["job"][0],
                    "color": VALUES["score"][0],
                    "city": VALUES["city"][0],
                    "ref": VALUES["ref"][0],
                }
                for email, is_customer in wanted.items()
                if is_customer
            ]
        )

    def new_contacts(self):
        """Some people are on the mailing lists, and not in Mailchimp."""
        lists = [self.ours(name).mailing_list_id.id for name in AUDIENCES]
        self.env["mailing.contact"].create(
            [
                {
                    "first_name": "Joe",
                    "last_name": "Doe",
                    "company_name": VALUES["company"][0],
                    "email": email,
                    "subscription_ids": [
                        Command.create({"list_id": list_id}) for list_id in lists
                    ],
                }
                for email in NEWCOMERS
            ]
        )

    def map_fields(self, audience):
        """Map the merge fields of an audience, and no others."""
        wanted = {tag: rest for tag, _type, *rest in MAPPING.values()}
        for merge_field in audience.merge_field_ids:
            if merge_field.tag in ("FNAME", "LNAME"):
                continue
            path, direction = wanted.get(merge_field.tag, (False, "both"))
            merge_field.write({"field_path": path, "direction": direction})

    def map_tags(self):
        """Let Odoo manage the tags of an audience; nobody has one yet."""
        Category = self.env["res.partner.category"]
        categories = Category.create([{"name": tag} for tag in TAGS])
        for name in MANAGED:
            self.env["mailchimp.tag"]._declare(self.ours(name), categories)

    def arrange(self, story):
        """Begin a story: the rules it is about, and webhooks that are held back."""
        self.account.sync_priority = "local" if story["local"] else "remote"
        for words, rule in zip(RULED, story["rules"], strict=True):
            self.merge_field(*words.split()).ownership = rule
        self.ours("news").write(
            {"auto_export": True, "export_model": "mailing.contact"}
        )
        for name in AUDIENCES:
            self.ours(name)._register_webhook(self.account._gateway())
        self.sandbox.batches.hold()

    @contextmanager
    def few(self, few):
        """Send more than so many members together."""
        with patch.object(FEW_IN[0], "FEW", few), patch.object(FEW_IN[1], "FEW", few):
            with patch.object(FEW_IN[2], "FEW", few):
                yield

    # === FINDING === #

    def ours(self, name):
        """Find the audience in Odoo."""
        return self.audience(self.remotes[name])

    def merge_field(self, name, field):
        """Find the merge field of an audience for one of our fields."""
        fields = self.ours(name).merge_field_ids
        return fields.filtered(lambda f: f.tag == MAPPING[field][0])

    def rule(self, name, field):
        """Return who is right about a field when both sides changed it."""
        if field == "name":
            return "odoo" if self.account.sync_priority == "local" else "mailchimp"
        return self.merge_field(name, field)._rule()

    def who(self, email):
        """Find the contact with an address; the oldest of several."""
        found = self.env["mailing.contact"].search(
            [("email_normalized", "=", email)], order="id", limit=1
        )
        return found

    def customer(self, email):
        """Find the customer with an address; the oldest of several."""
        return self.env["res.partner"].search(
            [("email_normalized", "=", email)], order="id", limit=1
        )

    # === THE QUEUE === #

    def run_jobs(self):
        """Override: batches end at once."""
        # pylint: disable=missing-return
        self.release_batches()
        super().run_jobs()
        self.release_batches()

    def release_batches(self):
        """Let Mailchimp work off the batches it was given."""
        self.sandbox.batches.release()
        self.assertTrue(self.sandbox.batches.wait())
        self.sandbox.batches.hold()

    @contextmanager
    def worker(self):
        """Open a worker of the queue, which makes one step at a time.

        :return: a function that makes a step, and tells whether there was one to make
        """
        self.env.cr.flush()
        with self.enter_registry_test_mode():
            cr = self.registry.cursor()
            Job = self.env(cr=cr, user=SUPERUSER_ID, context={})["mailchimp.job"]
            worker = Job._new_worker()

            def step():
                worker.batch = 1
                return Job._run_batch(worker)

            try:
                yield step
            finally:
                self.gremlin.calm()
                cr.rollback()  # what was not committed is lost
                worker.close()
                cr.close()
                self.env.invalidate_all(flush=False)
