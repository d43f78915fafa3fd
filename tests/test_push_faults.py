"""Each fault of the sandbox against each thing the push does: the same end."""

import json
import os
import random
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.mailchimp_connector.client import Gateway
from odoo.addons.mailchimp_connector.models import (
    mailchimp_batch_results,
    mailchimp_member_push,
    mailchimp_member_push_send,
)
from odoo.addons.mailchimp_connector.sandbox import FAULTS
from odoo.addons.mailchimp_connector.sandbox import faults as sandbox_faults

from .robustness_case import RobustnessCase
from .robustness_state import BY_CHANCE, TRIED, differences, dump, without
from .test_fault_matrix import HastyGateway

# What is done to so many people; more than FEW go together.
FEW = 2
FLOWS = {
    "create": 1,
    "create bulk": 4,
    "update": 1,
    "update batch": 4,
    "tags": 1,
    "tags batch": 4,
    "opt-out": 1,
    "opt-out batch": 4,
    "address": 1,
    "address batch": 4,
    "archive": 1,
    "archive batch": 4,
    "delete": 1,
    "delete batch": 4,
}
# One of so many faults is tried on each flow, another one on the next; 1: all on all.
ALWAYS = ("answer_lost",)
SHARE = int(os.environ.get("MAILCHIMP_FAULT_SHARE", 3))
# The gateway itself tries a lost connection three times.
TIMES = (1, 3)


@tagged("post_install", "-at_install")
class TestPushFaults(RobustnessCase):
    page_size = 5

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for module in (
            mailchimp_batch_results,
            mailchimp_member_push,
            mailchimp_member_push_send,
        ):
            cls.startClassPatcher(patch.object(module, "FEW", FEW))
        module = mailchimp_member_push
        cls.startClassPatcher(patch.object(module, "PAGE_SIZE", cls.page_size))
        cls.startClassPatcher(patch.object(sandbox_faults, "LARGE_PAGE", cls.page_size))

    def fill_account(self, remote_account):
        self.remote = remote_account.add_audience("Newsletter")
        for number in range(6):
            self.remote.add_member(
                f"m{number}@a.example", merge_fields={"FNAME": "M"}, tags=["Blue"]
            )
        self.remote.add_member("gold@a.example", tags=["Gold"])

    def prepare(self):
        """Bring Odoo to where everything begins."""
        self.new_world()
        self.account = self.new_account("Faults", self.remote_account.api_key)
        self.account.write(
            {
                "auto_push_contacts": True,
                "two_way_sync": True,
                "new_member_status": "subscribed",
                "brake_share": 0,
                "brake_new": 0,
            }
        )
        self.account._start_import_audiences("user", 5, members=True)
        self.drive()
        tags = self.audience().tag_ids
        tags.managed = True
        self.odoo_tags = tags.sorted("name").category_id
        self.drive()

    def drive(self):
        """Run the queue until nothing waits; batches are done in between."""
        run_jobs = self.run_jobs

        def run_and_wait():
            run_jobs()
            self.assertTrue(self.sandbox.batches.wait())

        with patch.object(self, "run_jobs", run_and_wait):
            return super().drive()

    # === FLOWS === #

    def begin_flow(self, flow):
        """Do in Odoo what the push is to bring to Mailchimp."""
        kind, count = flow.partition(" ")[0], FLOWS[flow]
        members = self.env["mailchimp.member"].search(
            [("audience_id", "=", self.audience().id), ("email", "like", "m_@")],
            order="email",
            limit=count,
        )
        getattr(self, f"_{kind.replace('-', '_')}")(members)
        self.env.flush_all()

    def _create(self, members):
        contacts = self.env["mailing.contact"].create(
            [
                {"name": f"New {letter}", "email": f"{letter}@a.example"}
                for letter in "vwxyz"[: len(members)]
            ]
        )
        contacts._mailchimp_start_export(self.audience(), "user", 5)

    def _update(self, members):
        members.contact_id.first_name = "Edith"

    def _tags(self, members):
        blue, gold = self.odoo_tags
        members.contact_id.tag_ids = [Command.unlink(blue.id), Command.link(gold.id)]

    def _opt_out(self, members):
        members.subscription_id.opt_out = True

    def _address(self, members):
        for member in members:
            member.contact_id.email = f"moved-{member.email}"

    def _archive(self, members):
        members = members.sudo()._in_act()
        members._start_act(self.audience(), "archive")

    def _delete(self, members):
        members = members.sudo()._in_act()
        members._start_act(self.audience(), "delete")

    # === MATRIX === #

    def attempt(self, flow, inject=None):
        """Do a flow once, from the same beginning.

        :return: what came of it on both sides, and the fault
        """
        with self.begin():
            self.new_world()
            self.sandbox.clock.advance(60)
            self.begin_flow(flow)
            before = len(self.sandbox.requests)
            fault = inject and inject()
            self.drive()
            self.requests = self.sandbox.requests[before:]
            self.sandbox.faults.clear()
            # What a bulk call leaves out is known after the next fetch.
            self.sandbox.clock.advance(5)
            self.account.audience_ids._start_fetch("user", 5)
            self.drive()
            self.env.flush_all()
            self.check_consent(flow)
            state = self.both_sides()
            return state, fault

    def check_consent(self, flow):
        back = [
            entry
            for entry in self.sandbox.transitions
            if entry.source == "api" and entry.before in ("archived", "forgotten")
        ]
        self.assertEqual([*self.sandbox.monitor.resubscribed(), *back], [], flow)

    def both_sides(self):
        """Dump what both sides hold."""
        state = without(dump(self.env.cr), TRIED, BY_CHANCE)
        lists = self.account._gateway().api.lists
        for status in (None, "archived"):
            options = {"status": status} if status else {}
            found = lists.get_list_members_info(self.remote.id, count=100, **options)
            state[f"remote {status}"] = sorted(
                json.dumps([{k: v for k, v in m.items() if k not in ("_links",)}])
                for m in found["members"]
            )
        return state

    def cell(self, flow, kind, expected, points):
        """Try a fault at some moment.

        :return: what was different
        """
        rng, wrong = random.Random(f"{flow}/{kind}"), []
        gateway = HastyGateway if kind == "slow" else Gateway
        with patch.object(
            self.registry["mailchimp.account"], "_gateway_class", lambda _self: gateway
        ):
            times, after = rng.choice(TIMES), rng.randrange(points)
            state, _fault = self.attempt(
                flow,
                lambda: self.sandbox.faults.inject(
                    kind, times, match="*", seconds=0.8, after=after
                ),
            )
            if text := differences(expected, state):
                wrong.append(f"{flow}, {kind} x{times} after {after}: {text}")
        return wrong

    def test_matrix(self):
        wrong = []
        with self.begin():
            self.prepare()
            before = self.both_sides()
            for turn, flow in enumerate(FLOWS):
                expected, _fault = self.attempt(flow)
                self.assertTrue(differences(before, expected), f"{flow} does nothing")
                points = len(self.requests)
                for kind in sorted({*ALWAYS, *FAULTS[turn % SHARE :: SHARE]}):
                    wrong += self.cell(flow, kind, expected, points)
        self.assertFalse(wrong, "\n\n".join(wrong[:10]))
