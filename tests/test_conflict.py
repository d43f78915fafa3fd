"""Values that changed on both sides, and the people who decide on them."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .merge_common import MergeCase

USER = "mailchimp_connector.group_mailchimp_user"


class ConflictCase(MergeCase):
    """Ann's company changes on both sides, and its field asks."""

    def setUp(self):
        super().setUp()
        self.field().ownership = "ask"

    def disagree(self, email=None, odoo="Odoo Ltd", mailchimp="Chimp Ltd"):
        """Change the company name on both sides.

        :return: the conflict
        """
        self.in_odoo(odoo, self.contact(email or self.email))
        self.in_mailchimp(email, COMPANY=mailchimp)
        self.take(email)
        return self.conflicts(email)[:1]

    def conflicts(self, email=None, state="open"):
        """Find the conflicts of a person."""
        return self.env["mailchimp.conflict"].search(
            [("email", "=", email or self.email), ("state", "=", state)]
        )

    def two_way(self):
        """Let changes travel by themselves."""
        self.account.write({"auto_push_contacts": True, "two_way_sync": True})

    def in_mailchimp_is(self):
        """Return the company name in Mailchimp."""
        return self.remote.by_email(self.email).merges["COMPANY"]


@tagged("post_install", "-at_install")
class TestFound(ConflictCase):
    """What becomes a conflict, and what becomes of it without anybody's doing."""

    def test_both_values_stand_side_by_side(self):
        conflict = self.disagree()
        self.assertRecordValues(
            conflict,
            [
                {
                    "merge_field_id": self.field().id,
                    "member_id": self.ann_member.id,
                    "contact_id": self.ann.id,
                    "audience_id": self.audience().id,
                    "base_value": "Old Ltd",
                    "odoo_value": "Odoo Ltd",
                    "mailchimp_value": "Chimp Ltd",
                    "choice": False,
                }
            ],
        )
        self.assertTrue(conflict.found_at)
        self.assertCompany("Odoo Ltd")
        self.assertEqual(self.in_mailchimp_is(), "Chimp Ltd")
        self.assertEqual(self.ann_member.sync_state, "conflict")
        self.assertEqual(self.audience().conflict_count, 1)
        self.assertFalse(self.is_marked())

    def test_what_one_side_changed_is_none(self):
        self.in_mailchimp(COMPANY="Chimp Ltd")
        self.take()
        self.in_odoo("Odoo Ltd")
        self.in_mailchimp(FNAME="Anna")
        self.take()
        self.assertFalse(self.conflicts())
        self.assertCompany("Odoo Ltd")

    def test_refreshed_when_mailchimp_moves_again(self):
        conflict = self.disagree()
        conflict.found_at -= timedelta(days=1)
        before = conflict.found_at
        self.in_mailchimp(FNAME="Anna")
        self.take()
        self.assertEqual(conflict.found_at, before, "nothing moved")
        self.in_mailchimp(COMPANY="Third Ltd")
        self.take()
        self.assertEqual(self.conflicts(), conflict)
        self.assertEqual(conflict.mailchimp_value, "Third Ltd")
        self.assertEqual(conflict.base_value, "Old Ltd")
        self.assertGreater(conflict.found_at, before)

    def test_closed_when_mailchimp_agrees(self):
        conflict = self.disagree()
        self.in_mailchimp(COMPANY="Odoo Ltd")
        self.take()
        self.assertRecordValues(conflict, [{"state": "resolved", "choice": "settled"}])
        self.assertEqual(self.ann_member.sync_state, "synced")

    def test_odoo_moves_again(self):
        self.two_way()
        conflict = self.disagree()
        self.in_odoo("Odoo's New Ltd")
        self.settle_queue()
        self.assertEqual(conflict.odoo_value, "Odoo's New Ltd")
        self.assertEqual(conflict.state, "open")
        self.in_odoo("Chimp Ltd")
        self.settle_queue()
        self.assertRecordValues(conflict, [{"state": "resolved", "choice": "settled"}])
        self.assertEqual(self.ann_member.sync_result, "synced")

    def test_odoo_goes_back(self):
        """Then only Mailchimp changed, and its value is taken."""
        self.two_way()
        conflict = self.disagree()
        self.in_odoo("Old Ltd")
        self.settle_queue()
        self.assertCompany("Chimp Ltd")
        self.assertEqual(conflict.state, "resolved")

    def test_rule_that_changed_settles(self):
        for owner, expected in (("odoo", "Odoo Ltd"), ("mailchimp", "Chimp Ltd")):
            with self.subTest(owner):
                self.field().ownership = "ask"
                self.in_odoo("Old Ltd")
                self.in_mailchimp(COMPANY="Old Ltd")
                self.take()
                self.assertTrue(self.disagree())
                self.field().ownership = owner
                self.settle_queue()
                self.assertFalse(self.conflicts())
                self.assertCompany(expected)
        self.assertEqual(self.ann_member.sync_result, "synced")

    def test_never_agreed(self):
        self.new_contact("bob@a.example", name="Bob", company_name="Odoo's Bob Ltd")
        self.remote.add_member(
            "bob@a.example", merge_fields={"FNAME": "Bob", "COMPANY": "Bob Ltd"}
        )
        self.fetch()
        [conflict] = self.conflicts("bob@a.example")
        self.assertEqual(conflict.odoo_value, "Odoo's Bob Ltd")
        self.assertFalse(conflict.base_value)

    def test_name_is_one_value(self):
        for tag in ("FNAME", "LNAME"):
            self.field(tag).ownership = "ask"
        self.ann.first_name = "Anna"
        self.in_mailchimp(LNAME="Low")
        self.take()
        [conflict] = self.conflicts()
        self.assertRecordValues(
            conflict,
            [
                {
                    "base_value": "Ann Lee",
                    "odoo_value": "Anna Lee",
                    "mailchimp_value": "Ann Low",
                }
            ],
        )
        conflict.action_take_mailchimp()
        self.assertEqual(self.ann.name, "Ann Low")

    def test_words_instead_of_ids(self):
        self.remote.add_merge_field("LAND", "text")
        self.import_audiences()
        self.field("LAND").write({"field_path": "country_id", "ownership": "ask"})
        self.in_mailchimp(LAND="Germany")
        self.take()
        self.ann.country_id = self.env.ref("base.fr")
        self.in_mailchimp(LAND="Spain")
        self.take()
        conflict = self.conflicts()
        self.assertEqual(
            (conflict.base_value, conflict.odoo_value, conflict.mailchimp_value),
            ("Germany", "France", "Spain"),
        )

    def test_forgotten_with_the_person(self):
        self.disagree()
        self.ann_member._forget("fetch")
        self.assertFalse(self.env["mailchimp.conflict"].search([]))

    def test_old_decisions_are_deleted(self):
        conflict = self.disagree()
        conflict.action_keep_odoo()
        conflict._gc_resolved()
        self.assertTrue(conflict.exists())
        conflict.resolved_at = fields.Datetime.now() - timedelta(days=365)
        conflict._gc_resolved()
        self.assertFalse(conflict.exists())


@tagged("post_install", "-at_install")
class TestDecided(ConflictCase):
    """People decide, for one value or for many."""

    def test_keep_odoos(self):
        conflict = self.disagree()
        conflict.action_keep_odoo()
        self.assertRecordValues(
            conflict,
            [{"state": "resolved", "choice": "odoo", "user_id": self.env.uid}],
        )
        self.assertTrue(conflict.resolved_at)
        self.assertEqual(self.ann_member.sync_result, "synced")
        self.assertTrue(self.is_marked(), "to be pushed, whatever the options say")
        [step] = self.env["mailchimp.member.push"]._plan(
            self.audience(), self.ann_member
        )
        self.assertEqual(step.body, {"merge_fields": {"COMPANY": "Odoo Ltd"}})
        self.in_mailchimp(FNAME="Anna")
        self.take()
        self.assertCompany("Odoo Ltd")
        self.assertFalse(self.conflicts())

    def test_keep_odoos_arrives(self):
        self.two_way()
        self.disagree().action_keep_odoo()
        self.later()
        self.run_jobs()
        self.assertEqual(self.in_mailchimp_is(), "Odoo Ltd")
        self.assertCompany("Odoo Ltd")
        self.assertFalse(self.conflicts())
        self.assertEqual(self.ann_member.sync_state, "synced")

    def test_take_mailchimps(self):
        self.two_way()
        conflict = self.disagree()
        self.forget_marks()
        conflict.action_take_mailchimp()
        self.assertCompany("Chimp Ltd")
        self.assertRecordValues(conflict, [{"choice": "mailchimp"}])
        self.assertFalse(self.is_marked(), "Mailchimp has it already")
        self.assertEqual(self.bases(), {})
        self.in_mailchimp(COMPANY="Next Ltd")
        self.take()
        self.assertCompany("Next Ltd")

    def test_other_audiences_hear_of_it(self):
        self.two_way()
        other = self.remote_account.add_audience("Other")
        other.add_member(self.email)
        self.import_audiences()
        second = self.ann.mailchimp_member_ids - self.ann_member
        conflict = self.disagree()
        self.forget_marks()
        conflict.action_take_mailchimp()
        self.assertTrue(self.is_marked(second))
        self.assertFalse(self.is_marked())

    def test_what_an_import_brings_goes_on_to_other_audiences(self):
        self.two_way()
        other = self.remote_account.add_audience("Other")
        other.add_member(self.email)
        self.import_audiences()
        second = self.ann.mailchimp_member_ids - self.ann_member
        self.forget_marks()
        self.in_mailchimp(COMPANY="Chimp Ltd")
        self.take()
        self.assertTrue(self.is_marked(second))
        self.assertFalse(self.is_marked())

    def test_many_at_once(self):
        emails = [f"m{number}@a.example" for number in range(4)]
        for email in emails:
            self.remote.add_member(email, merge_fields={"COMPANY": "Old Ltd"})
        self.fetch()
        found = self.env["mailchimp.conflict"]
        for email in emails:
            found |= self.disagree(email)
        self.assertEqual(len(found), 4)
        found[:2].action_take_mailchimp()
        found[1:].action_keep_odoo()
        self.assertEqual(
            found.mapped("choice"), ["mailchimp", "mailchimp", "odoo", "odoo"]
        )
        companies = [self.contact(email).company_name for email in emails]
        self.assertEqual(companies, ["Chimp Ltd", "Chimp Ltd", "Odoo Ltd", "Odoo Ltd"])

    def test_field_that_only_goes_to_odoo(self):
        self.field().direction = "to_odoo"
        self.disagree().action_keep_odoo()
        self.assertFalse(self.is_marked())
        self.in_mailchimp(FNAME="Anna")
        self.take()
        self.assertCompany("Odoo Ltd")

    def test_customers_value_by_somebody_who_may_not_write_customers(self):
        partner = self.env["res.partner"].create(
            {"name": "Ann", "email": self.email, "phone": "1"}
        )
        self.fetch(full=True)
        self.field("PHONE").ownership = "ask"
        self.in_mailchimp(PHONE="2")
        self.take()
        user = new_test_user(self.env, "mc_user", groups=USER)
        conflict = self.conflicts().with_user(user)
        self.assertFalse(partner.with_user(user).has_access("write"))
        self.assertEqual(conflict.action_open_record()["res_id"], partner.id)
        conflict.action_take_mailchimp()
        self.assertEqual(partner.phone, "2")
        self.assertEqual(conflict.user_id, user)

    def test_only_people_of_the_company(self):
        conflict = self.disagree()
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "mc_stranger",
            groups=USER,
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        plain = new_test_user(
            self.env, "mc_plain", groups="mass_mailing.group_mass_mailing_user"
        )
        for user in (stranger, plain):
            with self.assertRaises(AccessError):
                conflict.with_user(user).action_keep_odoo()
        self.assertEqual(conflict.state, "open")

    def test_screen(self):
        self.disagree()
        user = new_test_user(self.env, "mc_user", groups=USER)
        action = self.env.ref("mailchimp_connector.mailchimp_conflict_action")
        model = self.env[action.res_model].with_user(user)
        arch = model.get_view(view_type="list")["arch"]
        for name in ("action_keep_odoo", "action_take_mailchimp"):
            self.assertIn(name, arch.partition("</header>")[0])
        for key in ("audience_id", "merge_field_id"):
            self.assertTrue(model.formatted_read_group([], [key], ["__count"]))
        action = self.audience().with_user(user).action_view_conflicts()
        self.assertEqual(len(model.search(action["domain"])), 1)
        action = self.ann_member.with_user(user).action_view_conflicts()
        self.assertEqual(len(model.search(action["domain"])), 1)
