"""What stories of people who act on both sides have found; see test_two_way_story."""

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.models.mailchimp_member_push import FEW

from .push_common import PushCase


@tagged("post_install", "-at_install")
class TestTwoWayFound(PushCase):
    def test_values_of_a_customer_met_by_the_answer_follow(self):
        self.remote.add_merge_field("JOB", "text")
        audience = self.import_audiences()
        job = audience.merge_field_ids.filtered(lambda field: field.tag == "JOB")
        job.field_path = "partner_id.function"
        self.env["res.partner"].create(
            {"name": "Ann", "email": "ann@a.example", "function": "Cook"}
        )
        self.export(self.new_contact("ann@a.example"))
        self.assertEqual(self.there("ann@a.example").merges["JOB"], "Cook")

    def test_address_that_bounced_leaves_the_other_audiences(self):
        club = self.remote_account.add_audience("Club")
        for remote in (self.remote, club):
            remote.add_member("ann@a.example")
        self.import_audiences()
        self.later()
        self.people.bounce(self.remote, "ann@a.example")
        self.fetch()
        self.drive()
        self.assertEqual(self.there("ann@a.example").status, "cleaned")
        self.assertEqual(club.by_email("ann@a.example").status, "unsubscribed")

    def test_blacklisted_person_who_signs_up_stays_out(self):
        self.remote.add_member("ann@a.example", "cleaned")
        self.import_audiences()
        self.later()
        self.people.subscribe_by_form(self.remote, "ann@a.example")
        self.fetch()
        self.drive()
        self.assertEqual(self.there("ann@a.example").status, "unsubscribed")
        self.assertTrue(self.subscription("ann@a.example").opt_out)

    def test_conflict_ends_when_another_audience_brings_the_same(self):
        club = self.remote_account.add_audience("Club")
        for remote in (self.remote, club):
            remote.add_merge_field("COMPANY", "text")
            remote.add_member("ann@a.example", merge_fields={"COMPANY": "Old"})
        self.import_audiences()
        fields = self.audience(club).merge_field_ids
        fields.filtered(lambda field: field.tag == "COMPANY").ownership = "ask"
        self.drive()
        self.later()
        self.contact("ann@a.example").company_name = "Ours"
        self.people.update_profile(club, "ann@a.example", {"COMPANY": "Theirs"})
        self.fetch()
        self.drive()
        member = self.audience(club).member_ids
        self.assertEqual(member.sync_result, "conflict")
        self.people.update_profile(self.remote, "ann@a.example", {"COMPANY": "Theirs"})
        self.fetch()
        self.drive()
        self.assertEqual(self.contact("ann@a.example").company_name, "Theirs")
        self.assertEqual(member.conflict_ids.mapped("state"), ["resolved"])
        self.assertEqual(member.sync_result, "synced")

    def test_answer_to_something_else_is_no_answer(self):
        self.remote.add_merge_field("COMPANY", "text")
        emails = [f"ann{number}@a.example" for number in range(FEW + 1)]
        for email in emails:
            merges = {"COMPANY": "Old", "FNAME": "Ann"}
            self.remote.add_member(email, merge_fields=merges)
        fields = self.import_audiences().merge_field_ids
        fields.filtered(lambda field: field.tag == "COMPANY").ownership = "ask"
        self.later()
        self.sandbox.batches.hold()
        for email in emails:
            self.contact(email).first_name = "Anna"
        self.run_jobs()
        contact = self.contact(emails[0])
        contact.company_name = "Ours"
        theirs = {"COMPANY": "Theirs"}
        self.people.update_profile(self.remote, emails[0], theirs)
        self.sandbox.batches.release()
        self.drive()
        there = self.there(emails[0]).merges
        self.assertEqual((there["COMPANY"], there["FNAME"]), ("Theirs", "Anna"))
        self.assertEqual(contact.company_name, "Ours")
        self.assertEqual(self.member(emails[0]).sync_result, "conflict")

    def test_opt_out_of_somebody_who_finds_the_same_contact(self):
        self.remote.add_merge_field("OTHER", "text")  # not mapped
        self.remote.add_member("ann@a.example")
        self.remote.add_member("old@a.example", "archived")
        self.import_audiences()
        self.later()
        self.contact("ann@a.example").email = "old@a.example"
        self.drive()
        self.assertEqual(self.member("ann@a.example").error_code, "archived")
        self.people.update_profile(self.remote, "old@a.example", {"OTHER": "Changed"})
        self.fetch()
        self.drive()
        self.assertTrue(self.subscription("old@a.example").opt_out)
        self.assertEqual(self.there("ann@a.example").status, "unsubscribed")

    def test_what_two_members_bring_to_one_customer_reaches_both(self):
        self.remote.add_merge_field("JOB", "text")
        self.remote.add_merge_field("COMPANY", "text")
        for email in ("ann@a.example", "bob@a.example"):
            self.remote.add_member(email, merge_fields={"JOB": "Cook"})
        audience = self.import_audiences()
        job = audience.merge_field_ids.filtered(lambda field: field.tag == "JOB")
        job.field_path = "partner_id.function"
        customer = self.env["res.partner"].create({"name": "A", "function": "Cook"})
        audience.member_ids.partner_id = customer
        self.drive()
        self.later()
        self.people.update_profile(self.remote, "ann@a.example", {"COMPANY": "Bolt"})
        self.people.update_profile(self.remote, "bob@a.example", {"JOB": "Pilot"})
        self.fetch()
        self.drive()
        self.assertEqual(customer.function, "Pilot")
        self.assertEqual(self.there("ann@a.example").merges["JOB"], "Pilot")
        self.assertEqual(self.contact("ann@a.example").company_name, "Bolt")

    def test_edits_of_somebody_archived_are_sent_when_they_come_back(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        self.later()
        self.people.archive(self.remote, "ann@a.example")
        self.contact("ann@a.example").first_name = "Anna"
        self.drive()
        self.assertNotIn("FNAME", self.there("ann@a.example").merges)
        self.people.unsubscribe(self.remote, "ann@a.example", source="admin")
        self.fetch()
        self.drive()
        self.assertEqual(self.there("ann@a.example").merges["FNAME"], "Anna")
        self.assertEqual(self.there("ann@a.example").status, "unsubscribed")

    def test_edit_goes_on_when_the_other_side_takes_its_own_back(self):
        self.remote.add_merge_field("COMPANY", "text")
        self.remote.add_member("ann@a.example", merge_fields={"COMPANY": "Old"})
        audience = self.import_audiences()
        fields = audience.merge_field_ids
        fields.filtered(lambda field: field.tag == "COMPANY").ownership = "ask"
        self.drive()
        self.later()
        self.contact("ann@a.example").company_name = "Ours"
        self.people.update_profile(self.remote, "ann@a.example", {"COMPANY": "Theirs"})
        self.fetch()
        self.drive()
        self.assertEqual(audience.member_ids.sync_result, "conflict")
        self.later()
        self.people.update_profile(self.remote, "ann@a.example", {"COMPANY": "Old"})
        self.fetch()
        self.drive()
        self.assertEqual(self.there("ann@a.example").merges["COMPANY"], "Ours")
        self.assertEqual(audience.member_ids.conflict_ids.choice, "settled")
        self.assertEqual(audience.member_ids.sync_result, "synced")

    def test_who_signs_up_anew_after_being_deleted_empties_nothing(self):
        self.remote.add_merge_field("COMPANY", "text")
        values = {"FNAME": "Ann", "COMPANY": "Acme"}
        self.remote.add_member("ann@a.example", merge_fields=values, tags=["VIP"])
        self.account.sync_priority = "remote"
        audience = self.import_audiences()
        self.drive()
        contact = self.contact("ann@a.example")
        self.env["mailchimp.tag"]._declare(audience, contact.tag_ids)
        self.drive()
        self.later()
        self.people.delete_permanently(self.remote, "ann@a.example")
        self.fetch()
        self.drive()
        self.later()
        self.people.subscribe_by_form(self.remote, "ann@a.example")
        self.fetch()
        self.drive()
        self.assertEqual((contact.name, contact.company_name), ("Ann", "Acme"))
        self.assertEqual(contact.tag_ids.mapped("name"), ["VIP"])
        there = self.there("ann@a.example")
        self.assertEqual(there.status, "subscribed")
        self.assertEqual(there.merges["FNAME"], "Ann")
        self.assertEqual(there.merges["COMPANY"], "Acme")
        self.assertEqual(
            [self.remote.segments[key].name for key in there.tags], ["VIP"]
        )
