"""Campaigns of Mailchimp in Odoo: settings, links, content, what goes and changes."""

from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.mailchimp_connector.const import CAMPAIGN_STATUSES

from .document_common import USER, DocumentCase

OTHER_KEY = "fedcba9876543210fedcba9876543210-us7"


@tagged("post_install", "-at_install")
class TestCampaignImport(DocumentCase):
    def setUp(self):
        super().setUp()
        self.import_audiences(members=False)

    def test_what_mailchimp_says(self):
        remote_template = self.add_template()
        folder = self.add_folder("Autumn", "campaign")
        self.remote.add_member("ann@a.example")
        segment = {"match": "any", "conditions": []}
        remote = self.add_campaign(
            preview_text="Fresh",
            from_name="Harbour",
            reply_to="news@a.example",
            to_name="*|FNAME|*",
            template_id=remote_template.id,
            folder_id=folder,
            segment_opts=segment,
        )
        remote.tracking.update(opens=False, text_clicks=True, google_analytics="spring")
        self.import_templates()
        run = self.import_campaigns()
        campaign = self.campaign(remote)
        self.assertRecordValues(
            campaign,
            [
                {
                    "name": "Spring",
                    "subject": "Spring!",
                    "preview_text": "Fresh",
                    "from_name": "Harbour",
                    "reply_to": "news@a.example",
                    "to_name": "*|FNAME|*",
                    "type": "regular",
                    "status": "save",
                    "audience_id": self.audience().id,
                    "template_id": self.template(remote_template).id,
                    "recipient_count": 1,
                    "segment_opts": segment,
                    "track_opens": False,
                    "track_html_clicks": True,
                    "track_text_clicks": True,
                    "google_analytics": "spring",
                    "archive_url": f"https://mailchi.example/{remote.id}",
                    "web_id": remote.web_id,
                    "html": "<p>Spring</p>",
                    "plain_text": "Spring",
                    "to_read": False,
                    "to_push": False,
                    "company_id": self.account.company_id.id,
                }
            ],
        )
        self.assertEqual(campaign.folder_id.name, "Autumn")
        self.assertFalse(campaign.send_time)
        self.assertEqual(self.counts(run), (1, 0, 0, 0, 0))
        self.assertFalse(run.line_ids)
        self.assertTrue(self.account.campaigns_imported_at)

    def test_every_type_and_status(self):
        kinds = ("regular", "plaintext", "absplit", "rss", "variate", "automation")
        by_kind = {k: self.add_campaign(k, kind=k) for k in (*kinds, "hologram")}
        statuses = [code for code, _label in CAMPAIGN_STATUSES if code != "other"]
        by_status = {
            code: self.add_campaign(code, stored_status=code, sending_until=9**10)
            for code in (*statuses, "pondering")
        }
        by_status["schedule"].send_time = self.sandbox.clock.now() + 9000
        run = self.import_campaigns()
        self.assertEqual(run.state, "done")
        for kind, remote in by_kind.items():
            expected = kind if kind in kinds else "other"
            self.assertEqual(self.campaign(remote).type, expected)
        for status, remote in by_status.items():
            expected = status if status in statuses else "other"
            self.assertEqual(self.campaign(remote).status, expected)
        self.assertTrue(self.campaign(by_status["schedule"]).send_time)

    def test_one_campaign_of_odoo_for_each(self):
        remotes = [self.add_campaign("Spring") for _n in range(3)]
        self.import_campaigns()
        campaigns = self.env["mailchimp.campaign"].search([])
        ours = campaigns.utm_campaign_id
        self.assertEqual(len(ours), 3)
        self.assertEqual(ours.mapped("title"), ["Spring"] * 3)
        self.assertEqual(len(set(ours.mapped("name"))), 3)
        remotes[0].settings["title"] = "Summer"
        self.import_campaigns()
        campaign = self.campaign(remotes[0])
        self.assertEqual(campaign.name, "Summer")
        self.assertEqual(campaign.utm_campaign_id.title, "Spring", "it is not renamed")
        campaign.utm_campaign_id.unlink()
        self.import_campaigns()
        self.assertFalse(campaign.utm_campaign_id, "it is created once")

    def test_utm_campaigns_are_created_together(self):
        for number in range(3):
            self.add_campaign(f"Few {number}")
        few = self.queries_of_an_import()
        for number in range(30):
            self.add_campaign(f"Many {number}")
        many = self.queries_of_an_import()
        self.assertLess(many - few, 10, "far less than one query for each campaign")

    def queries_of_an_import(self):
        """Count the queries of what stores the pages, without what is in the mails."""
        gateway = self.account._gateway()
        items = gateway.api.campaigns.list(count=1000)["campaigns"]
        run = self.env["mailchimp.run"]._open_run(self.account, "campaigns", "user")
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        self.env["mailchimp.campaign"]._import_items(self.account, items, run)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_unchanged_ones_are_left_alone(self):
        remotes = [self.add_campaign(f"C{n}", stored_status="sent") for n in range(3)]
        self.import_campaigns()
        self.env.flush_all()
        before = self.row_versions()
        self.sandbox.monitor.clear()
        run = self.import_campaigns()
        self.assertEqual(self.counts(run), (0, 0, 3, 0, 0))
        self.assertEqual(self.row_versions(), before)
        self.assertEqual(len(before), len(remotes))
        # The folders and one page; content of sent ones is final.
        self.assertEqual(len(self.asked()), 2)

    def row_versions(self):
        self.env.cr.execute("SELECT id, ctid::text FROM mailchimp_campaign ORDER BY id")
        return self.env.cr.fetchall()

    def test_more_than_a_page(self):
        for number in range(1004):
            self.add_campaign(f"C{number}", stored_status="sent", html="<p></p>")
        run = self.import_campaigns()
        self.again()
        self.assertEqual(run.state, "done")
        self.assertEqual((run.created, run.total), (1004, 1004))
        pages = [r for r in self.asked() if r.path == "/campaigns"]
        self.assertEqual(len(pages), 2)
        read = [("html", "=", "<p></p>")]
        self.assertEqual(self.env["mailchimp.campaign"].search_count(read), 1004)

    def test_content_of_a_test_is_that_of_its_first_variant(self):
        variants = [
            {"content_label": "A", "html": "<p>A</p>", "plain_text": "A"},
            {"content_label": "B", "html": "<p>B</p>", "plain_text": "B"},
        ]
        remote = self.add_campaign(
            kind="variate", html="", plain_text="", variants=variants
        )
        odd = self.add_campaign("Odd", html=None, plain_text=["?"], variants="none")
        self.import_campaigns()
        campaign = self.campaign(remote)
        self.assertEqual((campaign.html, campaign.plain_text), ("<p>A</p>", "A"))
        self.assertFalse(self.campaign(odd).html)

    # === LINKS === #

    def test_unknown_audience(self):
        foreign = self.remote_account.add_audience("Later")
        later = self.add_campaign("Later", list_id=foreign.id)
        gone = self.add_campaign("Gone", list_id="0123456789")
        kept = self.add_campaign("Kept")
        run = self.import_campaigns()
        self.assertTrue(self.campaign(kept).audience_id)
        self.assertFalse(self.campaign(later).audience_id)
        lines = {line.name: line for line in run.line_ids}
        self.assertEqual(lines.keys(), {"Later", "Gone"})
        self.assertIn("Later", lines["Later"].reason)
        self.assertIn("Import Lists/Audiences", lines["Later"].advice)
        self.assertIn("0123456789", lines["Gone"].reason)
        self.assertEqual(set(run.line_ids.mapped("state")), {"notice"})
        self.assertFalse(self.import_campaigns().line_ids, "it is no news any more")
        self.import_audiences(members=False)
        self.import_campaigns()
        self.assertEqual(self.campaign(later).audience_id, self.audience(foreign))
        self.assertTrue(gone)

    def test_unknown_template(self):
        remote = self.add_campaign(template_id=4711)
        run = self.import_campaigns()
        self.assertFalse(self.campaign(remote).template_id)
        [line] = run.line_ids
        self.assertIn("4711", line.reason)
        self.assertEqual(self.campaign(remote).html, "<p>Spring</p>")

    def test_audiences_of_other_accounts_are_not_linked(self):
        remote_account = self.sandbox.add_account(OTHER_KEY)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        account = self.new_account("Other", OTHER_KEY, company_id=other.id)
        remote = self.add_campaign(account=remote_account)
        mine = self.add_campaign()
        self.import_campaigns(account)
        self.import_campaigns()
        self.assertFalse(self.campaign(remote).audience_id)
        self.assertEqual(self.campaign(remote).company_id, other)
        user = new_test_user(self.env, "mc_here", groups=USER)
        found = self.env["mailchimp.campaign"].with_user(user).search([])
        self.assertEqual(found.mapped("mailchimp_id"), [mine.id])

    # === WHAT GOES AND CHANGES === #

    def test_changed_and_sent_in_mailchimp(self):
        remote = self.add_campaign()
        self.import_campaigns()
        campaign = self.campaign(remote)
        remote.settings.update(subject_line="Now!", title="Now")
        remote.html = "<p>Final</p>"
        remote.send(self.sandbox.clock.now())
        run = self.import_campaigns()
        self.assertEqual(self.counts(run), (0, 1, 0, 0, 0))
        self.assertEqual((campaign.name, campaign.subject), ("Now", "Now!"))
        self.assertEqual(campaign.status, "sent")
        self.assertEqual(campaign.html, "<p>Final</p>")
        # The history of the record tells when it was sent.
        tracked = campaign.message_ids.tracking_value_ids
        self.assertIn("status", tracked.field_id.mapped("name"))

    def test_deleted_in_mailchimp(self):
        remote, kept = self.add_campaign("Old"), self.add_campaign("Kept")
        self.import_campaigns()
        campaign = self.campaign(remote)
        draft = self.env["mailchimp.campaign"].create(
            {"account_id": self.account.id, "name": "Draft of Odoo"}
        )
        activity = self.env["mailchimp.campaign.activity"].create(
            {"campaign_id": campaign.id, "email_id": "0" * 32, "action": "sent"}
            | {"occurred_at": "2026-01-01", "number": 0}
        )
        del self.remote_account.campaigns[remote.id]
        run = self.import_campaigns()
        self.assertFalse(campaign.active)
        self.assertTrue(campaign.gone)
        self.assertTrue(activity.exists())
        self.assertTrue(draft.active)
        self.assertTrue(self.campaign(kept).active)
        self.assertEqual(run.line_ids.mapped("name"), ["Old"])
        self.assertFalse(self.import_campaigns().line_ids)

    def test_a_page_that_moves_archives_nobody(self):
        """Whoever is not listed is asked for before being taken for deleted."""
        remote = self.add_campaign()
        self.import_campaigns()
        run = self.env["mailchimp.run"]._open_run(self.account, "campaigns", "user")
        Campaign = self.env["mailchimp.campaign"]
        nobody = {"since_create_time": "2099-01-01T00:00:00+00:00"}
        list(Campaign._import_part(self.account, run, "campaigns", **nobody))
        self.assertTrue(self.campaign(remote).active)

    # === EDITED IN ODOO === #

    def test_edits_are_not_lost_by_an_import(self):
        remote = self.add_campaign()
        self.import_campaigns()
        campaign = self.campaign(remote)
        campaign.write({"subject": "Odoo's", "html": "<p>Odoo's</p>"})
        self.assertTrue(campaign.to_push)
        remote.stored_status = "paused"
        remote.html = "<p>Mailchimp's</p>"
        self.import_campaigns()
        self.assertEqual(campaign.subject, "Odoo's")
        self.assertEqual(campaign.html, "<p>Odoo's</p>")
        self.assertEqual(campaign.status, "paused", "that is for Mailchimp to say")
        self.assertFalse(campaign.remote_changed)
        remote.settings["subject_line"] = "Mailchimp's"
        self.import_campaigns()
        self.assertEqual(campaign.subject, "Odoo's")
        self.assertTrue(campaign.remote_changed)
        self.assertEqual(
            campaign.remote_values["settings"]["subject_line"], "Mailchimp's"
        )

    # === RUNS === #

    def test_one_run_at_a_time(self):
        runs = self.account._start_import_campaigns("user", 5)
        self.assertEqual(self.account._start_import_campaigns("schedule", 20), runs)
        self.run_jobs()
        self.env.invalidate_all()
        self.assertEqual(runs.state, "done")
        self.assertNotEqual(self.account._start_import_campaigns("user", 5), runs)

    def test_every_hour_once_they_were_imported(self):
        remote, draft = self.add_campaign(stored_status="sent"), self.add_campaign()
        self.env["mailchimp.account"]._cron_fetch_audiences()
        self.run_jobs()
        self.assertFalse(self.campaign(remote), "nobody asked for them yet")
        self.import_campaigns()
        new = self.add_campaign("New")
        remote.settings["title"] = "Renamed"
        draft.html = "<p>Changed</p>"
        self.later()
        self.sandbox.monitor.clear()
        self.env["mailchimp.account"]._cron_fetch_audiences()
        self.run_jobs()
        self.env.invalidate_all()
        self.assertEqual(self.campaign(remote).name, "Renamed")
        self.assertEqual(self.campaign(new).html, "<p>New</p>")
        # Content of drafts is read when a person asks, not every hour.
        self.assertEqual(len(self.asked(path="/content")), 1)
        self.import_campaigns()
        self.assertEqual(self.campaign(draft).html, "<p>Changed</p>")

    def test_counts_of_the_account(self):
        self.add_campaign()
        self.add_template()
        self.add_template(kind="base")
        self.import_templates("base")
        self.account.action_import_campaigns()
        self.run_jobs()
        self.env.invalidate_all()
        account = self.account
        self.assertEqual(
            (account.template_count, account.mailchimp_campaign_count), (1, 1)
        )


@tagged("post_install", "-at_install")
class TestOperations(DocumentCase):
    """*MailChimp Operations* with templates and campaigns."""

    def wizard(self, **chosen):
        return self.env["mailchimp.import"].create(
            {"account_ids": self.account.ids, "import_audiences": False, **chosen}
        )

    def test_campaigns_select_templates(self):
        form = Form(self.env["mailchimp.import"])
        form.import_campaigns = True
        self.assertTrue(form.import_templates)
        self.add_template()
        remote = self.add_campaign()
        action = self.wizard(import_campaigns=True).action_process()
        runs = self.env["mailchimp.run"].search(action["domain"])
        self.assertEqual(set(runs.mapped("kind")), {"templates", "campaigns"})
        self.run_jobs()
        self.assertEqual(self.env["mailchimp.template"].search_count([]), 1)
        self.assertTrue(self.campaign(remote))

    def test_all_at_once(self):
        template = self.add_template()
        remote = self.add_campaign(template_id=template.id)
        self.add_template("base", kind="base")
        self.wizard(
            import_audiences=True, import_campaigns=True, import_base_templates=True
        ).action_process()
        self.run_jobs()
        self.env.invalidate_all()
        campaign = self.campaign(remote)
        self.assertEqual(campaign.audience_id, self.audience())
        self.assertEqual(campaign.template_id, self.template(template))
        found = self.env["mailchimp.template"].search([])
        self.assertEqual(set(found.mapped("type")), {"user", "base"})

    def test_a_single_run_opens_itself(self):
        action = self.wizard(import_templates=True).action_process()
        run = self.env["mailchimp.run"].browse(action["res_id"])
        self.assertEqual(run.kind, "templates")

    def test_users_may(self):
        user = new_test_user(self.env, "mc_user", groups=USER)
        self.add_campaign()
        wizard = self.env["mailchimp.import"].with_user(user)
        wizard.create(
            {"import_audiences": False, "import_campaigns": True}
        ).action_process()
        self.run_jobs()
        self.env.invalidate_all()
        runs = self.env["mailchimp.run"].search([])
        self.assertEqual(set(runs.mapped("state")), {"done"})
        self.assertEqual(runs.user_id, user)
        action = self.account.with_user(user).action_import_campaigns()
        self.assertTrue(action["domain"])

    def test_accounts_of_another_company_are_not_for_users(self):
        self.account.company_id = self.env["res.company"].create({"name": "B"})
        user = new_test_user(self.env, "mc_user", groups=USER)
        account = self.account.with_user(user)
        with self.assertRaises(AccessError):
            account.action_import_campaigns()
        vals = {"account_ids": self.account.ids, "import_campaigns": True}
        with self.assertRaises(AccessError):
            self.env["mailchimp.import"].with_user(user).create(vals).action_process()
        self.assertFalse(self.runs("campaigns"))
