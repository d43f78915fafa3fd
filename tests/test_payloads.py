"""Answers that are JSON and yet not what Mailchimp documents."""

from unittest.mock import patch

import orjson

from odoo.tests import tagged

from ..sandbox.app import Application
from .common import MailchimpCase

ODD = (None, -1.5, [None], {"a": "\0"}, "漢\0" * 6000)
AUDIENCE = ("id", "name", "web_id", "stats", "campaign_defaults", "date_created")
MEMBER = ("id", "contact_id", "email_address", "status", "tags", "interests", "web_id")
# path behind the audience -> name of the collection, fields of its items
COLLECTIONS = {
    "/merge-fields": ("merge_fields", ("merge_id", "tag", "name", "type", "options")),
    "/segments": ("segments", ("id", "name", "type", "member_count")),
    "/interest-categories": ("categories", ("title", "type", "display_order")),
    "/members": ("members", (*MEMBER, "merge_fields", "last_changed", "tags_count")),
}


@tagged("post_install", "-at_install")
class TestOddAnswers(MailchimpCase):
    """One odd record does not keep the others out; an odd answer proves nothing."""

    def setUp(self):
        super().setUp()
        for name in ("odd", "ann"):
            self.remote.add_member(f"{name}@a.example", tags=["VIP"])
        self.remote.add_interests("Topics", ["News"])
        self.import_audiences()
        self.bend, self.bent = None, set()
        answer = Application.__call__

        def bent(application, incoming):
            given = answer(application, incoming)
            if self.bend and given.status == 200 and given.body:
                path = incoming.path.removeprefix("/3.0")
                given.body = orjson.dumps(self.bend(path, orjson.loads(given.body)))
            return given

        self.startPatcher(patch.object(Application, "__call__", bent))

    def set_in(self, places, value):
        """Let answers have an odd value, and remember in ``bent`` which ones had it.

        :param places: {path behind the server: keys that lead to the value}
        """
        self.bent = set()

        def bend(path, document):
            *keys, last = places.get(path, (None,))
            part = document if path in places else None
            for key in keys:
                part = part and part[key]
            if part:
                part[last] = value
                self.bent.add(path)
            return document

        self.bend = bend

    def in_collections(self, *keys):
        """Return places in the first record of each collection, for `set_in`.

        :param keys: callable(fields) -> key each
        """
        return {
            f"/lists/{self.remote.id}{path}": (name, 0, *(key(fields) for key in keys))
            for path, (name, fields) in COLLECTIONS.items()
        }

    def run_everything(self):
        """Import all and fetch all anew, as if nobody had before."""
        self.env["mailchimp.job"].search([]).unlink()
        self.env["mailchimp.run"].search([]).unlink()
        self.env["mailchimp.member"].search([]).fingerprint = False
        self.account.paused_until = False
        self.account._start_import_audiences("user", 5)
        self.audience()._start_fetch("user", 5, full=True)
        self.later()
        self.run_jobs()
        self.env.invalidate_all()
        return set(self.env["mailchimp.job"].search([]).mapped("state"))

    def test_odd_fields_of_records(self):
        """One field of each collection at a time: none of them spoils another."""
        for number in range(max(len(fields) for _name, fields in COLLECTIONS.values())):
            places = self.in_collections(lambda f, n=number: f[n % len(f)])
            for value in ODD:
                with self.subTest(places=places.values(), value=repr(value)[:20]):
                    self.set_in(places, value)
                    self.assertEqual(self.run_everything(), {"done"})
                    self.assertEqual(self.bent, set(places))
                    self.assertTrue(self.member("ann@a.example"))

    def test_odd_fields_of_audiences(self):
        for field in AUDIENCE:
            for value in ODD:
                with self.subTest(field=field, value=repr(value)[:20]):
                    self.set_in({"/lists": ("lists", 0, field)}, value)
                    self.assertEqual(self.run_everything(), {"done"})
                    self.assertTrue(self.audience().active or field == "id")
                    self.audience().active = True

    def test_odd_records(self):
        for value in ODD:
            with self.subTest(value=repr(value)[:20]):
                places = self.in_collections()
                self.set_in(places, value)
                self.assertEqual(self.run_everything(), {"done"})
                self.assertEqual(self.bent, set(places))

    def test_odd_pages_are_asked_for_again(self):
        for odd in (None, "x", 1, {}, [], {"lists": None, "total_items": 1}):
            with self.subTest(odd=odd):
                self.bend = lambda path, doc, odd=odd: odd if path == "/lists" else doc
                self.assertIn("pending", self.run_everything())
                self.assertTrue(self.audience().active)

    def test_audiences_that_a_short_answer_leaves_out_are_not_gone(self):
        self.set_in({"/lists": ("lists",)}, [])
        self.run_everything()
        self.assertTrue(self.audience().active)

    def test_empty_answer_about_a_member_forgets_nobody(self):
        member = self.member("ann@a.example")
        for odd in ({}, [], None, {"title": "?"}):
            with self.subTest(odd=odd):
                where = f"/lists/{self.remote.id}/members/{member.subscriber_hash}"
                self.bend = lambda path, doc, w=where, o=odd: o if path == w else doc
                self.env["mailchimp.job"].search([]).unlink()
                self.account.paused_until = False
                self.audience()._enqueue_refresh([member.subscriber_hash])
                self.run_jobs()
                self.env.invalidate_all()
                self.assertFalse(member.forgotten)
                self.assertEqual(member.status, "subscribed")
