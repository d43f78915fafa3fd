"""Edits while the queue is at work: nothing is lost, and nobody has to wait."""

import psycopg2.errors

from odoo import fields
from odoo.tests import tagged

from odoo.addons.mailchimp_connector.tools.inside import inside
from odoo.addons.mailchimp_connector.tools.subscriber import subscriber_hash

from .job_common import CommittingJobCase

EMAIL = "ann@cursors.example"


class ChangeCursorsCase(CommittingJobCase):
    """A committed member with contact and customer; people and a queue on cursors.

    Locks that are waited for too long are an error, as is a conflict.
    """

    def setUp(self):
        super().setUp()
        env = self.world
        mailing_list = env["mailing.list"].create({"name": "Cursors"})
        self.audience = env["mailchimp.audience"].create(
            {
                "name": "Cursors",
                "account_id": self.account.id,
                "mailchimp_id": "cursors",
                "mailing_list_id": mailing_list.id,
            }
        )
        self.account.auto_push_contacts = True
        self.contact = env["mailing.contact"].create(
            {"name": "Ann", "email": EMAIL, "list_ids": mailing_list.ids}
        )
        self.partner.email = EMAIL
        self.member = env["mailchimp.member"].create(
            {
                "audience_id": self.audience.id,
                "contact_id": self.contact.id,
                "partner_id": self.partner.id,
                "email": EMAIL,
                "subscriber_hash": subscriber_hash(EMAIL),
                "status": "subscribed",
            }
        )
        self.traces = {
            "mailchimp_change": ("member_id", self.member.id),
            "mailchimp_consent": ("email", EMAIL),
            "mail_blacklist": ("email", EMAIL),
            "mailchimp_job": ("state", "pending"),
            "mailchimp_member": ("id", self.member.id),
            "mailchimp_audience": ("id", self.audience.id),
            "mailchimp_account": ("id", self.account.id),
            "mailing_contact": ("id", self.contact.id),
            "mailing_list": ("id", mailing_list.id),
            "res_partner": ("id", self.partner.id),
        }
        env.cr.commit()
        self.forget()

    def forget(self):
        """Let nothing be waiting."""
        env = self.world
        env.cr.execute("DELETE FROM mailchimp_change")
        jobs = "DELETE FROM mailchimp_job WHERE account_id = %s"
        env.cr.execute(jobs, [self.account.id])
        env.cr.commit()

    def person(self):
        """Return the environment of somebody whose transaction has begun."""
        env = self.session()
        env.cr.execute("SET LOCAL lock_timeout = '5s'")
        env["mailing.contact"].browse(self.contact.id).fetch(["name"])
        return env

    def take_over(self, env, status="subscribed"):
        """Write the member as a job does that takes a page over."""
        env.cr.execute(
            """UPDATE mailchimp_member SET status = %s, last_changed = now()
                WHERE id = %s""",
            [status, self.member.id],
        )

    def claim(self, env):
        """Read what is to be pushed, as a job does."""
        audience = env["mailchimp.audience"].browse(self.audience.id)
        return env["mailchimp.change"]._claim(audience, 10)

    def pushes(self):
        """Count the pending pushes."""
        self.world.cr.rollback()
        domain = [
            ("identity", "=", f"push:{self.audience.id}"),
            ("state", "=", "pending"),
        ]
        return self.world["mailchimp.job"].search_count(domain)


@tagged("post_install", "-at_install")
class TestEditsDuringAPush(ChangeCursorsCase):
    """An edit made while the push runs is another reason to push."""

    def test_edit_after_the_claim(self):
        first = self.person()
        first["mailing.contact"].browse(self.contact.id).first_name = "Anna"
        first.cr.commit()
        job = self.session()
        ids, seen = self.claim(job)
        self.assertEqual(ids, self.member.ids)
        job.cr.commit()  # a checkpoint, before the request
        second = self.person()
        second["mailing.contact"].browse(self.contact.id).first_name = "Anne"
        second.cr.commit()
        job["mailchimp.change"]._settle(ids, seen)
        job.cr.commit()
        self.assertEqual(self.claim(self.session())[0], self.member.ids)

    def test_edit_that_began_before_the_claim_and_ended_after_it(self):
        early, late = self.person(), self.person()
        early["mailing.contact"].browse(self.contact.id).first_name = "Anna"
        early.cr.flush()  # its change has the smaller id
        late["res.partner"].browse(self.partner.id).email = "other@cursors.example"
        late.cr.commit()
        job = self.session()
        ids, seen = self.claim(job)
        job.cr.commit()
        early.cr.commit()
        job["mailchimp.change"]._settle(ids, seen)
        job.cr.commit()
        self.assertEqual(self.claim(self.session())[0], self.member.ids)

    def test_edit_while_the_job_is_held(self):
        first = self.person()
        first["mailing.contact"].browse(self.contact.id).first_name = "Anna"
        first.cr.commit()
        self.assertEqual(self.pushes(), 1)
        worker = self.session()
        worker.cr.execute(
            "SELECT id FROM mailchimp_job WHERE identity = %s FOR UPDATE",
            [f"push:{self.audience.id}"],
        )
        second = self.person()
        second["mailing.contact"].browse(self.contact.id).first_name = "Anne"
        second.cr.commit()
        self.assertEqual(self.pushes(), 2)

    def test_edits_after_one_another_share_a_job(self):
        for name in ("Anna", "Anne", "Annie"):
            env = self.person()
            env["mailing.contact"].browse(self.contact.id).first_name = name
            env.cr.commit()
        self.assertEqual(self.pushes(), 1)

    def test_edits_at_once(self):
        contact, partner = self.person(), self.person()
        contact["mailing.contact"].browse(self.contact.id).first_name = "Anna"
        partner["res.partner"].browse(self.partner.id).email = "x@cursors.example"
        contact.cr.flush()
        partner.cr.flush()
        contact.cr.commit()
        partner.cr.commit()
        self.assertGreaterEqual(self.pushes(), 1)
        self.assertEqual(len(self.claim(self.session())[1]), 2)


@tagged("post_install", "-at_install")
class TestPeopleAndTheQueue(ChangeCursorsCase):
    """What a person does neither waits for the queue nor fails because of it."""

    def acts(self):
        """Yield what people do: its name, a function that does it, and one that tells
        whether it is done."""
        subscription = self.contact.subscription_ids
        for name, record, vals in (
            ("edit", self.contact, {"first_name": "Anna"}),
            ("edit of the customer", self.partner, {"email": "anna@cursors.example"}),
            ("opt-out", subscription, {"opt_out": True}),
            ("opt-in", subscription, {"opt_out": False}),
        ):
            yield (
                name,
                lambda env, record=record, vals=vals: record.with_env(env).write(vals),
                lambda record=record, vals=vals: record.filtered_domain(
                    [(field, "=", value) for field, value in vals.items()]
                ),
            )
        yield (
            "blacklist",
            lambda env: env["mail.blacklist"]._add(EMAIL),
            lambda: self.world["mail.blacklist"].search([("email", "=", EMAIL)]),
        )

    def test_job_commits_the_member_meanwhile(self):
        for name, act, is_done in self.acts():
            with self.subTest(act=name):
                self.assertFalse(is_done())
                person, job = self.person(), self.session()
                self.take_over(job)
                job.cr.commit()
                act(person)
                person.cr.commit()
                self.world.cr.rollback()
                self.assertTrue(is_done())

    def test_job_is_writing_the_member(self):
        for name, act, is_done in self.acts():
            with self.subTest(act=name):
                self.assertFalse(is_done())
                person, job = self.person(), self.session()
                self.take_over(job)
                act(person)
                person.cr.commit()
                job.cr.rollback()
                self.world.cr.rollback()
                self.assertTrue(is_done())

    def test_the_case_would_notice(self):
        person, job = self.person(), self.session()
        self.take_over(job)
        job.cr.commit()
        with self.assertRaises(psycopg2.errors.SerializationFailure):
            self.take_over(person)

    def test_opt_out_that_could_not_be_noted_at_once(self):
        for hold in (True, False):
            with self.subTest(hold=hold):
                self._undecided()
                person, job = self.person(), self.session()
                self.take_over(job, "subscribed")
                if not hold:
                    job.cr.commit()
                act = person(context=inside(mailchimp_consent={"source": "page"}))
                contact = act["mailing.contact"].browse(self.contact.id)
                contact.subscription_ids.opt_out = True
                person.cr.commit()
                job.cr.commit()
                self.world.cr.rollback()
                self.assertFalse(self.member.opt_out_by)
                self.assertEqual(self.member.sync_state, "to_push")
                self.run_note()
                self.assertEqual(self.member.opt_out_by, "odoo")
                entry = self.member.consent_ids
                self.assertEqual((len(entry), entry.source), (1, "page"))
                self.assertEqual(entry.new_status, "unsubscribed")
                self.assertLessEqual(entry.occurred_at, fields.Datetime.now())

    def _undecided(self):
        cr = self.world.cr
        subscription = self.contact.subscription_ids
        cr.execute(
            "UPDATE mailing_subscription SET opt_out = FALSE WHERE id = %s",
            [subscription.id],
        )
        cr.execute(
            "DELETE FROM mailchimp_consent WHERE member_id = %s", [self.member.id]
        )
        cr.execute(
            "UPDATE mailchimp_member SET opt_out_by = NULL WHERE id = %s",
            [self.member.id],
        )
        self.forget()

    def run_note(self):
        """Run the job that notes what was decided."""
        env = self.session()
        domain = [("method", "=", "_job_note_decision"), ("state", "=", "pending")]
        job = env["mailchimp.job"].search(domain)
        self.assertEqual(len(job), 1)
        job._dispatch()
        job.unlink()
        env.cr.commit()
        self.world.cr.rollback()
