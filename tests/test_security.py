"""Who may see and do what: groups, companies, and secrets kept secret."""

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import KEY, MailchimpCase

OTHER_KEY = "fedcba9876543210fedcba9876543210-us7"
USER = "mailchimp_connector.group_mailchimp_user"
MANAGER = "mailchimp_connector.group_mailchimp_manager"
OPERATIONS = ("read", "write", "create", "unlink")
MAPPING_WIZARDS = (
    "mailchimp.mapping.proposal",
    "mailchimp.mapping.proposal.line",
    "mailchimp.merge.field.create",
    "mailchimp.merge.field.create.line",
    "mailchimp.tag.declare",
)
# Wizards that every user may open.
WIZARDS = (
    "mailchimp.campaign.send",
    "mailchimp.campaign.send.line",
    "mailchimp.campaign.test",
    "mailchimp.export",
    "mailchimp.import",
    "mailchimp.member.act",
    "mailchimp.routing.test",
    "mailchimp.routing.test.line",
)
MAPPING_CHECKS = ("mailchimp.mapping.check", "mailchimp.mapping.check.line")
# model -> what users and managers may do: the first letters of OPERATIONS. Whoever is
# neither may do nothing.
MATRIX = {
    "mailchimp.account": ("r", "rwcu"),
    "mailchimp.audience": ("r", "rwu"),
    "mailchimp.member": ("r", "r"),
    "mailchimp.merge.field": ("r", "rw"),
    "mailchimp.tag": ("r", "rw"),
    "mailchimp.interest.category": ("r", "r"),
    "mailchimp.interest": ("r", "rw"),
    "mailchimp.marketing.permission": ("r", "rw"),
    "mailchimp.conflict": ("r", "r"),
    "mailchimp.consent": ("r", "r"),
    "mailchimp.run": ("r", "r"),
    "mailchimp.run.line": ("r", "r"),
    "mailchimp.change": ("", ""),
    "mailchimp.claim": ("", ""),
    "mailchimp.job": ("r", "r"),
    "mailchimp.batch": ("r", "r"),
    "mailchimp.routing.rule": ("r", "rwcu"),
    "mailchimp.shared.address": ("r", "r"),
    "mailchimp.plan": ("r", "r"),
    "mailchimp.plan.line": ("r", "r"),
    "mailchimp.erasure": ("", "rwcu"),
    "mailchimp.folder": ("r", "r"),
    "mailchimp.template": ("rwc", "rwcu"),
    "mailchimp.campaign": ("rwc", "rwcu"),
    "mailchimp.campaign.section": ("rwcu", "rwcu"),
    "mailchimp.campaign.activity": ("r", "r"),
    "mailchimp.campaign.link": ("r", "r"),
    "mailchimp.campaign.hour": ("r", "r"),
    "mailchimp.campaign.variant": ("r", "r"),
    "mailchimp.engagement.mark": ("", ""),
    "mailchimp.attempt": ("", ""),
    **dict.fromkeys(WIZARDS, ("rwcu", "rwcu")),
    **dict.fromkeys(MAPPING_WIZARDS, ("", "rwcu")),
    **dict.fromkeys(MAPPING_CHECKS, ("", "rc")),
}
# Those whose records are seen by the people of their company.
OWN_MODELS = {"mailchimp.erasure", *WIZARDS, *MAPPING_WIZARDS, *MAPPING_CHECKS}
# Addresses are shared by contacts, which belong to no company.
SHARED_MODELS = {
    "mailchimp.attempt",
    "mailchimp.change",
    "mailchimp.claim",
    "mailchimp.engagement.mark",
    "mailchimp.shared.address",
}
COMPANY_MODELS = MATRIX.keys() - OWN_MODELS - SHARED_MODELS


@tagged("post_install", "-at_install")
class TestAccess(MailchimpCase):
    """Access rights and record rules of every model of the module."""

    def models(self):
        """Return the models of the module that have a table."""
        return sorted(
            name
            for name, model in self.env.registry.items()
            if name.startswith("mailchimp.") and not model._abstract
        )

    def test_every_model_is_in_the_matrix(self):
        self.assertEqual(self.models(), sorted(MATRIX))

    def test_matrix(self):
        nobody = {
            "internal": "base.group_user",
            "marketing": "mass_mailing.group_mass_mailing_user",
            "portal": "base.group_portal",
            "public": "base.group_public",
        }
        users = {
            name: new_test_user(self.env, f"mc_{name}", groups=group)
            for name, group in {**nobody, "user": USER, "manager": MANAGER}.items()
        }
        for model, (user_may, manager_may) in MATRIX.items():
            may = {"user": user_may, "manager": manager_may}
            for who, user in users.items():
                records = self.env[model].with_user(user)
                can = "".join(o[0] for o in OPERATIONS if records.has_access(o))
                self.assertEqual(can, may.get(who, ""), f"{model} for {who}")

    def test_every_model_has_a_rule(self):
        for model in self.models():
            if self.env[model]._transient:
                continue  # theirs who made it, without a rule
            domain = [("model_id.model", "=", model), ("groups", "=", False)]
            self.assertTrue(self.env["ir.rule"].search(domain), model)

    def test_records_of_other_companies_are_hidden(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self._everything_in(elsewhere)
        manager = new_test_user(self.env, "mc_here", groups=MANAGER)
        for model in COMPANY_MODELS:
            records = self.env[model].search([])
            self.assertTrue(records, model)
            self.assertFalse(records.with_user(manager)._filtered_access("read"), model)
            self.assertFalse(records.with_user(manager).search([]), model)
        manager.company_ids = [Command.link(elsewhere.id)]
        for model in COMPANY_MODELS:
            records = self.env[model].with_user(manager)
            records = records.with_context(allowed_company_ids=elsewhere.ids)
            self.assertTrue(records.search([]), model)

    def _everything_in(self, company):
        """Leave a record of each model in a company."""
        self.account.company_id = company
        self.remote.add_interests("Topics", ["News"])
        self.remote.permissions = {"p1": "Email"}
        self.remote.schema_changed()
        self.remote.add_member("ann@a.example", tags=["VIP"])
        self.remote.add_oddity("broken_email")
        self.import_audiences()
        member = self.member("ann@a.example")
        self.env["mailchimp.conflict"].create(
            {
                "member_id": member.id,
                "audience_id": member.audience_id.id,
                "merge_field_id": member.audience_id.merge_field_ids[0].id,
            }
        )
        self.env["mailchimp.batch"].create({"audience_id": member.audience_id.id})
        self.env["mailchimp.routing.rule"].create(
            {"audience_id": member.audience_id.id, "name": "Everybody"}
        )
        self.env["mailchimp.plan"]._start("update", member.audience_id, member)
        self._campaigns_of(self.account)
        self.run_jobs()

    def _campaigns_of(self, account):
        of_account = {"account_id": account.id, "name": "Spring"}
        self.env["mailchimp.folder"].create(
            {**of_account, "kind": "campaign", "mailchimp_id": "f1"}
        )
        self.env["mailchimp.template"].create(of_account)
        campaign = self.env["mailchimp.campaign"].create(of_account)
        self.env["mailchimp.campaign.section"].create(
            {"campaign_id": campaign.id, "name": "body"}
        )
        of_campaign = {"campaign_id": campaign.id}
        self.env["mailchimp.campaign.link"].create(
            {**of_campaign, "mailchimp_id": "l1", "url": "https://a.example"}
        )
        self.env["mailchimp.campaign.hour"].create(
            {**of_campaign, "hour_start": "2026-01-01"}
        )
        self.env["mailchimp.campaign.variant"].create({**of_campaign, "name": "A"})
        self.env["mailchimp.campaign.activity"].create(
            {
                "campaign_id": campaign.id,
                "email_id": "0" * 32,
                "action": "sent",
                "occurred_at": "2026-01-01",
                "number": 0,
            }
        )

    def test_wizards_are_their_users_own(self):
        users = [new_test_user(self.env, f"mc_{n}", groups=USER) for n in (1, 2)]
        campaign = self._campaign()
        audience = {"audience_id": self.audience().id, "email": "a@a.example"}
        lines = [(0, 0, {"heading": "Subject", "type": "success"})]
        for model, vals in (
            ("mailchimp.import", {}),
            ("mailchimp.campaign.send", {**campaign, "line_ids": lines}),
            ("mailchimp.campaign.test", {**campaign, "emails": "a@a.example"}),
            ("mailchimp.routing.test", audience),
        ):
            wizard = self.env[model].with_user(users[0]).create(vals)
            with self.subTest(model=model):
                self.assertTrue(wizard.has_access("write"))
                self.assertFalse(wizard.with_user(users[1]).has_access("read"))
                self.assertFalse(wizard.with_user(users[1]).has_access("write"))
                if model == "mailchimp.campaign.send":
                    checks = wizard.line_ids
                    self.assertTrue(checks.has_access("read"))
                    self.assertFalse(checks.with_user(users[1]).has_access("read"))

    def test_a_wizard_stays_what_it_was_opened_for(self):
        user = new_test_user(self.env, "mc_w", groups=USER)
        vals = self._campaign()
        send = self.env["mailchimp.campaign.send"].with_user(user)
        wizard = send.create({**vals, "mode": "schedule"})
        for name, value in (("mode", "send"), ("confirmed", "x"), *vals.items()):
            with self.subTest(name=name), self.assertRaises(AccessError):
                wizard.write({name: value})
        with self.assertRaises(AccessError):
            send.create({**vals, "confirmed": "x"})
        forged = send.with_context(default_confirmed="x").create(vals)
        self.assertFalse(forged.confirmed)

    def _campaign(self):
        self.import_audiences()
        campaign = self.env["mailchimp.campaign"].create(
            {"account_id": self.account.id, "name": "Spring"}
        )
        return {"campaign_id": campaign.id}

    def test_marketing_people_without_the_group_keep_working(self):
        self.remote.add_member("ann@a.example", merge_fields={"FNAME": "Ann"})
        self.import_audiences()
        user = new_test_user(
            self.env, "mc_plain", groups="mass_mailing.group_mass_mailing_user"
        )
        contact = self.contact("ann@a.example").with_user(user)
        contact.read()
        contact.subscription_ids.read()
        contact.subscription_ids.list_id.read()
        contact.get_views([(False, "form"), (False, "list"), (False, "search")])
        contact.subscription_ids.opt_out = True
        self.assertEqual(self.member("ann@a.example").opt_out_by, "odoo")
        contact.unlink()

    def test_user_fetches_and_follows(self):
        self.remote.add_member("ann@a.example")
        self.import_audiences(members=False)
        user = new_test_user(self.env, "mc_fetch", groups=USER)
        self.later()
        action = self.audience().with_user(user).action_fetch_members()
        self.run_jobs()
        run = self.env["mailchimp.run"].with_user(user).browse(action["res_id"])
        self.assertEqual((run.state, run.created), ("done", 1))
        self.assertEqual(run.user_id, user)

    def test_what_a_record_stands_for_is_not_for_people_to_write(self):
        self.import_audiences()
        manager = new_test_user(self.env, "mc_forger", groups=MANAGER)
        foreign = self.env["mailchimp.account"].create({"name": "Foreign"})
        audience = self.audience().with_user(manager)
        account = self.account.with_user(manager)
        for record, vals in (
            (audience, {"account_id": foreign.id}),
            (audience, {"mailchimp_id": "0123456789", "double_optin": False}),
            (
                audience,
                {"mailing_list_id": self.env["mailing.list"].create({"name": "x"}).id},
            ),
            (audience, {"webhook_id": "somebody's"}),
            (account, {"state": "draft"}),
            (account, {"data_center": "evil.example/#"}),
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                record.write(vals)
        account.write({"name": "Renamed", "auto_sync_members": False})
        audience.write({"active": False})

    def test_mapping_gives_no_rights(self):
        self.import_audiences()
        manager = new_test_user(self.env, "mc_mapper", groups=MANAGER)
        merge_field = self.audience().merge_field_ids[:1].with_user(manager)
        # Whoever writes the address of a user's contact can reset the password.
        for path in (
            "email",
            "partner_id.email",
            "partner_id.active",
            "partner_id.company_id",
            "partner_id.user_id",
            "partner_id.parent_id",
            "partner_id.signup_type",
        ):
            with self.subTest(path=path), self.assertRaises(ValidationError):
                merge_field.field_path = path

    def test_arguments_of_jobs_are_for_the_system(self):
        """Jobs without an account are seen in all companies."""
        self.remote.add_member("ann@a.example")
        self.import_audiences()
        self.member("ann@a.example")._enqueue_note({"out": True})
        user = new_test_user(self.env, "mc_jobs", groups=MANAGER)
        domain = [("method", "=", "_job_note_decision")]
        job = self.env["mailchimp.job"].with_user(user).search(domain)
        self.assertTrue(job.name)
        with self.assertRaises(AccessError):
            job.read(["args"])

    def test_jobs_cannot_be_forged(self):
        admin = self.env.ref("base.user_admin")
        jobs = self.env["mailchimp.job"].with_user(admin).sudo()
        with self.assertRaises(AccessError):
            jobs.create({"name": "x", "model": "res.users", "method": "unlink"})


@tagged("post_install", "-at_install")
class TestSecrets(MailchimpCase):
    """The key, and the token of the webhook, are for the system group only."""

    def setUp(self):
        super().setUp()
        self.manager = new_test_user(
            self.env, "mailchimp_manager", groups=f"{MANAGER},base.group_allow_export"
        )
        self.secrets = (KEY.partition("-")[0], self.account.webhook_token)

    def assertNoSecret(self, text, *, but=""):
        """Neither the key nor the token is in a text."""
        for secret in self.secrets:
            self.assertNotIn(secret, str(text).replace(but, "") if but else str(text))

    def test_never_in_the_log(self):
        self.remote.fill(20)
        self.remote.add_oddity("broken_email")
        with (
            self.assertLogs("odoo.addons.mailchimp_connector", "DEBUG") as ours,
            self.assertLogs("urllib3", "DEBUG") as theirs,
        ):
            self.import_audiences()
            self.fetch(full=True)
            self.remote_account.disabled = True
            self.fetch()
        self.assertTrue([line for line in ours.output if "gateway" in line])
        text = "\n".join(ours.output + theirs.output)
        self.assertNoSecret(text)
        for member in self.remote.members.values():
            self.assertNotIn(member.email, text)

    def test_not_for_managers(self):
        account = self.account.with_user(self.manager)
        names = ("api_key", "base_url", "webhook_token", "database_uuid")
        for name in names:
            self.assertNotIn(name, account.fields_get())
            with self.assertRaises(AccessError):
                account.read([name])
            with self.assertRaises(AccessError):
                account.write({name: "x"})
            with self.assertRaises(AccessError):
                account.export_data([name])
            with self.assertRaises(AccessError):
                account.search([(name, "like", "0%")])
            with self.assertRaises(AccessError):
                account._read_group([], [name], ["__count"])
        url = account.webhook_url  # what a manager registers by hand
        self.assertNoSecret(account.read(), but=url)

    def test_not_in_copies(self):
        copy = self.account.copy()
        self.assertFalse(copy.api_key)
        self.assertNotEqual(copy.webhook_token, self.account.webhook_token)
        self.assertFalse(copy.database_uuid)
        self.assertEqual(copy.state, "draft")
        by_manager = self.account.with_user(self.manager).copy()
        self.assertFalse(by_manager.sudo().api_key)

    def test_not_in_the_chatter(self):
        self.account.api_key = OTHER_KEY
        self.account.api_key = KEY
        self.account.name = "Renamed"
        self.env.flush_all()
        for message in self.account.message_ids:
            tracking = message.sudo().tracking_value_ids.read()
            self.assertNoSecret(f"{message.body} {tracking}")

    def test_not_in_runs_jobs_and_errors(self):
        self.import_audiences()
        self.remote_account.disabled = True
        self.later()
        self.fetch()
        for model in ("run", "run.line", "job", "audience", "member", "account"):
            records = self.env[f"mailchimp.{model}"].search([])
            self.assertNoSecret(
                records.with_user(self.manager).read(), but=self.account.webhook_url
            )
        self.assertNoSecret(self.account.error)

    def test_manager_connects_what_the_administrator_prepared(self):
        self.account.with_user(self.manager).action_test_connection()
        user = new_test_user(self.env, "mailchimp_user", groups=USER)
        with self.assertRaises(AccessError):
            self.account.with_user(user).action_test_connection()
