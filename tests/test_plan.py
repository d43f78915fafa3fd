"""What would happen, and that it does not by looking."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.mailchimp_connector.tools.subscriber import subscriber_hash

from .plan_common import PlanCase

HASH = subscriber_hash("ann@b.example")
USER = "mailchimp_connector.group_mailchimp_user"


@tagged("post_install", "-at_install")
class TestPlan(PlanCase):
    """A plan says what would happen, and nothing does."""

    def test_export_of_customers(self):
        new = self.new_partner("ann@b.example", name="Ann Lee")
        twin = self.new_partner("ANN@b.example", name="Ann Twin")
        broken = self.new_partner("nobody", name="Broken")
        known = self.new_partner("person1@a.example", name="Person One")
        self.env["mail.blacklist"].create({"email": "bob@b.example"})
        bob = self.new_partner("bob@b.example", name="Bob")

        plan = self.assertNothingWritten("export", new + twin + broken + known + bob)

        self.assertEqual(
            self.lines(plan),
            {
                "Ann Lee": ("create", None),
                "Ann Twin": ("skip", "duplicate"),
                "Broken": ("skip", "bad_email"),
                "Person One": ("none", None),
                "Bob": ("skip", "blacklisted"),
            },
        )
        self.assertEqual(
            (plan.create_count, plan.skip_count, plan.none_count), (1, 3, 1)
        )
        line = self.line(plan, "Ann Lee")
        self.assertFalse(line.before_text)
        self.assertEqual(
            line.after_text.splitlines()[:4],
            [
                "Email: ann@b.example",
                "Status: Subscribed",
                "First Name: Ann",
                "Last Name: Lee",
            ],
        )
        self.assertTrue(self.line(plan, "Broken").advice)
        self.assertTrue(plan.has_reasons)
        self.assertFalse(self.assertNothingWritten("export", new).has_reasons)
        self.assertIn("Blacklisted", plan.skip_summary)
        self.assertIn("New contacts: 1. The audience has 3", plan.cost_hint)

    def test_pages_know_of_each_other(self):
        self.patch_step(2)
        partners = self.env["res.partner"].concat(
            *(self.new_partner(f"new{n % 3}@b.example", name=f"P{n}") for n in range(5))
        )
        plan = self.assertNothingWritten("export", partners)
        self.assertEqual((plan.create_count, plan.skip_count), (3, 2))
        self.assertEqual(self.lines(plan)["P3"], ("skip", "duplicate"))
        self.assertIn("P0", self.line(plan, "P3").reason)
        run = self.apply(plan)
        self.assertEqual((run.created, plan.moved_count), (3, 0))

    def patch_step(self, size):
        for name in ("compute", "apply"):
            module = f"odoo.addons.mailchimp_connector.models.mailchimp_plan_{name}"
            self.patch(__import__(module, fromlist=["STEP"]), "STEP", size)

    def test_export_of_mailing_contacts(self):
        listed = self.new_contact("ann@b.example")
        stranger = self.env["mailing.contact"].create({"email": "x@b.example"})
        action = (listed + stranger).action_mailchimp_preview()
        self.run_jobs()
        plan = self.env["mailchimp.plan"].browse(action["res_id"])
        self.assertEqual(plan.line_ids.mapped("subscriber_hash"), [HASH])
        self.assertEqual(plan.line_ids.action, "create")
        with self.assertRaises(UserError):
            stranger.action_mailchimp_preview()

    def test_values_in_words(self):
        self.remote.add_interests("Topics", ["Wine"])
        self.import_audiences(members=False)
        [wine] = self.news.interest_category_ids.interest_ids
        plan = self.env["mailchimp.plan"].new({"audience_id": self.news.id})
        step = {
            "FNAME": "<b>Ann</b>",
            "ADDRESS": {"city": "Bonn", "addr1": "Street 1"},
            "interests": {wine.mailchimp_id: True},
            "tags": ["A", "B"],
            "vip": False,
            "marketing_permissions": [
                {"marketing_permission_id": "gone", "enabled": True}
            ],
        }
        self.assertEqual(
            plan._in_words(step, plan._labels()),
            {
                "First Name": "<b>Ann</b>",
                "Address": "Street 1, Bonn",
                "Topics / Wine": "Yes",
                "Tags": "A, B",
                "VIP": "No",
                "gone": "Yes",
            },
        )

    def test_update_of_members(self):
        contact = self.contact("person0@a.example")
        contact.first_name = "Pia"
        plan = self.assertNothingWritten("update", self.news.member_ids)
        self.assertEqual((plan.update_count, plan.none_count), (1, 2))
        self.assertFalse(plan.cost_hint)
        line = self.line(plan, "person0@a.example")
        self.assertEqual(line.changes, [["First Name", "Person0", "Pia"]])
        self.assertEqual(line.action_open_record()["res_id"], contact.id)

    def test_unsubscribe_is_named(self):
        self.subscription("person1@a.example").opt_out = True
        self.env["mailchimp.job"].search([("state", "=", "pending")]).unlink()
        plan = self.assertNothingWritten("update", self.news.member_ids)
        self.assertEqual((plan.unsubscribe_count, plan.none_count), (1, 2))
        line = self.line(plan, "person1@a.example")
        self.assertEqual(line.before_text, "Status: Subscribed")
        self.assertEqual(line.after_text, "Status: Unsubscribed")

    def test_update_of_what_waits(self):
        self.account.auto_push_contacts = True
        self.contact("person2@a.example").first_name = "Pim"
        self.env.cr.flush()
        self.env["mailchimp.job"].search([("state", "=", "pending")]).unlink()
        plan = self.assertNothingWritten("update")
        self.assertEqual(self.lines(plan), {"person2@a.example": ("update", None)})

    def test_auto_export_archives_too(self):
        tag = self.wine_club()
        self.news.export_unmatched = "archive"
        leaver = self.new_partner("leaver@b.example", category_id=tag.ids)
        self.env["mailchimp.audience"]._cron_auto_export()
        self.drive()
        leaver.category_id = False
        self.new_partner("joiner@b.example", category_id=tag.ids)
        plan = self.assertNothingWritten("auto_export")
        self.assertEqual(
            self.lines(plan),
            {
                "leaver@b.example": ("archive", None),
                "joiner@b.example": ("create", None),
            },
        )
        self.apply(plan)
        there = {m.email: m.status for m in self.remote.members.values()}
        self.assertEqual(there["leaver@b.example"], "archived")
        self.assertEqual(there["joiner@b.example"], "subscribed")

    def test_auto_export_of_those_who_are_in_or_left_out(self):
        tag = self.wine_club()
        self.env["mail.blacklist"].create({"email": "listed@b.example"})
        self.subscription("person1@a.example").opt_out = True
        self.people.unsubscribe(self.remote, "person2@a.example")
        self.fetch()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        for name, email, vals in (
            ("New", "new@b.example", {}),
            ("Twin", "NEW@b.example", {}),
            ("Listed", "listed@b.example", {}),
            ("Nobody", False, {}),
            ("Broken", "nobody", {}),
            ("In", "person0@a.example", {}),
            ("Out", "person1@a.example", {}),
            ("Left", "person2@a.example", {}),
            ("Foreign", "foreign@b.example", {"company_id": other.id}),
            ("Unasked", "unasked@b.example", {"category_id": False}),
        ):
            vals = {"name": name, "category_id": tag.ids, **vals}
            self.new_partner(email, **vals)
        self.patch_step(2)
        plan = self.assertNothingWritten("auto_export")
        self.assertEqual(
            self.lines(plan),
            {
                "New": ("create", None),
                "Twin": ("skip", "duplicate"),
                "Listed": ("skip", "blacklisted"),
                "Nobody": ("skip", "no_email"),
                "Broken": ("skip", "bad_email"),
                "Out": ("skip", "opted_out"),
                "Left": ("skip", "opted_out"),
            },
        )
        self.assertEqual(
            (plan.create_count, plan.skip_count, plan.none_count), (1, 6, 1)
        )
        self.assertTrue(all(plan.line_ids.filtered("code").mapped("advice")))
        run = self.apply(plan)
        self.assertEqual((run.created, run.skipped), (1, plan.skip_count))
        self.assertEqual((run.done, plan.moved_count), (run.total, 0))
        # By schedule they would leave no log; here it says what the plan said.
        planned = plan.line_ids.filtered("code")
        self.assertEqual(
            {(line.name, line.code, line.reason) for line in run.line_ids},
            {(line.name, line.code, line.reason) for line in planned},
        )
        self.assertFalse(self.member("nobody"))

    def test_who_may_be_added_since_an_auto_export_was_previewed(self):
        tag = self.wine_club()
        ban = self.env["mail.blacklist"].create({"email": "listed@b.example"})
        self.new_partner("listed@b.example", name="Listed", category_id=tag.ids)
        self.new_partner("new@b.example", name="New", category_id=tag.ids)
        plan = self.plan("auto_export")
        ban.active = False
        self.apply(plan)
        self.assertEqual(self.line(plan, "Listed").state, "moved")
        there = {member.email for member in self.remote.members.values()}
        self.assertIn("new@b.example", there)
        self.assertNotIn("listed@b.example", there)

    def wine_club(self):
        """Let customers with a tag, which is returned, be exported by themselves."""
        tag = self.env["res.partner.category"].create({"name": "Wine Club"})
        domain = f"[('category_id', 'in', [{tag.id}])]"
        self.news.write({"auto_export": True, "export_domain": domain})
        return tag

    def test_bad_filter_is_told(self):
        self.env.cr.execute(
            'UPDATE mailchimp_audience SET export_domain = \'[("x_gone", "=", 1)]\''
        )
        self.env.invalidate_all()
        plan = self.env["mailchimp.plan"]._start("auto_export", self.news)
        self.run_jobs()
        plan.invalidate_recordset()
        self.assertEqual((plan.state, plan.run_id.state), ("failed", "failed"))
        self.assertTrue(plan.message)

    def test_no_policy_is_told(self):
        self.account.new_member_status = False
        plan = self.plan("export", self.new_partner("ann@b.example"))
        self.assertEqual((plan.skip_count, plan.needs_policy), (1, True))

    def test_brake_is_told(self):
        self.account.brake_new = 1
        plan = self.plan(
            "export", self.new_partner("a@b.example") + self.new_partner("b@b.example")
        )
        self.assertTrue(plan.needs_approval)

    def test_audience_that_was_never_fetched(self):
        self.news.pulled_at = False
        partner = self.new_partner("ann@b.example")
        with self.assertRaisesRegex(UserError, "Fetch the members"):
            self.env["mailchimp.plan"]._start("export", self.news, partner)

    def test_plans_are_forgotten(self):
        plan = self.plan("update", self.news.member_ids)
        self.env.cr.execute(
            "UPDATE mailchimp_plan SET create_date = %s",
            [fields.Datetime.now() - timedelta(days=31)],
        )
        self.env.invalidate_all()
        self.env["mailchimp.plan"]._gc_old()
        self.assertFalse(plan.exists())
        self.assertFalse(self.env["mailchimp.plan.line"].search([]))


@tagged("post_install", "-at_install")
class TestPlanOfFetch(PlanCase):
    """What a fetch would change in Odoo."""

    def setUp(self):
        super().setUp()
        self.field("FNAME").ownership = "mailchimp"

    def test_fetch(self):
        self.later()
        self.people.update_profile(
            self.remote, "person0@a.example", merge_fields={"FNAME": "Pia"}
        )
        self.people.unsubscribe(self.remote, "person1@a.example")
        self.remote.add_member("new@b.example", merge_fields={"FNAME": "Nora"})
        self.remote.add_oddity("broken_email")
        self.later()

        plan = self.assertNothingWritten("import")

        self.assertEqual(
            self.lines(plan),
            {
                "not an address@@nowhere": ("skip", "bad_email"),
                "person0@a.example": ("update", None),
                "person1@a.example": ("unsubscribe", None),
                "new@b.example": ("create", None),
            },
        )
        self.assertEqual((plan.create_count, plan.skip_count), (1, 1))
        line = self.line(plan, "person0@a.example")
        self.assertEqual(line.changes, [["First Name", "Person0", "Pia"]])
        line = self.line(plan, "person1@a.example")
        self.assertEqual(line.before_text, "Status: Subscribed\nOpted Out: No")
        self.assertEqual(line.after_text, "Status: Unsubscribed\nOpted Out: Yes")
        self.assertIn("First Name: Nora", self.line(plan, "new@b.example").after_text)

    def test_first_fetch(self):
        self.news.member_ids.unlink()
        self.news.pulled_at = False
        plan = self.assertNothingWritten("import")
        self.assertEqual(plan.create_count, 3)

    def test_pages(self):
        self.small_pages(2)
        for number in range(5):
            self.remote.add_member(f"new{number}@b.example")
        self.later()
        plan = self.assertNothingWritten("import")
        self.assertEqual(plan.create_count, 5)

    def test_audience_is_gone(self):
        self.remote_account.audiences.clear()
        plan = self.env["mailchimp.plan"]._start("import", self.news)
        self.run_jobs()
        plan.invalidate_recordset()
        self.assertEqual(plan.state, "failed")
        self.assertTrue(self.news.active)


@tagged("post_install", "-at_install")
class TestPlanRights(PlanCase):
    """Plans are for the people of their company."""

    def setUp(self):
        super().setUp()
        self.partner = self.new_partner("ann@b.example", name="Ann")
        self.done = self.plan("export", self.partner)

    def test_user_previews_and_applies(self):
        user = new_test_user(self.env, "mc_planner", groups=USER)
        records = self.news.member_ids.with_user(user)
        action = records.action_preview_update()
        self.run_jobs()
        plan = self.env["mailchimp.plan"].with_user(user).browse(action["res_id"])
        self.assertEqual((plan.state, plan.user_id), ("ready", user))
        plan.action_apply()
        self.drive()
        self.assertEqual(plan.state, "applied")
        with self.assertRaises(AccessError):
            plan.state = "ready"

    def test_others_see_nothing(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env,
            "mc_else",
            groups=USER,
            company_id=elsewhere.id,
            company_ids=elsewhere.ids,
        )
        for records in (self.done, self.done.line_ids):
            seen = records.with_user(user)
            self.assertFalse(seen.search([]))
            with self.assertRaises(AccessError):
                seen.read(["name"])
        with self.assertRaises(AccessError):
            self.done.with_user(user).action_apply()
        with self.assertRaises(AccessError):
            self.news.with_user(user).action_preview_fetch()

    def test_line_opens_what_one_may_see(self):
        user = new_test_user(self.env, "mc_line", groups=USER)
        line = self.done.line_ids.with_user(user)
        self.assertEqual(line.action_open_record()["res_id"], self.partner.id)
        rule = self.env["ir.rule"].create(
            {
                "name": "nobody",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', '!=', {self.partner.id})]",
            }
        )
        self.assertTrue(rule)
        with self.assertRaises(UserError):
            line.action_open_record()
        with self.assertRaises(AccessError):
            self.partner.with_user(user)._mailchimp_preview(self.news.with_user(user))
