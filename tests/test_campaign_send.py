"""Sending: confirmed, once, and never silently."""

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .campaign_case import HTML, CampaignCase

USER = "mailchimp_connector.group_mailchimp_user"
# What may happen to a request before Mailchimp has done anything, and after.
BEFORE = ("429_problem", "500_empty", "502_html", "503_akamai", "connection_reset")
AFTER = ("answer_lost", "broken_json")


@tagged("post_install", "-at_install")
class TestCampaignSend(CampaignCase):
    """From the button to what leaves."""

    # === IT WORKS === #

    def test_send(self):
        user = new_test_user(self.env, "mc_sender", groups=USER)
        campaign = self.new_campaign().with_user(user)
        wizard = self.wizard(campaign)
        self.assertTrue(wizard.is_ready)
        self.assertFalse(wizard.blocked)
        self.assertEqual(
            (wizard.audience_id, wizard.recipient_count, wizard.subject),
            (self.list, 2, "News of November"),
        )
        self.assertNotSent(campaign)
        kind, text = self.told(wizard.action_confirm())
        self.assertEqual(kind, "success")
        self.assertIn("Recipients: 2", text)
        self.assertSentOnce(campaign)
        self.assertEqual(campaign.status, "sent")
        said = campaign.message_ids.mapped("body")
        self.assertTrue(
            any(
                user.name in body and "Newsletter" in body and "Recipients: 2" in body
                for body in said
            ),
            said,
        )

    def test_pressed_twice(self):
        campaign = self.new_campaign()
        first, second = self.wizard(campaign), self.wizard(campaign)
        first.action_confirm()
        for wizard in (first, second):
            kind, text = self.told(wizard.action_confirm())
            self.assertEqual(kind, "warning")
            self.assertIn("Nothing was sent", text)
        self.assertSentOnce(campaign)
        self.assertIn("already", self.told(campaign.action_send())[1])

    def test_sent_in_mailchimp_meanwhile(self):
        campaign = self.saved_campaign()
        wizard = self.wizard(campaign)
        self.there(campaign).send(self.sandbox.clock.now())
        self.assertIn("Nothing was sent", self.told(wizard.action_confirm())[1])
        self.assertFalse(self.requested("POST", "/actions/send"))
        self.assertEqual(campaign.status, "sent", "it is taken over")

    def test_check(self):
        campaign = self.new_campaign(subject=False)
        wizard = self.wizard(campaign, "check")
        self.assertFalse(wizard.is_ready)
        wrong = wizard.line_ids.filtered(lambda line: line.type == "error")
        self.assertEqual(wrong.mapped("heading"), ["Subject"])
        self.assertIn("subject line missing", wizard.blocked)
        with self.assertRaises(UserError):
            wizard.action_confirm()
        self.assertNotSent(campaign)

    def test_solved_and_checked_again(self):
        self.remote_account.recipient_delay = 30
        wizard = self.wizard(self.new_campaign())
        self.assertFalse(wizard.is_ready)
        self.assertIn("still counts", wizard.blocked)
        self.later(60)
        wizard.action_check_again()
        self.assertTrue(wizard.is_ready)
        wizard.action_confirm()
        self.assertSentOnce(wizard.campaign_id)

    # === WHAT IS REFUSED === #

    def test_reasons(self):
        self.remote_account.verified_domains = {"nordwind.example"}
        empty = self.remote_account.add_audience("Empty")
        self.import_audiences()
        for vals, reason in (
            ({"html": False}, "no content"),
            ({"audience_id": False}, "recipients"),
            ({"audience_id": self.audience(empty).id}, "no recipients"),
            ({"reply_to": "me@gmail.example"}, "me@gmail.example"),
            ({"from_name": False}, "from name missing"),
        ):
            campaign = self.new_campaign(**vals)
            wizard = self.wizard(campaign)
            self.assertFalse(wizard.is_ready, vals)
            self.assertIn(reason, wizard.blocked)
            wizard.is_ready = True  # whatever a client says
            wizard.action_confirm()
            self.assertIn(reason, wizard.blocked)
            self.assertNotSent(campaign)
        self.assertFalse(self.requested("POST", "/actions/send"))

    def test_not_ready_any_more(self):
        """The checklist was good, and Mailchimp refuses nevertheless."""
        campaign = self.new_campaign()
        wizard = self.wizard(campaign)
        self.remote_account.verified_domains = set()
        action = wizard.action_confirm()
        self.assertEqual(action["res_id"], wizard.id)
        self.assertIn("address(es)", wizard.blocked)
        self.assertNotSent(campaign)

    def test_changed_since_it_was_confirmed(self):
        campaign = self.new_campaign()
        wizard = self.wizard(campaign)
        self.remote.add_member("new@a.example")
        action = wizard.action_confirm()
        self.assertEqual(action["res_id"], wizard.id)
        self.assertTrue(wizard.changed)
        self.assertEqual(wizard.recipient_count, 3)
        self.assertNotSent(campaign)
        wizard.action_confirm()
        self.assertSentOnce(campaign)

    def test_settings_changed_in_mailchimp(self):
        campaign = self.new_campaign()
        wizard = self.wizard(campaign)
        self.there(campaign).settings["subject_line"] = "Something else"
        wizard.action_confirm()
        self.assertTrue(wizard.changed)
        self.assertEqual(wizard.subject, "Something else")
        self.assertNotSent(campaign)

    def test_edited_in_odoo_since_it_was_confirmed(self):
        campaign = self.new_campaign()
        wizard = self.wizard(campaign)
        campaign.html = HTML + "more"
        wizard.action_confirm()
        self.assertTrue(wizard.changed)
        self.assertNotSent(campaign)
        wizard.action_confirm()
        self.assertSentOnce(campaign)
        self.assertIn("more", self.there(campaign).html)

    def test_deleted_meanwhile(self):
        campaign = self.new_campaign()
        wizard = self.wizard(campaign)
        del self.remote_account.campaigns[campaign.mailchimp_id]
        kind, text = self.told(wizard.action_confirm())
        self.assertEqual(kind, "danger")
        self.assertIn("deleted in Mailchimp", text)
        self.assertTrue(campaign.gone)

    # === FAULTS === #

    def test_faults_before_mailchimp_did_anything(self):
        for kind in BEFORE:
            campaign = self.new_campaign(name=kind)
            wizard = self.wizard(campaign)
            self.sandbox.monitor.requests.clear()
            self.sandbox.faults.inject(kind, match="POST /campaigns/*/actions/send")
            told, text = self.told(wizard.action_confirm())
            self.assertEqual(told, "danger", kind)
            self.assertRegex(text, "It was not sent|Nothing was sent")
            self.assertNotSent(campaign)
            self.assertEqual(len(self.requested("POST", "/actions/send")), 1, kind)
            self.run_jobs()
            self.assertNotSent(campaign)
            self.sandbox.monitor.requests.clear()
            if kind != "429_problem":  # Mailchimp may still be at it, for all we know
                told, text = self.told(self.wizard(campaign).action_confirm())
                self.assertEqual(told, "danger")
                self.assertIn("may still be at it", text)
                self.assertFalse(self.requested("POST", "/actions/send"))
                self.minutes_later()
            self.wizard(campaign).action_confirm()
            self.assertSentOnce(campaign)

    def test_answers_that_are_lost(self):
        for kind in AFTER:
            campaign = self.new_campaign(name=kind)
            wizard = self.wizard(campaign)
            self.sandbox.monitor.requests.clear()
            self.sandbox.faults.inject(kind, match="POST /campaigns/*/actions/send")
            self.assertEqual(self.told(wizard.action_confirm())[0], "success", kind)
            self.assertEqual(campaign.status, "sent")
            self.assertSentOnce(campaign)

    def test_unknown_until_mailchimp_answers(self):
        for kind in ("answer_lost", "connection_reset"):
            campaign = self.new_campaign(name=kind)
            wizard = self.wizard(campaign)
            self.sandbox.monitor.requests.clear()
            self.sandbox.faults.inject(kind, match="POST /campaigns/*/actions/send")
            self.sandbox.faults.inject(
                "500_empty", times=None, match="GET /campaigns/*", after=3
            )
            action = wizard.action_confirm()
            told, text = self.told(action)
            self.assertEqual(told, "warning")
            self.assertTrue(action["params"]["sticky"])
            self.assertIn("not known whether", text)
            self.assertTrue(campaign.send_unknown)
            self.sandbox.faults.clear()
            self.run_jobs()
            left = kind == "answer_lost"
            self.assertEqual(campaign.send_unknown, not left, "a draft may leave yet")
            late = self.env["mailchimp.job"].search([("state", "=", "pending")])
            self.assertEqual(bool(late), not left)
            if not left:  # some minutes later
                late.run_after = fields.Datetime.now()
                self.minutes_later()
                self.run_jobs()
            self.assertFalse(campaign.send_unknown)
            self.assertEqual(campaign.status, "sent" if left else "save")
            said = " ".join(campaign.message_ids.mapped("body"))
            self.assertIn("it left" if left else "it was not sent", said)
            self.assertEqual(len(self.requested("POST", "/actions/send")), 1)

    def test_too_busy_is_not_unknown(self):
        campaign = self.new_campaign()
        wizard = self.wizard(campaign)
        match = "POST /campaigns/*/actions/send"
        self.sandbox.faults.inject("429_empty", match=match)
        self.sandbox.faults.inject("429_empty", match="GET /campaigns/*", after=3)
        told, text = self.told(wizard.action_confirm())
        self.assertEqual(told, "danger")
        self.assertIn("Nothing was sent", text)
        self.assertFalse(campaign.send_unknown)
        self.sandbox.faults.clear()
        wizard.action_confirm()
        self.assertEqual(self.there(campaign).sendings, 1)

    def test_unknown_and_pressed_again(self):
        campaign = self.new_campaign()
        wizard = self.wizard(campaign)
        match = "POST /campaigns/*/actions/send"
        self.sandbox.faults.inject("answer_lost", match=match)
        self.sandbox.faults.inject("500_empty", match="GET /campaigns/*", after=3)
        wizard.action_confirm()
        self.assertTrue(campaign.send_unknown)
        self.assertIn("already", self.told(wizard.action_confirm())[1])
        self.assertFalse(campaign.send_unknown)
        self.assertSentOnce(campaign)

    def test_unreadable_before_sending(self):
        for path in ("/campaigns/*", "/campaigns/*/send-checklist"):
            for kind in ("429_problem", "502_html", "empty_body", "answer_lost"):
                campaign = self.new_campaign(name=f"{kind} {path}")
                wizard = self.wizard(campaign)
                times = 3 if kind == "answer_lost" else 1  # reading is repeated
                self.sandbox.faults.inject(kind, times=times, match=f"GET {path}")
                told, text = self.told(wizard.action_confirm())
                self.assertEqual(told, "danger")
                self.assertIn("Nothing was sent", text)
                self.assertNotSent(campaign)
                self.assertFalse(campaign.send_unknown)
        self.assertFalse(self.requested("POST", "/actions/send"))

    def test_sent_but_not_read_afterwards(self):
        self.remote_account.sending_seconds = 60
        campaign = self.new_campaign()
        wizard = self.wizard(campaign)
        self.sandbox.faults.inject("502_html", match="GET /campaigns/*", after=3)
        self.assertEqual(self.told(wizard.action_confirm())[0], "success")
        self.assertEqual(campaign.status, "sending")
        self.later(120)
        self.run_jobs()
        self.assertEqual(campaign.status, "sent")
        self.assertSentOnce(campaign)

    def test_refused_for_good(self):
        campaign = self.new_campaign()
        wizard = self.wizard(campaign)
        self.sandbox.faults.inject("403_problem", match="POST */actions/send")
        told, text = self.told(wizard.action_confirm())
        self.assertEqual(told, "danger")
        self.assertIn("Nothing was sent", text)
        self.assertNotSent(campaign)
        self.assertEqual(self.account.state, "connected", "one refusal is no outage")

    # === RIGHTS === #

    def test_wizard_cannot_be_pointed_elsewhere(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env,
            "mc_forger",
            groups=USER,
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        campaign = self.saved_campaign()
        own = self.wizard(campaign)
        before = len(self.sandbox.requests)
        vals = {"campaign_id": campaign.id}
        for model, more in (
            ("mailchimp.campaign.send", {"confirmed": own.confirmed, "is_ready": True}),
            ("mailchimp.campaign.test", {"emails": "a@a.example"}),
        ):
            with self.assertRaises(AccessError):
                self.env[model].with_user(user).create({**vals, **more})
        # Whoever loses access while the wizard is open.
        wizard = self.wizard(campaign.with_user(colleague := self.colleague()))
        before = len(self.sandbox.requests)
        colleague.write(
            {
                "company_ids": [Command.set(elsewhere.ids)],
                "company_id": elsewhere.id,
            }
        )
        self.env.invalidate_all()
        for method in ("action_confirm", "action_check_again"):
            with self.assertRaises(AccessError):
                getattr(wizard, method)()
        with self.assertRaises(AccessError):
            wizard.read(["subject"])
        self.assertEqual(len(self.sandbox.requests), before)
        self.assertNotSent(campaign)

    def colleague(self):
        """Return a user of this company."""
        return new_test_user(self.env, "mc_colleague", groups=USER)

    def test_disconnected_account(self):
        campaign = self.saved_campaign()
        wizard = self.wizard(campaign)
        self.account.state = "error"
        for action in (campaign.action_send, wizard.action_confirm):
            with self.assertRaisesRegex(UserError, "not connected"):
                action()
        self.assertNotSent(campaign)
