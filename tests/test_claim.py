"""Two workers meet the same new person at once: one contact, one customer."""

from datetime import timedelta

import psycopg2.errors

from odoo.tests import tagged

from .job_common import CommittingJobCase

EMAIL = "ann@claims.example"
NAME = "Claims"


@tagged("post_install", "-at_install")
class TestClaim(CommittingJobCase):
    def setUp(self):
        super().setUp()
        self.account.auto_create_partner = True
        lists = self.world["mailing.list"].create([{"name": NAME}, {"name": NAME}])
        self.news, self.club = self.world["mailchimp.audience"].create(
            [
                {
                    "name": NAME,
                    "account_id": self.account.id,
                    "mailchimp_id": f"claims{mailing_list.id}",
                    "mailing_list_id": mailing_list.id,
                }
                for mailing_list in lists
            ]
        )
        self.world.cr.commit()
        self.traces = {
            "mailchimp_consent": ("email", EMAIL),
            "mailchimp_audience": ("account_id", self.account.id),
            "mailing_contact": ("email_normalized", EMAIL),
            "mailing_list": ("name", NAME),
            **self.traces,
            "res_partner": ("email_normalized", EMAIL),
        }

    def take(self, env, audience):
        """Take over a page with a person who is new to Odoo."""
        item = {
            "id": "0b1f2ac6f2b8c1e7c0ac8a2c3a6b0d6d",
            "contact_id": f"contact of {audience.mailchimp_id}",
            "email_address": EMAIL,
            "status": "subscribed",
            "merge_fields": {},
            "last_changed": "2026-01-01T00:00:00+00:00",
        }
        audience = audience.with_env(env)
        env["mailchimp.member.import"]._import_items(
            audience, [item], env["mailchimp.run"], []
        )
        env.flush_all()

    def at_once(self, first, second):
        """Do two things in transactions that do not see each other."""
        one, other = self.session(), self.session()
        other.cr.execute("SELECT 1")  # its view of the data begins
        first(one)
        one.cr.commit()
        with self.assertRaises(psycopg2.errors.SerializationFailure):
            second(other)
        other.cr.rollback()
        other.invalidate_all()
        second(other)
        other.cr.commit()
        self.world.cr.rollback()

    def test_person_in_two_audiences_is_one(self):
        self.at_once(
            lambda env: self.take(env, self.news),
            lambda env: self.take(env, self.club),
        )
        contact = self.world["mailing.contact"].search([("email", "=", EMAIL)])
        self.assertEqual(len(contact), 1)
        lists = (self.news | self.club).mailing_list_id
        self.assertEqual(contact.list_ids.ids, lists.ids)
        self.assertEqual(
            self.world["res.partner"].search_count([("email", "=", EMAIL)]), 1
        )

    def test_claim_of_before_is_claimed_anew(self):
        def claim(env):
            env["mailchimp.claim"]._claim([EMAIL, "bob@claims.example"])

        env = self.session()
        claim(env)
        env.cr.commit()
        self.at_once(claim, claim)

    def test_exported_while_it_is_imported(self):
        self.partner.email = EMAIL
        self.world.cr.commit()

        def export(env):
            partner = self.partner.with_env(env)
            env["mailchimp.member"]._export(
                self.club.with_env(env), partner, env["mailchimp.run"]
            )

        self.at_once(lambda env: self.take(env, self.news), export)
        contact = self.world["mailing.contact"].search([("email", "=", EMAIL)])
        self.assertEqual(len(contact), 1)

    def test_old_claims_go(self):
        env = self.session()
        Claim = env["mailchimp.claim"]
        Claim.search([]).unlink()
        Claim._claim([EMAIL])
        Claim.search([]).claimed_at -= timedelta(days=2)
        Claim._claim(["bob@claims.example"])
        old, young = Claim.search([], order="claimed_at")
        Claim._gc_old()
        self.assertEqual((old.exists(), young.exists()), (Claim, young))
