"""Many members at once: batches, and how many requests it all takes."""

from unittest.mock import patch

from odoo.tests import tagged

from .push_common import PushCase

MANY = 1000
PUSH = "odoo.addons.mailchimp_connector.models.mailchimp_member_push"
ENGINE = "odoo.addons.mailchimp_connector.models.mailchimp_job_engine"


@tagged("post_install", "-at_install")
class TestPushBatch(PushCase):
    def setUp(self):
        super().setUp()
        for number in range(20):
            self.remote.add_member(f"m{number}@a.example", merge_fields={"FNAME": "M"})
        self.import_audiences()
        self.later()

    def edit_all(self):
        """Change all contacts.

        :return: their members
        """
        members = self.audience().member_ids
        members.contact_id.first_name = "Edith"
        self.env.flush_all()
        return members

    def batch(self):
        return self.env["mailchimp.batch"].search([], limit=1)

    def begin(self):
        """Run the queue until Mailchimp has the batch, which waits there."""
        self.sandbox.batches.hold()
        for _round in range(2):
            self.run_jobs()
        batch = self.batch()
        batch.invalidate_recordset()
        self.assertEqual(batch.state, "submitted")
        return batch

    def names(self):
        return {m.merges["FNAME"] for m in self.remote.members.values()}

    def test_changes_arrive(self):
        members = self.edit_all()
        before = len(self.sandbox.requests)
        self.drive()
        self.assertEqual(self.names(), {"Edith"})
        self.assertEqual([r.path for r in self.writes(before)], ["/batches"])
        self.assertEqual(set(members.mapped("sync_state")), {"synced"})
        self.assertFalse(members.batch_id)
        self.assertEqual(self.batch().state, "done")
        self.assertWellFormed()
        self.later()
        run = self.fetch()
        self.assertEqual(run.updated, 0)

    def test_members_of_a_batch_wait(self):
        self.edit_all()
        batch = self.begin()
        self.assertEqual(len(batch.member_ids), 20)
        before = len(self.sandbox.requests)
        self.contact("m1@a.example").first_name = "Emma"
        self.env.flush_all()
        self.run_jobs()
        self.assertEqual(self.sandbox.requests[before:], [])
        self.assertEqual(self.member("m1@a.example").sync_state, "to_push")
        self.sandbox.batches.release()
        self.drive()
        self.assertEqual(self.there("m1@a.example").merges["FNAME"], "Emma")
        self.assertEqual(self.there("m2@a.example").merges["FNAME"], "Edith")

    def take_back(self):
        """Change a field of all, and back again once Mailchimp has the batch."""
        contacts = self.edit_all().contact_id
        self.begin()
        contacts.first_name = "M"
        self.env.flush_all()
        return contacts

    def test_an_edit_that_is_taken_back_meanwhile(self):
        contacts = self.take_back()
        self.sandbox.batches.release()
        self.drive()
        self.assertEqual(set(contacts.mapped("first_name")), {"M"})
        self.assertEqual(self.names(), {"M"})

    def test_a_fetch_meets_what_was_sent_and_taken_back(self):
        contacts = self.take_back()
        self.sandbox.batches.release()
        self.assertTrue(self.sandbox.batches.wait())
        self.assertEqual(self.names(), {"Edith"})
        self.later()
        self.audience()._start_fetch("user", 1, full=True)
        self.drive()
        self.assertEqual(set(contacts.mapped("first_name")), {"M"})
        self.assertEqual(self.names(), {"M"})

    def test_a_fetch_meets_what_was_sent_and_edited_again(self):
        """Even where Mailchimp is right, it only repeats what came from Odoo."""
        self.account.sync_priority = "remote"
        contacts = self.take_back()
        contacts.first_name = "Eve"
        self.env.flush_all()
        self.sandbox.batches.release()
        self.assertTrue(self.sandbox.batches.wait())
        self.later()
        self.audience()._start_fetch("user", 1, full=True)
        self.drive()
        self.assertEqual(set(contacts.mapped("first_name")), {"Eve"})
        self.assertEqual(self.names(), {"Eve"})

    def test_pauses_grow(self):
        self.edit_all()
        batch = self.begin()
        self.assertEqual(batch.polls, 0)
        pauses = []
        for _round in range(6):
            job = self.env["mailchimp.job"].search(
                [("method", "=", "_job_poll"), ("state", "=", "pending")]
            )
            pauses.append((job.run_after - job.create_date).total_seconds())
            job.action_run_now()
            self.run_jobs()
        self.assertEqual([round(p / 5) * 5 for p in pauses], [5, 10, 20, 40, 60, 60])

    def test_expired_batch(self):
        members = self.edit_all()
        batch = self.begin()
        self.sandbox.clock.advance(8 * 24 * 3600)
        self.sandbox.batches._queue.clear()
        self.sandbox.batches.release()
        self.drive()
        self.assertEqual(self.names(), {"Edith"})
        self.assertEqual(batch.state, "expired")
        self.assertEqual(set(members.mapped("sync_state")), {"synced"})

    def test_cancelled_run(self):
        members = self.audience().member_ids
        members.contact_id.first_name = "Edith"
        run = members._start_update("user", 5)
        batch = self.begin()
        self.assertEqual(batch.run_id, run)
        run.action_cancel()
        self.run_jobs()
        self.sandbox.batches.release()
        self.drive()
        self.assertFalse(members.batch_id)
        self.assertEqual(batch.state, "cancelled")
        self.assertEqual(self.names(), {"Edith"})  # by the push that goes on by itself

    def test_cancelled_job(self):
        self.edit_all()
        batch = self.begin()
        self.env["mailchimp.job"].search(
            [("method", "=", "_job_poll"), ("state", "=", "pending")]
        ).action_cancel()
        self.sandbox.batches.release()
        self.env["mailchimp.batch"]._gc_batches()
        self.drive()
        self.assertEqual(batch.state, "done")
        self.assertEqual(self.names(), {"Edith"})

    def test_lost_answer_is_found_again(self):
        self.edit_all()
        self.sandbox.faults.inject("answer_lost", match="POST /batches")
        self.drive()
        self.assertEqual(self.names(), {"Edith"})
        self.assertEqual(len(self.remote_account.batches), 1)

    def test_batch_of_somebody_else_is_not_taken_for_ours(self):
        self.edit_all()
        path = f"/lists/{self.remote.id}/members/nobody"
        gateway = self.account._gateway()
        gateway.api.batches.start(
            {"operations": [{"method": "GET", "path": path}] * 20}
        )
        self.sandbox.faults.inject("500_problem", match="POST /batches")
        self.drive()
        self.assertEqual(self.names(), {"Edith"})
        self.assertEqual(len(self.remote_account.batches), 2)

    def test_refused_and_failed_operations(self):
        self.remote.add_merge_field("SITE", "url")
        member = self.member("m3@a.example")
        match = f"BATCH PATCH /lists/*/members/{member.remote_contact_id}"
        self.sandbox.faults.inject("500_problem", match=match)
        run = self.audience().member_ids._start_update("user", 5)
        self.edit_all()
        self.people.delete_permanently(self.remote, "m5@a.example")
        self.drive()
        self.assertEqual(self.names(), {"Edith"})
        self.assertEqual(run.state, "done")
        self.assertNobodyCameBack()

    def test_opt_outs_of_people_without_a_required_value(self):
        self.remote.add_merge_field("CODE", "text", required=True)
        subscriptions = self.audience().mailing_list_id.subscription_ids
        subscriptions.opt_out = True
        self.drive()
        statuses = {m.status for m in self.remote.members.values()}
        self.assertEqual(statuses, {"unsubscribed"})
        self.assertTrue(self.batch())
        self.assertWellFormed()

    def test_operations_that_mailchimp_fails_at_are_not_repeated_at_once(self):
        members = self.edit_all()
        fault = self.sandbox.faults.inject("500_problem", None, "BATCH PATCH *")
        for _round in range(8):
            self.run_jobs()
            self.assertTrue(self.sandbox.batches.wait())
            polls = [("method", "=", "_job_poll"), ("state", "=", "pending")]
            self.env["mailchimp.job"].search(polls).action_run_now()
        self.assertEqual(fault.hits, 20)
        members.invalidate_recordset()
        self.assertEqual(set(members.mapped("error_code")), {"unavailable"})
        self.sandbox.faults.clear()
        self.drive()
        self.assertEqual(self.names(), {"Edith"})
        self.assertEqual(set(members.mapped("sync_state")), {"synced"})
        self.assertFalse(members.mapped("error_code")[0])

    def test_tags_and_values_together(self):
        tag = self.env["res.partner.category"].create({"name": "Gold"})
        members = self.edit_all()
        steps = self.env["mailchimp.member.push"]._plan(self.audience(), members)
        steps = [
            step._replace(tags=[{"name": "Gold", "status": "active"}]) for step in steps
        ]
        Push = self.env["mailchimp.member.push"]
        Push._send(self.audience(), steps, self.env["mailchimp.run"])
        self.drive()
        self.assertEqual(len(self.remote.tag_named("Gold").members), 20)
        self.assertEqual(set(members.tag_ids.mapped("name")), {"Gold"})
        self.assertEqual(members.tag_ids.category_id, tag)
        self.assertWellFormed()


@tagged("post_install", "-at_install")
class TestRequests(PushCase):
    """How many requests it takes."""

    def test_what_was_sent_is_not_read_again_by_each_worker(self):
        self.import_audiences()
        looks = []
        for letter in "ab":
            self.later(60)
            emails = [f"{letter}{number}@a.example" for number in range(12)]
            contacts = self.env["mailing.contact"]
            for email in emails:
                contacts |= self.new_contact(email)
            before = len(self.sandbox.requests)
            self.export(contacts)
            looks += [
                request.query["since_last_changed"]
                for request in self.sandbox.requests[before:]
                if "since_last_changed" in request.query
            ]
        self.assertEqual(len(self.remote.members), 24)
        first, second = looks[0], looks[-1]
        self.assertGreater(second, first)

    def test_ten_thousand_new_ones_changed_ones_and_unchanged_ones(self):
        # However slow the machine: each minute, and each worker, takes another look.
        self.startPatcher(patch(f"{PUSH}.LOOK_SECONDS", 3600))
        self.startPatcher(patch(f"{ENGINE}.LOOP_SECONDS", 3600))
        self.import_audiences()
        self.later()
        contacts = self.env["mailing.contact"].create(
            [{"name": f"N {n}", "email": f"n{n}@a.example"} for n in range(10 * MANY)]
        )
        before = len(self.sandbox.requests)
        run = self.export(contacts)
        requests = self.sandbox.requests[before:]
        self.assertEqual(len(self.remote.members), 10 * MANY)
        self.assertEqual(run.created, 10 * MANY)
        self.assertLessEqual(len(requests) / 10, 2.2)

        self.fetch()
        self.later()
        changed = contacts[:MANY]
        before = len(self.sandbox.requests)
        changed.with_context(tracking_disable=True).last_name = "Moved"
        self.drive()
        made = [r for r in self.sandbox.requests[before:] if not r.in_batch]
        self.assertEqual([r.method for r in made].count("POST"), 2)
        self.assertLessEqual(len(made), 12)
        there = {m.merges.get("LNAME") for m in self.remote.members.values()}
        self.assertIn("Moved", there)

        before = len(self.sandbox.requests)
        changed.mailchimp_member_ids._mark_changed()
        self.drive()
        self.assertEqual(self.sandbox.requests[before:], [])
