from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import MailchimpCase
from .push_common import PushCase

EMAIL = "ann@harborlight.example"


@tagged("post_install", "-at_install")
class TestRouting(MailchimpCase):
    """Which customers belong in an audience, and who can tell why."""

    def setUp(self):
        super().setUp()
        self.account.new_member_status = "subscribed"
        self.news = self.import_audiences()
        self.france = self.env.ref("base.fr")

    def rule(self, domain, name="France"):
        """Add a rule to the audience."""
        return self.env["mailchimp.routing.rule"].create(
            {"audience_id": self.news.id, "name": name, "domain": domain}
        )

    def partner(self, **vals):
        """Create a customer."""
        return self.env["res.partner"].create({"name": "Ann", "email": EMAIL, **vals})

    def export(self, records):
        """Export records; return the codes of those left out."""
        Run = self.env["mailchimp.run"]
        run = Run._open_run(self.account, "export", "user", self.news)
        self.env["mailchimp.member"]._export(self.news, records, run)
        self.run_jobs()
        return run.line_ids.mapped("code")

    def answers(self, email=EMAIL):
        """Ask the tester; return {question: (state, answer)}."""
        test = self.env["mailchimp.routing.test"].create(
            {"audience_id": self.news.id, "email": email}
        )
        return test, {
            line.question: (line.state, line.answer) for line in test.line_ids
        }

    def test_without_rules_all_customers_of_the_company_belong(self):
        self.assertEqual(self.export(self.partner()), [])
        self.assertEqual(len(self.remote.members), 1)

    def test_a_rule_keeps_others_out(self):
        self.rule(f"[('country_id', '=', {self.france.id})]")
        spaniard = self.partner(country_id=self.env.ref("base.es").id)
        self.assertEqual(self.export(spaniard), ["not_routed"])
        self.assertFalse(self.remote.members)

    def test_rules_tell_how_many_customers_they_match(self):
        rule = self.rule(f"[('country_id', '=', {self.france.id})]")
        before = rule.customer_count
        here = {"country_id": self.france.id}
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.partner(**here)
        self.partner(**here, company_id=elsewhere.id)
        self.partner()
        rule.invalidate_recordset()
        self.assertEqual(rule.customer_count, before + 1)
        # As if the field it names had been removed with its module.
        self.env.cr.execute(
            "UPDATE mailchimp_routing_rule SET domain = %s", ["[('no_such', '=', 1)]"]
        )
        rule.invalidate_recordset()
        self.assertEqual(rule.customer_count, 0)

    def test_one_rule_of_several_is_enough(self):
        self.rule(f"[('country_id', '=', {self.france.id})]")
        self.rule("[('is_company', '=', True)]", "Companies")
        self.assertEqual(self.export(self.partner(is_company=True)), [])
        self.assertEqual(len(self.remote.members), 1)

    def test_contacts_are_judged_by_their_customer(self):
        self.rule(f"[('country_id', '=', {self.france.id})]")
        contact = self.env["mailing.contact"].create({"email": EMAIL})
        self.assertEqual(self.export(contact), ["not_routed"])
        self.partner(country_id=self.france.id)
        self.assertEqual(self.export(contact), [])

    def test_customers_of_other_companies_stay_out(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertEqual(
            self.export(self.partner(company_id=other.id)), ["other_company"]
        )
        test, answers = self.answers()
        company = answers["Is it a customer whom the company may write to?"]
        self.assertEqual(company[0], "no")
        self.assertEqual(test.verdict, company[1])

    def test_a_rule_that_does_not_work_is_refused(self):
        with self.assertRaises(ValidationError):
            self.rule("[('no_such_field', '=', 1)]")

    def test_a_rule_whose_value_stopped_fitting_is_shown_and_named(self):
        """It has to be seen to be corrected."""
        rule, ann = self.rule("[]"), self.partner()
        for text in ("[('color', '=', 'red')]", "[('name', '=like', '\\\\')]"):
            with self.subTest(text):
                self.env.cr.execute(
                    "UPDATE mailchimp_routing_rule SET domain=%s", [text]
                )
                self.env.invalidate_all()
                self.assertEqual(rule.customer_count, 0)
                test, answers = self.answers(ann.email)
                self.assertEqual(answers["Does the rule “France” match?"][0], "no")
                self.assertIn("does not work", test.verdict)

    def test_the_tester_tells_why(self):
        self.rule(f"[('country_id', '=', {self.france.id})]")
        ann = self.partner()
        test, answers = self.answers()
        self.assertEqual(answers["Does the rule “France” match?"][0], "info")
        self.assertEqual(test.verdict, "None of the routing rules matches.")
        ann.country_id = self.france
        test, answers = self.answers()
        self.assertEqual(answers["Does the rule “France” match?"], ("yes", "Ann"))
        self.assertIn("nobody has chosen this person", test.verdict)
        self.news.auto_export = True
        self.news.export_model = "res.partner"
        test, answers = self.answers()
        self.assertEqual(test.verdict, "This person belongs here.")

    def test_the_tester_knows_the_blacklist_and_mailchimp(self):
        self.remote.add_member(EMAIL, status="unsubscribed")
        self.fetch()
        self.env["mail.blacklist"].create({"email": EMAIL})
        answers = self.answers()[1]
        self.assertEqual(
            answers["May Odoo write to the address at all?"][0],
            "no",
        )
        self.assertEqual(answers["What does Mailchimp say?"], ("no", "Unsubscribed"))

    def test_the_tester_says_nothing_before_it_is_asked(self):
        test = self.env["mailchimp.routing.test"].new({"audience_id": self.news.id})
        self.assertFalse(test.verdict)
        self.assertFalse(test.line_ids)

    def test_the_tester_refuses_what_is_no_address(self):
        answers = self.answers("ann at harborlight")[1]
        self.assertEqual(answers["Is the address usable?"][0], "no")
        self.assertEqual(len(answers), 1)


@tagged("post_install", "-at_install")
class TestCompanyOfCustomers(PushCase):
    """A customer who becomes another company's leaves the audiences of this one."""

    def setUp(self):
        super().setUp()
        self.remote.add_merge_field("JOB", "text")
        self.remote.add_member(EMAIL, merge_fields={"JOB": "Cook"})
        ours = {"company_id": self.account.company_id.id, "function": "Cook"}
        Partner = self.env["res.partner"]
        self.customer = Partner.create({"name": "Ann", "email": EMAIL, **ours})
        self.elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        job = self.import_audiences().merge_field_ids.filtered(lambda f: f.tag == "JOB")
        job.field_path = "partner_id.function"
        self.drive()
        self.later()
        self.assertEqual(self.member(EMAIL).partner_id, self.customer)

    def assertLeft(self, customer):
        self.assertFalse(self.member(EMAIL).partner_id)
        customer.function = "Secret"
        self.drive()
        self.assertEqual(self.there(EMAIL).merges["JOB"], "Cook")
        self.people.update_profile(self.remote, EMAIL, {"JOB": "Pilot"})
        self.fetch()
        self.drive()
        self.assertEqual(customer.function, "Secret")
        self.assertEqual(self.there(EMAIL).status, "subscribed")

    def test_another_company(self):
        self.customer.company_id = self.elsewhere
        self.assertLeft(self.customer)

    def test_with_the_company_it_belongs_to(self):
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        self.customer.write({"parent_id": firm.id, "company_id": False})
        self.assertTrue(self.member(EMAIL).partner_id)
        firm.company_id = self.elsewhere
        self.assertLeft(self.customer)

    def test_a_conflict_about_the_customer_ends(self):
        job = self.audience().merge_field_ids.filtered(lambda f: f.tag == "JOB")
        job.ownership = "ask"
        self.customer.function = "Secret"
        self.people.update_profile(self.remote, EMAIL, {"JOB": "Pilot"})
        self.fetch()
        self.drive()
        member = self.member(EMAIL)
        self.assertEqual(member.conflict_ids.odoo_value, "Secret")
        self.customer.company_id = self.elsewhere
        self.assertFalse(member.conflict_ids)
        self.assertEqual(member.sync_result, "synced")

    def test_merged_with_a_customer_of_another_company(self):
        other = self.env["res.partner"].create(
            {"name": "Ann", "email": EMAIL, "company_id": self.elsewhere.id}
        )
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.customer | other).ids, other)
        self.assertLeft(other)

    def test_account_of_another_company(self):
        self.account.company_id = self.elsewhere
        self.assertLeft(self.customer)
