"""Campaigns that are made and edited in Odoo, and saved to Mailchimp."""

from odoo.exceptions import (
    AccessError,
    RedirectWarning,
    UserError,
    ValidationError,
)
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ..tools.inside import IMPORTING
from .campaign_case import CampaignCase

USER = "mailchimp_connector.group_mailchimp_user"
STARTS_WITH_ADA = {
    "match": "all",
    "conditions": [
        {
            "condition_type": "EmailAddress",
            "field": "EMAIL",
            "op": "starts",
            "value": "ada",
        }
    ],
}


@tagged("post_install", "-at_install")
class TestCampaignEdit(CampaignCase):
    """Nothing talks to Mailchimp until somebody saves there."""

    def test_edits_say_nothing_to_mailchimp(self):
        before = len(self.sandbox.requests)
        campaign = self.new_campaign()
        campaign.subject = "Another subject"
        self.assertTrue(campaign.to_push)
        self.assertEqual(len(self.sandbox.requests), before)

    def test_save_creates_once_and_changes_then(self):
        campaign = self.saved_campaign(track_text_clicks=True, preview_text="Hello")
        there = self.there(campaign)
        self.assertEqual(there.settings["subject_line"], "News of November")
        self.assertEqual(there.settings["title"], "November")
        self.assertEqual(there.settings["preview_text"], "Hello")
        self.assertEqual(there.list_id, self.remote.id)
        self.assertTrue(there.tracking["text_clicks"])
        self.assertIn("Hello *|FNAME|*", there.html)
        self.assertFalse(campaign.to_push)
        self.assertEqual(campaign.recipient_count, 2)

        campaign.write({"subject": "Late news", "track_opens": False})
        self.assertTrue(campaign.to_push)
        campaign.action_push()
        self.assertEqual(there.settings["subject_line"], "Late news")
        self.assertFalse(there.tracking["opens"])
        self.assertEqual(len(self.remote_account.campaigns), 1)
        puts = self.requested("PUT", "/content")
        self.assertEqual(len(puts), 1, "the content did not change")

    def test_what_is_saved_is_no_change_of_mailchimps(self):
        campaign = self.saved_campaign()
        campaign.subject = "Late news"
        campaign.action_push()
        campaign.subject = "Later news"
        self.refreshed(campaign)
        self.assertFalse(campaign.remote_changed)
        self.assertEqual(campaign.subject, "Later news")

    def test_both_sides_changed(self):
        campaign = self.saved_campaign()
        campaign.subject = "Odoo's"
        self.there(campaign).settings["subject_line"] = "Mailchimp's"
        self.refreshed(campaign)
        self.assertTrue(campaign.remote_changed)
        self.assertEqual(campaign.subject, "Odoo's")

        campaign.action_keep_odoo()
        self.assertFalse(campaign.remote_changed)
        self.assertTrue(campaign.to_push)
        campaign.action_push()
        self.assertEqual(self.there(campaign).settings["subject_line"], "Odoo's")

    def test_take_mailchimps(self):
        campaign = self.saved_campaign()
        campaign.write({"subject": "Odoo's", "html": "<p>Odoo's</p>"})
        self.there(campaign).settings["subject_line"] = "Mailchimp's"
        self.there(campaign).html = "<p>Mailchimp's</p>"
        self.refreshed(campaign)
        campaign.action_take_mailchimp()
        self.assertEqual(campaign.subject, "Mailchimp's")
        self.assertEqual(campaign.html, "<p>Mailchimp's</p>")
        self.assertFalse(campaign.to_push or campaign.remote_changed)

    def test_sent_ones_are_not_edited(self):
        campaign = self.saved_campaign()
        self.wizard(campaign).action_confirm()
        for vals in ({"subject": "x"}, {"html": "x"}, {"recipient_kind": "all"}):
            with self.assertRaises(UserError):
                campaign.write(vals)
        campaign.user_id = self.env.user  # which is none of Mailchimp's business

    def test_scheduled_ones_say_what_to_do(self):
        campaign = self.saved_campaign()
        wizard = self.wizard(campaign, "schedule")
        wizard.action_confirm()
        with self.assertRaisesRegex(UserError, "unschedule it first"):
            campaign.subject = "x"

    def test_type_stays(self):
        campaign = self.saved_campaign()
        with self.assertRaisesRegex(UserError, "type"):
            campaign.type = "plaintext"

    def test_types_that_odoo_does_not_make(self):
        campaign = self.new_campaign(type="rss")
        with self.assertRaisesRegex(UserError, "Create this one in Mailchimp"):
            campaign.action_push()
        self.assertFalse(self.remote_account.campaigns)

    def test_incomplete_changes_are_named_before_they_are_sent(self):
        campaign = self.saved_campaign()
        campaign.write({"subject": False, "reply_to": False})
        with self.assertRaisesRegex(UserError, "Subject, From Email Address"):
            campaign.action_push()
        self.assertFalse(self.requested("PATCH", campaign.mailchimp_id))

    def test_sender_of_the_audience(self):
        self.list.sudo().write({"from_name": "Shop", "from_email": "shop@a.example"})
        form = Form(self.env["mailchimp.campaign"])
        form.account_id = self.account
        form.name = "New"
        form.audience_id = self.list
        self.assertEqual((form.from_name, form.reply_to), ("Shop", "shop@a.example"))
        campaign = form.save()
        self.assertEqual(campaign.from_name, "Shop")
        by_rpc = self.new_campaign(from_name=False)
        self.assertEqual(by_rpc.from_name, "Shop")

    def test_without_an_account_one_is_connected_first(self):
        user = new_test_user(self.env, "editor", f"base.group_user,{USER}")
        new = self.env["mailchimp.campaign"].with_user(user)
        self.assertEqual(Form(new).account_id, self.account)
        self.env["mailchimp.account"].search([]).active = False
        with self.assertRaises(RedirectWarning) as refused:
            Form(new)
        accounts = self.env.ref("mailchimp_connector.mailchimp_account_action")
        self.assertEqual(refused.exception.args[1], accounts.id)

    def test_google_analytics_has_a_limit(self):
        with self.assertRaises(ValidationError):
            self.new_campaign(google_analytics="ä" * 26)

    def test_audience_of_another_account(self):
        other = self.env["mailchimp.account"].create({"name": "Other"})
        with self.assertRaises(ValidationError):
            self.new_campaign(account_id=other.id)

    # === FAULTS === #

    def test_lost_answer_does_not_make_two(self):
        for kind in ("answer_lost", "empty_body", "broken_json"):
            campaign = self.new_campaign(name=kind)
            self.sandbox.faults.inject(kind, match="POST /campaigns")
            campaign.action_push()
            titles = [
                c.settings["title"] for c in self.remote_account.campaigns.values()
            ]
            self.assertEqual(titles.count(kind), 1)
            self.assertEqual(self.there(campaign).settings["title"], kind)

    def test_lost_answer_is_made_good_by_the_next_save(self):
        campaign = self.new_campaign()
        self.sandbox.faults.inject("answer_lost", match="POST /campaigns")
        self.sandbox.faults.inject("500_empty", times=1, match="GET /campaigns")
        action = campaign.action_push()
        self.assertEqual(self.told(action)[0], "danger")
        self.assertFalse(campaign.mailchimp_id)
        self.assertTrue(campaign.to_push and campaign.push_error)
        campaign.action_push()
        self.assertEqual(len(self.remote_account.campaigns), 1)
        self.assertFalse(campaign.push_error)
        self.assertIn("Hello", self.there(campaign).html)

    def test_a_twin_that_odoo_knows_is_left_alone(self):
        first, second = self.saved_campaign(), self.saved_campaign()
        self.assertNotEqual(first.mailchimp_id, second.mailchimp_id)
        self.assertEqual(len(self.remote_account.campaigns), 2)

    def test_refused_content_keeps_the_campaign(self):
        campaign = self.new_campaign()
        self.sandbox.faults.inject("500_problem", match="PUT /campaigns/*/content")
        kind, text = self.told(campaign.action_push())
        self.assertEqual(kind, "danger")
        self.assertTrue(campaign.mailchimp_id, "it exists there")
        self.assertTrue(campaign.to_push)
        self.assertEqual(campaign.push_error, text)
        campaign.action_push()
        self.assertFalse(campaign.to_push or campaign.push_error)
        self.assertEqual(len(self.remote_account.campaigns), 1)

    def test_every_request_may_fail_and_nothing_is_doubled(self):
        for kind in ("429_problem", "502_html", "connection_reset", "answer_lost"):
            for match in ("* /campaigns", "* /campaigns/*"):
                campaign = self.new_campaign(name=f"{kind} {match}")
                self.sandbox.faults.inject(kind, match=match)
                campaign.action_push()
                self.sandbox.faults.clear()
                campaign.action_push()
                self.assertFalse(campaign.to_push)
        self.assertEqual(len(self.remote_account.campaigns), 8)

    def test_deleted_in_mailchimp_and_created_again(self):
        campaign = self.saved_campaign()
        del self.remote_account.campaigns[campaign.mailchimp_id]
        campaign.subject = "Late news"
        kind, text = self.told(campaign.action_push())
        self.assertEqual(kind, "danger")
        self.assertIn("deleted in Mailchimp", text)
        self.assertTrue(campaign.gone)
        with self.assertRaisesRegex(UserError, "create it again"):
            campaign.action_push()
        campaign.action_create_again()
        self.assertFalse(campaign.gone or campaign.to_push)
        self.assertTrue(campaign.active)
        self.assertIn("Hello", self.there(campaign).html)

    def test_several_are_saved_by_the_queue(self):
        user = new_test_user(self.env, "mc_many", groups=USER)
        campaigns = self.new_campaign(name="One") | self.new_campaign(name="Two")
        campaigns.with_user(user).action_push()
        self.assertFalse(self.remote_account.campaigns)
        self.run_jobs()
        self.assertEqual(len(self.remote_account.campaigns), 2)
        self.assertFalse(any(campaigns.mapped("to_push")))

    def test_one_of_several_is_refused(self):
        campaigns = self.new_campaign(name="One") | self.new_campaign(name="Two")
        campaigns[0].subject = "{{ object.nothing }}"
        campaigns.action_push()
        self.run_jobs()
        self.assertIn("object.nothing", campaigns[0].push_error)
        self.assertTrue(campaigns[0].to_push)
        self.assertFalse(campaigns[1].to_push or campaigns[1].push_error)
        self.assertEqual(len(self.remote_account.campaigns), 1)

    # === RIGHTS === #

    def test_users_edit_and_save(self):
        user = new_test_user(self.env, "mc_editor", groups=USER)
        campaign = self.new_campaign().with_user(user)
        campaign.subject = "By a user"
        campaign.action_push()
        self.assertEqual(self.there(campaign).settings["subject_line"], "By a user")

    def test_users_do_not_write_what_the_connector_knows(self):
        user = new_test_user(self.env, "mc_forger", groups=USER)
        campaign = self.saved_campaign().with_user(user)
        for vals in (
            {"to_push": False},
            {"gone": True},
            {"send_unknown": True},
            {"segment_opts": {"saved_segment_id": 1}},
            {"content_digest": "x"},
            {"status": "sent"},
            {"mailchimp_id": "x"},
        ):
            with self.assertRaises(AccessError, msg=vals):
                campaign.write(vals)
            with self.assertRaises(AccessError, msg=vals):
                campaign.with_context(mailchimp_import=True).write(vals)

    def test_who_has_no_access_presses_nothing(self):
        campaign = self.saved_campaign()
        stranger = new_test_user(self.env, "mc_stranger", groups="base.group_user")
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        colleague = new_test_user(
            self.env,
            "mc_elsewhere",
            groups=USER,
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        before = len(self.sandbox.requests)
        for user in (stranger, colleague):
            foreign = self.env["mailchimp.campaign"].with_user(user)
            foreign = foreign.browse(campaign.id)
            for name in (
                "action_push",
                "action_check",
                "action_send",
                "action_schedule",
                "action_send_test",
                "action_unschedule",
                "action_cancel_send",
                "action_replicate",
                "action_delete_remote",
                "action_keep_odoo",
                "action_refresh",
            ):
                with self.assertRaises(AccessError, msg=name):
                    getattr(foreign, name)()
        self.assertEqual(len(self.sandbox.requests), before)

    # === RECIPIENTS === #

    def test_recipients_of_a_segment(self):
        self.remote.add_segment("A people", "saved", STARTS_WITH_ADA)
        self.import_audiences()
        segment = self.list.tag_ids.filtered(lambda tag: tag.type == "saved")
        campaign = self.saved_campaign(recipient_kind="segment", segment_id=segment.id)
        self.assertEqual(
            self.there(campaign).segment_opts,
            {"saved_segment_id": int(segment.mailchimp_id)},
        )
        self.assertEqual(campaign.recipient_kind, "segment", "also when it is read")
        self.assertEqual(campaign.segment_id, segment)

    def test_recipients_by_tags(self):
        tags = self.list.tag_ids.filtered(lambda tag: tag.name in ("VIP", "Press"))
        campaign = self.new_campaign(recipient_tag_ids=[Command.set(tags.ids)])
        self.assertEqual((campaign.recipient_kind, campaign.tag_match), ("tags", "any"))
        campaign.tag_match = "all"
        campaign.action_push()
        self.assertEqual(campaign.recipient_count, 1)
        self.assertEqual(campaign.estimated_count, 1)
        campaign.tag_match = "any"
        campaign.action_push()
        self.refreshed(campaign)
        self.assertEqual(campaign.recipient_count, 2)
        self.assertEqual(campaign.estimated_count, 2)
        self.assertEqual(campaign.recipient_tag_ids, tags)
        campaign.recipient_kind = "all"
        campaign.action_push()
        self.assertEqual(self.there(campaign).segment_opts, {})

    def test_recipients_that_odoo_does_not_edit_are_kept(self):
        campaign = self.saved_campaign()
        raw = STARTS_WITH_ADA
        self.there(campaign).segment_opts = raw
        self.refreshed(campaign)
        self.assertEqual(campaign.recipient_kind, "raw")
        campaign.subject = "Late news"
        campaign.action_push()
        self.assertEqual(self.there(campaign).segment_opts, raw)
        other = self.remote_account.add_audience("Other")
        self.import_audiences()
        campaign.audience_id = self.audience(other)
        self.assertEqual(campaign.recipient_kind, "all", "they were of another one")
        campaign.action_push()
        self.assertEqual(self.there(campaign).segment_opts, {})

    def test_recipients_have_to_be_chosen(self):
        campaign = self.new_campaign(recipient_kind="tags")
        with self.assertRaisesRegex(UserError, "the tags"):
            campaign.action_push()

    def test_tags_of_another_audience(self):
        other = self.remote_account.add_audience("Other")
        other.add_member("zoe@a.example", tags=["Elsewhere"])
        self.import_audiences()
        tag = self.audience(other).tag_ids
        with self.assertRaises(ValidationError):
            self.new_campaign(
                recipient_kind="tags", recipient_tag_ids=[Command.set(tag.ids)]
            )

    def test_estimate_while_mailchimp_counts(self):
        self.remote_account.recipient_delay = 60
        campaign = self.saved_campaign()
        self.assertEqual(campaign.recipient_count, 0)
        self.assertEqual(campaign.estimated_count, 2)

    def test_mailchimp_counts_and_odoo_looks(self):
        self.remote_account.recipient_delay = 60
        campaign = self.saved_campaign()
        self.later(120)
        self.env["mailchimp.job"].search([("state", "=", "pending")]).write(
            {"run_after": "2026-01-01"}
        )
        self.run_jobs()
        self.assertEqual(campaign.recipient_count, 2)

    def test_copy(self):
        tags = self.list.tag_ids.filtered(lambda tag: tag.name == "VIP")
        campaign = self.saved_campaign(
            recipient_kind="tags", recipient_tag_ids=[Command.set(tags.ids)]
        )
        copy = campaign.copy()
        self.assertEqual(copy.name, "November (copy)")
        self.assertEqual(copy.recipient_tag_ids, tags)
        self.assertTrue(copy.to_push)
        self.assertFalse(copy.mailchimp_id or copy.content_digest)
        copy.action_push()
        self.assertEqual(len(self.remote_account.campaigns), 2)

    def test_what_an_import_writes_is_no_edit(self):
        campaign = self.saved_campaign()
        campaign.sudo().with_context(**IMPORTING).write({"subject": "Read"})
        self.assertFalse(campaign.to_push)
