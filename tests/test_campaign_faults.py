"""Imports of templates and campaigns under fire; webhooks of campaigns."""

from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.client import Gateway
from odoo.addons.mailchimp_connector.sandbox import FAULTS
from odoo.addons.mailchimp_connector.tools.inside import IMPORTING

from .document_common import DocumentCase
from .robustness_case import RobustnessCase
from .webhook_common import WebhookCase

# All but the one for pages that are larger than these.
KINDS = [kind for kind in FAULTS if kind != "504_large_page"]
TEMPLATE = ("mailchimp_id", "name", "active", "gone", "sections", "to_read", "type")
CAMPAIGN = (
    *("mailchimp_id", "name", "active", "gone", "status", "subject", "html", "to_read"),
    "plain_text",
)


class HastyGateway(Gateway):
    """Does not wait long for an answer that is slow on purpose."""

    def __init__(self, *args, **options):
        super().__init__(*args, **{**options, "timeout": 0.4})


@tagged("post_install", "-at_install")
class TestCampaignFaults(RobustnessCase, DocumentCase):
    def arrange(self):
        """Something of everything, part of it known to Odoo already."""
        self.import_audiences(members=False)
        self.add_folder("Letters")
        self.add_folder("Autumn", "campaign")
        templates = [self.add_template(f"Letter {n}") for n in range(2)]
        self.campaigns = [
            self.add_campaign(f"Old {n}", template_id=templates[0].id) for n in range(3)
        ]
        self.campaigns[0].send(self.sandbox.clock.now())
        self.import_templates()
        self.import_campaigns()
        self.put_there(templates[0], name="Renamed")
        templates[1].active = False
        self.add_template("New")
        self.campaigns[1].settings["subject_line"] = "Changed"
        self.campaigns[1].html = "<p>Changed</p>"
        del self.remote_account.campaigns[self.campaigns[2].id]
        self.add_campaign("New", stored_status="sent")

    def attempt(self, kind=None, after=0, times=1):
        """Import everything once, from the same beginning.

        :return: what Odoo has in the end, how many requests it took, and the fault
        """
        with self.begin():
            self.sandbox.monitor.clear()
            fault = kind and self.sandbox.faults.inject(
                kind, times, match="GET /*", seconds=0.8, after=after
            )
            self.account._start_import_templates("user", 5)
            self.account._start_import_campaigns("user", 5)
            self.drive()
            self.env.invalidate_all()
            self.sandbox.faults.clear()
            self.assertEqual(
                set(self.env["mailchimp.run"].search([]).mapped("state")), {"done"}
            )
            return self.state(), len(self.sandbox.requests), fault

    def state(self):
        records = self.env["mailchimp.template"].with_context(active_test=False)
        templates = records.search_read([], TEMPLATE, order="mailchimp_id")
        records = self.env["mailchimp.campaign"].with_context(active_test=False)
        campaigns = records.search_read([], CAMPAIGN, order="mailchimp_id")
        for row in templates + campaigns:
            del row["id"]
        return templates, campaigns

    def test_every_fault(self):
        self.arrange()
        before = self.state()
        expected, requests, _fault = self.attempt()
        self.assertNotEqual(before, expected)
        self.assertGreater(requests, 8)
        model = self.registry["mailchimp.account"]
        for number, kind in enumerate(KINDS):
            gateway = HastyGateway if kind == "slow" else Gateway
            with patch.object(model, "_gateway_class", lambda _self, g=gateway: g):
                for after in range(number % 3, requests, 3):
                    with self.subTest(kind=kind, after=after):
                        # A lost connection is tried three times at once.
                        state, _requests, fault = self.attempt(kind, after, times=4)
                        self.assertTrue(fault.hits)
                        self.assertEqual(state, expected)

    def test_one_content_that_fails_for_good(self):
        self.import_audiences(members=False)
        remotes = [self.add_campaign(f"C{n}", stored_status="sent") for n in range(12)]
        bad = remotes[4]
        path = f"GET /campaigns/{bad.id}/content"
        for kind in ("500_problem", "502_html", "empty_body"):
            with self.subTest(kind), self.begin():
                self.sandbox.faults.inject(kind, times=None, match=path)
                run = self.import_campaigns()
                self.again()
                self.assertEqual((run.state, run.created, run.failed), ("done", 12, 1))
                self.assertEqual(run.line_ids.name, bad.settings["title"])
                self.assertIn("could not be read", run.line_ids.reason)
                read = [remote for remote in remotes if self.campaign(remote).html]
                self.assertEqual(len(read), 11)
                line = run.line_ids
                self.import_campaigns(trigger="schedule")
                self.again()
                self.assertEqual(line.resolution, "repeated")
                self.sandbox.faults.clear()
                self.import_campaigns(trigger="schedule")
                self.assertTrue(self.campaign(bad).html)
                lines = self.env["mailchimp.run.line"].search([("code", "=", "unread")])
                self.assertEqual(lines.mapped("resolution"), ["solved", "repeated"])

    def test_a_person_joins_the_hourly_import(self):
        """The contents of drafts are read for people only."""
        self.import_audiences(members=False)
        remote = self.add_campaign()
        self.import_campaigns()
        remote.html = "<p>Redesigned</p>"
        hourly = self.account._start_import_campaigns("schedule", 20)
        self.assertEqual(self.account._start_import_campaigns("user", 5), hourly)
        self.run_jobs()
        self.env.invalidate_all()
        self.assertEqual(self.campaign(remote).html, "<p>Redesigned</p>")

    def test_one_that_is_deleted_meanwhile(self):
        self.import_audiences(members=False)
        remotes = [self.add_campaign(f"C{n}", stored_status="sent") for n in range(3)]
        self.import_campaigns()
        del self.remote_account.campaigns[remotes[1].id]
        campaigns = self.env["mailchimp.campaign"].search([])
        campaigns.with_context(**IMPORTING).write({"to_read": True, "html": False})
        run = self.env["mailchimp.run"]._open_run(self.account, "campaigns", "user")
        list(campaigns._read_contents(run))
        gone = self.campaign(remotes[1])
        self.assertTrue(gone.gone)
        self.assertEqual(run.line_ids.code, "gone")
        self.assertTrue(all(c.html for c in campaigns - gone))

    def test_an_outage_waits(self):
        self.import_audiences(members=False)
        for number in range(20):
            self.add_campaign(f"C{number}", stored_status="sent")
        match = "GET /campaigns/*/content"
        self.sandbox.faults.inject("503_akamai", times=None, match=match)
        run = self.import_campaigns()
        self.assertEqual(run.state, "running")
        self.assertFalse(run.line_ids)
        self.assertLess(len(self.asked(path="/content")), 20, "it does not insist")
        self.sandbox.faults.clear()
        self.again()
        self.assertEqual((run.state, run.created), ("done", 20))
        found = [("html", "!=", False)]
        self.assertEqual(self.env["mailchimp.campaign"].search_count(found), 20)

    def test_many_that_are_gone(self):
        self.import_audiences(members=False)
        for number in range(120):
            self.add_campaign(f"C{number}", stored_status="sent")
        self.import_campaigns()
        kept = self.add_campaign("Kept")
        self.remote_account.campaigns = {kept.id: kept}
        run = self.import_campaigns()
        self.again()
        self.assertEqual((run.state, run.updated, run.created), ("done", 120, 1))
        gone = [("gone", "=", True), ("active", "=", False)]
        self.assertEqual(self.env["mailchimp.campaign"].search_count(gone), 120)

    def test_an_import_finds_what_was_never_answered(self):
        audience = self.import_audiences(members=False)
        draft = self.env["mailchimp.campaign"].create(
            {
                "account_id": self.account.id,
                "audience_id": audience.id,
                "name": "Autumn",
                "subject": "Autumn is here",
                "from_name": "Harbour",
                "reply_to": "news@harbour.example",
            }
        )
        lost = self.sandbox.faults.inject("answer_lost", 1, "POST /campaigns")
        self.sandbox.faults.inject("answer_lost", 9, "GET /campaigns")
        draft.action_push()
        self.assertTrue(lost.hits)
        self.assertFalse(draft.mailchimp_id)
        self.sandbox.faults.clear()
        run = self.import_campaigns()
        [remote] = self.remote_account.campaigns.values()
        self.assertEqual((run.created, draft.mailchimp_id), (0, remote.id))
        self.assertEqual(self.env["mailchimp.campaign"].search([]), draft)
        draft.action_keep_odoo()
        draft.action_push()
        self.assertFalse(draft.to_push)
        self.assertEqual(len(self.remote_account.campaigns), 1)

    def test_a_killed_worker_goes_on(self):
        """A job starts again from its checkpoint: nothing is counted twice."""
        self.import_audiences(members=False)
        for number in range(5):
            self.add_campaign(f"C{number}", stored_status="sent")
        run = self.env["mailchimp.run"]._open_run(self.account, "campaigns", "user")
        pages = self.registry["mailchimp.campaign"]._pages
        small = patch.object(
            self.registry["mailchimp.campaign"],
            "_pages",
            lambda self, gateway, offset, **params: pages(
                self, gateway, offset, count=2, **params
            ),
        )
        with small:
            step = self.account._job_import_campaigns(run.id)
            next(step)
            step.close()
            self.assertEqual((run.created, run.done), (2, 2))
            for _step in self.account._job_import_campaigns(run.id):
                pass
        self.assertEqual((run.created, run.unchanged, run.total), (5, 0, 5))


@tagged("post_install", "-at_install")
class TestCampaignWebhook(WebhookCase, DocumentCase):
    def setUp(self):
        super().setUp()
        self.register()

    def hear(self, campaign_id, status="sent"):
        """Let Mailchimp say something of a campaign."""
        self.later()
        body = self.body("campaign", id=campaign_id, subject="S", status=status)
        self.assertEqual(self.post(body, **self.signature(body)), 200)
        self.run_jobs()
        self.env.invalidate_all()
        self.assertFalse(self.jobs())

    def test_known_campaign_is_read_again(self):
        remote = self.add_campaign()
        self.import_campaigns()
        campaign = self.campaign(remote)
        remote.html = "<p>Final</p>"
        remote.send(self.sandbox.clock.now())
        self.sandbox.monitor.clear()
        self.hear(remote.id)
        self.assertEqual(campaign.status, "sent")
        self.assertEqual(campaign.html, "<p>Final</p>")
        self.assertEqual(len(self.asked()), 2, "the campaign and its content")
        self.hear(remote.id)
        self.assertEqual(len(self.asked()), 3, "content of a sent one is final")

    def test_unknown_campaign_is_imported(self):
        remote = self.add_campaign(stored_status="sent")
        self.hear(remote.id)
        campaign = self.campaign(remote)
        self.assertEqual((campaign.status, campaign.audience_id), ("sent", self.list))
        self.assertEqual(campaign.html, "<p>Spring</p>")
        self.assertTrue(campaign.utm_campaign_id)
        self.assertFalse(self.account.campaigns_imported_at, "nobody asked for all")

    def test_campaign_that_is_gone(self):
        remote = self.add_campaign()
        self.import_campaigns()
        campaign = self.campaign(remote)
        self.remote_account.campaigns.clear()
        self.hear(remote.id, status="canceled")
        self.assertTrue(campaign.gone)
        self.hear("0123456789")
        self.hear("../lists")
        self.assertEqual(self.env["mailchimp.campaign"].search_count([]), 0)
