"""What somebody with bad intentions does to campaigns: forged fields and markup."""

from contextlib import suppress

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .campaign_case import MARKUP, USER, StrangerCase


class ForgedCase(StrangerCase):
    """What a client sends that wants more than its form offers."""

    def forge(self, **context):
        return (
            self.env["mailchimp.campaign"]
            .with_user(self.user)
            .with_context(**{f"default_{k}": v for k, v in context.items()})
        )

    def new_vals(self):
        return {"account_id": self.account.id, "name": "Forged"}


@tagged("post_install", "-at_install")
class TestForgedFields(ForgedCase):
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
class TestSentToTheWrong(StrangerCase):
    def test_buttons_of_what_mailchimp_does_not_have(self):
        for act in ("unschedule", "cancel_send", "pause", "resume"):
            campaign = self.new_campaign(name=act)
            with suppress(UserError):
                getattr(campaign.with_user(self.user), f"action_{act}")()
            self.assertTrue(campaign.active, act)
            self.assertFalse(campaign.gone, act)


@tagged("post_install", "-at_install")
class TestMarkup(StrangerCase):
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


@tagged("post_install", "-at_install")
class TestWizardsOfOthers(StrangerCase):
    def setUp(self):
        super().setUp()
        self.campaign = self.saved_campaign()

    def test_stranger_reads_the_wizard(self):
        wizard = self.wizard(self.campaign.with_user(self.user))
        self.env.invalidate_all()
        own = self.env["mailchimp.campaign.send"].with_user(self.stranger)
        self.assertFalse(own.search([]))
        with self.assertRaises(AccessError):
            wizard.with_user(self.stranger).read(["campaign_id", "confirmed"])

    def test_stranger_reads_the_checklist(self):
        wizard = self.wizard(self.campaign.with_user(self.user))
        self.env.invalidate_all()
        lines = self.env["mailchimp.campaign.send.line"].with_user(self.stranger)
        self.assertFalse(lines.search([("wizard_id", "=", wizard.id)]))

    def test_stranger_turns_a_schedule_into_a_sending(self):
        wizard = self.wizard(self.campaign.with_user(self.user), "schedule")
        wizard.schedule_time = self.soon()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            wizard.with_user(self.stranger).write({"mode": "send"})
        self.env.flush_all()
        self.env.invalidate_all()
        wizard.action_confirm()
        self.assertEqual(self.there(self.campaign).status, "schedule")

    def test_stranger_changes_who_gets_a_test(self):
        test = self.env["mailchimp.campaign.test"].with_user(self.user)
        wizard = test.create({"campaign_id": self.campaign.id, "emails": "a@a.example"})
        with self.assertRaises(AccessError):
            wizard.with_user(self.stranger).write({"emails": "sam@evil.example"})

    def test_colleagues_wizard(self):
        colleague = new_test_user(self.env, "cora", groups=USER)
        campaign = self.saved_campaign()
        wizard = self.wizard(campaign.with_user(self.user), "schedule")
        with self.assertRaises(AccessError):
            wizard.with_user(colleague).write({"mode": "send"})


@tagged("post_install", "-at_install")
class TestForgedDefaults(ForgedCase):
    def test_defaults_of_the_context(self):
        for name, value in (
            ("mailchimp_id", "0123456789"),
            ("status", "sent"),
            ("opens_total", 1000),
            ("emails_sent", 1000),
            ("content_digest", "x"),
            ("report_decided_until", "2036-01-01 00:00:00"),
        ):
            with self.subTest(name=name):
                try:
                    campaign = self.forge(**{name: value}).create(self.new_vals())
                except AccessError:
                    continue
                self.assertIn(campaign[name], (False, 0, "save"))

    def test_defaults_of_the_context_of_a_template(self):
        template = (
            self.env["mailchimp.template"]
            .with_user(self.user)
            .with_context(default_mailchimp_id="77", default_gone=True)
        )
        try:
            template = template.create(self.new_vals())
        except AccessError:
            return
        self.assertEqual((template.mailchimp_id, template.gone), (False, False))

    def test_defaults_of_an_account(self):
        manager = new_test_user(
            self.env, "boss", groups="mailchimp_connector.group_mailchimp_manager"
        )
        account = (
            self.env["mailchimp.account"]
            .with_user(manager)
            .with_context(
                default_state="connected", default_data_center="evil.example/#"
            )
        )
        try:
            account = account.create({"name": "x"})
        except AccessError:
            return
        self.assertNotEqual(account.state, "connected")
        self.assertFalse(account.data_center)


@tagged("post_install", "-at_install")
class TestForgedValues(StrangerCase):
    def test_stored_figures(self):
        campaign = self.saved_campaign()
        for name in ("bounces", "bounce_rate", "unsub_rate", "abuse_rate"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                campaign.with_user(self.user).write({name: 1})

    def test_company(self):
        campaign = self.saved_campaign()
        template = self.env["mailchimp.template"].create(
            {"account_id": self.account.id, "name": "T"}
        )
        for record in (campaign, template):
            with self.subTest(model=record._name):
                try:
                    record.with_user(self.user).write({"company_id": self.elsewhere.id})
                except AccessError:
                    continue
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual(record.company_id, self.account.company_id)

    def test_fields_that_tell_strangers(self):
        """What company A's campaign says, after its company was to be written."""
        campaign = self.saved_campaign()
        with self.assertRaises(AccessError):
            campaign.with_user(self.user).write({"company_id": self.elsewhere.id})
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            campaign.with_user(self.stranger).read(["name", "html", "emails_sent"])
