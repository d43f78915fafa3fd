"""More of what bad luck does to campaigns."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..tools.quarter_hour import is_quarter, next_quarter
from .campaign_case import MARKUP, StrangerCase


@tagged("post_install", "-at_install")
class TestSendOdd(StrangerCase):
    def test_stranger_who_was_given_a_campaign(self):
        campaign = self.saved_campaign()
        self.env.cr.execute(
            "UPDATE mailchimp_campaign SET company_id = %s WHERE id = %s",
            [self.elsewhere.id, campaign.id],
        )
        self.env.invalidate_all()
        theirs = campaign.with_user(self.stranger)
        before = len(self.sandbox.requests)
        for act in (
            "push",
            "send",
            "schedule",
            "refresh",
            "replicate",
            "fetch_report",
            "create_again",
            "take_mailchimp",
        ):
            with self.subTest(act=act), self.assertRaises(UserError):
                getattr(theirs, f"action_{act}")()
        self.assertEqual(len(self.sandbox.requests), before)

    def test_defaults_of_the_wizards(self):
        campaign = self.saved_campaign()
        action = (
            campaign.with_user(self.user)
            .with_context(
                default_mode="send",
                default_campaign_id=0,
                default_confirmed="x",
                default_name="forged",
                default_body="<p>forged</p>",
                default_model="res.users",
                default_res_id=2,
            )
            .action_schedule()
        )
        wizard = self.env["mailchimp.campaign.send"].browse(action["res_id"])
        self.assertEqual(wizard.mode, "schedule")
        self.assertEqual(wizard.campaign_id, campaign)

    def test_defaults_of_a_replicate(self):
        campaign = self.saved_campaign()
        other = self.env["utm.campaign"].create({"title": "Other"})
        action = (
            campaign.with_user(self.user)
            .with_context(default_opens_total=1000, default_utm_campaign_id=other.id)
            .action_replicate()
        )
        copy = self.env["mailchimp.campaign"].browse(action["res_id"])
        self.assertTrue(copy.mailchimp_id)
        self.assertEqual(copy.opens_total, 0)
        self.assertNotEqual(copy.utm_campaign_id, other)

    def test_context_of_the_connector(self):
        campaign = self.saved_campaign()
        forged = campaign.with_user(self.user).with_context(mailchimp_import=True)
        forged.subject = "Edited"
        self.assertTrue(campaign.to_push)
        with self.assertRaises(AccessError):
            forged.write({"status": "sent"})

    def test_subject_is_not_evaluated(self):
        for text in ("{{ object.env.cr }}", "{{ 1+1 }}", "{{ object.name|||x }}"):
            for name in ("subject", "preview_text"):
                campaign = self.new_campaign(**{name: text})
                with self.subTest(text=text, name=name):
                    try:
                        campaign.with_user(self.user)._mailchimp_values()
                    except UserError:
                        continue
                    value = campaign._mailchimp_values()["settings"]
                    self.assertNotIn("{{", str(value))

    def test_private_picture(self):
        owner = new_test_user(self.env, "owner", groups="base.group_user")
        secret = (
            self.env["ir.attachment"]
            .with_user(owner)
            .create({"name": "s.png", "raw": b"x", "mimetype": "image/png"})
        )
        base = self.env["mailing.mailing"].get_base_url()
        for address in (
            f"/web/image/{secret.id}",
            f"/web/content/{secret.id}?download=1",
            f"/web/image/ir.attachment/{secret.id}/raw",
            f"{base}/web/image/{secret.id}-abc/s.png",
        ):
            for html in (
                f'<img src="{address}">',
                f'<p style="background:url({address})">x</p>',
                f'<a href="{address}">x</a>',
            ):
                mailing = self.env["mailing.mailing"].create(
                    {
                        "subject": "x",
                        "mailing_model_id": self.env.ref(
                            "mass_mailing.model_mailing_list"
                        ).id,
                        "body_html": html,
                    }
                )
                campaign = self.new_campaign(
                    content_source="mailing", mailing_id=mailing.id
                )
                with self.subTest(html=html):
                    try:
                        payload = campaign.with_user(self.user)._content_payload()
                    except UserError:
                        continue
                    secret.invalidate_recordset()
                    self.assertFalse(secret.sudo().access_token, payload)

    def test_times(self):
        for zone in ("Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"):
            self.user.tz = zone
            campaign = self.saved_campaign(name=zone)
            wizard = self.wizard(campaign.with_user(self.user), "schedule")
            self.assertTrue(is_quarter(wizard.schedule_time))
            with Form(wizard) as form:
                form.schedule_time = self.soon() + timedelta(minutes=7, seconds=3)
            self.assertTrue(is_quarter(wizard.schedule_time))
            at = wizard.schedule_time
            wizard.action_confirm()
            self.assertEqual(self.there(campaign).status, "schedule")
            self.assertEqual(campaign.send_time, at)
        self.assertEqual(
            next_quarter(fields.Datetime.to_datetime("2026-12-31 23:46:00")),
            fields.Datetime.to_datetime("2027-01-01 00:00:00"),
        )

    def test_past_and_no_time(self):
        campaign = self.saved_campaign()
        wizard = self.wizard(campaign, "schedule")
        for at in (
            False,
            fields.Datetime.now() - timedelta(days=1),
            self.soon() + timedelta(seconds=1),
            "0001-01-01 00:00:00",
        ):
            wizard.schedule_time = at
            with self.assertRaises(UserError):
                wizard.action_confirm()
        self.assertNotSent(campaign)

    def test_names_of_remote_in_messages(self):
        rule = self.env["mailchimp.activity.rule"]
        campaign = self.saved_campaign(name=MARKUP)
        member = self.member("bob@a.example")
        rule._apply(
            campaign,
            [
                {
                    "member_id": member.id,
                    "action": "abuse",
                    "bounce_type": None,
                    "occurred_at": fields.Datetime.now() + timedelta(days=1),
                }
            ],
        )
        entry = self.env["mail.blacklist"].search([("email", "=", "bob@a.example")])
        self.assertTrue(entry)
        for message in entry.message_ids:
            self.assertNotIn("<img", message.body)

    def test_marketing_user_without_the_group(self):
        campaign = self.saved_campaign()
        plain = new_test_user(
            self.env,
            "plain",
            groups="base.group_user,mass_mailing.group_mass_mailing_user",
        )
        portal = new_test_user(self.env, "portal", groups="base.group_portal")
        for user in (plain, portal):
            for model in (
                "campaign",
                "template",
                "campaign.activity",
                "campaign.link",
                "campaign.hour",
                "campaign.section",
                "campaign.send",
                "campaign.send.line",
                "campaign.test",
                "folder",
            ):
                records = self.env[f"mailchimp.{model}"].with_user(user)
                with self.subTest(model=model), self.assertRaises(AccessError):
                    records.search([])
                with self.subTest(model=model), self.assertRaises(AccessError):
                    records._read_group([], [], ["__count"])
            with self.assertRaises(AccessError):
                campaign.with_user(user).action_send()
            fresh = self.env["utm.campaign"].with_user(user)
            with self.assertRaises(AccessError):
                fresh.browse(campaign.utm_campaign_id.id).read(
                    ["mailchimp_campaign_ids"]
                )
        partner = portal.partner_id.with_user(portal)
        with self.assertRaises(AccessError):
            partner.read(["mailchimp_last_open"])

    def test_forged_tries_let_nothing_leave_twice(self):
        """What keeps from sending twice cannot be taken away."""
        campaign = self.saved_campaign()
        for vals in (
            {"send_unknown": False},
            {"status": "save"},
            {"content_digest": "x"},
            {"gone": False},
            {"mailchimp_id": "x"},
            {"account_id": False},
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                campaign.with_user(self.user).write(vals)

    def test_engagement_of_other_companies(self):
        """Figures of company A's audience on a customer whom B sees, too."""
        member = self.member("bob@a.example")
        contact = member.contact_id
        self.assertTrue(contact)
        campaign = self.saved_campaign()
        self.env["mailchimp.campaign.activity"].create(
            {
                "campaign_id": campaign.id,
                "member_id": member.id,
                "email_id": member.subscriber_hash,
                "action": "open",
                "number": 0,
                "occurred_at": "2026-01-01 10:00:00",
            }
        )
        self.env["mailchimp.engagement.mark"]._mark("mailing.contact", contact.ids)
        self.env.flush_all()
        self.run_jobs()
        self.env.invalidate_all()
        self.assertTrue(contact.mailchimp_last_open)
        seen = contact.with_user(self.stranger)
        self.assertFalse(seen.mailchimp_activity_ids)
        self.assertFalse(seen.mailchimp_member_ids)
