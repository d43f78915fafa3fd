"""Members from Odoo to Mailchimp, against the sandbox over real HTTP."""

from odoo.tests import tagged

from .push_common import PushCase


@tagged("post_install", "-at_install")
class TestPush(PushCase):
    """Edits arrive, and only what differs travels."""

    def setUp(self):
        super().setUp()
        self.remote.add_member(
            "ann@a.example", merge_fields={"FNAME": "Ann", "LNAME": "Lee"}
        )
        self.import_audiences()

    def test_first_name_arrives(self):
        self.contact("ann@a.example").first_name = "Anna"
        self.later()
        before = len(self.sandbox.requests)
        self.drive()
        self.assertEqual(self.there("ann@a.example").merges["FNAME"], "Anna")
        [request] = self.writes(before)
        self.assertEqual(request.method, "PATCH")
        self.assertEqual(request.json, {"merge_fields": {"FNAME": "Anna"}})
        member = self.member("ann@a.example")
        self.assertEqual(member.sync_state, "synced")
        self.assertEqual(member.merge_values["FNAME"], "Anna")
        self.assertWellFormed()
