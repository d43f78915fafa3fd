from datetime import datetime, timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.service.model import get_public_method
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .job_common import JOB_LOGGERS, JobCase, out_of_order


@tagged("post_install", "-at_install")
class TestEnqueue(JobCase):
    """What may be queued, by whom, and what becomes of doubles."""

    def test_only_job_methods(self):
        for method in ("unlink", "write", "_compute_display_name", "_job_unknown"):
            with self.subTest(method=method), self.assertRaises(ValueError):
                self.Job._enqueue(self.partner, method, name="No")
        self.assertFalse(self.Job.search([]))

    def test_misspelt_option_is_not_swallowed(self):
        self.assertRaises(TypeError, self.enqueue, "x", after=fields.Datetime.now())

    def test_what_postgresql_cannot_store_is_left_out(self):
        job = self.Job._enqueue(
            self.partner,
            "_job_append",
            name="a\0b",
            identity="i\0d",
            args={"path": "p\0", "text": ["\ud800x", {"k\0": ("t\0",)}, 1, None]},
        )
        self.env.flush_all()
        job.invalidate_recordset()
        self.assertEqual((job.name, job.identity), ("ab", "id"))
        self.assertEqual(job.args, {"path": "p", "text": ["x", {"k": ["t"]}, 1, None]})

    def test_runs_as_superuser_in_the_company_of_the_account(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        company = self.env["res.company"].create({"name": "Other"})
        self.account.company_id = company
        user = new_test_user(self.env, "asker", "base.group_user")
        user.lang = "fr_FR"
        seen = []

        def look(records):
            env = records.env
            seen.append((env.uid, env.company.id, env.lang, records.ids))

        self.enqueue(look, records=self.partner.with_user(user))
        self.run_queue()
        self.assertEqual(
            seen,
            [
                (
                    self.env.ref("base.user_root").id,
                    company.id,
                    "fr_FR",
                    self.partner.ids,
                )
            ],
        )

    def test_job_of_a_model_without_records(self):
        self.enqueue(
            lambda records: self.log.append(records.ids), records=self.partner.browse()
        )
        self.run_queue()
        self.assertEqual(self.log, [[]])

    def test_return_value_is_of_no_interest(self):
        job = self.enqueue(lambda records: records)
        self.run_queue()
        self.assertEqual(job.state, "done")


@tagged("post_install", "-at_install")
class TestCoalesce(JobCase):
    """An identical pending job is not queued twice; one that differs is."""

    def enqueue(self, body="x", key="same", identity="id", **options):
        """Queue the same call again and again."""
        return super().enqueue(body, key, identity=identity, **options)

    def test_same_call(self):
        self.assertEqual(self.enqueue(), self.enqueue())
        self.assertEqual(len(self.Job.search([])), 1)

    def test_without_identity_nothing_is_the_same(self):
        self.assertNotEqual(self.enqueue(identity=None), self.enqueue(identity=None))

    def test_different_calls_of_one_identity(self):
        other = self.env["res.partner"].create({"name": "Bob"})
        jobs = [
            self.enqueue(),
            self.enqueue(key="other"),
            self.enqueue(records=other),
            self.enqueue(run=self.new_run()),
            self.enqueue(run=self.new_run()),
        ]
        self.assertEqual(len({job.id for job in jobs}), 5)

    def test_each_run_has_its_job(self):
        runs = [self.new_run(), self.new_run()]
        for run in runs:
            self.enqueue(run=run)
        self.run_queue()
        self.assertEqual([run.state for run in runs], ["done", "done"])

    def test_finished_job_does_not_stand_for_a_new_one(self):
        for state in ("done", "failed", "cancelled"):
            with self.subTest(state=state):
                job = self.enqueue()
                job.state = state
                self.assertNotEqual(self.enqueue(), job)

    def test_more_urgent_and_sooner(self):
        late = fields.Datetime.now() + timedelta(hours=3)
        job = self.enqueue(priority=20, run_after=late)
        soon = late - timedelta(hours=1)
        self.assertEqual(self.enqueue(priority=10, run_after=soon), job)
        self.assertEqual((job.priority, job.run_after), (10, soon))
        self.enqueue(priority=20, run_after=late)
        self.assertEqual((job.priority, job.run_after), (10, soon))

    def test_backoff_stays_unless_a_person_asks(self):
        job = self.enqueue()
        late = fields.Datetime.now() + timedelta(hours=3)
        job.write({"attempts": 4, "run_after": late})
        self.enqueue(priority=20)
        self.assertEqual((job.attempts, job.run_after), (4, late))
        self.enqueue(priority=5)
        self.assertEqual(job.attempts, 0)
        self.assertLess(job.run_after, late)

    def test_job_that_queues_itself_is_not_lost(self):
        rounds = []

        def again(records):
            rounds.append(1)
            if len(rounds) < 3:
                self.enqueue(again, records=records)

        self.enqueue(again)
        self.run_queue()
        self.assertEqual(len(rounds), 3)

    def test_job_queued_by_a_later_one_of_the_batch_is_not_lost(self):
        self.enqueue(lambda records: self.log.append(len(self.log)))
        # Batches grow by the power of two: then both run in one transaction, in which
        # the first is done but not yet noted.
        for _time in range(3):
            self.enqueue("warm up", key="warm", identity=None, priority=1)
        self.enqueue(
            lambda records: self.enqueue("again", records=records),
            key="second",
            identity=None,
        )
        self.run_queue()
        self.assertEqual(self.log, ["warm up"] * 3 + [3, "again"])

    def test_job_that_has_begun_does_not_stand_for_a_new_one(self):
        def ask_again(records):
            self.enqueue(lambda rec: self.log.append("read again"), records=records)

        def steps(records):
            self.log.append("read")
            self.enqueue(ask_again, "other", None, records=records, priority=1)
            yield
            self.log.append("end")

        self.enqueue(steps)
        self.run_queue()
        self.assertEqual(self.log, ["read", "end", "read again"])


@tagged("post_install", "-at_install")
class TestGuard(JobCase):
    """A job names a method that is called as superuser: nobody else writes one."""

    def setUp(self):
        super().setUp()
        self.job = self.enqueue("x")
        self.vals = {"name": "x", "model": "res.partner", "method": "unlink"}

    def test_nobody_creates(self):
        admin = self.env.ref("base.user_admin")
        forged = {"mailchimp_enqueue": True}
        for jobs in (
            self.Job,
            self.Job.sudo(),
            self.Job.with_user(admin),
            self.Job.with_user(admin).sudo().with_context(**forged),
        ):
            with self.subTest(jobs=jobs.env.user.login):
                self.assertRaises(AccessError, jobs.create, self.vals)
                self.assertRaises(AccessError, jobs.web_save, self.vals, {})
                self.assertRaises(AccessError, jobs.name_create, "x")
        self.assertEqual(self.Job.search([]), self.job)

    def test_no_copy(self):
        self.assertRaises(AccessError, self.job.sudo().copy)
        self.assertRaises(AccessError, self.job.sudo().copy, {"method": "unlink"})

    def test_no_import(self):
        result = self.Job.sudo().load(
            ["name", "model", "method"], [["x", "res.partner", "unlink"]]
        )
        self.assertFalse(result["ids"])
        self.assertIn("Mailchimp operations only", result["messages"][0]["message"])

    def test_not_through_the_run(self):
        with self.assertRaises(AccessError):
            self.new_run().sudo().write({"job_ids": [Command.create(self.vals)]})

    def test_not_by_a_server_action(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "Forge",
                "model_id": self.env.ref("base.model_res_partner").id,
                "state": "code",
                "code": f"env['mailchimp.job'].sudo().create({self.vals!r})",
            }
        )
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base"):
            action.run()

    def test_call_cannot_be_changed(self):
        changes = {
            "model": "res.users",
            "method": "unlink",
            "args": {"a": 1},
            "res_ids": [1],
            "identity": "other",
        }
        for name, value in changes.items():
            with self.subTest(name=name):
                self.assertRaises(AccessError, self.job.sudo().write, {name: value})
                with self.assertRaises(AccessError):
                    self.job.sudo()[name] = value
        self.job.sudo().priority = 1

    def test_returned_job_opens_no_door(self):
        self.assertRaises(AccessError, self.job.copy)
        self.assertRaises(AccessError, self.job.create, self.vals)

    def test_no_rights_to_write_the_queue(self):
        groups = (
            "mailchimp_connector.group_mailchimp_user",
            "mailchimp_connector.group_mailchimp_manager",
            "base.group_system",
        )
        for number, group in enumerate(groups):
            user = new_test_user(self.env, f"user{number}", f"base.group_user,{group}")
            jobs = self.Job.with_user(user)
            rights = [jobs.has_access(o) for o in ("create", "write", "unlink")]
            self.assertFalse(any(rights), group)

    def test_hooks_are_not_for_rpc(self):
        for method in ("_enqueue", "_dispatch", "_cron_run_jobs", "_cancel"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                get_public_method(self.Job, method)

    def test_stranger_can_press_no_button(self):
        stranger = new_test_user(self.env, "stranger", "base.group_user")
        for button in ("action_retry", "action_run_now", "action_cancel"):
            with self.subTest(button=button), self.assertRaises(AccessError):
                getattr(self.job.with_user(stranger), button)()

    @mute_logger(*JOB_LOGGERS)
    def test_forged_row_is_not_called(self):
        self.env.cr.execute(
            "UPDATE mailchimp_job SET method = 'unlink' WHERE id = %s", [self.job.id]
        )
        self.job.invalidate_recordset()
        self.run_queue()
        self.assertTrue(self.partner.exists())
        self.assertEqual(self.job.state, "failed")
        self.assertIn("not a job method", self.job.error)


@tagged("post_install", "-at_install")
class TestWake(JobCase):
    """The queue is woken at once, and at each next try."""

    def setUp(self):
        super().setUp()
        self.forget_triggers()

    def test_once_a_transaction(self):
        for _time in range(5):
            self.enqueue("x")
        self.assertEqual(len(self.triggers()), 1)
        self.assertLessEqual(self.triggers()[0], fields.Datetime.now())

    def test_also_for_a_job_that_stands_for_another(self):
        self.enqueue("x", key="k", identity="i")
        self.forget_triggers()
        self.enqueue("x", key="k", identity="i")
        self.assertEqual(len(self.triggers()), 1)

    def test_rolled_back_wake_up_is_made_again(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.enqueue("x")
            raise ZeroDivisionError
        self.enqueue("x")
        self.assertEqual(len(self.triggers()), 1)

    def test_later(self):
        at = datetime(2100, 1, 1, 10, 0, 30)
        self.enqueue("x", run_after=at)
        self.enqueue("x", run_after=at + timedelta(seconds=20))
        self.env.cr.precommit.data.clear()
        self.enqueue("x", run_after=at - timedelta(seconds=20))
        self.assertEqual(self.triggers(), [datetime(2100, 1, 1, 10, 1)])

    def test_next_try(self):
        job = self.enqueue(out_of_order(seconds=7200))
        self.forget_triggers()
        self.run_queue()
        after = [at - job.run_after for at in self.triggers() if at >= job.run_after]
        self.assertEqual(len(after), 1)
        self.assertLessEqual(after[0], timedelta(minutes=1))

    def test_worker_does_not_wake_itself(self):
        self.enqueue(lambda records: self.enqueue("inner", records=records))
        self.forget_triggers()
        self.run_queue()
        self.assertEqual(self.log, ["inner"])
        self.assertFalse(self.triggers())

    def test_another_engine_is_not_woken(self):
        self.patch(self.registry["mailchimp.job"], "_engine_is_cron", lambda job: False)
        self.enqueue("x")
        self.assertFalse(self.triggers())
