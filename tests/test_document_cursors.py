"""Two at once with templates: real transactions, one template in the end."""

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mailchimp_connector.exceptions import MailchimpRetryLater
from odoo.addons.mailchimp_connector.sandbox.campaign import Template

from .cursor_common import TwoPeopleCase
from .document_common import HTML
from .patience import wait_until


@tagged("post_install", "-at_install")
class TestDocumentCursors(TwoPeopleCase):
    def setUp(self):
        super().setUp()
        self.traces = {
            "mail_message": ("model", "mailchimp.template"),
            **self.traces,
        }

    def new(self, **vals):
        """Write a template in Odoo, and commit it."""
        values = {"account_id": self.account.id, "name": "Letter", "html": HTML}
        template = self.world["mailchimp.template"].create({**values, **vals})
        self.world.cr.commit()
        return template

    def test_two_save_the_same(self):
        self.save_at_once(self.new())
        self.assertEqual(len(self.remote_account.templates), 1)

    def test_forgotten_by_a_crash(self):
        """It was created, and Odoo lost its transaction: the next save finds it."""
        template = self.seen_by(self.new())
        template.action_push()
        template.env.cr.rollback()
        self.assertFalse(template.mailchimp_id)
        template.action_push()
        template.env.cr.commit()
        self.assertEqual(
            list(self.remote_account.templates), [int(template.mailchimp_id)]
        )

    def test_saved_while_an_import_has_read_it(self):
        """What was read ahead of time does not undo what was saved meanwhile."""
        for number in range(4):
            letter = Template(self.remote_account, f"Letter {number}", HTML)
            self.remote_account.templates[letter.id] = letter
        env = self.session()
        for _step in self.import_of(env):
            env.cr.commit()
        last = self.world["mailchimp.template"].search([], order="id desc", limit=1)
        reading = self.import_of(env)
        next(reading)
        env.cr.commit()
        wait_until(lambda: self.pages_read() > 1)  # it reads ahead
        last.write({"name": "Odoo's", "html": "<p>Odoo's</p>"})
        last.action_push()
        self.world.cr.commit()
        for _step in reading:
            env.cr.commit()
        self.world.invalidate_all()
        self.assertEqual(last.name, "Odoo's")
        self.assertFalse(last.to_push)
        self.assertFalse(last.remote_changed)

    def test_imported_while_it_is_being_saved(self):
        """An import that lists it before Odoo has heard of it makes no second one."""
        saver = self.seen_by(self.new())
        saver.action_push()
        env = self.session()
        with self.assertRaises(MailchimpRetryLater) as refused:
            list(self.import_of(env))
        self.assertEqual(refused.exception.status, 409, "no reason to pause anything")
        env.cr.rollback()
        saver.env.cr.commit()
        for _step in self.import_of(env):
            env.cr.commit()
        self.world.cr.rollback()
        found = self.world["mailchimp.template"].search([])
        self.assertEqual(len(found), 1)
        self.assertFalse(found.to_push)

    def test_two_import_the_same(self):
        letter = Template(self.remote_account, "Letter", HTML)
        self.remote_account.templates[letter.id] = letter
        first, second = self.session(), self.session()
        second["mailchimp.template"].search([])  # and its transaction has begun
        for _step in self.import_of(first):
            first.cr.commit()
        with self.assertRaises(MailchimpRetryLater), mute_logger("odoo.sql_db"):
            list(self.import_of(second))
        second.cr.rollback()
        for _step in self.import_of(second):
            second.cr.commit()
        self.world.cr.rollback()
        self.assertEqual(self.world["mailchimp.template"].search_count([]), 1)

    def import_of(self, env):
        """Begin an import by two a page."""
        self.sandbox.monitor.clear()
        model = self.registry["mailchimp.template"]
        pages = model._pages
        self.startPatcher(
            patch.object(
                model,
                "_pages",
                lambda self, gateway, offset, **params: pages(
                    self, gateway, offset, **{"count": 2, **params}
                ),
            )
        )
        account = env["mailchimp.account"].browse(self.account.id)
        run = env["mailchimp.run"]._open_run(account, "templates", "user")
        return account._job_import_templates(run.id, ["user"])

    def pages_read(self):
        """Count the pages that were asked for."""
        return sum(1 for r in self.sandbox.requests if r.path == "/templates")
