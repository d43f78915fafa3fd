"""Apply does what the plan says, and no more."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .plan_common import PlanCase

COUNTS = ("total", "done", "created", "updated", "unchanged", "skipped", "failed")


@tagged("post_install", "-at_install")
class TestPlanApply(PlanCase):
    def both_sides(self, remote, audience):
        """Return what both sides hold of everybody, but for times and ids."""
        self.env.invalidate_all()
        there = {m.email: (m.status, m.merges) for m in remote.members.values()}
        here = {
            (m.email, m.contact_id.email, m.partner_id.name): (
                m.status,
                m.sync_state,
                m.error_code,
                m.added_by_odoo,
                m.merge_values,
            )
            for m in audience.member_ids
        }
        return there, here

    def test_apply_equals_a_direct_run(self):
        people = (
            self.new_partner("ann@b.example", name="Ann Lee")
            + self.new_partner("bob@b.example", name="Bob")
            + self.new_partner("nobody", name="Broken")
            + self.new_partner("person1@a.example", name="Person One")
        )
        twin = self.remote_account.add_audience("Twin")
        for number in range(3):
            twin.add_member(
                f"person{number}@a.example", merge_fields={"FNAME": f"Person{number}"}
            )
        self.import_audiences()
        direct = people._mailchimp_start_export(self.audience(twin), "user", 5)
        self.drive()

        run = self.apply(self.plan("export", people))

        self.assertEqual([run[c] for c in COUNTS], [direct[c] for c in COUNTS])
        self.assertEqual((run.state, run.created, run.skipped), ("done", 2, 1))
        self.assertEqual(
            [(ln.name, ln.code, ln.reason) for ln in run.line_ids],
            [(ln.name, ln.code, ln.reason) for ln in direct.line_ids],
        )
        self.assertEqual(
            self.both_sides(self.remote, self.news),
            self.both_sides(twin, self.audience(twin)),
        )

    def test_nothing_is_done_twice(self):
        plan = self.plan("export", self.new_partner("ann@b.example"))
        self.apply(plan)
        asked = len(self.sandbox.requests)
        with self.assertRaises(UserError):
            plan.action_apply()
        job = plan.apply_run_id.job_ids.filtered(lambda j: j.method == "_job_apply")
        for _step in plan._job_apply(**job.args):  # as after a crash
            self.env.flush_all()
        self.drive()
        self.assertEqual(self.writes(asked), [])
        self.assertEqual(plan.apply_run_id.created, 1)

    def test_person_who_unsubscribed_meanwhile(self):
        self.contact("person0@a.example").first_name = "Pia"
        self.contact("person1@a.example").first_name = "Pim"
        plan = self.plan("update", self.news.member_ids)
        self.later()
        self.people.unsubscribe(self.remote, "person0@a.example")
        self.later()
        run = self.apply(plan)
        self.assertEqual(self.line(plan, "person0@a.example").state, "moved")
        self.assertEqual(self.line(plan, "person1@a.example").state, "applied")
        self.assertEqual(plan.moved_count, 1)
        [line] = run.line_ids
        self.assertEqual((line.code, line.name), ("moved", "person0@a.example"))
        there = self.there("person0@a.example")
        self.assertEqual(
            (there.status, there.merges["FNAME"]), ("unsubscribed", "Person0")
        )
        self.assertEqual(self.there("person1@a.example").merges["FNAME"], "Pim")
        self.assertEqual(self.member("person0@a.example").status, "unsubscribed")

    def test_contact_that_was_edited_meanwhile(self):
        ann = self.new_partner("ann@b.example", name="Ann")
        bob = self.new_partner("bob@b.example", name="Bob")
        plan = self.plan("export", ann + bob)
        ann.email = "ann@c.example"
        run = self.apply(plan)
        self.assertEqual(self.line(plan, "Ann").state, "moved")
        self.assertFalse(self.there("ann@b.example") or self.there("ann@c.example"))
        self.assertEqual(self.there("bob@b.example").status, "subscribed")
        self.assertEqual((run.created, run.skipped, run.done), (1, 1, 2))

    def test_record_that_is_gone(self):
        ann = self.new_partner("ann@b.example", name="Ann")
        plan = self.plan("export", ann + self.new_partner("bob@b.example"))
        ann.unlink()
        run = self.apply(plan)
        self.assertEqual((run.created, plan.moved_count), (1, 1))

    def test_brake_stops_it(self):
        self.account.brake_new = 1
        plan = self.plan(
            "export", self.new_partner("a@b.example") + self.new_partner("b@b.example")
        )
        plan.action_apply()
        self.run_jobs()
        run = plan.apply_run_id
        self.assertEqual(run.state, "approval")
        self.assertFalse(self.there("a@b.example"))
        run.action_approve()
        self.drive()
        self.assertEqual((run.state, run.created), ("done", 2))

    def test_cancelled_run_can_be_applied_again(self):
        plan = self.plan("export", self.new_partner("ann@b.example"))
        plan.action_apply()
        plan.apply_run_id.action_cancel()
        self.assertEqual(plan.state, "ready")
        self.assertEqual(self.apply(plan).created, 1)


@tagged("post_install", "-at_install")
class TestPlanOfFetchApply(PlanCase):
    def setUp(self):
        super().setUp()
        self.field("FNAME").ownership = "mailchimp"

    def in_mailchimp(self, number, name):
        """Let a person change the name in Mailchimp."""
        self.people.update_profile(
            self.remote, f"person{number}@a.example", merge_fields={"FNAME": name}
        )

    def test_apply_equals_a_fetch(self):
        self.later()
        self.in_mailchimp(0, "Pia")
        self.people.unsubscribe(self.remote, "person1@a.example")
        self.remote.add_member("new@b.example", merge_fields={"FNAME": "Nora"})
        self.later()
        before = self.news.pulled_at
        plan = self.plan("import")
        self.assertEqual(self.news.pulled_at, before)
        run = self.apply(plan)
        self.assertEqual((run.created, run.updated, run.skipped), (1, 2, 0))
        self.assertEqual(set(plan.line_ids.mapped("state")), {"applied"})
        self.assertEqual(self.contact("person0@a.example").first_name, "Pia")
        self.assertTrue(self.subscription("person1@a.example").opt_out)
        self.assertEqual(self.contact("new@b.example").first_name, "Nora")
        self.assertGreater(self.news.pulled_at, before)
        again = self.fetch()
        self.assertEqual((again.created, again.updated), (0, 0))

    def test_who_changed_meanwhile_is_refused(self):
        self.later()
        self.in_mailchimp(0, "Pia")
        self.in_mailchimp(1, "Pim")
        self.in_mailchimp(2, "Pol")
        self.later()
        plan = self.plan("import")
        before = self.news.pulled_at
        self.later()
        self.in_mailchimp(0, "Other")
        self.contact("person1@a.example").first_name = "Edited"
        run = self.apply(plan)
        states = {line.name: line.state for line in plan.line_ids}
        self.assertEqual(
            states,
            {
                "person0@a.example": "moved",
                "person1@a.example": "moved",
                "person2@a.example": "applied",
            },
        )
        self.assertEqual((run.updated, run.skipped, plan.moved_count), (1, 2, 2))
        names = [self.contact(f"person{n}@a.example").first_name for n in range(3)]
        self.assertEqual(names, ["Person0", "Edited", "Pol"])
        self.assertEqual(self.news.pulled_at, before, "the next fetch brings them")
        self.fetch()
        self.assertEqual(self.contact("person0@a.example").first_name, "Other")
