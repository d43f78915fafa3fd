"""Other people's wizards, and fields that nobody may write."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .test_attack_campaigns import USER, AttackCase


@tagged("post_install", "-at_install")
class TestWizardsOfOthers(AttackCase):
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
class TestForgedDefaults(AttackCase):
    def forge(self, **context):
        return (
            self.env["mailchimp.campaign"]
            .with_user(self.user)
            .with_context(**{f"default_{k}": v for k, v in context.items()})
        )

    def new_vals(self):
        return {"account_id": self.account.id, "name": "Forged"}

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
class TestForgedValues(AttackCase):
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
