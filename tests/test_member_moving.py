"""Members and audiences that change, and requests that fail, while pages are read."""

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mailchimp_connector.sandbox import query

from .test_member_import import FetchCase

JOB_LOGGER = "odoo.addons.mailchimp_connector.models.mailchimp_job_outcome"


@tagged("post_install", "-at_install")
class TestMovingMembers(FetchCase):
    """Members that change while the pages are read."""

    def setUp(self):
        super().setUp()
        self.small_pages()

    def _meddle(self, change, at):
        """Call ``change`` before the page request number ``at`` is answered."""
        page, seen = query.page, []

        def meddled(call, audience):
            seen.append(call)
            if len(seen) == at:
                change()
            return page(call, audience)

        self.startPatcher(patch.object(query, "page", meddled))

    def test_members_archived_between_pages(self):
        for number in range(60):
            self.remote.add_member(f"m{number:02}@a.example")
        self.import_audiences(members=False)

        def archive():
            self.later(2)
            for number in range(8):
                self.people.archive(self.remote, f"m{number:02}@a.example")

        self._meddle(archive, at=2)
        self.fetch()
        self.fetch()
        self.assertEqual(self.states(), self.remote_states())

    def test_members_changed_between_pages(self):
        for number in range(60):
            self.remote.add_member(f"m{number:02}@a.example")
        self.import_audiences(members=False)

        def change():
            self.later(2)
            for number in range(0, 60, 7):
                self.people.unsubscribe(self.remote, f"m{number:02}@a.example")

        self._meddle(change, at=3)
        self.fetch()
        self.fetch()
        self.assertEqual(self.states(), self.remote_states())

    def test_member_deleted_between_pages(self):
        for number in range(40):
            self.remote.add_member(f"m{number:02}@a.example")
        self.import_audiences(members=False)

        def delete():
            self.people.delete_permanently(self.remote, "m03@a.example")

        self._meddle(delete, at=2)
        self.fetch()
        self.fetch(full=True)
        live = {e: s for e, s in self.states().items() if e}
        self.assertEqual(live, self.remote_states())

    def test_stale_page_does_not_loosen_consent(self):
        for number in range(30):
            self.remote.add_member(f"m{number:02}@a.example")
        audience = self.import_audiences()
        stale = self._payloads()
        self.later(3)
        self.people.unsubscribe(self.remote, "m25@a.example")
        hash_ = self.remote.by_email("m25@a.example").id
        audience._enqueue_refresh([hash_])
        self.run_jobs()
        self.assertEqual(self.member("m25@a.example").status, "unsubscribed")
        run = self.env["mailchimp.run"]._open_run(self.account, "members", "user")
        self.env["mailchimp.member.import"]._import_items(audience, stale, run, [])
        self.assertEqual(self.member("m25@a.example").status, "unsubscribed")
        self.assertTrue(self.subscription("m25@a.example").opt_out)
        self.run_jobs()
        self.assertEqual(self.states(), self.remote_states())

    def test_within_one_second_the_stricter_state_stays(self):
        self.remote.add_member("a@a.example")
        audience = self.import_audiences()
        self.later(60)
        self.remote.touch(self.remote.by_email("a@a.example"))
        stale = self._payloads()
        self.people.unsubscribe(self.remote, "a@a.example")  # the same second
        audience._enqueue_refresh([self.remote.by_email("a@a.example").id])
        self.run_jobs()
        run = self.env["mailchimp.run"]._open_run(self.account, "members", "user")
        self.env["mailchimp.member.import"]._import_items(audience, stale, run, [])
        self.assertEqual(self.member("a@a.example").status, "unsubscribed")

    def test_search_for_missing_members_goes_on_where_it_was(self):
        self.remote.fill(35)
        audience = self.import_audiences()
        gone = next(iter(self.remote.members.values())).email
        self.people.delete_permanently(self.remote, gone)
        run = self.env["mailchimp.run"]._open_run(
            self.account, "members_full", "user", audience
        )
        for _worker in range(3):  # each of them has no time left after a page
            late = audience.with_context(mailchimp_deadline=0)
            worker = late._job_find_missing(run.id)
            next(worker)
            worker.close()
        before = len(self.sandbox.requests)
        for _step in audience._job_find_missing(run.id):
            pass
        pages = [r for r in self.sandbox.requests[before:] if r.query.get("fields")]
        self.assertEqual([r.query["offset"] for r in pages], ["30", "0"])
        self.assertFalse(run.checkpoint)
        self.run_jobs()
        forgotten = audience.member_ids.filtered("forgotten")
        self.assertEqual(len(forgotten), 1)
        self.assertFalse(self.member(gone))

    def _payloads(self):
        gateway = self.account._gateway()
        page = gateway.api.lists.get_list_members_info(self.remote.id, count=1000)
        return [
            {k: v for k, v in m.items() if k not in ("_links", "list_id")}
            for m in page["members"]
        ]


@tagged("post_install", "-at_install")
class TestFaults(FetchCase):
    """A fetch that meets trouble ends as one that met none."""

    def test_final_state_is_that_of_a_fetch_without_faults(self):
        self.small_pages()
        self.remote.fill(55)
        self.import_audiences(members=False)
        for kind in ("502_html", "empty_body", "broken_json", "connection_reset"):
            with self.subTest(kind=kind):
                self.audience().pulled_at = False
                match = f"GET /lists/{self.remote.id}/members"
                self.sandbox.faults.inject(kind, times=3, match=match, after=2)
                run = self.fetch()
                for _attempt in range(5):
                    run.job_ids.action_run_now()
                    self.env["mailchimp.account"].search([]).paused_until = False
                    self.run_jobs()
                self.assertEqual(run.state, "done", run.message)
                self.assertEqual(self.states(), self.remote_states())
                contacts = self.env["mailing.contact"].search(
                    [("mailchimp_member_ids", "!=", False)]
                )
                held = [s for s in self.states().values() if s != "archived"]
                self.assertEqual(len(contacts), len(held))

    @mute_logger(JOB_LOGGER)
    def test_audience_deleted_meanwhile(self):
        self.remote.fill(20)
        audience = self.import_audiences()
        run = audience._start_fetch("user", 5, full=True)
        audience._enqueue_refresh([next(iter(self.remote.members))])
        del self.remote_account.audiences[self.remote.id]
        self.run_jobs()
        self.assertEqual(run.state, "done")
        self.assertFalse(audience.active)
        forgotten = self.env["mailchimp.member"].search([("forgotten", "=", True)])
        self.assertFalse(forgotten, "A member is not gone because its audience is")
        self.assertEqual(
            set(audience.member_ids.mapped("email")),
            {m.email for m in self.remote.members.values()},
        )
