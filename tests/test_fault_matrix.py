"""Each fault of the sandbox against each operation: the same end as without it."""

import json
import logging
import random
from pathlib import Path
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.client import Gateway
from odoo.addons.mailchimp_connector.exceptions import MailchimpError
from odoo.addons.mailchimp_connector.sandbox import FAULTS
from odoo.addons.mailchimp_connector.sandbox import faults as sandbox_faults

from .robustness_case import ROUNDS, RobustnessCase
from .robustness_state import differences, dump

_logger = logging.getLogger(__name__)

COLUMNS = (
    "audience import",
    "first import",
    "incremental import",
    "webhook",
    "batch",
)
# How often in a row each fault strikes. A lost connection is tried three times at once
# by the gateway, so that only the last of these reaches the queue.
TIMES = (1, 2, 4)
# A batch spoils what is asked of it only instead of doing it.
OUTSIDE_BATCHES = "[GP]* *"
LOG = Path(__file__).parents[1] / ".dev" / "log"
# Given anew by each batch, to the members it creates and to its errors.
VOLATILE = frozenset({"contact_id", "web_id", "_links", "instance"})


class HastyGateway(Gateway):
    """Does not wait long for an answer that is slow on purpose."""

    def __init__(self, *args, **options):
        super().__init__(*args, **{**options, "timeout": 0.4})


@tagged("post_install", "-at_install")
class TestFaultMatrix(RobustnessCase):
    page_size = 10

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.object(sandbox_faults, "LARGE_PAGE", cls.page_size))

    def fill_account(self, remote_account):
        """A company with something of everything."""
        self.remote = remote_account.add_audience("Newsletter")
        for kind in ("number", "address", "date", "birthday", "dropdown", "zip"):
            self.remote.add_merge_field(kind.upper(), kind)
        self.remote.add_interests("Topics", ["Wine", "Cheese"])
        self.remote.fill(18, tags=("Blue", "Green"))
        self.remote.add_member(
            "many@harborlight.example", tags=[f"Tag {n}" for n in range(55)]
        )
        for kind in ("broken_email", "unknown_status", "nul_byte", "address_empty"):
            self.remote.add_oddity(kind)
        for status in ("archived", "cleaned", "pending", "unsubscribed"):
            self.remote.add_member(f"{status}@harborlight.example", status)
        self.other = remote_account.add_audience("Partners")
        self.other.fill(4, merge_fields=False)
        self.other.add_member("archived@harborlight.example")

    # === COLUMNS: what is there, what happens, what is done under fire === #

    def prepare(self, column):
        """Bring Odoo to where the operation begins; once for all of a column."""
        self.new_world()
        self.account = self.new_account("Matrix", self.remote_account.api_key)
        if column in ("first import", "incremental import", "webhook"):
            self.account._start_import_audiences("user", 5)
            self.drive()
        if column in ("incremental import", "webhook"):
            self.sandbox.clock.advance(5)
            self.account.audience_ids._start_fetch("user", 5)
            self.drive()

    def arrange(self, column):
        """Let happen what the operation is about."""
        self.new_world()
        self.sandbox.clock.advance(60)
        if column == "webhook":
            self.audience()._register_webhook(self.account._gateway())
            self.sandbox.webhooks.copies = 2
        if column in ("incremental import", "webhook"):
            self.everybody_acts()
        for delivery in self.sandbox.webhooks.pending:
            self.assertEqual(self.deliver(delivery), 200)
        self.sandbox.clock.advance(5)

    def everybody_acts(self):
        """Something of everything that people do."""
        people, remote = self.people, self.remote
        found = [m.email for m in remote.members.values() if m.status == "subscribed"]
        people.unsubscribe(remote, found[0], reason="Too much")
        people.bounce(remote, found[1])
        people.complain(remote, found[2])
        people.change_email(remote, found[3], "moved@harborlight.example")
        people.archive(remote, found[4])
        people.delete_permanently(remote, found[5])
        people.subscribe_by_form(remote, "new@harborlight.example", {"FNAME": "New"})
        people.subscribe_by_form(remote, "unsubscribed@harborlight.example")
        people.confirm(remote, "pending@harborlight.example")
        people.subscribe_by_admin(remote, "archived@harborlight.example")
        people.update_profile(remote, "many@harborlight.example", {"FNAME": "Many"})
        people.tag(remote, found[6], "Red")
        people.churn(remote, 0.6)

    def act(self, column):
        """Do it until it is done.

        :return: the results of a batch, None for everything else
        """
        if column == "batch":
            return self.run_batch()
        if column == "audience import":
            self.account._start_import_audiences("user", 5)
        elif column != "webhook":
            self.account.audience_ids._start_fetch("user", 5)
        return self.drive()

    # === BATCH === #

    def operations(self):
        """Things to do in a batch, by id: new members, changes, tags, questions."""
        path = f"/lists/{self.remote.id}/members"
        found = [m.id for m in self.remote.members.values() if m.status == "subscribed"]
        bodies = {
            f"PUT {path}/{hash_}": '{"merge_fields": {"LNAME": "Batch"}}'
            for hash_ in found[:6]
        }
        for name in ("ann", "bob"):
            bodies[f"PUT {path}/{name}@harborlight.example"] = (
                f'{{"email_address": "{name}@harborlight.example",'
                ' "status_if_new": "subscribed"}'
            )
        bodies[f"POST {path}/{found[6]}/tags"] = (
            '{"tags": [{"name": "Blue", "status": "active"}]}'
        )
        bodies |= {
            f"GET {path}/nobody": None,
            f"GET {path}?count={self.page_size}": None,
        }
        return {
            name: {
                "operation_id": name,
                "method": name.partition(" ")[0],
                "path": name.partition(" ")[2],
                **({"body": body} if body else {}),
            }
            for name, body in bodies.items()
        }

    def run_batch(self):
        """Do all operations in batches, until each has an answer that counts.

        :return: {operation id: `BatchResult`}
        """
        wanted, results = self.operations(), {}
        gateway = self.account._gateway()
        for _round in range(ROUNDS):
            if not wanted:
                return results
            body = {"operations": list(wanted.values())}
            started = self.stubbornly(lambda body=body: gateway.api.batches.start(body))
            self.assertTrue(self.sandbox.batches.wait())
            for result in self.stubbornly(
                lambda key=started["id"]: self.download(gateway, key)
            ):
                self.assertIn(result.operation_id, wanted)
                if result.status in (200, 204, 404):
                    results[result.operation_id] = result
            wanted = {key: op for key, op in wanted.items() if key not in results}
        self.fail(f"never done: {wanted}")

    def download(self, gateway, key):
        """Read all results of a batch."""
        batch = gateway.api.batches.status(key)
        self.assertEqual(batch["status"], "finished")
        return list(gateway.batch_results(batch["response_body_url"]))

    def stubbornly(self, call):
        """Repeat a call until it succeeds."""
        for _round in range(ROUNDS):
            try:
                return call()
            except MailchimpError as error:
                last = error
        raise last

    def batch_state(self, results):
        """Make a dump: the results, and the members at Mailchimp."""
        self.sandbox.faults.clear()
        lists = self.account._gateway().api.lists
        members = lists.get_list_members_info(self.remote.id, count=1000)["members"]
        return {
            "results": sorted(
                _text(key, result.status, "" if "?" in key else result.body)
                for key, result in results.items()
            ),
            "members": sorted(map(_text, members)),
        }

    # === MATRIX === #

    def attempt(self, column, fault=None):
        """Do the operation of a column once, from the same beginning.

        :param callable fault: injects it
        :return: a dump of what came of it, and what ``fault`` returned
        """
        with self.begin():
            self.arrange(column)
            before = len(self.sandbox.requests)
            injected = fault and fault()
            results = self.act(column)
            self.requests = self.sandbox.requests[before:]
            self.env.flush_all()
            state = self.batch_state(results) if results else dump(self.env.cr)
            return state, injected

    def points(self, column, kind):
        """Count the requests of an undisturbed operation that a fault may strike."""
        return sum(
            1
            for request in self.requests
            if not (request.in_batch and kind in sandbox_faults.AFTER)
            and (
                kind != "504_large_page"
                or int(request.query.get("count", 0)) >= self.page_size
            )
        )

    def inject(self, column, kind, after, times):
        """Let a fault strike so often, after so many requests."""
        later_only = column == "batch" and kind in sandbox_faults.AFTER
        return self.sandbox.faults.inject(
            kind,
            times,
            match=OUTSIDE_BATCHES if later_only else "*",
            seconds=0.8,
            after=after,
        )

    def cell(self, column, kind, expected, points):
        """Try a fault at three moments.

        :return: what to write into the table, and what was different
        """
        rng, wrong = random.Random(f"{column}/{kind}"), []
        gateway = HastyGateway if kind == "slow" else Gateway
        model = self.registry["mailchimp.account"]
        with patch.object(model, "_gateway_class", lambda _self: gateway):
            for times in TIMES:
                place = (column, kind, rng.randrange(points), times)
                state, fault = self.attempt(
                    column, lambda place=place: self.inject(*place)
                )
                text = differences(expected, state)
                if text or not fault.hits:
                    wrong.append(f"{place}: {text or 'did not strike'}")
        return f"{len(TIMES) - len(wrong)}/{len(TIMES)}", wrong

    def row(self, column):
        """Try all faults on one operation.

        :return: {fault: what to write into the table}, and what was different
        """
        cells, wrong = {}, []
        with self.begin():
            self.prepare(column)
            before = dump(self.env.cr)
            expected, _fault = self.attempt(column)
            self.assertTrue(differences(before, expected), f"{column} does nothing")
            points = {kind: self.points(column, kind) for kind in FAULTS}
            for kind in FAULTS:
                cells[kind], found = self.cell(column, kind, expected, points[kind])
                wrong += found
        return cells, wrong

    def test_matrix(self):
        columns, wrong = {}, []
        for column in COLUMNS:
            columns[column], found = self.row(column)
            wrong += found
        table = _table(columns)
        _logger.info("Operations that ended as without the fault:\n%s", table)
        if LOG.is_dir():
            (LOG / "fault-matrix.txt").write_text(table)
        self.assertFalse(wrong, "\n\n".join(wrong[:10]))


def _stable(value):
    """Leave out what is another one each time."""
    if isinstance(value, dict):
        return {k: _stable(v) for k, v in value.items() if k not in VOLATILE}
    return value


def _text(*values):
    return json.dumps([_stable(value) for value in values], sort_keys=True)


def _table(columns):
    width = max(map(len, FAULTS))
    lines = [" ".join([" " * width, *columns])]
    for kind in FAULTS:
        cells = [cells[kind].center(len(name)) for name, cells in columns.items()]
        lines.append(" ".join([kind.ljust(width), *cells]).rstrip())
    return "\n".join(lines) + "\n"
