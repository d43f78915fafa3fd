"""Templates of Odoo in Mailchimp: created once, changed, and what if both changed."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .document_common import HTML, USER, DocumentCase

# Before and after what they do: refused, broken, unreadable.
BEFORE = ("429_problem", "500_problem", "502_html", "503_akamai", "403_empty")
AFTER = ("answer_lost", "empty_body", "broken_json", "truncated_body")


@tagged("post_install", "-at_install")
class TestTemplatePush(DocumentCase):
    def setUp(self):
        super().setUp()
        self.Template = self.env["mailchimp.template"]

    def new(self, **vals):
        """Write a template in Odoo."""
        values = {"account_id": self.account.id, "name": "Letter", "html": HTML}
        return self.Template.create({**values, **vals})

    @property
    def there(self):
        """The templates in Mailchimp."""
        return list(self.remote_account.templates.values())

    def push(self, template):
        """Press the button; return the kind of its answer."""
        return template.action_push()["params"]["type"]

    def test_created_in_mailchimp(self):
        folder_id = self.add_folder("Letters")
        self.import_templates()
        folder = self.env["mailchimp.folder"].search([])
        template = self.new(folder_id=folder.id)
        self.assertTrue(template.to_push)
        self.assertFalse(self.there, "nothing leaves before the button is pressed")
        self.assertEqual(self.push(template), "success")
        [remote] = self.there
        self.assertEqual((remote.name, remote.html), ("Letter", HTML))
        self.assertEqual(remote.folder_id, folder_id)
        self.assertEqual(template.mailchimp_id, str(remote.id))
        self.assertFalse(template.to_push)
        self.assertEqual(template.sections.keys(), {"title", "body"})
        run = self.import_templates()
        self.assertEqual(self.counts(run), (0, 0, 1, 0, 0), "it is known already")

    def test_changed_in_odoo(self):
        remote = self.add_template()
        self.import_templates()
        template = self.template(remote)
        template.write({"html": "<p mc:edit='x'>New</p>", "name": "New"})
        self.assertTrue(template.to_push)
        self.push(template)
        self.assertEqual((remote.name, remote.html), ("New", "<p mc:edit='x'>New</p>"))
        self.assertFalse(template.to_push)
        self.assertEqual(self.counts(self.import_templates()), (0, 0, 1, 0, 0))
        self.assertFalse(template.remote_changed)

    def test_edits_are_not_lost_by_an_import(self):
        remote = self.add_template()
        self.import_templates()
        template = self.template(remote)
        template.name = "Odoo's"
        self.import_templates()
        self.assertEqual((template.name, template.to_push), ("Odoo's", True))
        self.assertFalse(template.remote_changed)

    def test_changed_on_both_sides(self):
        remote = self.add_template()
        self.import_templates()
        template = self.template(remote)
        template.write({"name": "Odoo's", "html": "<p>Odoo's</p>"})
        self.put_there(remote, name="Mailchimp's")
        self.import_templates()
        self.assertEqual(template.name, "Odoo's")
        self.assertTrue(template.remote_changed)
        self.assertEqual(self.push(template), "warning")
        self.assertEqual(remote.name, "Mailchimp's", "somebody has to decide")
        template.action_keep_odoo()
        self.assertEqual(self.push(template), "success")
        self.assertEqual(remote.name, "Odoo's")

    def test_taking_mailchimps(self):
        remote = self.add_template()
        self.import_templates()
        template = self.template(remote)
        template.write({"name": "Odoo's", "html": "<p>Odoo's</p>"})
        self.put_there(remote, name="Mailchimp's", html=HTML.replace("Dear", "Hi"))
        self.import_templates()
        template.action_take_mailchimp()
        self.assertRecordValues(
            template,
            [
                {
                    "name": "Mailchimp's",
                    "html": False,
                    "to_push": False,
                    "remote_changed": False,
                }
            ],
        )
        self.assertEqual(template.sections["title"], "Hi reader")
        kept = template.message_ids.attachment_ids
        self.assertEqual(kept.raw, b"<p>Odoo's</p>")
        self.assertEqual(kept.mimetype, "text/plain", "never run by a browser")

    def test_changed_there_right_before(self):
        remote = self.add_template()
        self.import_templates()
        template = self.template(remote)
        template.write({"name": "Odoo's", "html": "<p>Odoo's</p>"})
        self.put_there(remote, name="Mailchimp's")
        self.assertEqual(self.push(template), "warning")
        self.assertTrue(template.remote_changed)
        self.assertEqual(remote.name, "Mailchimp's")

    def test_html_of_odoo_may_be_older(self):
        template = self.new()
        self.push(template)
        [remote] = self.there
        self.put_there(remote, html=HTML.replace("Dear", "Hi"))
        self.import_templates()
        self.assertTrue(template.remote_changed)
        self.assertEqual(template.html, HTML, "it is all that Odoo can know")
        template.action_keep_odoo()
        self.push(template)
        self.assertEqual(remote.html, HTML)

    def test_deleted_there_meanwhile(self):
        remote = self.add_template()
        self.import_templates()
        template = self.template(remote)
        template.html = "<p>New</p>"
        for deleted in ("marked", "for good"):
            with self.subTest(deleted):
                remote.active = False
                if deleted == "for good":
                    self.remote_account.templates.clear()
                answer = template.action_push()["params"]
                self.assertEqual(
                    (answer["type"], answer["title"]), ("danger", "Letter")
                )
                self.assertIn("Create Again in Mailchimp", answer["message"])
                self.assertTrue(template.gone)
                template.action_create_again()
                self.assertFalse(template.mailchimp_id)
                self.assertEqual(self.push(template), "success")
                remote = self.remote_account.templates[int(template.mailchimp_id)]
                self.assertEqual(remote.html, "<p>New</p>")

    def test_what_cannot_be_saved(self):
        base = self.add_template("base", kind="base")
        own = self.add_template(drag_and_drop=True)
        self.import_templates("user", "base")
        for template in (self.template(base), self.template(own)):
            with self.assertRaisesRegex(UserError, "only be changed there"):
                template.name = "Mine"
            with self.assertRaisesRegex(UserError, "only be changed there"):
                template.action_push()
        with self.assertRaisesRegex(UserError, "without HTML"):
            self.new(html="  ").action_push()
        self.assertEqual(len(self.there), 2)

    # === FAULTS === #

    def test_refused_by_mailchimp(self):
        template = self.new()
        self.sandbox.faults.inject("403_problem", match="POST /templates")
        with self.assertRaisesRegex(UserError, "was not saved"):
            template.action_push()
        self.assertTrue(template.to_push)

    def test_created_once_whatever_happens(self):
        for kind in (*BEFORE, *AFTER):
            with self.subTest(kind):
                self.remote_account.templates.clear()
                template = self.new(name=f"Letter {kind}")
                fault = self.sandbox.faults.inject(kind, match="POST /templates")
                self.push_stubbornly(template)
                self.assertTrue(fault.hits)
                self.assertEqual(len(self.there), 1)
                self.assertEqual(template.mailchimp_id, str(self.there[0].id))
                self.assertEqual(self.there[0].html, HTML)

    def test_created_once_even_if_nothing_more_is_heard(self):
        template = self.new()
        for match, times in (("POST /templates", 1), ("GET /templates", 9)):
            self.sandbox.faults.inject("answer_lost", times, match)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            template.action_push()
        self.assertEqual(len(self.there), 1, "it is there, and Odoo does not know")
        self.assertFalse(template.mailchimp_id)
        self.sandbox.faults.clear()
        template.html = "<p>Better</p>"
        self.push(template)
        self.assertEqual([one.html for one in self.there], ["<p>Better</p>"])

    def test_an_import_finds_what_was_never_answered(self):
        template = self.new()
        for match, times in (("POST /templates", 1), ("GET /templates", 9)):
            self.sandbox.faults.inject("answer_lost", times, match)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            template.action_push()
        self.sandbox.faults.clear()
        run = self.import_templates()
        self.assertEqual((run.created, run.updated), (0, 1))
        self.assertEqual(template.mailchimp_id, str(self.there[0].id))
        self.assertTrue(template.to_push)
        self.assertTrue(template.remote_changed, "it may be somebody else's")
        self.assertEqual(self.push(template), "warning")
        template.action_keep_odoo()
        self.push(template)
        self.assertEqual(len(self.there), 1)

    def test_changed_whatever_happens(self):
        remote = self.add_template()
        self.import_templates()
        template = self.template(remote)
        for match in ("GET /templates/*", "PATCH /templates/*"):
            for kind in (*BEFORE, *AFTER):
                with self.subTest(kind=kind, match=match):
                    html = f"<p>{kind} {match}</p>"
                    template.html = html
                    fault = self.sandbox.faults.inject(kind, match=match)
                    self.push_stubbornly(template)
                    self.assertTrue(fault.hits)
                    self.assertEqual(remote.html, html)
                    self.assertFalse(template.to_push)

    def push_stubbornly(self, template):
        """Press the button until it works, as a person would."""
        for _round in range(4):
            self.later()
            try:
                with self.env.cr.savepoint():
                    kind = self.push(template)
            except UserError:
                continue
            self.assertEqual(kind, "success")
            self.sandbox.faults.clear()
            return
        self.fail("It never works")

    def test_no_other_template_is_taken_for_ours(self):
        old = self.add_template(date_created=self.sandbox.clock.now() - 3600)
        known = self.add_template()
        self.import_templates()
        template = self.new()
        self.push(template)
        self.assertEqual(len(self.there), 3)
        self.assertNotIn(template.mailchimp_id, (str(old.id), str(known.id)))

    # === WHO MAY === #

    def test_users_create_and_save(self):
        user = new_test_user(self.env, "mc_user", groups=USER)
        template = self.new().with_user(user)
        template.name = "By a user"
        self.push(template)
        self.assertEqual(self.there[0].name, "By a user")
        copy = template.copy()
        self.assertEqual(copy.name, "By a user (copy)")
        self.assertFalse(copy.mailchimp_id)
        with self.assertRaises(AccessError):
            template.unlink()

    def test_others_may_not(self):
        template = self.new()
        marketing = "mass_mailing.group_mass_mailing_user"
        outsider = new_test_user(self.env, "mc_plain", groups=marketing)
        with self.assertRaises(AccessError):
            template.with_user(outsider).action_push()
        template.account_id.company_id = self.env["res.company"].create({"name": "B"})
        user = new_test_user(self.env, "mc_user", groups=USER)
        with self.assertRaises(AccessError):
            template.with_user(user).action_push()
        self.assertFalse(self.there)

    def test_not_while_the_account_is_not_connected(self):
        template = self.new()
        self.account.state = "error"
        with self.assertRaisesRegex(UserError, "not connected"):
            template.action_push()
