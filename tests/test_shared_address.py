"""Several records with one address, and records without a usable one."""

from ast import literal_eval

from odoo.tests import new_test_user, tagged

from .export_common import ExportCase


@tagged("post_install", "-at_install")
class TestSharedAddress(ExportCase):
    def setUp(self):
        super().setUp()
        self.remote.add_member("ann@a.example", merge_fields={"FNAME": "Remote"})
        self.fetch()
        self.first = self.contact("ann@a.example")
        self.second = self.new_contact("ANN@a.example", name="Second", list_ids=[])
        self.user = new_test_user(
            self.env,
            "mailchimp_user",
            "base.group_user,mailchimp_connector.group_mailchimp_user",
        )

    def rows(self):
        """Return {record: whether it speaks for its address}, as a user sees it."""
        self.env.flush_all()
        Shared = self.env["mailchimp.shared.address"].with_user(self.user)
        Shared.invalidate_model()
        return {row._record(): row for row in Shared.search([])}

    def speaking(self):
        return {record for record, row in self.rows().items() if row.speaks}

    def test_listed(self):
        self.new_contact("alone@a.example")
        twins = [self.new_contact("no@member.example") for _number in range(2)]
        self.assertEqual(set(self.rows()), {self.first, self.second})
        self.assertEqual(self.speaking(), {self.first})
        self.assertFalse(set(twins) & set(self.rows()), "no member has their address")
        self.assertEqual(self.rows()[self.second].audience_ids, self.audience())

    def test_choice(self):
        self.rows()[self.second].action_speak()
        self.assertEqual(self.member("ann@a.example").contact_id, self.second)
        self.assertEqual(self.speaking(), {self.second})
        self.assertEqual(self.second.subscription_ids.list_id, self.list)

    def test_choice_outlives_imports_and_exports(self):
        self.rows()[self.second].action_speak()
        self.later()
        self.people.update_profile(
            self.remote, "ann@a.example", merge_fields={"FNAME": "Newer"}
        )
        self.fetch(full=True)
        self.first.action_mailchimp_export()
        self.assertEqual(self.member("ann@a.example").contact_id, self.second)
        self.assertEqual(self.runs("export").line_ids.code, "duplicate")
        self.assertEqual(self.speaking(), {self.second})

    def test_choice_brings_nobody_back(self):
        self.first.subscription_ids.opt_out = True
        self.rows()[self.second].action_speak()
        self.assertTrue(self.second.subscription_ids.opt_out)

    def test_values_of_the_chosen_one_arrive(self):
        self.account.write({"auto_push_contacts": True, "two_way_sync": True})
        self.second.first_name = "Chosen"
        self.rows()[self.second].action_speak()
        self.first.first_name = "Nobody hears this"
        self.run_jobs()
        merges = self.remote.by_email("ann@a.example").merges
        self.assertEqual(merges["FNAME"], "Chosen")

    def test_customers(self):
        one, two = (self.new_partner("ann@a.example", name=n) for n in ("One", "Two"))
        one.action_mailchimp_update()
        self.assertEqual(self.speaking(), {self.first, one})
        self.rows()[two].action_speak()
        self.assertEqual(self.member("ann@a.example").partner_id, two)
        action = self.rows()[two].action_open_record()
        self.assertEqual((action["res_model"], action["res_id"]), (two._name, two.id))

    def test_customers_of_other_companies_are_not_shown(self):
        company = self.env["res.company"].create({"name": "Other"})
        for name in ("One", "Two"):
            self.new_partner("ann@a.example", name=name, company_id=company.id)
        self.assertEqual(set(self.rows()), {self.first, self.second})


@tagged("post_install", "-at_install")
class TestLists(ExportCase):
    """What the filters and lists find."""

    def find(self, xmlid):
        """Return what an action lists."""
        action = self.env.ref(f"mailchimp_connector.{xmlid}")
        Model = self.env[action.res_model]
        return Model.search(literal_eval(action.domain))

    def test_pending_for_export(self):
        pending = self.new_contact("pending@a.example")
        self.new_contact("elsewhere@a.example", list_ids=[])
        out = self.new_contact("out@a.example")
        out.subscription_ids.opt_out = True
        self.remote.add_member("in@a.example")
        self.fetch()
        self.new_contact("in@a.example", name="Twin of a member")
        Contact = self.env["mailing.contact"]
        found = Contact.search([("mailchimp_pending", "=", True)])
        self.assertEqual(found, pending)
        self.assertTrue(pending.mailchimp_pending)
        self.assertFalse(out.mailchimp_pending)
        pending.action_mailchimp_export()
        self.assertFalse(Contact.search([("mailchimp_pending", "=", True)]))

    def test_to_correct(self):
        empty = self.new_contact(False, name="Empty")
        broken = self.new_contact("broken(at)a", name="Broken")
        self.new_contact("fine@a.example")
        self.new_contact(False, list_ids=[], name="On no list")
        found = self.find("mailing_contact_action_correct")
        self.assertEqual(found, empty | broken)
        self.assertIn("broken(at)a", broken.mailchimp_problem)
        partner = self.new_partner("broken(at)b", name="Customer")
        self.assertFalse(self.find("res_partner_action_correct"))
        self.export(partner)
        self.assertEqual(self.find("res_partner_action_correct"), partner)

    def test_opted_out_customers(self):
        self.remote.add_member("out@a.example", "unsubscribed")
        self.fetch()
        partner = self.new_partner("out@a.example")
        partner.action_mailchimp_update()
        Partner = self.env["res.partner"]
        found = Partner.search([("mailchimp_opted_out", "=", True)])
        self.assertEqual(found, partner)
        self.assertTrue(partner.mailchimp_opted_out)
