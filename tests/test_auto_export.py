from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import MailchimpCase

FAILED = [("state", "=", "failed")]
# They can be read, and not be applied.
UNFIT_FILTERS = (
    "[('color', '=', 'red')]",
    "[('name.first', '=', 'Ann')]",
    "[('create_date.month_number', '=', 'May')]",
    "[('name', '=like', '\\\\')]",
    "[('create_date', '>', 'today -9999999999d')]",
)


@tagged("post_install", "-at_install")
class TestAutoExport(MailchimpCase):
    """Whoever matches the filter of an audience gets into it, by schedule."""

    def setUp(self):
        super().setUp()
        self.account.new_member_status = "subscribed"
        self.news = self.import_audiences()
        self.vip = self.env["res.partner.category"].create({"name": "Wine Club"})
        self.news.write(
            {
                "auto_export": True,
                "export_domain": f"[('category_id', 'in', [{self.vip.id}])]",
            }
        )

    def partner(self, email, **vals):
        """Create a customer who matches the filter."""
        vals = {"name": email.partition("@")[0], "email": email, **vals}
        vals.setdefault("category_id", [self.vip.id])
        return self.env["res.partner"].create(vals)

    def schedule(self):
        """Run the scheduled action, and the queue after it."""
        self.later()
        self.env["mailchimp.audience"]._cron_auto_export()
        self.run_jobs()

    def there(self):
        """Return {address: status} of the audience in Mailchimp."""
        return {m.email: m.status for m in self.remote.members.values()}

    def test_matching_customers_are_added(self):
        self.partner("ann@harborlight.example")
        self.partner("bob@harborlight.example", category_id=[])
        self.schedule()
        self.assertEqual(self.there(), {"ann@harborlight.example": "subscribed"})
        self.assertTrue(self.member("ann@harborlight.example").added_by_odoo)
        [run] = self.runs("auto_export")
        self.assertEqual((run.state, run.trigger, run.created), ("done", "schedule", 1))

    def test_contacts_can_be_chosen_too(self):
        self.news.write(
            {
                "export_model": "mailing.contact",
                "export_domain": "[('name', 'ilike', 'ann')]",
            }
        )
        self.env["mailing.contact"].create(
            [
                {"name": "Ann", "email": "ann@harborlight.example"},
                {"name": "Bob", "email": "bob@harborlight.example"},
            ]
        )
        self.schedule()
        self.assertEqual(self.there(), {"ann@harborlight.example": "subscribed"})

    def test_nothing_new_leaves_no_run_and_asks_nothing(self):
        self.partner("ann@harborlight.example")
        self.schedule()
        before = len(self.sandbox.monitor.requests)
        self.schedule()
        self.assertEqual(len(self.runs("auto_export")), 1)
        self.assertEqual(len(self.sandbox.monitor.requests), before)

    def test_nobody_who_left_comes_back(self):
        for status in ("unsubscribed", "archived", "cleaned"):
            self.remote.add_member(f"{status}@harborlight.example", status=status)
            self.partner(f"{status}@harborlight.example")
        self.remote.add_member("gone@harborlight.example")
        self.partner("gone@harborlight.example")
        self.fetch()
        self.people.delete_permanently(self.remote, "gone@harborlight.example")
        self.fetch(full=True)
        before = self.there()
        self.schedule()
        self.assertEqual(self.there(), before)
        self.assertFalse(self.sandbox.monitor.resubscribed())

    def test_blacklisted_and_opted_out_stay_out_without_noise(self):
        self.partner("no@harborlight.example")
        self.env["mail.blacklist"].create({"email": "no@harborlight.example"})
        self.partner("out@harborlight.example")
        self.env["mailing.contact"].create(
            {
                "email": "out@harborlight.example",
                "subscription_ids": [
                    (0, 0, {"list_id": self.news.mailing_list_id.id, "opt_out": True})
                ],
            }
        )
        self.schedule()
        self.assertFalse(self.there())
        self.assertFalse(self.runs("auto_export"))

    def test_those_who_stop_matching_stay_by_default(self):
        ann = self.partner("ann@harborlight.example")
        self.schedule()
        ann.category_id = False
        self.schedule()
        self.assertEqual(self.there(), {"ann@harborlight.example": "subscribed"})

    def test_those_who_stop_matching_are_archived_if_odoo_added_them(self):
        self.remote.add_member("theirs@harborlight.example")
        self.fetch()
        ann = self.partner("ann@harborlight.example")
        theirs = self.partner("theirs@harborlight.example")
        self.schedule()
        self.news.export_unmatched = "archive"
        (ann | theirs).category_id = False
        self.schedule()
        self.assertEqual(
            self.there(),
            {
                "ann@harborlight.example": "archived",
                "theirs@harborlight.example": "subscribed",
            },
        )

    def test_those_who_match_again_before_a_manager_decides_stay(self):
        people = [self.partner(f"p{n}@harborlight.example") for n in range(12)]
        self.schedule()
        self.news.export_unmatched = "archive"
        for one in people:
            one.category_id = False
        self.schedule()
        run = self.runs("archive")
        self.assertEqual(run.state, "approval")
        for one in people[1:]:
            one.category_id = self.vip
        run.action_approve()
        self.run_jobs()
        statuses = self.there()
        self.assertEqual(statuses.pop(people[0].email), "archived")
        self.assertEqual(set(statuses.values()), {"subscribed"})
        self.assertEqual((run.state, run.done, run.updated), ("done", 12, 1))

    def test_a_filter_that_broke_before_a_manager_decides_archives_nobody(self):
        people = [self.partner(f"p{n}@harborlight.example") for n in range(12)]
        self.schedule()
        self.news.export_unmatched = "archive"
        for one in people:
            one.category_id = False
        self.schedule()
        run = self.runs("archive")
        self.env.cr.execute(
            "UPDATE mailchimp_audience SET export_domain = %s WHERE id = %s",
            ["[('no_such_field', '=', 1)]", self.news.id],
        )
        self.news.invalidate_recordset()
        run.action_approve()
        self.run_jobs()
        self.assertEqual(set(self.there().values()), {"subscribed"})
        self.assertEqual(run.state, "failed")

    def test_a_filter_that_broke_is_named_and_others_go_on(self):
        other = self.remote_account.add_audience("Other")
        self.import_audiences()
        second = self.audience(other)
        second.write({"auto_export": True, "export_domain": self.news.export_domain})
        # As if the field it names had been removed with its module.
        self.env.cr.execute(
            "UPDATE mailchimp_audience SET export_domain = %s WHERE id = %s",
            ["[('no_such_field', '=', 1)]", self.news.id],
        )
        self.news.invalidate_recordset()
        self.partner("ann@harborlight.example")
        self.schedule()
        self.assertFalse(self.there())
        self.assertEqual(
            [m.email for m in other.members.values()], ["ann@harborlight.example"]
        )
        run = self.runs("auto_export").filtered(lambda r: r.audience_id == self.news)
        self.assertEqual(run.state, "failed")
        self.assertEqual(run.line_ids.code, "bad_filter")
        self.assertIn("no_such_field", run.line_ids.reason)

    def test_a_filter_that_does_not_work_is_refused(self):
        for text in ("[('no_such_field', '=', 1)]", "[(", "__import__('os')", "12"):
            with self.subTest(text), self.assertRaises(ValidationError):
                self.news.export_domain = text

    def test_a_value_that_stopped_fitting_its_field_is_named(self):
        """As if a module had changed the type of a field."""
        self.partner("ann@harborlight.example")
        for text in UNFIT_FILTERS:
            with self.subTest(text):
                with self.assertRaises(ValidationError), self.env.cr.savepoint():
                    self.news.export_domain = text
                self.env.cr.execute(
                    "UPDATE mailchimp_audience SET export_domain = %s WHERE id = %s",
                    [text, self.news.id],
                )
                self.news.invalidate_recordset()
                self.schedule()
                self.assertFalse(self.env["mailchimp.job"].search(FAILED))
                self.assertEqual(
                    self.runs("auto_export")[0].line_ids.mapped("code"), ["bad_filter"]
                )
                self.assertFalse(self.there())

    def test_now_opens_the_run(self):
        self.partner("ann@harborlight.example")
        action = self.news.action_auto_export()
        self.assertEqual(action["res_model"], "mailchimp.run")
        self.run_jobs()
        self.assertEqual(self.there(), {"ann@harborlight.example": "subscribed"})
