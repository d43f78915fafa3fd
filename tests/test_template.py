"""Templates of Mailchimp in Odoo: import, folders, what becomes of those that go."""

from lxml import etree

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .document_common import HTML, USER, DocumentCase

OTHER_KEY = "fedcba9876543210fedcba9876543210-us7"


@tagged("post_install", "-at_install")
class TestTemplateImport(DocumentCase):
    def test_what_mailchimp_says(self):
        folder = self.add_folder("Letters")
        remote = self.add_template(
            folder_id=folder, category="News", thumbnail="//pictures.example/1.png"
        )
        run = self.import_templates()
        template = self.template(remote)
        self.assertRecordValues(
            template,
            [
                {
                    "name": "Letter",
                    "type": "user",
                    "category": "News",
                    "share_url": f"http://eepurl.example/t{remote.id}",
                    "html": False,
                    "to_push": False,
                    "gone": False,
                    "editable": True,
                    "account_id": self.account.id,
                    "company_id": self.account.company_id.id,
                }
            ],
        )
        self.assertEqual(template.folder_id.name, "Letters")
        self.assertEqual(template.folder_id.kind, "template")
        self.assertEqual(
            template.sections, {"title": "Dear reader", "body": "Hello *|FNAME|*"}
        )
        self.assertEqual(template.section_names, "title, body", "as in Mailchimp")
        self.assertEqual(template.thumbnail, "https://pictures.example/1.png")
        self.assertIn("Hello *|FNAME|*", template.preview)
        self.assertTrue(template.date_created)
        self.assertEqual(run.state, "done")
        self.assertEqual(self.counts(run), (1, 0, 0, 0, 0))
        self.assertEqual((run.total, run.done), (1, 1))

    def test_only_the_kinds_that_are_asked_for(self):
        remotes = {k: self.add_template(k, kind=k) for k in ("user", "base", "gallery")}
        self.import_templates()
        self.assertFalse(self.template(remotes["base"]))
        self.assertEqual(self.template(remotes["user"]).type, "user")
        self.import_templates("base", "gallery")
        self.assertEqual(self.template(remotes["gallery"]).type, "gallery")
        self.assertFalse(self.template(remotes["base"]).editable)
        # What was not asked for is not missing.
        self.import_templates("base")
        found = self.env["mailchimp.template"].search([])
        self.assertEqual(len(found), 3)

    def test_unchanged_ones_are_left_alone(self):
        remotes = [self.add_template(f"Letter {n}") for n in range(3)]
        self.import_templates()
        before = self.template(remotes[0]).write_date
        self.sandbox.monitor.clear()
        self.assertEqual(self.counts(self.import_templates()), (0, 0, 3, 0, 0))
        self.assertEqual(self.template(remotes[0]).write_date, before)
        # Two lists, and nothing about the three templates themselves.
        self.assertEqual(len(self.asked()), 2)

    def test_changed_in_mailchimp(self):
        remote = self.add_template()
        self.import_templates()
        html = HTML.replace("Dear reader", "Dear friend")
        self.put_there(remote, name="Long letter", html=html)
        run = self.import_templates()
        template = self.template(remote)
        self.assertEqual(template.name, "Long letter")
        self.assertEqual(template.sections["title"], "Dear friend")
        self.assertFalse(template.remote_changed, "nothing of Odoo's is in question")
        self.assertEqual(self.counts(run), (0, 1, 0, 0, 0))

    def test_deleted_in_mailchimp(self):
        remote, kept = self.add_template(), self.add_template("Kept")
        self.import_templates()
        template = self.template(remote)
        remote.active = False
        run = self.import_templates()
        self.assertTrue(template.gone)
        self.assertFalse(template.active)
        self.assertTrue(self.template(kept).active)
        self.assertIn("deleted in Mailchimp", template.message_ids[0].body)
        self.assertEqual(self.counts(run), (0, 1, 1, 0, 0))
        # It is said once, and it may come back.
        self.assertFalse(self.import_templates().line_ids)
        remote.active = True
        self.import_templates()
        self.assertTrue(template.active)
        self.assertFalse(template.gone)

    def test_deleted_for_good(self):
        remote = self.add_template()
        self.import_templates()
        del self.remote_account.templates[remote.id]
        run = self.import_templates()
        self.assertTrue(self.template(remote).gone)
        [line] = run.line_ids
        self.assertEqual(
            (line.name, line.state, line.code), ("Letter", "notice", "gone")
        )

    def test_archived_in_odoo_stays_archived(self):
        remote = self.add_template()
        self.import_templates()
        self.template(remote).action_archive()
        self.put_there(remote, name="Renamed")
        self.import_templates()
        template = self.template(remote)
        self.assertEqual((template.name, template.active), ("Renamed", False))

    def test_folders_are_of_two_kinds(self):
        self.add_folder("Letters")
        self.add_folder("Autumn", "campaign")
        self.import_templates()
        folders = self.env["mailchimp.folder"].search([])
        self.assertEqual(folders.mapped("name"), ["Letters"])
        self.import_campaigns()
        self.import_templates()
        folders = self.env["mailchimp.folder"].search([])
        self.assertEqual(set(folders.mapped("kind")), {"template", "campaign"})
        self.remote_account.folders.clear()
        self.import_templates()
        self.assertEqual(
            self.env["mailchimp.folder"].search([]).mapped("kind"), ["campaign"]
        )

    def test_more_than_a_page(self):
        for number in range(1003):
            self.add_template(f"Letter {number}", html="<p></p>")
        self.later()
        run = self.import_templates()
        self.assertEqual(self.counts(run), (1003, 0, 0, 0, 0))
        self.assertEqual(run.total, 1003)
        pages = [r for r in self.sandbox.requests if r.path == "/templates"]
        self.assertEqual(len(pages), 2)
        found = self.env["mailchimp.template"].search_count([("to_read", "=", False)])
        self.assertEqual(found, 1003)

    def test_sections_that_cannot_be_read_are_named(self):
        remotes = [self.add_template(f"Letter {n}") for n in range(4)]
        path = f"GET /templates/{remotes[1].id}/default-content"
        self.sandbox.faults.inject("500_problem", times=None, match=path)
        run = self.import_templates()
        self.again()
        self.assertEqual(run.state, "done")
        [line] = run.line_ids
        self.assertEqual((line.name, line.state), ("Letter 1", "failed"))
        self.assertIn("could not be read", line.reason)
        read = [bool(self.template(remote).sections) for remote in remotes]
        self.assertEqual(read, [True, False, True, True])
        self.sandbox.faults.clear()
        self.import_templates()
        self.assertTrue(self.template(remotes[1]).sections)

    def test_asked_twice(self):
        self.add_template("base", kind="base")
        first = self.account._start_import_templates("user", 5)
        second = self.account._start_import_templates("user", 5, ("user", "base"))
        self.assertEqual(first, second)
        self.run_jobs()
        self.env.invalidate_all()
        self.assertEqual((first.state, first.created), ("done", 1))

    def test_odd_values(self):
        remote = self.add_template(name="", category="x" * 20000, html="\x00<p>")
        remote.thumbnail = "javascript:alert(1)"
        odd = self.add_template("Odd")
        odd.id = None
        run = self.import_templates()
        [line] = run.line_ids
        self.assertEqual((run.skipped, line.state, line.name), (1, "skipped", "Odd"))
        template = self.template(remote)
        self.assertEqual(template.name, str(remote.id))
        self.assertFalse(template.thumbnail)

    def test_other_companies(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        remote_account = self.sandbox.add_account(OTHER_KEY)
        account = self.new_account("Other", OTHER_KEY, company_id=other.id)
        remote = self.add_template(account=remote_account)
        mine = self.add_template("Mine")
        self.import_templates(account=account)
        self.import_templates()
        self.assertEqual(self.template(remote).company_id, other)
        user = new_test_user(self.env, "mc_here", groups=USER)
        found = self.env["mailchimp.template"].with_user(user).search([])
        self.assertEqual(found.mapped("mailchimp_id"), [str(mine.id)])
        # An import of one account does not touch those of another.
        self.remote_account.templates.clear()
        self.import_templates()
        self.assertTrue(self.template(remote).active)
        folder = self.env["mailchimp.folder"].create(
            {"account_id": account.id, "kind": "template", "name": "F"}
            | {"mailchimp_id": "f"}
        )
        with self.assertRaises(ValidationError):
            self.template(mine).folder_id = folder

    def test_what_mailchimp_says_is_not_for_people_to_write(self):
        remote = self.add_template()
        self.import_templates()
        user = new_test_user(self.env, "mc_forger", groups=USER)
        template = self.template(remote).with_user(user)
        for vals in (
            {"mailchimp_id": "1"},
            {"sections": {"a": "b"}},
            {"remote_values": {}},
            {"to_push": False},
            {"gone": True},
            {"account_id": self.account.id},
        ):
            with self.subTest(vals), self.assertRaises(AccessError):
                template.write(vals)
        forged = {"default_mailchimp_id": str(remote.id), "default_type": "base"}
        made = template.with_context(**forged).create({"name": "Forged"})
        self.assertEqual((made.mailchimp_id, made.type), (False, "user"))

    def test_screens_open_for_users(self):
        self.add_template()
        self.import_templates()
        user = new_test_user(self.env, "mc_looks", groups=f"base.group_user,{USER}")
        templates = self.env["mailchimp.template"].with_user(user)
        views = templates.get_views(
            [(False, kind) for kind in ("kanban", "list", "form", "search")]
        )["views"]
        for kind in ("kanban", "list"):
            arch = etree.fromstring(views[kind]["arch"])
            names = arch.xpath("//field[not(ancestor::field)]/@name")
            found = templates.web_search_read([], {name: {} for name in names})
            self.assertEqual(found["length"], 1)
        self.assertEqual(Form(templates.search([])).name, "Letter")
        form = Form(templates)
        form.name = "New"
        form.html = HTML
        template = form.save()
        self.assertEqual(template.account_id, self.account, "there is just one")
        self.assertTrue(template.to_push)
