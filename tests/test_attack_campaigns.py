"""What somebody with bad intentions, or bad luck, does to campaigns."""

from contextlib import suppress

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .campaign_case import CampaignCase

USER = "mailchimp_connector.group_mailchimp_user"
MARKUP = "<img src=x onerror=alert(1)>"


class AttackCase(CampaignCase):
    """A user of this company, and one of another."""

    def setUp(self):
        super().setUp()
        self.user = new_test_user(self.env, "uma", groups=USER)
        self.elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.stranger = new_test_user(
            self.env,
            "sam",
            groups=USER,
            company_id=self.elsewhere.id,
            company_ids=[Command.set(self.elsewhere.ids)],
        )


@tagged("post_install", "-at_install")
class TestForgedFields(AttackCase):
    def forge(self, **context):
        return (
            self.env["mailchimp.campaign"]
            .with_user(self.user)
            .with_context(**{f"default_{k}": v for k, v in context.items()})
        )

    def new_vals(self):
        return {"account_id": self.account.id, "name": "Forged"}

    def test_company_of_a_new_one(self):
        for model in ("mailchimp.campaign", "mailchimp.template"):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(self.stranger).create(
                    {**self.new_vals(), "company_id": self.elsewhere.id}
                )
                self.env.flush_all()

    def test_import_of_a_file(self):
        result = self.forge().load(
            ["name", "account_id/.id", "emails_sent"],
            [["Forged", str(self.account.id), "1000"]],
        )
        found = self.env["mailchimp.campaign"].search([("name", "=", "Forged")])
        self.assertFalse(found.emails_sent, result)

    def test_section_is_moved_to_a_foreign_campaign(self):
        account = self.env["mailchimp.account"].create(
            {"name": "Theirs", "company_id": self.elsewhere.id}
        )
        theirs = self.env["mailchimp.campaign"].create(
            {"account_id": account.id, "name": "Theirs"}
        )
        section = self.env["mailchimp.campaign.section"].with_user(self.user)
        campaign = self.saved_campaign()
        section = section.create({"campaign_id": campaign.id, "name": "x"})
        with self.assertRaises(AccessError):
            section.write({"campaign_id": theirs.id})
            self.env.flush_all()
        with self.assertRaises(AccessError):
            section.create({"campaign_id": theirs.id, "name": "y"})

    def test_figures_behind_a_campaign(self):
        campaign = self.saved_campaign().with_user(self.user)
        link = {"mailchimp_id": "1", "url": "https://x.example"}
        for name, vals in (
            ("link_ids", link),
            ("hour_ids", {"hour_start": "2026-01-01"}),
            (
                "activity_event_ids",
                {
                    "email_id": "0" * 32,
                    "action": "abuse",
                    "occurred_at": "2026-01-01",
                    "number": 0,
                },
            ),
        ):
            with self.subTest(name=name), self.assertRaises(AccessError):
                campaign.write({name: [Command.create(vals)]})


@tagged("post_install", "-at_install")
class TestSentToTheWrong(AttackCase):
    def test_buttons_of_what_mailchimp_does_not_have(self):
        for act in ("unschedule", "cancel_send", "pause", "resume"):
            campaign = self.new_campaign(name=act)
            with suppress(UserError):
                getattr(campaign.with_user(self.user), f"action_{act}")()
            self.assertTrue(campaign.active, act)
            self.assertFalse(campaign.gone, act)


@tagged("post_install", "-at_install")
class TestMarkup(AttackCase):
    def test_messages(self):
        self.user.name = MARKUP
        self.remote.name = MARKUP
        campaign = self.saved_campaign(name=MARKUP, subject=MARKUP)
        self.wizard(campaign.with_user(self.user)).action_confirm()
        self.later(600)
        campaign._refresh()
        del self.remote_account.campaigns[campaign.mailchimp_id]
        campaign._refresh()
        template = self.env["mailchimp.template"].create(
            {"account_id": self.account.id, "name": MARKUP, "html": MARKUP}
        )
        template._put_html_away()
        messages = campaign.message_ids | template.message_ids
        self.assertTrue(messages)
        for message in messages:
            self.assertNotIn("<img", message.body)
        for attachment in template.message_ids.attachment_ids:
            self.assertEqual(attachment.mimetype, "text/plain")

    def test_text_of_a_mailing_is_not_evaluated(self):
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "x",
                "mailing_model_id": self.env.ref("mass_mailing.model_mailing_list").id,
                "body_html": "<p>x</p>",
            }
        )
        campaign = self.saved_campaign(content_source="mailing", mailing_id=mailing.id)
        for body in (
            '<p t-out="object.env.user.login">y</p>',
            "<p>{{ object.env.user.login }}</p>",
            '<p t-esc="1+1"/>',
            '<p t-att-x="1+1">y</p>',
            '<t t-set="a" t-value="1+1"/><p>y</p>',
            '<t t-call="web.login"/>',
            '<p T-OUT="object.env.cr">y</p>',
            '<svg><t t-out="1+1"/></svg>',
            '<p t-field="object.name"/>',
        ):
            self.env.cr.execute(
                "UPDATE mailing_mailing SET body_html = %s WHERE id = %s",
                [body, mailing.id],
            )
            self.env.invalidate_all()
            with self.subTest(body=body), self.assertRaises(UserError):
                campaign.with_user(self.user)._content_payload()
