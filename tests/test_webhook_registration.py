"""One click makes Mailchimp tell everything, and nobody else's webhook is touched."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.mailchimp_connector.hooks import uninstall_hook
from odoo.addons.mailchimp_connector.sandbox.app import accept
from odoo.addons.mailchimp_connector.sandbox.webhooks import EVENTS, SOURCES, Webhook

from .webhook_common import WebhookCase

FOREIGN = "https://crm.example.com/hook?key=1"


@tagged("post_install", "-at_install")
class TestWebhookRegistration(WebhookCase):
    def hooks(self, remote=None):
        """Return the webhooks at Mailchimp by address."""
        webhooks = (remote or self.remote).webhooks.values()
        return {webhook.url: webhook for webhook in webhooks}

    def plant(self, url, remote=None, **switches):
        """Register a webhook that is not our doing."""
        remote = remote or self.remote
        webhook = Webhook(f"{len(remote.webhooks):010x}", remote.id, url, False)
        for kind in (webhook.events, webhook.sources):
            kind.update(dict.fromkeys(kind, True))
            kind.update({k: v for k, v in switches.items() if k in kind})
        remote.webhooks[webhook.id] = webhook
        return webhook

    def move_odoo(self, url):
        """Give Odoo another address."""
        self.env["ir.config_parameter"].set_param("web.base.url", url)
        self.account.invalidate_recordset()

    def answer(self, method, data):
        """Let Mailchimp answer something odd about webhooks, from now on."""
        application = self.sandbox.application
        run = application.run

        def answering(call):
            if call.method == method and call.path.endswith("/webhooks"):
                return accept(call, data)
            return run(call)

        self.startPatcher(patch.object(application, "run", answering))

    def calls(self):
        """Return the methods of the requests about webhooks, then forget them."""
        made = [r.method for r in self.sandbox.requests if "/webhooks" in r.path]
        self.sandbox.monitor.clear()
        return made

    def assertActive(self, webhook):
        self.assertRecordValues(
            self.list.sudo(),
            [
                {
                    "webhook_id": webhook.id,
                    "webhook_state": "active",
                    "webhook_error": False,
                    "webhook_secret": webhook.secret or False,
                }
            ],
        )
        self.assertTrue(self.list.webhook_checked_at)
        self.assertTrue(all(webhook.events.values()) and len(webhook.events) == 6)
        self.assertTrue(all(webhook.sources.values()) and len(webhook.sources) == 3)

    # === REGISTER === #

    def test_register(self):
        self.assertEqual(self.list.webhook_state, "none")
        notice = self.register()["params"]
        self.assertEqual(list(self.hooks()), [self.account.webhook_url])
        self.assertActive(self.hooks()[self.account.webhook_url])
        self.assertEqual(self.calls().count("POST"), 1)
        self.assertEqual(notice["type"], "warning")
        self.assertIn("https", notice["message"])

    def test_https_needs_no_warning(self):
        self.sandbox.webhooks.validate = False
        self.move_odoo("https://odoo.example.com")
        self.assertEqual(self.register()["params"]["type"], "success")

    def test_again_changes_nothing(self):
        self.register()
        self.calls()
        self.register()
        self.assertEqual(self.calls(), ["GET"])
        self.assertActive(self.hooks()[self.account.webhook_url])

    def test_by_hand_before(self):
        """The URL was copied to Mailchimp's form, with some boxes not ticked."""
        webhook = self.plant(self.account.webhook_url, cleaned=False, api=False)
        self.register()
        self.assertIn("PATCH", self.calls())
        self.assertActive(webhook)

    def test_foreign_webhooks_are_not_touched(self):
        similar = self.account.webhook_url[:-1]
        before = [self.plant(url) for url in (FOREIGN, similar, similar + "/x")]
        documents = [webhook.document() for webhook in before]
        self.register()
        self.register()
        self.list._delete_webhooks()
        self.assertEqual([*self.remote.webhooks.values()], before)
        self.assertEqual([webhook.document() for webhook in before], documents)

    def test_the_address_of_odoo_changed(self):
        self.register()
        old = self.account.webhook_url
        self.move_odoo(self.base_url().replace("127.0.0.1", "localhost"))
        self.list.action_verify_webhook()
        self.assertEqual(self.list.webhook_state, "broken")
        self.assertEqual(list(self.hooks()), [old])
        self.register()
        self.assertEqual(list(self.hooks()), [self.account.webhook_url])
        self.assertNotEqual(self.account.webhook_url, old)
        self.assertActive(self.hooks()[self.account.webhook_url])

    def test_an_address_that_mailchimp_cannot_reach(self):
        self.register()
        working = self.account.webhook_url
        self.move_odoo("http://127.0.0.1:9")
        with self.assertRaisesRegex(UserError, "from the internet over HTTPS"):
            self.register()
        self.assertEqual(list(self.hooks()), [working], "the old one still works")

    def test_the_secret_was_lost(self):
        self.register()
        lost = self.hooks()[self.account.webhook_url]
        self.list.sudo().webhook_secret = False
        self.register()
        [webhook] = self.hooks().values()
        self.assertNotEqual(webhook.id, lost.id)
        self.assertActive(webhook)

    def test_somebody_registered_it_anew(self):
        self.register()
        self.remote.webhooks.clear()
        self.plant(self.account.webhook_url)
        self.register()
        [webhook] = self.hooks().values()
        self.assertActive(webhook)

    def test_without_signing(self):
        self.remote_account.webhook_signing = False
        self.register()
        self.assertActive(self.hooks()[self.account.webhook_url])
        self.calls()
        self.register()
        self.assertEqual(self.calls(), ["GET"])

    def test_the_answer_is_lost(self):
        self.sandbox.faults.inject("answer_lost", match="POST /lists/*/webhooks")
        self.register()
        [webhook] = self.hooks().values()
        self.assertActive(webhook)
        self.assertTrue(webhook.secret)

    def test_mailchimp_is_down(self):
        self.sandbox.faults.inject("502_html", times=None)
        with self.assertRaises(UserError):
            self.register()
        self.assertEqual(self.list.webhook_state, "none")

    def test_several_audiences_with_one_that_fails(self):
        remotes = [self.remote_account.add_audience(f"List {n}") for n in range(2)]
        self.import_audiences(members=False)
        self.sandbox.faults.inject(
            "403_problem", match=f"POST /lists/{remotes[0].id}/webhooks"
        )
        notice = self.register(self.account.audience_ids)["params"]
        states = [self.audience(r).webhook_state for r in (self.remote, *remotes)]
        self.assertEqual(states, ["active", "broken", "active"])
        self.assertIn("List 0", notice["message"])
        self.assertTrue(self.audience(remotes[1]).sudo().webhook_secret)

    def test_verifying_several_while_mailchimp_is_down(self):
        self.remote_account.add_audience("Another")
        self.import_audiences(members=False)
        self.register(self.account.audience_ids)
        self.sandbox.faults.inject("502_html", times=None)
        notice = self.account.audience_ids.action_verify_webhook()["params"]
        self.assertIn("Another: ", notice["message"])
        states = self.account.audience_ids.mapped("webhook_state")
        self.assertEqual(states, ["active", "active"], "nobody knows better")

    def test_many_audiences_are_registered_in_the_background(self):
        for number in range(6):
            self.remote_account.add_audience(f"List {number}")
        self.import_audiences(members=False)
        self.assertEqual(len(self.account.audience_ids), 7)
        # In a test, Odoo answers nobody while a job runs.
        self.sandbox.webhooks.validate = False
        self.calls()
        action = self.account.action_register_webhooks()
        self.assertEqual(action["res_model"], "mailchimp.run")
        self.assertEqual(self.calls(), [])
        self.run_jobs()
        states = self.account.audience_ids.mapped("webhook_state")
        self.assertEqual(states, ["active"] * 7)
        run = self.runs("webhook")
        self.assertEqual((run.state, run.done, run.failed), ("done", 7, 0))

    def test_a_registration_in_the_background_that_is_refused(self):
        self.move_odoo("http://127.0.0.1:9")
        run = self.list._queue_registration()
        self.run_jobs()
        self.assertEqual(self.list.webhook_state, "broken")
        self.assertEqual((run.state, run.failed), ("done", 1))
        self.assertIn("reachable", run.line_ids.reason)

    def test_not_connected(self):
        self.account.state = "error"
        with self.assertRaises(UserError):
            self.list.action_register_webhook()

    # === VERIFY === #

    def verify(self):
        """Let the scheduled action verify."""
        self.env["mailchimp.account"]._cron_fetch_audiences()
        self.run_jobs()
        return self.list.webhook_state

    def test_verification_by_schedule(self):
        self.assertEqual(self.verify(), "none")
        self.register()
        self.assertEqual(self.verify(), "active")
        self.hooks()[self.account.webhook_url].events["cleaned"] = False
        self.assertEqual(self.verify(), "broken")
        self.assertIn("cleaned", self.list.webhook_error)
        self.assertEqual(len(self.list.activity_ids), 1, "a person is called, once")
        self.verify()
        self.assertEqual(len(self.list.activity_ids), 1)
        self.register()
        self.assertActive(self.hooks()[self.account.webhook_url])
        self.assertFalse(self.list.activity_ids)

    def test_a_webhook_that_was_deleted_in_mailchimp(self):
        self.register()
        self.remote.webhooks.clear()
        self.assertEqual(self.verify(), "broken")
        self.assertIn("deleted", self.list.webhook_error)
        self.assertFalse(self.remote.webhooks, "verifying changes nothing")
        notice = self.list.action_verify_webhook()["params"]
        self.assertEqual(notice["type"], "warning")

    def test_an_account_that_does_not_fetch_is_verified_too(self):
        self.register()
        self.account.auto_sync_members = False
        self.remote.webhooks.clear()
        self.assertEqual(self.verify(), "broken")

    # === LEAVE === #

    def test_uninstalling_removes_ours(self):
        self.plant(FOREIGN)
        self.register()
        uninstall_hook(self.env)
        self.assertEqual(list(self.hooks()), [FOREIGN])

    def test_uninstalling_without_mailchimp(self):
        self.register()
        self.sandbox.faults.inject("502_html", times=None)
        with self.assertLogs("odoo.addons.mailchimp_connector.hooks", "WARNING"):
            uninstall_hook(self.env)

    # === WHO === #

    def test_only_managers_register(self):
        user = new_test_user(
            self.env, "mc_user", groups="mailchimp_connector.group_mailchimp_user"
        )
        audience = self.list.with_user(user)
        for method in ("action_register_webhook", "action_verify_webhook"):
            with self.assertRaises(AccessError):
                getattr(audience, method)()
        self.assertEqual(audience.webhook_state, "none")
        self.assertEqual(self.remote.webhooks, {})

    def test_secrets_are_for_the_system(self):
        self.register()
        manager = new_test_user(
            self.env, "mc_boss", groups="mailchimp_connector.group_mailchimp_manager"
        )
        with self.assertRaises(AccessError):
            self.list.with_user(manager).read(["webhook_secret"])
        account = self.account.with_user(manager)
        for name in ("webhook_token", "webhook_token_digest"):
            with self.assertRaises(AccessError):
                account.read([name])
        self.assertIn(self.token, account.webhook_url)
        self.remote.webhooks.clear()
        with self.reachable():
            self.list.with_user(manager).action_register_webhook()
        self.assertActive(self.hooks()[self.account.webhook_url])

    def test_users_do_not_see_the_address(self):
        user = new_test_user(
            self.env, "mc_user", groups="mailchimp_connector.group_mailchimp_user"
        )
        with self.assertRaises(AccessError):
            self.account.with_user(user).read(["webhook_url"])

    def test_other_companies(self):
        company = self.env["res.company"].create({"name": "Other"})
        manager = new_test_user(
            self.env,
            "mc_boss",
            groups="mailchimp_connector.group_mailchimp_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        with self.assertRaises(AccessError):
            self.list.with_user(manager).action_register_webhook()
        self.assertEqual(self.remote.webhooks, {})

    # === COPIES === #

    def test_a_confirmed_copy_of_the_database_has_urls_of_its_own(self):
        self.register()
        original = self.account.webhook_url
        self.env["ir.config_parameter"].set_param("database.uuid", "another")
        with self.assertRaises(UserError):
            self.register()
        self.account.action_test_connection()
        self.assertNotEqual(self.account.webhook_url, original)
        self.assertEqual(self.list.webhook_state, "none")
        self.register()
        self.assertEqual(set(self.hooks()), {original, self.account.webhook_url})

    def test_an_account_without_a_token_gets_one(self):
        self.account.webhook_token = False
        self.assertFalse(self.account.webhook_token_digest)
        self.register()
        self.assertIn(self.account.webhook_token, self.account.webhook_url)
        self.assertEqual(list(self.hooks()), [self.account.webhook_url])

    def test_what_we_ask_for_is_what_there_is(self):
        self.register()
        webhook = self.hooks()[self.account.webhook_url]
        self.assertEqual(tuple(webhook.events), EVENTS)
        self.assertEqual(tuple(webhook.sources), SOURCES)

    def test_odd_answers(self):
        """Neither a list of anything nor a webhook without a name stops Odoo."""
        url = self.account.webhook_url
        odd = [None, "x", {"url": None}, {"id": 5, "url": 7}, {"id": "a", "url": url}]
        self.answer("GET", {"webhooks": [*odd, {"id": "b", "events": [], "url": url}]})
        self.list.action_verify_webhook()
        self.assertEqual(self.list.webhook_state, "broken")
        for answer in ([], {"webhooks": "none"}):
            self.answer("GET", answer)
            self.list.action_verify_webhook()
        self.answer("POST", {"webhook": "ok"})
        with self.assertRaisesRegex(UserError, "could not be read"):
            self.register()
