"""People act and webhooks arrive, in any order, while pages are read."""

import os
import random
from unittest.mock import patch

from odoo import SUPERUSER_ID
from odoo.tests import tagged

from odoo.addons.mailchimp_connector.client import Gateway, paging

from .robustness_case import RobustnessCase
from .robustness_story import MEMBERS, Cast, Inline, Memory, shorten, write_story

# The suite tells the first ones; MAILCHIMP_STORIES=100:1000 tells these.
FIRST, LAST = map(int, os.environ.get("MAILCHIMP_STORIES", "0:30").split(":"))
PRIORITY = 20  # of the hourly fetch: a webhook overtakes it between two pages
MEMBER_ROWS = """
    SELECT m.id, m.remote_contact_id AS remote, m.status, m.forgotten,
           m.unsubscribe_reason AS reason, m.email, s.opt_out = FALSE AS opted_in,
           EXTRACT(EPOCH FROM m.last_changed) AS changed
      FROM mailchimp_member m
      JOIN mailchimp_audience a ON a.id = m.audience_id
 LEFT JOIN mailing_subscription s ON s.contact_id = m.contact_id
                                 AND s.list_id = a.mailing_list_id
"""
LEDGER_ROWS = """
    SELECT m.id, m.email, CASE WHEN m.forgotten THEN 'forgotten' ELSE m.status END,
           ARRAY(SELECT ARRAY[c.old_status, c.new_status] FROM mailchimp_consent c
                  WHERE c.member_id = m.id ORDER BY c.id)
      FROM mailchimp_member m
"""


@tagged("post_install", "-at_install")
class TestInterleaving(RobustnessCase):
    page_size = 2

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.object(paging, "ThreadPoolExecutor", Inline))

    def fill_account(self, remote_account):
        """An audience of a few people."""
        self.remote = remote_account.add_audience("Newsletter")
        for email, status in MEMBERS.items():
            self.remote.add_member(email, status, merge_fields={"FNAME": "Joe"})

    # === PLAYING === #

    def prepare(self, members):
        """Import the audience, with its members or without."""
        self.new_world()
        self.account = self.new_account("Story", self.remote_account.api_key)
        self.account._start_import_audiences("user", 5)
        self.drive()
        if members:
            self.sandbox.clock.advance(5)
            self.audience()._start_fetch("user", 5)
            self.drive()

    def play(self, story):
        """Let people act while Odoo reads; then compare, when the dust has settled."""
        self.new_world()
        self.sandbox.clock.advance(60)
        gateway = self.gateway_class(story["ahead"])
        model = self.registry["mailchimp.account"]
        with self.begin(), patch.object(model, "_gateway_class", lambda _: gateway):
            self.audience()._register_webhook(self.account._gateway())
            self.people.churn(self.remote, 1)  # all are read again
            self.cast = Cast(self.sandbox, self.remote, story["before"], story["deeds"])
            self.memory = Memory(self.sandbox)
            self.arrivals = list(story["arrivals"])
            self.audience()._start_fetch("schedule", PRIORITY, full=story["full"])
            self.read_interrupted(story["twice"])
            self.settle()
            self.compare()

    def gateway_class(self, ahead):
        """Return a gateway that reads so many pages ahead."""

        class Reader(Gateway):
            def pages(self, *args, **options):
                return super().pages(*args, **{**options, "ahead": ahead})

        return Reader

    def read_interrupted(self, twice):
        """Run the queue; people act between requests, webhooks arrive between steps."""
        take = self.sandbox.faults.take

        def watched(*request):
            self.cast.go_on()
            return take(*request)

        with (
            patch.object(self.sandbox.faults, "take", watched),
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
        ):
            self.run_steps(self.env(cr=cr, user=SUPERUSER_ID, context={}), twice)

    def run_steps(self, env, twice):
        """Run the queue step by step."""
        Job = env["mailchimp.job"]
        worker = Job._new_worker()
        try:
            more = True
            while more:
                self.cast.go_on()
                self.let_arrive(env, twice)
                worker.batch = 1
                more = Job._run_batch(worker)
                self.check_consent(env.cr)
        finally:
            worker.close()

    def let_arrive(self, env, twice):
        """Let the next of the webhooks arrive that the story wants."""
        choice = self.arrivals.pop(0) if self.arrivals else None
        waiting = self.sandbox.webhooks.pending
        if choice is None or not waiting:
            return
        delivery = waiting[choice % len(waiting)]
        self.assertEqual(self.deliver(delivery, env), 200)
        if twice:
            delivery.state = "waiting"

    def settle(self):
        """Do what the story left, lose the webhooks that did not arrive, and fetch."""
        self.drive()
        self.cast.finish()
        self.sandbox.clock.advance(5)
        self.audience()._start_fetch(
            "schedule", PRIORITY, full=self.cast.somebody_was_deleted
        )
        self.drive()
        self.check_consent(self.env.cr)

    # === WHAT MUST BE TRUE === #

    def check_consent(self, cr):
        """Nobody is opted in who, as Odoo has known, has opted out."""
        self.env.flush_all()
        cr.execute(MEMBER_ROWS)
        self.assertEqual(self.memory.look(cr.dictfetchall()), [])

    def compare(self):
        """Odoo holds what Mailchimp holds."""
        members = self.env["mailchimp.member"].search([("forgotten", "=", False)])
        self.assertEqual(
            {
                m.remote_contact_id: (
                    m.email,
                    m.status,
                    m.merge_values,
                    sorted(m.tag_ids.mapped("name")),
                )
                for m in members
            },
            self.remote_members(),
        )
        for member in members:
            self.compare_contact(member)
        self.compare_list(members)
        self.check_ledger()
        self.check_idle()

    def remote_members(self):
        """Return what Mailchimp says of each member, by its contact id."""
        lists = self.account._gateway().api.lists
        answers = [
            lists.get_list_members_info(self.remote.id, count=1000, **params)
            for params in ({}, {"status": "archived"})
        ]
        return {
            data["contact_id"]: (
                data["email_address"],
                data["status"],
                data["merge_fields"],
                sorted(tag["name"] for tag in data["tags"]),
            )
            for answer in answers
            for data in answer["members"]
        }

    def compare_contact(self, member):
        """The contact of a member is this person, under this address."""
        contact = member.contact_id
        if member.status != "archived":
            self.assertTrue(contact, member.email)
        if contact:
            members = contact.mailchimp_member_ids
            self.assertEqual(members.filtered(lambda m: not m.forgotten), member)
            self.assertEqual(contact.email, member.email)
            # No name at all is no reason to forget one.
            name = member.merge_values["FNAME"] or contact.first_name
            self.assertEqual(contact.first_name, name)
            self.assertEqual(
                contact.tag_ids.mapped("name"), member.tag_ids.mapped("name")
            )
            self.assertEqual(len(contact.subscription_ids), 1)

    def compare_list(self, members):
        """Whoever is opted in is subscribed, and the other way round; nobody twice."""
        opted_in = self.env["mailing.subscription"].search(
            [
                ("list_id", "=", self.audience().mailing_list_id.id),
                ("opt_out", "=", False),
            ]
        )
        wanted = members.filtered(lambda m: m.status == "subscribed")
        kept_out = wanted.filtered(self.has_opted_out_twin)
        self.assertEqual(
            sorted(opted_in.contact_id.mapped("email")),
            sorted((wanted - kept_out).mapped("email")),
        )

    def has_opted_out_twin(self, member):
        """Tell whether somebody else who opted out had the address before.

        Then Odoo mails nobody there, and says so, until a person decides.
        """
        twins = self.env["mailing.contact"].search([("email", "=", member.email)])
        others = (twins - member.contact_id).subscription_ids
        if not any(others.mapped("opt_out")):
            return False
        self.assertTrue(member.opt_out_by)
        return True

    def check_ledger(self):
        """The ledger tells without a gap how everybody came to the status of now."""
        self.env.cr.execute(LEDGER_ROWS)
        for _id, email, status, entries in self.env.cr.fetchall():
            self.assertTrue(entries, email)
            told = [None, *(new for _old, new in entries)]
            self.assertEqual(told[-1], status, email)
            for before, (old, _new) in zip(told, entries, strict=False):
                known = None if before == "forgotten" else before
                self.assertEqual(old, known, f"{email}: {entries}")

    def check_idle(self):
        """Another fetch finds nothing to do."""
        self.sandbox.clock.advance(5)
        run = self.audience()._start_fetch("schedule", PRIORITY)
        self.drive()
        self.assertEqual((run.created, run.updated, run.state), (0, 0, "done"))

    # === STORIES === #

    def goes_wrong(self, story):
        """Play a story; return the bad end that it has, if it has one."""
        try:
            self.play(story)
        except AssertionError as error:
            return error
        return None

    def tell(self):
        """Play stories; of one that ends badly, show what matters."""
        for number in range(FIRST, LAST):
            story = write_story(random.Random(number))
            if self.goes_wrong(story):
                story = shorten(story, self.goes_wrong)
                with self.subTest(number=number):
                    self.fail(f"{story}\n{self.goes_wrong(story)}")

    def test_first_import(self):
        self.prepare(members=False)
        self.tell()

    def test_later_fetch(self):
        self.prepare(members=True)
        self.tell()
