"""The pure functions."""

from datetime import date, datetime

from odoo.tests import BaseCase, tagged

from odoo.addons.mailchimp_connector.tools import coerce
from odoo.addons.mailchimp_connector.tools.chains import cycles, depths
from odoo.addons.mailchimp_connector.tools.subscriber import (
    fingerprint,
    subscriber_hash,
)


@tagged("post_install", "-at_install")
class TestCoerce(BaseCase):
    """What Mailchimp sends, as Odoo takes it."""

    def assertMisfit(self, function, value, **options):
        """A value is refused, with a reason that is short enough to read."""
        with self.assertRaises(coerce.CoerceError) as caught:
            function(value, **options)
        self.assertLess(len(str(caught.exception)), 160)

    def test_email(self):
        same = ("ann@a.example", "ann+news@a.example", "ann@münchen.example")
        for email in same:
            self.assertEqual(coerce.normalize_email(email), email)
        self.assertEqual(coerce.normalize_email(" ANN@A.Example\n"), "ann@a.example")
        broken = (
            None,
            "",
            7,
            ["a@b.example"],
            "ann",
            "@a.example",
            "ann@",
            "a@@b.example",
            "not an address@@nowhere",
            "a b@c.example",
            "Ann <ann@a.example>",
            "a@b.example, c@d.example",
            "a\x00@b.example",
            "x" * 300 + "@a.example",
        )
        for email in broken:
            self.assertFalse(coerce.normalize_email(email), email)

    def test_datetime(self):
        moment = datetime(2024, 2, 29, 12, 30)
        for text in ("2024-02-29T12:30:00+00:00", "2024-02-29T12:30:00Z"):
            self.assertEqual(coerce.parse_datetime(text), moment)
        self.assertEqual(coerce.parse_datetime("2024-02-29T14:30:00+02:00"), moment)
        for junk in ("", None, "yesterday", 12, ["x"], {}, "0001-01-01T00:00:00+05:00"):
            self.assertFalse(coerce.parse_datetime(junk), junk)

    def test_text(self):
        self.assertEqual(coerce.clean_text("a\x00b"), "ab")
        self.assertEqual(len(coerce.clean_text("x" * 65536)), coerce.MAX_TEXT)
        self.assertEqual(coerce.to_text(" Zoë 🦄 "), "Zoë 🦄")
        self.assertEqual(coerce.to_text(0), "0")
        address = {"addr1": "5 Harbour Street", "city": "Galway", "country": "IE"}
        self.assertEqual(coerce.to_text(address), "5 Harbour Street, Galway, IE")
        for empty in ("", None, False, {}, " "):
            self.assertIs(coerce.to_text(empty), False)
        nested = {"a\x00": ["b\x00", {"c": "d\x00"}, 1, None]}
        self.assertEqual(coerce.clean_json(nested), {"a": ["b", {"c": "d"}, 1, None]})

    def test_short_text_and_small_integer(self):
        self.assertEqual(coerce.short_text(5), "5")
        for empty in ("", None, [], {}, "\x00"):
            self.assertIsNone(coerce.short_text(empty))
        self.assertEqual(coerce.small_integer("12"), 12)
        for junk in ("many", None, [], 2**31, float("inf"), float("nan")):
            self.assertEqual(coerce.small_integer(junk), 0)

    def test_numbers(self):
        self.assertEqual(coerce.to_number("12.5"), 12.5)
        self.assertEqual(coerce.to_integer(12.9), 12)
        self.assertIs(coerce.to_number(""), False)
        self.assertEqual(coerce.to_integer(""), 0)
        for junk in ("twelve", "nan", "1e999", [1], "x" * 65536):
            self.assertMisfit(coerce.to_number, junk)
        self.assertMisfit(coerce.to_integer, "99999999999")

    def test_date(self):
        self.assertEqual(coerce.to_date("2024-02-29"), date(2024, 2, 29))
        self.assertEqual(coerce.to_date("2024-02-29T00:00:00+00:00"), date(2024, 2, 29))
        self.assertIs(coerce.to_date(""), False)
        for junk in ("02/29", "2023-02-29", "soon"):
            self.assertMisfit(coerce.to_date, junk)

    def test_boolean(self):
        for word in ("yes", "TRUE", 1, "on"):
            self.assertIs(coerce.to_boolean(word), True)
        for word in ("no", "False", 0, "", None):
            self.assertIs(coerce.to_boolean(word), False)
        self.assertMisfit(coerce.to_boolean, "perhaps")

    def test_relation_and_choice(self):
        ids = {"ireland": 7, "ie": 7}
        self.assertEqual(coerce.find_related(" Ireland ", ids), 7)
        self.assertEqual(coerce.find_related({"country": "IE"}, ids), 7)
        self.assertIs(coerce.find_related("", ids), False)
        self.assertMisfit(coerce.find_related, "Atlantis", ids=ids)
        choices = [("a", "First"), ("b", "Second")]
        self.assertEqual(coerce.find_choice("second", choices), "b")
        self.assertEqual(coerce.find_choice("A", choices), "a")
        self.assertIs(coerce.find_choice(None, choices), False)
        self.assertMisfit(coerce.find_choice, "Third", choices=choices)

    def test_address(self):
        countries, states = {"us": 1}, {(1, "ny"): 2}
        value = {"addr1": "1 Main", "city": "Albany", "state": "NY", "country": "US"}
        self.assertEqual(
            coerce.address_values(value, countries, states),
            {
                "street": "1 Main",
                "street2": False,
                "zip": False,
                "city": "Albany",
                "country_id": 1,
                "state_id": 2,
            },
        )
        elsewhere = dict(value, country="Atlantis")
        found = coerce.address_values(elsewhere, countries, states)
        self.assertEqual((found["country_id"], found["state_id"]), (False, False))
        for empty in ("", None, {}, {"addr1": "", "city": ""}):
            self.assertEqual(coerce.address_values(empty, countries, states), {})


@tagged("post_install", "-at_install")
class TestSubscriber(BaseCase):
    """Identity and fingerprints."""

    def test_hash_is_mailchimps(self):
        # https://mailchimp.com/developer/marketing/docs/methods-parameters/
        self.assertEqual(
            subscriber_hash(" Urist.McVankab@freddiesjokes.com "),
            "62eeb292278cc15f5817cb78f7790b08",
        )

    def test_fingerprint(self):
        data = {"a": 1, "b": {"c": [1, 2], "d": "é"}}
        self.assertEqual(
            fingerprint(data), fingerprint({"b": {"d": "é", "c": [1, 2]}, "a": 1})
        )
        self.assertNotEqual(fingerprint(data), fingerprint({**data, "a": 2}))


@tagged("post_install", "-at_install")
class TestChains(BaseCase):
    """Who waits for whom."""

    def test_circles(self):
        self.assertEqual(cycles({1: 2, 2: 3}), [])
        self.assertEqual(cycles({9: 1, 1: 2, 2: 1, 5: 6, 6: 5}), [[1, 2], [5, 6]])

    def test_depths(self):
        self.assertEqual(depths({1: 2, 2: 3, 7: 2}), {1: 2, 2: 1, 7: 2})
        circle = depths({9: 1, 1: 2, 2: 1})
        self.assertGreater(circle[9], circle[1])
        self.assertEqual(len(depths({n: n + 1 for n in range(10_000)})), 10_000)
