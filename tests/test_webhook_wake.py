"""A webhook may rely on a wake-up that somebody else ordered: when, and when not."""

import psycopg2

from odoo.tests import tagged

from .job_common import CommittingJobCase


@tagged("post_install", "-at_install")
class TestBriefEnqueue(CommittingJobCase):
    def setUp(self):
        super().setUp()
        self.cron = self.env.ref("mailchimp_connector.ir_cron_run_jobs")
        self.world.cr.execute(
            "DELETE FROM ir_cron_trigger WHERE cron_id = %s", [self.cron.id]
        )
        self.world.cr.commit()
        self.request = self.session()

    def hint(self, env=None, identity="hint", key="k"):
        """Leave a job as the request of a webhook does; the caller commits."""
        env = env or self.request
        return env["mailchimp.job"]._enqueue(
            env["res.partner"].browse(self.partner.id),
            "_job_append",
            name="Hint",
            identity=identity,
            account=env["mailchimp.account"].browse(self.account.id),
            args={"path": "/dev/null", "text": key},
            brief=True,
        )

    def count(self, table="ir_cron_trigger"):
        """Count what is committed."""
        column = "cron_id" if table == "ir_cron_trigger" else "account_id"
        record = self.cron if table == "ir_cron_trigger" else self.account
        self.world.cr.rollback()
        self.world.cr.execute(
            f"SELECT count(*) FROM {table} WHERE {column} = %s",  # noqa: S608
            [record.id],
        )
        return self.world.cr.fetchone()[0]

    def clear_schedule(self, env):
        """Do what a run of the scheduled action begins with."""
        env.cr.execute("SET LOCAL lock_timeout TO '200ms'")
        env["ir.cron"]._clear_schedule({"id": self.cron.id})

    def test_a_job_like_any_other(self):
        job = self.hint()
        self.request.cr.commit()
        self.assertEqual(self.count("mailchimp_job"), 1)
        self.assertEqual(self.count(), 1)
        self.assertRecordValues(
            self.world["mailchimp.job"].browse(job.id),
            [
                {
                    "name": "Hint",
                    "model": "res.partner",
                    "res_ids": self.partner.ids,
                    "method": "_job_append",
                    "args": {"path": "/dev/null", "text": "k"},
                    "identity": "hint",
                    "state": "pending",
                    "attempts": 0,
                    "steps": 0,
                    "max_attempts": 15,
                    "priority": 20,
                    "run_id": False,
                    "account_id": self.account.id,
                }
            ],
        )
        self.run_queue()
        self.assertEqual(self.world["mailchimp.job"].browse(job.id).state, "done")

    def test_a_duplicate_is_not_queued(self):
        first = self.hint()
        self.request.cr.commit()
        self.assertEqual(self.hint(), first)
        self.assertNotEqual(self.hint(key="another"), first)
        self.request.cr.commit()
        self.assertEqual(self.count("mailchimp_job"), 2)

    def test_a_duplicate_of_a_job_at_work_is_queued(self):
        first = self.hint()
        self.request.cr.commit()
        worker = self.session()
        worker.cr.execute(
            "SELECT FROM mailchimp_job WHERE id = %s FOR UPDATE", [first.id]
        )
        self.assertNotEqual(self.hint(), first)

    def test_a_job_that_was_just_run_does_not_stand_for_a_new_one(self):
        self.hint()
        self.request.cr.commit()
        self.request.cr.execute("SELECT 1")  # its view of the data begins here
        self.run_queue()
        self.hint()
        self.request.cr.commit()
        self.assertEqual(self.count("mailchimp_job"), 2)
        self.run_queue()
        states = self.world["mailchimp.job"].search([]).mapped("state")
        self.assertEqual(states, ["done", "done"])

    def test_a_due_trigger_is_shared_and_cannot_go_before_the_commit(self):
        self.hint()
        self.request.cr.commit()
        self.hint(key="another")
        cron = self.session()
        with self.assertRaises(psycopg2.errors.LockNotAvailable):
            self.clear_schedule(cron)
        cron.cr.rollback()
        self.request.cr.commit()
        self.assertEqual(self.count(), 1)
        self.clear_schedule(cron)
        cron.cr.commit()
        self.assertEqual(self.count(), 0)

    def test_a_trigger_that_is_being_deleted_is_not_relied_on(self):
        self.hint()
        self.request.cr.commit()
        cron = self.session()
        self.clear_schedule(cron)
        self.hint(key="another")
        self.request.cr.commit()
        cron.cr.commit()
        self.assertEqual(self.count(), 1)

    def test_a_trigger_that_was_just_deleted_is_not_relied_on(self):
        self.hint()
        self.request.cr.commit()
        self.request.cr.execute("SELECT 1")  # its view of the data begins here
        cron = self.session()
        self.clear_schedule(cron)
        cron.cr.commit()
        self.assertEqual(self.count(), 0)
        self.hint(key="another")
        self.request.cr.commit()
        self.assertEqual(self.count(), 1)

    def test_a_trigger_of_later_is_not_relied_on(self):
        self.world["ir.cron.trigger"].create(
            {"cron_id": self.cron.id, "call_at": "2100-01-01 00:00:00"}
        )
        self.world.cr.commit()
        self.hint()
        self.request.cr.commit()
        self.assertEqual(self.count(), 2)
