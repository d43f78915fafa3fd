"""What marks a member to be pushed, and what does not."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.mailchimp_connector.tools.inside import IMPORTING

from .change_common import ChangeCase

ANN, BEN = "ann@a.example", "ben@a.example"
MANY = "odoo.addons.mailchimp_connector.models.mailchimp_change_many"


@tagged("post_install", "-at_install")
class TestMarks(ChangeCase):
    """Edits of mapped fields, from wherever they come."""

    def test_mapped_field_of_a_contact(self):
        self.ann.first_name = "Anna"
        self.assertMarks(ANN)
        self.ann.name = "Anna A."  # what the names are computed from, where not split
        self.assertMarks(ANN)
        self.ann.email = "anna@a.example"
        self.assertMarks(ANN)
        self.ann.tag_ids = self.tag()
        self.assertMarks(ANN)

    def test_what_is_not_mapped_marks_nobody(self):
        self.ann.message_bounce = 3
        self.assertMarks()

    def test_ten_edits_are_one_push(self):
        for number in range(10):
            self.ann.first_name = f"Anna {number}"
            self.env.cr.flush()
        self.assertEqual(len(self.pushes()), 1)
        ids, seen = self.env["mailchimp.change"]._claim(self.audience(), 100)
        self.assertEqual((ids, len(seen)), (self.member(ANN).ids, 10))
        self.env["mailchimp.change"]._settle(ids, seen)
        self.assertEqual(self.marked(), [])

    def test_many_at_once(self):
        self.startPatcher(patch(f"{MANY}.MANY", 2))
        (self.ann + self.ben).first_name = "X"
        self.assertEqual(self.marked(), [ANN, BEN])
        self.assertFalse(self.pushes())
        moments = set(self.changes().mapped("create_date"))
        self.ann.first_name = "Y"
        self.env["mailchimp.change"]._job_spread()
        self.assertTrue(all(self.changes().mapped("member_id")))
        self.assertLessEqual(moments, set(self.changes().mapped("create_date")))
        self.assertMarks(ANN, BEN)

    def test_many_that_are_no_members(self):
        self.startPatcher(patch(f"{MANY}.MANY", 2))
        others = self.env["mailing.contact"].create([{"name": "A"}, {"name": "B"}])
        self.settle()
        others.first_name = "X"
        self.assertEqual(self.marked(), [])
        self.env["mailchimp.change"]._job_spread()
        self.assertFalse(self.changes())
        self.assertMarks()

    def test_without_automatic_push_nothing_is_marked(self):
        self.account.auto_push_contacts = False
        self.assertEqual(self.env["mailchimp.merge.field"]._watchers(), {})
        self.ann.first_name = "Anna"
        self.assertMarks()
        self.account.auto_push_contacts = True
        self.ann.first_name = "Ann"
        self.assertMarks(ANN)

    def test_archived_account_and_audience_are_not_pushed(self):
        self.audience().active = False
        self.ann.first_name = "Anna"
        self.assertMarks()
        self.audience().active = True
        self.account.active = False
        self.ann.first_name = "Ann"
        self.assertMarks()

    def test_forgotten_member_is_not_marked(self):
        self.member(ANN).sudo().forgotten = True
        (self.ann + self.ben).first_name = "X"
        self.assertMarks(BEN)

    def test_import_marks_nothing(self):
        self.account.two_way_sync = True
        self.people.update_profile(self.remote, ANN, {"FNAME": "Anita"})
        self.later()
        self.account.audience_ids._start_fetch("user", 5)
        self.run_jobs()
        self.assertEqual(self.ann.first_name, "Anita")
        self.assertMarks()

    def test_users_without_rights_on_members(self):
        user = new_test_user(
            self.env, "mc_plain", groups="mass_mailing.group_mass_mailing_user"
        )
        self.ann.with_user(user).first_name = "Anna"
        self.assertMarks(ANN)

    def test_file_import(self):
        if not self.env["ir.module.module"]._get("base_import").state == "installed":
            self.skipTest("base_import is not installed")
        wizard = self.env["base_import.import"].create(
            {
                "res_model": "mailing.contact",
                "file": f"id,First\n{self._xmlid(self.ann)},Anna\n".encode(),
                "file_name": "contacts.csv",
                "file_type": "text/csv",
            }
        )
        options = {"quoting": '"', "separator": ",", "has_headers": True}
        result = wizard.execute_import(["id", "first_name"], ["id", "first"], options)
        self.assertFalse(result["messages"])
        self.assertEqual(self.ann.first_name, "Anna")
        self.assertMarks(ANN)

    def _xmlid(self, record):
        return record._export_rows([["id"]])[0][0]

    def test_savepoint_that_is_rolled_back(self):
        class Undo(Exception):
            pass

        self.ben.first_name = "Benny"
        with self.assertRaises(Undo), self.env.cr.savepoint():
            self.ann.first_name = "Anna"
            raise Undo
        self.assertMarks(BEN)

    def test_new_contact_for_a_member_that_had_none(self):
        self.ann.with_context(**IMPORTING).unlink()
        self.assertFalse(self.member(ANN).contact_id)
        self.settle()
        ann = self.env["mailing.contact"].create({"name": "A", "email": ANN})
        self.env["mailing.contact"].create({"name": "N", "email": "new@a.example"})
        self.assertEqual(self.marked(), [ANN])
        self.env["mailchimp.change"]._claim(self.audience(), 10)
        self.assertEqual(self.member(ANN).contact_id, ann)

    def test_new_contact_of_a_member_gets_on_the_list(self):
        """Nothing has to be pushed for it, and Mailchimp says nothing new."""
        self.ann.with_context(**IMPORTING).unlink()
        self.settle()
        self.env["mailing.contact"].create({"first_name": "ann", "email": ANN})
        self.env.flush_all()
        self.run_jobs()
        self.env.invalidate_all()
        self.assertTrue(self.subscription(ANN))


@tagged("post_install", "-at_install")
class TestMarksOfCustomers(ChangeCase):
    """Edits of customers, and of what they are linked with."""

    def setUp(self):
        super().setUp()
        self.partner = self.with_customer()

    def test_address_language_and_tags(self):
        self.map_field("ADDR", "partner_id", type="address")
        germany = self.env.ref("base.de")
        self.env["res.lang"]._activate_lang("fr_FR")
        for vals in (
            {"street": "Road 1"},
            {"country_id": germany.id},
            {"lang": "fr_FR"},
            {"category_id": self.tag()},
            {"email": "anna@a.example"},
        ):
            with self.subTest(vals=list(vals)):
                self.partner.write(vals)
                self.assertMarks(ANN)

    def test_address_that_follows_the_company(self):
        self.map_field("ADDR", "partner_id", type="address")
        company = self.env["res.partner"].create({"name": "Co", "is_company": True})
        self.partner.parent_id = company
        self.settle()
        company.street = "Avenue 2"
        self.assertEqual(self.partner.street, "Avenue 2")
        self.assertMarks(ANN)

    def test_path_across_the_company(self):
        self.map_field("BOSS", "partner_id.parent_id.name")
        company = self.env["res.partner"].create({"name": "Co", "is_company": True})
        other = self.env["res.partner"].create({"name": "Other"})
        self.partner.parent_id = company
        self.assertMarks(ANN)
        other.name = "Another"
        self.assertMarks()
        company.name = "Company"
        self.assertMarks(ANN)

    def test_field_that_is_computed_from_others(self):
        self.map_field("COMP", "partner_id.commercial_company_name")
        self.partner.company_name = "Co"
        self.assertMarks(ANN)
        company = self.env["res.partner"].create({"name": "Co", "is_company": True})
        self.partner.parent_id = company
        self.assertMarks(ANN)
        company.name = "Company"
        self.assertMarks(ANN)

    def test_what_is_not_mapped_any_more(self):
        self.map_field("JOB", "partner_id.function")
        self.partner.function = "Boss"
        self.assertMarks(ANN)
        field = self.audience().merge_field_ids.filtered(lambda f: f.tag == "JOB")
        field.direction = "to_odoo"
        self.settle()
        self.partner.function = "Chief"
        self.assertMarks()
        field.unlink()
        self.partner.function = "CEO"
        self.assertMarks()

    def test_merged_customers(self):
        other = self.env["res.partner"].create({"name": "Ann A.", "email": ANN})
        self.member(BEN).sudo().partner_id = other
        history = self.env["mailchimp.consent"].search_count([])
        self.settle()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.partner + other).ids, other)
        self.assertFalse(self.partner.exists())
        self.assertEqual(self.members.partner_id, other)
        self.assertEqual(self.env["mailchimp.consent"].search_count([]), history)
        self.assertMarks(ANN, BEN)

    def test_merged_customers_who_opted_out_stay_out(self):
        self.account.archived_contacts = "unsubscribe"
        other = self.env["res.partner"].create({"name": "Ann A.", "email": ANN})
        self.ann.subscription_ids.opt_out = True
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.partner + other).ids, other)
        self.assertTrue(self.subscription(ANN).opt_out)
        self.assertEqual(self.member(ANN).opt_out_by, "odoo")
        self.assertFalse(self.member(BEN).opt_out_by)

    def test_merged_mailing_lists(self):
        self.ann.subscription_ids.opt_out = True
        other = self.env["mailing.list"].create({"name": "Other"})
        for email in (ANN, "new@a.example"):
            self.env["mailing.contact"].create(
                {"email": email, "list_ids": [Command.link(other.id)]}
            )
        mailing_list = self.audience().mailing_list_id
        mailing_list.action_merge(other, archive=True)
        subscriptions = mailing_list.subscription_ids
        out = subscriptions.filtered("opt_out").contact_id.mapped("email")
        self.assertEqual(set(out), {ANN})
        self.assertEqual(
            set(mailing_list.contact_ids.mapped("email")), {ANN, BEN, "new@a.example"}
        )


@tagged("post_install", "-at_install")
class TestDeletedAudience(ChangeCase):
    """What an audience that was deleted in Odoo leaves behind."""

    def test_contacts_are_not_watched_any_more(self):
        Field = self.env["mailchimp.merge.field"]
        self.assertTrue(Field._watchers())
        self.audience().unlink()
        self.assertFalse(Field._watchers())
        self.ann.first_name = "Anna"

    def test_changes_go_with_the_members(self):
        self.ann.first_name = "Anna"
        self.assertTrue(self.changes())
        self.member(BEN)._mark_changed()
        self.member(ANN).sudo().unlink()
        self.env["mailchimp.change"]._gc_orphans()
        self.assertEqual(self.changes().mapped("member_id"), self.member(BEN).ids)


@tagged("post_install", "-at_install")
class TestSweep(ChangeCase):
    """Changes that wait without a job, which nobody meant to happen."""

    def sweep(self):
        self.env.flush_all()
        self.env["mailchimp.audience"]._sweep_changes()
        return self.pushes()

    def age(self, minutes):
        """Let what waits have waited that much longer."""
        self.env.cr.execute(
            "UPDATE mailchimp_change SET create_date = create_date"
            " - %s * interval '1 minute'",
            [minutes],
        )

    def test_left_behind(self):
        self.env["mailchimp.change"]._add(self.member(ANN).ids)
        self.assertFalse(self.sweep())
        self.age(15)
        self.assertEqual(len(self.sweep()), 1)
        self.assertEqual(len(self.sweep()), 1)

    def test_after_a_push_that_failed_for_good(self):
        self.env["mailchimp.change"]._add(self.member(ANN).ids)
        self.age(15)
        failed = self.sweep()
        now = fields.Datetime.now()
        failed.write({"state": "failed", "finished_at": now})
        self.assertFalse(self.sweep())
        failed.finished_at = now - timedelta(hours=2)
        self.assertTrue(self.sweep())

    def test_batches_look_after_their_members(self):
        member = self.member(ANN).sudo()
        batch = self.env["mailchimp.batch"].create({"audience_id": self.audience().id})
        member.batch_id = batch
        self.env.flush_all()
        self.env["mailchimp.change"]._add(member.ids)
        self.age(15)
        self.assertFalse(self.sweep())
