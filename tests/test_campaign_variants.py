"""A/B tests of Mailchimp in Odoo: what is compared, how it is decided, what won."""

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.mailchimp_connector.sandbox import variants

from ..tools.variants import contents
from ..tools.variants import terms as terms_of
from ..tools.variants import variants as variants_of
from .document_common import USER, DocumentCase


@tagged("post_install", "-at_install")
class TestCampaignVariants(DocumentCase):
    """From the settings of the test to what people see of it."""

    def setUp(self):
        super().setUp()
        self.import_audiences(members=False)

    def add_test(self, title="Spring", winner=None, **options):
        """Make an A/B test of two subjects and two contents there."""
        remote = self.add_campaign(title, from_name="Ann", reply_to="ann@a.example")
        options.setdefault("subjects", ("Red?", "White?"))
        options.setdefault("labels", ("Photo", "Text"))
        variants.compare(remote, winner=winner, **options)
        return remote

    def test_subjects_and_contents(self):
        remote = self.add_test()
        self.import_campaigns()
        campaign = self.campaign(remote)
        self.assertRecordValues(
            campaign.variant_ids,
            [
                {
                    "name": name,
                    "subject": subject,
                    "content_label": label,
                    "html": f"<p>{label}</p><p>Spring</p>",
                    "plain_text": f"{label}\nSpring",
                    "send_time": False,
                    "is_winner": False,
                    "company_id": campaign.company_id.id,
                }
                for name, subject, label in (
                    ("A", "Red?", "Photo"),
                    ("B", "Red?", "Text"),
                    ("C", "White?", "Photo"),
                    ("D", "White?", "Text"),
                )
            ],
        )
        self.assertEqual(campaign.tested_fields, "subject content_label")
        self.assertEqual(
            campaign.test_text,
            "4 variants are tested. 20 % of the recipients get one of them first. "
            "After 4 hours, the others get the one that most people clicked in.",
        )
        self.assertEqual(campaign.html, "<p>Photo</p><p>Spring</p>")

    def test_winner(self):
        remote = self.add_test()
        self.import_campaigns()
        campaign = self.campaign(remote)
        self.remote.add_member("ann@a.example")
        remote.winner = 2
        remote.send(self.sandbox.clock.now())
        self.import_campaigns()
        winner = campaign.variant_ids.filtered("is_winner")
        self.assertEqual((winner.name, winner.subject), ("C", "White?"))
        self.assertTrue(campaign.test_text.endswith(" Variant C won."))
        self.assertEqual(len(campaign.variant_ids), 4)

    def test_send_times(self):
        times = ["2026-12-01T10:00:00+00:00", "2026-12-02 15:30:00"]
        remote = self.add_test(subjects=(), labels=(), send_times=times)
        self.import_campaigns()
        campaign = self.campaign(remote)
        self.assertEqual(
            campaign.variant_ids.mapped("send_time"),
            [
                fields.Datetime.to_datetime("2026-12-01 10:00:00"),
                fields.Datetime.to_datetime("2026-12-02 15:30:00"),
            ],
        )
        self.assertEqual(campaign.tested_fields, "send_time")
        self.assertEqual(
            campaign.test_text,
            "2 variants are tested. Every recipient gets one of them.",
        )

    def test_senders(self):
        remote = self.add_test(
            subjects=(),
            labels=(),
            from_names=["Ann", "Bob"],
            reply_to_addresses=["ann@a.example", "bob@a.example"],
            winner_criteria="manual",
        )
        self.import_campaigns()
        found = self.campaign(remote).variant_ids
        self.assertEqual(found.mapped("from_name"), ["Ann", "Bob"])
        self.assertEqual(found.mapped("reply_to"), ["ann@a.example", "bob@a.example"])
        self.assertIn("Somebody chooses", self.campaign(remote).test_text)

    def test_it_follows_mailchimp(self):
        remote = self.add_test()
        self.import_campaigns()
        campaign = self.campaign(remote)
        before = campaign.variant_ids.ids
        self.import_campaigns()
        self.assertEqual(campaign.variant_ids.ids, before, "nothing is new")
        variants.compare(remote, labels=("Only",), subjects=("X", "Y", "Z"))
        self.import_campaigns()
        self.assertEqual(campaign.variant_ids.mapped("subject"), ["X", "Y", "Z"])
        self.assertEqual(campaign.tested_fields, "subject")
        remote.type = "regular"
        del remote.extras["variate_settings"]
        self.import_campaigns()
        self.assertFalse(campaign.variant_ids)
        self.assertFalse(campaign.test_text)

    def test_many_are_stored_together(self):
        for number in range(3):
            self.add_test(f"Few {number}")
        few = self.queries_of_an_import()
        for number in range(30):
            self.add_test(f"Many {number}")
        many = self.queries_of_an_import()
        self.assertLess(many - few, 10, "far less than one query for each campaign")

    def queries_of_an_import(self):
        gateway = self.account._gateway()
        items = gateway.api.campaigns.list(count=1000)["campaigns"]
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        run = self.env["mailchimp.run"]
        self.env["mailchimp.campaign"]._import_items(self.account, items, run)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_tests_of_before(self):
        split = {
            "split_test": "subject",
            "pick_winner": "opens",
            "wait_units": "days",
            "wait_time": 2,
            "split_size": 25,
            "subject_a": "Red?",
            "subject_b": "White?",
        }
        remote = self.add_campaign(kind="absplit", extras={"ab_split_opts": split})
        self.import_campaigns()
        campaign = self.campaign(remote)
        self.assertEqual(campaign.variant_ids.mapped("subject"), ["Red?", "White?"])
        self.assertEqual(
            campaign.test_text,
            "2 variants are tested. 50 % of the recipients get one of them first. "
            "After 48 hours, the others get the one that most people opened.",
        )

    def test_what_is_sent_says_that_it_is_a_test(self):
        self.remote.add_member("ann@a.example")
        remote = self.add_test()
        self.import_campaigns()
        action = self.campaign(remote).action_send()
        wizard = self.env["mailchimp.campaign.send"].browse(action["res_id"])
        self.assertTrue(wizard.is_ready, wizard.blocked)
        self.assertIn("4 variants", wizard.test_text)
        wizard.action_confirm()
        self.assertEqual(remote.sendings, 1)

    def test_a_copy_in_odoo_is_a_regular_campaign(self):
        self.remote.add_member("ann@a.example")
        remote = self.add_test()
        self.import_campaigns()
        copy = self.campaign(remote).copy()
        self.assertEqual(
            (copy.type, copy.html), ("regular", "<p>Photo</p><p>Spring</p>")
        )
        self.assertFalse(copy.variant_ids or copy.variant_contents)
        copy.action_push()
        self.assertEqual(
            self.remote_account.campaigns[copy.mailchimp_id].type, "regular"
        )

    def test_nobody_writes_them(self):
        user = new_test_user(self.env, "mc_variants", groups=USER)
        remote = self.add_test()
        self.import_campaigns()
        campaign = self.campaign(remote).with_user(user)
        self.assertEqual(len(campaign.variant_ids), 4)
        with self.assertRaises(AccessError):
            campaign.variant_ids[0].subject = "Mine"
        with self.assertRaises(AccessError):
            campaign.variant_contents = [{"html": "Mine"}]
        with self.assertRaises(AccessError):
            campaign.write({"variant_ids": [Command.create({"name": "E"})]})

    def test_odd_settings(self):
        odd = {
            "variate_settings": {
                "combinations": [
                    None,
                    {"id": 7, "subject_line": 5, "content_description": "1"},
                    {"id": "a", "subject_line": True, "send_time": -1},
                    {"id": "b", "subject_line": 0, "recipients": "many"},
                ],
                "subject_lines": [{"a": 1}, 2],
                "send_times": "never",
                "winning_combination_id": ["b"],
                "test_size": "half",
                "winner_criteria": ["opens"],
            }
        }
        rows = variants_of(odd)
        self.assertEqual([row["name"] for row in rows], ["A", "B", "C", "D"])
        self.assertFalse(any(row["is_winner"] for row in rows))
        campaign = self.env["mailchimp.campaign"].create(
            {"account_id": self.account.id, "name": "Odd"}
        )
        campaign._connector_write({"details": odd, "variant_contents": contents("?")})
        self.env.flush_all()
        self.assertEqual(len(campaign.variant_ids), 4)
        self.assertEqual(campaign.variant_ids.mapped("html"), [False] * 4)
        self.assertEqual(terms_of(odd)["size"], 100)
        for nothing in ({}, {"variate_settings": "?"}, {"ab_split_opts": []}):
            self.assertEqual(variants_of(nothing), [])
