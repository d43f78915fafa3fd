"""What is decided without Mailchimp: steps, requests and reasons."""

from odoo.tests import BaseCase, tagged

from ..tools.push import Policy, is_relay, plan
from ..tools.push_requests import bulk_entry, check_status, operations, put_body
from ..tools.reasons import code_of, is_temporary

HELD = {
    "id": 1,
    "status": "subscribed",
    "forgotten": False,
    "email": "ann@a.example",
    "subscriber_hash": "aa",
    "remote_contact_id": "cc",
    "fingerprint": "ff",
    "last_changed": None,
    "opt_out_by": None,
    "listed_out": False,
    "blacklisted": False,
    "merge_values": {"FNAME": "Ann", "LNAME": "Lee"},
    "base_values": None,
    "language": "",
    "vip": False,
    "tags": ["Blue"],
    "interests": ["wine"],
    "marketing_permissions": None,
    "contact_id": 7,
    "partner_id": None,
    "odoo_is_newer": False,
}
ROW = {
    "member_id": 1,
    "email": "ann@a.example",
    "merge_fields": {},
    "tags": {},
    "interests": {},
    "language": None,
    "vip": None,
    "marketing_permissions": None,
    "problems": [],
}
POLICY = Policy("subscribed", {})
STATUSES = (
    "subscribed",
    "unsubscribed",
    "cleaned",
    "pending",
    "transactional",
    "archived",
)


def step_of(held=None, row=None, **policy):
    return plan(
        {**HELD, **(held or {})}, {**ROW, **(row or {})}, POLICY._replace(**policy)
    )


@tagged("post_install", "-at_install")
class TestPushTools(BaseCase):
    def test_no_update_says_anything_about_a_status(self):
        row = {"merge_fields": {"FNAME": "Anna"}, "tags": {"Gold": True}, "vip": True}
        for status in STATUSES:
            step = step_of({"status": status}, row)
            self.assertNotIn("status", step.body)
            self.assertEqual(step.action, "skip" if status == "archived" else "update")

    def test_who_is_out_in_odoo_is_unsubscribed_and_nothing_else(self):
        for out in (
            {"opt_out_by": "odoo"},
            {"blacklisted": True},
            {"listed_out": True},
        ):
            for status in STATUSES:
                step = step_of({"status": status, **out})
                marketed = status in ("subscribed", "pending")
                body = {"status": "unsubscribed"} if marketed else {}
                self.assertEqual(step.body, body, (out, status))

    def test_an_opt_out_of_mailchimp_is_not_told_to_mailchimp(self):
        out = {"opt_out_by": "mailchimp", "listed_out": True}
        self.assertEqual(step_of({**out, "status": "pending"}).action, "none")

    def test_an_opt_out_of_another_address_is_told_to_mailchimp(self):
        out = {"opt_out_by": "mailchimp", "listed_out": True}
        self.assertEqual(step_of({**out, "status": "subscribed"}).action, "unsubscribe")

    def test_who_is_out_is_never_created(self):
        for out in (
            {"opt_out_by": "odoo"},
            {"opt_out_by": "mailchimp"},
            {"blacklisted": True},
            {"listed_out": True},
            {"forgotten": True},
        ):
            step = step_of({"status": None, **out})
            self.assertEqual((step.action, step.body), ("skip", {}), out)

    def test_only_what_odoo_changed_is_sent(self):
        held = {"merge_values": {"FNAME": "Moss"}, "base_values": {"FNAME": "Ann"}}
        values = {"merge_fields": {"FNAME": "Ann"}}
        self.assertEqual(step_of(held, values).action, "none")
        values = {"merge_fields": {"FNAME": "Anna"}}
        for rule, sent in (("odoo", True), ("mailchimp", False), ("ask", False)):
            step = step_of(held, values, rules={"FNAME": rule})
            self.assertEqual(step.action == "update", sent, rule)

    def test_labels_differ(self):
        row = {
            "tags": {"Blue": False, "Gold": True, "Red": False},
            "interests": {"wine": True, "cheese": True},
        }
        step = step_of(row=row)
        self.assertEqual(step.body, {"interests": {"cheese": True}})
        self.assertEqual(
            step.tags,
            [
                {"name": "Blue", "status": "inactive"},
                {"name": "Gold", "status": "active"},
            ],
        )
        self.assertEqual(step.before["tags"], ["Blue"])
        self.assertEqual(step.after["tags"], ["Gold"])

    def test_a_problem_stops_an_update_but_no_opt_out(self):
        row = {"problems": [("bad_email", "Bad.", "Correct it.", True)]}
        self.assertEqual(step_of(row=row).code, "bad_email")
        step = step_of({"opt_out_by": "odoo"}, row)
        self.assertEqual(step.action, "unsubscribe")

    def test_requests_of_new_ones(self):
        row = {
            "merge_fields": {"FNAME": "Ann", "LNAME": ""},
            "tags": {"Gold": True, "Blue": False},
            "marketing_permissions": [
                {"marketing_permission_id": "p", "enabled": True}
            ],
        }
        step = step_of({"status": None}, row)
        self.assertEqual(
            bulk_entry(step),
            {
                "email_address": "ann@a.example",
                "status": "subscribed",
                "merge_fields": {"FNAME": "Ann"},
                "tags": ["Gold"],
            },
        )
        body = put_body(step)
        self.assertEqual(body["status_if_new"], "subscribed")
        self.assertNotIn("status", body)
        self.assertTrue(body["marketing_permissions"])

    def test_operations_of_who_moves_leave_the_tags_for_later(self):
        row = {"email": "anna@a.example", "tags": {"Gold": True}}
        found = operations(step_of(row=row), "L")
        self.assertEqual([operation["method"] for operation in found], ["PATCH"])
        found = operations(step_of(row={"tags": {"Gold": True}}), "L")
        self.assertEqual(found[0]["path"], "/lists/L/members/aa/tags")

    def test_the_guard_of_statuses(self):
        for action in ("update", "archive", "none"):
            with self.assertRaises(ValueError):
                check_status(action, {"status": "unsubscribed"})
        for status in ("subscribed", "cleaned"):
            for action in ("update", "unsubscribe", "opt_in"):
                with self.assertRaises(ValueError):
                    check_status(action, {"status": status})

    def test_relays(self):
        for email in ("x@privaterelay.appleid.com", "x@me.mozmail.com", "X@DUCK.COM"):
            self.assertTrue(is_relay(email), email)
        for email in ("x@appleid.com", "x@notduck.com", "x@a.example"):
            self.assertFalse(is_relay(email), email)

    def test_reasons(self):
        texts = {
            "Member In Compliance State": "compliance",
            "a@b.c was permanently deleted and cannot be re-imported.": "forgotten",
            "a@b.c looks fake or invalid, please enter a real one.": "fake_email",
            "Please provide a valid email address.": "bad_email",
            "a@b.c has signed up to a lot of lists very recently": "too_many_signups",
            "a@b.c is already a list member. Use PUT": "exists",
            "Something else": "rejected",
        }
        for text, code in texts.items():
            self.assertEqual(code_of(detail=text), code, text)
        self.assertEqual(code_of(row_code="ERROR_CONTACT_EXISTS"), "exists")
        german = [{"field": "LTV", "message": "Bitte eine Zahl."}]
        self.assertEqual(code_of("Invalid Resource", "", german), "unfit")
        empty = [{"field": "LTV", "message": "Please enter a value"}]
        self.assertEqual(code_of("Invalid Resource", "", empty), "required_missing")
        taken = '"a@b.c" is already in this list with a status of "Deleted".'
        errors = [{"field": "email address", "message": taken}]
        self.assertEqual(code_of("Invalid Resource", "", errors), "exists")

    def test_what_may_succeed_later(self):
        for status in (0, 401, 403, 408, 429, 500, 503):
            self.assertTrue(is_temporary(status, {"status": status}), status)
        self.assertTrue(is_temporary(404, "<html>"))
        self.assertFalse(is_temporary(404, {"status": 404}))
        self.assertFalse(is_temporary(400, {"status": 400}))
