"""Two at once with templates: real transactions, one template in the end."""

import time
from unittest.mock import patch

import psycopg2.errors

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mailchimp_connector.exceptions import MailchimpRetryLater
from odoo.addons.mailchimp_connector.sandbox import Sandbox
from odoo.addons.mailchimp_connector.sandbox.campaign import Template

from .common import KEY
from .document_common import HTML
from .job_common import CommittingJobCase


@tagged("post_install", "-at_install")
class TestDocumentCursors(CommittingJobCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = Sandbox()
        cls.sandbox.start()
        cls.addClassCleanup(cls.sandbox.stop)

    def setUp(self):
        super().setUp()
        self.sandbox.reset()
        self.remote_account = self.sandbox.add_account(KEY)
        self.account.write({"api_key": KEY, "base_url": self.sandbox.url})
        self.account.action_test_connection()
        self.traces = {
            "mail_message": ("model", "mailchimp.template"),
            **self.traces,
        }
        self.world.cr.commit()

    def new(self, **vals):
        """Write a template in Odoo, and commit it."""
        values = {"account_id": self.account.id, "name": "Letter", "html": HTML}
        template = self.world["mailchimp.template"].create({**values, **vals})
        self.world.cr.commit()
        return template

    def seen_by(self, template):
        """Return a template as somebody else sees it, whose transaction has begun."""
        found = self.session()["mailchimp.template"].browse(template.id)
        self.assertTrue(found.to_push)
        return found

    def test_two_save_the_same(self):
        template = self.new()
        first, second = self.seen_by(template), self.seen_by(template)
        first.lock_for_update()
        with self.assertRaisesRegex(UserError, "Somebody else"):
            second.action_push()
        first.action_push()
        first.env.cr.commit()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.SerializationFailure),
        ):
            second.action_push()
        second.env.cr.rollback()
        second.action_push()
        second.env.cr.commit()
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
        self.wait_for_pages(2)
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

    def wait_for_pages(self, number):
        """Wait until so many pages were read, by the threads that do so."""
        for _round in range(500):
            lists = [r for r in self.sandbox.requests if r.path == "/templates"]
            if len(lists) >= number:
                return
            time.sleep(0.01)
        self.fail("Nothing is read ahead")
