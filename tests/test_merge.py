"""Three-way merge of one value: every case, and what holds for all of them."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.mailchimp_connector.tools.merge import plain, settle

RULES = ("odoo", "mailchimp", "newest", "if_empty", "ask")
EMPTY = st.sampled_from(["", False, None, {}, {"addr1": "", "city": ""}])
FULL = st.sampled_from(["a", "b", 1, 2.5, {"city": "Ulm"}, {"city": "Ulm", "zip": ""}])
VALUES = st.one_of(EMPTY, FULL)
# A busy machine is no failure.
law = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


@tagged("post_install", "-at_install")
class TestMerge(BaseCase):
    """Three-way merge: every case of who changed what."""

    def assertSettled(self, cases, *rules, **options):
        for (base, odoo, mailchimp), expected in cases.items():
            for rule, verdict in zip(rules, expected, strict=True):
                with self.subTest(rule, base=base, odoo=odoo, mailchimp=mailchimp):
                    self.assertEqual(
                        settle(base, odoo, mailchimp, rule, **options), verdict
                    )

    def test_one_side_changed(self):
        cases = {
            ("a", "a", "a"): "same",
            ("a", "b", "b"): "same",
            ("a", "b", "a"): "odoo",
            ("a", "a", "c"): "mailchimp",
            (None, False, "c"): "mailchimp",
            (None, "b", ""): "odoo",
            ("a", False, "a"): "odoo",
            ("a", "a", ""): "mailchimp",
            ("", False, None): "same",
            (5, 0, 5): "odoo",
        }
        rules = ("odoo", "mailchimp", "newest", "ask")
        cases = {sides: [verdict] * 4 for sides, verdict in cases.items()}
        self.assertSettled(cases, *rules)
        self.assertSettled(cases, *rules, odoo_is_newer=True)

    def test_both_sides_changed(self):
        cases = dict.fromkeys(
            [
                ("a", "b", "c"),
                (None, "b", "c"),
                ("a", False, "c"),
                ("a", "b", ""),
            ],
            ("odoo", "mailchimp", "ask"),
        )
        self.assertSettled(cases, "odoo", "mailchimp", "ask")
        self.assertEqual(settle("a", "b", "c", "newest", odoo_is_newer=True), "odoo")
        self.assertEqual(settle("a", "b", "c", "newest"), "mailchimp")

    def test_only_if_empty(self):
        cases = {
            (None, False, "c"): "mailchimp",
            (None, "b", ""): "odoo",
            (None, "b", "c"): "same",
            ("a", "b", "a"): "same",
            ("a", "a", "c"): "same",
            ("a", "b", "c"): "same",
            # Emptied on purpose: neither refilled nor taken over.
            ("a", False, "a"): "same",
            ("a", "a", ""): "same",
            # Emptied here, changed there.
            ("a", False, "c"): "mailchimp",
            ("a", "b", ""): "odoo",
        }
        self.assertSettled({k: [v] for k, v in cases.items()}, "if_empty")

    def test_parts_of_an_address(self):
        held = {"addr1": "1 Main", "addr2": "", "city": "Ulm"}
        self.assertEqual(
            settle(None, {"addr1": "1 Main", "city": "Ulm"}, held, "ask"), "same"
        )
        self.assertEqual(settle(held, {"addr2": ""}, held, "mailchimp"), "odoo")


@tagged("post_install", "-at_install")
class TestMergeLaws(BaseCase):
    """What holds whatever the values and the rule."""

    @law
    @given(VALUES, VALUES, st.sampled_from(RULES), st.booleans())
    def test_no_lone_change_is_lost(self, base, new, rule, newer):
        """It travels, or (only if empty) stands where it was made: never undone."""
        for sides, mine in (((new, base), "odoo"), ((base, new), "mailchimp")):
            verdict = settle(base, *sides, rule, odoo_is_newer=newer)
            if plain(base) == plain(new):
                self.assertEqual(verdict, "same")
            elif rule == "if_empty" and plain(base):
                self.assertEqual(verdict, "same")
            else:
                self.assertEqual(verdict, mine)

    @law
    @given(VALUES, VALUES, VALUES, st.sampled_from(RULES), st.booleans())
    def test_what_was_settled_stays_settled(self, base, odoo, chimp, rule, newer):
        verdict = settle(base, odoo, chimp, rule, odoo_is_newer=newer)
        self.assertIn(verdict, ("same", "odoo", "mailchimp", "ask"))
        if verdict in ("odoo", "mailchimp"):
            agreed = odoo if verdict == "odoo" else chimp
            for known in (base, agreed):
                self.assertEqual(settle(known, agreed, agreed, rule), "same")
        again = settle(base, odoo, chimp, rule, odoo_is_newer=newer)
        self.assertEqual(again, verdict)

    @law
    @given(VALUES, VALUES, VALUES, st.booleans())
    def test_both_sides_are_treated_alike(self, base, odoo, chimp, newer):
        """With the sides and the rule swapped, the verdict is swapped."""
        swapped = {"odoo": "mailchimp", "mailchimp": "odoo"}
        for rule in ("odoo", "mailchimp", "if_empty", "ask"):
            verdict = settle(base, odoo, chimp, rule)
            mirrored = settle(base, chimp, odoo, swapped.get(rule, rule))
            self.assertEqual(mirrored, swapped.get(verdict, verdict))
        verdict = settle(base, odoo, chimp, "newest", odoo_is_newer=newer)
        mirrored = settle(base, chimp, odoo, "newest", odoo_is_newer=not newer)
        self.assertEqual(mirrored, swapped.get(verdict, verdict))

    @law
    @given(VALUES, VALUES, VALUES, st.sampled_from(RULES), st.booleans())
    def test_a_person_is_asked_only_where_both_moved(self, base, a, b, rule, newer):
        if settle(base, a, b, rule, odoo_is_newer=newer) == "ask":
            self.assertEqual(rule, "ask")
            self.assertEqual(len({repr(plain(value)) for value in (base, a, b)}), 3)

    @law
    @given(VALUES, VALUES, VALUES, st.booleans())
    def test_only_if_empty_replaces_nothing(self, base, odoo, chimp, newer):
        verdict = settle(base, odoo, chimp, "if_empty", odoo_is_newer=newer)
        if verdict == "odoo":
            self.assertFalse(plain(chimp))
        elif verdict == "mailchimp":
            self.assertFalse(plain(odoo))
