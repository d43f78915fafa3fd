"""What the tests of plans have in common."""

from odoo.tools import SQL

from .push_common import PushCase

# What computing a plan writes: itself, its run and the queue.
OWN = ("mailchimp_plan", "mailchimp_plan_line", "mailchimp_run", "mailchimp_job")
TABLES = """SELECT table_name FROM information_schema.tables
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
               AND (table_name LIKE 'mail%' OR table_name LIKE 'res_partner%'
                    OR table_name IN ('bus_bus', 'ir_attachment'))"""


class PlanCase(PushCase):
    """An audience with people, whose contacts are only pushed when asked for."""

    def setUp(self):
        super().setUp()
        self.account.auto_push_contacts = False
        for number in range(3):
            self.remote.add_member(
                f"person{number}@a.example", merge_fields={"FNAME": f"Person{number}"}
            )
        self.news = self.import_audiences()
        self.field("FNAME").ownership = "odoo"

    # === ACTIONS === #

    def field(self, tag):
        """Find a merge field by tag."""
        return self.audience().merge_field_ids.filtered(lambda f: f.tag == tag)

    def plan(self, kind, records=None):
        """Compute a plan.

        :return: the plan, ready to be reviewed
        """
        plan = self.env["mailchimp.plan"]._start(kind, self.news, records)
        self.run_jobs()
        plan.invalidate_recordset()
        self.assertEqual(plan.state, "ready", plan.message)
        return plan

    def apply(self, plan):
        """Apply a plan and wait for the end of it.

        :return: the run
        """
        plan.action_apply()
        self.drive()
        self.assertEqual(plan.state, "applied")
        return plan.apply_run_id

    def new_partner(self, email, **vals):
        """Create a customer."""
        return self.env["res.partner"].create({"name": email, "email": email, **vals})

    # === WHAT CAME OF IT === #

    def lines(self, plan):
        """Return {name: (action, code)} of a plan."""
        return {ln.name: (ln.action, ln.code or None) for ln in plan.line_ids}

    def line(self, plan, name):
        """Find the line about somebody."""
        return plan.line_ids.filtered(lambda line: line.name == name)

    def contents(self):
        """Return {table: its rows} of what a plan must not write."""
        self.env.cr.flush()
        self.env.cr.execute(TABLES)
        tables = {name for (name,) in self.env.cr.fetchall()} - set(OWN)
        found = {}
        for table in sorted(tables):
            rows = SQL("SELECT t::text FROM %s t ORDER BY 1", SQL.identifier(table))
            found[table] = self.env.execute_query(rows)
        self.assertIn("mailing_contact", found)
        return found

    def assertNothingWritten(self, kind, records=None):
        """Computing a plan writes nothing in Odoo, and only reads in Mailchimp."""
        self.env.cr.flush()
        before, asked = self.contents(), len(self.sandbox.requests)
        plan = self.plan(kind, records)
        self.assertEqual(self.contents(), before)
        self.assertEqual(
            {r.method for r in self.sandbox.requests[asked:]} - {"GET"}, set()
        )
        jobs = self.env["mailchimp.job"].search([("state", "=", "pending")])
        self.assertFalse(jobs, "only what is applied leaves jobs")
        return plan
