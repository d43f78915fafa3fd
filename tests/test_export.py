"""People on their way from Odoo into an audience: who goes, who stays out, and why."""

from unittest.mock import patch

from odoo.tests import tagged

from .export_common import ExportCase

EXPORTABLE = "odoo.addons.mailchimp_connector.models.mailchimp_exportable"


@tagged("post_install", "-at_install")
class TestExportPeople(ExportCase):
    """Who becomes a member."""

    def test_contact(self):
        ann = self.new_contact("Ann@A.example", name="Ann")
        members, left_out = self.export(ann)
        self.assertFalse(left_out)
        self.assertRecordValues(
            members,
            [
                {
                    "contact_id": ann.id,
                    "email": "ann@a.example",
                    "status": False,
                    "sync_state": "to_push",
                    "added_by_odoo": True,
                    "forgotten": False,
                }
            ],
        )

    def test_customer_gets_a_contact_on_the_list(self):
        company = self.new_partner(False, name="Analytical Ltd", is_company=True)
        ada = self.new_partner("ada@a.example", name="Ada", parent_id=company.id)
        members, _left_out = self.export(ada)
        self.assertEqual(members.partner_id, ada)
        contact = members.contact_id
        self.assertEqual((contact.name, contact.company_name), ("Ada", company.name))
        self.assertEqual(contact.subscription_ids.list_id, self.list)
        self.assertFalse(contact.subscription_ids.opt_out)

    def test_customer_takes_the_contact_that_is_there(self):
        older = self.new_contact("ada@a.example", list_ids=[])
        listed = self.new_contact("ada@a.example")
        members, _left_out = self.export(self.new_partner("ada@a.example"))
        self.assertEqual(members.contact_id, listed)
        self.assertFalse(older.list_ids)

    def test_existing_member_is_sent_again_and_linked(self):
        self.remote.add_member("ada@a.example")
        self.fetch()
        partner = self.new_partner("ada@a.example")
        members, left_out = self.export(partner)
        self.assertEqual((members, left_out), (self.member("ada@a.example"), {}))
        self.assertEqual((members.partner_id, members.status), (partner, "subscribed"))
        self.assertEqual(members.sync_state, "to_push")

    def test_exporting_twice_makes_one_member(self):
        ann = self.new_contact("ann@a.example")
        self.assertEqual(self.export(ann)[0], self.export(ann)[0])
        self.assertEqual(len(self.members()), 1)

    def test_exporting_again_gives_another_chance(self):
        ann = self.new_contact("ann@a.example")
        member = self.export(ann)[0]
        member.write({"sync_result": "error", "error": "No.", "ignored": True})
        self.env.cr.execute("DELETE FROM mailchimp_change")
        self.export(ann)
        self.assertEqual((member.sync_state, member.ignored), ("to_push", False))


@tagged("post_install", "-at_install")
class TestExportLeavesOut(ExportCase):
    """Who does not, and what is said about it."""

    def assert_left_out(self, records, **codes):
        """Check that nobody of these records is sent, and why."""
        members, left_out = self.export(records)
        self.assertFalse(members)
        self.assertEqual(left_out, codes)

    def test_unusable_addresses_wait_for_their_correction(self):
        nobody = self.new_contact(False, name="Nobody")
        broken = self.new_partner("ada(at)a.example", name="Broken")
        self.assert_left_out(nobody, Nobody="no_email")
        self.assert_left_out(broken, Broken="bad_email")
        self.assertRecordValues(
            self.members().sorted("id"),
            [
                {
                    "subscriber_hash": f"contact:{nobody.id}",
                    "email": False,
                    "sync_state": "error",
                    "error_code": "no_email",
                },
                {
                    "subscriber_hash": f"partner:{broken.id}",
                    "email": False,
                    "sync_state": "error",
                    "error_code": "bad_email",
                },
            ],
        )

    def test_what_only_odoo_takes_for_an_address(self):
        typo = self.new_partner("tim@@x", name="Typo")
        self.assertEqual(typo.email_normalized, "@x")
        self.assert_left_out(typo, Typo="bad_email")

    def test_blacklisted(self):
        self.env["mail.blacklist"]._add("ann@a.example")
        ann = self.new_contact("ann@a.example", name="Ann")
        self.assert_left_out(ann, Ann="blacklisted")
        self.assertFalse(self.members())

    def test_opted_out_in_odoo_before_any_member(self):
        ann = self.new_contact("ann@a.example", name="Ann")
        ann.subscription_ids.opt_out = True
        self.assert_left_out(ann, Ann="opted_out")
        self.assert_left_out(
            self.new_partner("ANN@a.example"), **{"ANN@a.example": "opted_out"}
        )
        self.assertFalse(self.members())

    def test_statuses_in_mailchimp(self):
        for status in ("unsubscribed", "cleaned", "archived"):
            self.remote.add_member(f"{status}@a.example", status)
        self.fetch()
        partners = self.env["res.partner"]
        for name in ("unsubscribed", "cleaned", "archived"):
            self.env["mail.blacklist"].search([]).active = False
            partners |= self.new_partner(f"{name}@a.example", name=name)
        self.assert_left_out(
            partners, unsubscribed="opted_out", cleaned="cleaned", archived="archived"
        )
        self.assertFalse(partners.mailchimp_member_ids)

    def test_opted_out_in_odoo_and_subscribed_in_mailchimp(self):
        self.remote.add_member("ann@a.example", merge_fields={"FNAME": "Ann"})
        self.fetch()
        ann = self.contact("ann@a.example")
        ann.subscription_ids.opt_out = True
        self.assert_left_out(ann, Ann="opted_out")

    def test_forgotten(self):
        self.remote.add_member("ann@a.example")
        self.fetch()
        self.people.delete_permanently(self.remote, "ann@a.example")
        self.fetch(full=True)
        ann = self.new_partner("ann@a.example", name="Ann")
        self.assert_left_out(ann, Ann="forgotten")

    def test_customer_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        ann = self.new_partner("ann@a.example", name="Ann", company_id=other.id)
        self.assert_left_out(ann, Ann="other_company")

    def test_of_several_with_one_address_the_oldest_goes(self):
        first = self.new_contact("ann@a.example", name="First")
        second = self.new_contact("ANN@a.example", name="Second")
        members, left_out = self.export(second | first)
        self.assertEqual(members.contact_id, first)
        self.assertEqual(left_out, {"Second": "duplicate"})
        self.assert_left_out(second, Second="duplicate")

    def test_the_rest_of_a_selection_goes_on(self):
        people = self.new_contact(False, name="Nobody")
        people |= self.new_contact("ann@a.example", name="Ann")
        members, left_out = self.export(people)
        self.assertEqual(members.email, "ann@a.example")
        self.assertEqual(left_out, {"Nobody": "no_email"})

    def test_records_deleted_between_two_workers(self):
        self.startPatcher(patch(f"{EXPORTABLE}.EXPORT_STEP", 2))
        names = "abcdef"
        contacts = self.env["mailing.contact"].browse()
        for name in names:
            contacts += self.new_contact(f"{name}@a.example")
        Run = self.env["mailchimp.run"]
        run = Run._open_run(self.account, "export", "user", self.audience())
        args = (self.audience().id, run.id, 5)
        worker = contacts._job_mailchimp_export(*args)
        next(worker)
        worker.close()
        contacts[0].unlink()
        for _step in contacts.exists()._job_mailchimp_export(*args):
            pass
        emails = {f"{name}@a.example" for name in names}
        self.assertEqual(set(self.members().mapped("email")), emails)
