"""Converters from Odoo to Mailchimp."""

from datetime import date, datetime

from odoo.tests import BaseCase, tagged

from odoo.addons.mailchimp_connector.tools import outgoing
from odoo.addons.mailchimp_connector.tools.outgoing import converter
from odoo.addons.mailchimp_connector.tools.outgoing_text import Unfit

ADDRESS = {
    "street": "1 Main Street",
    "street2": None,
    "city": "Springfield",
    "zip": "01101",
    "state_id": {"code": "MA", "name": "Massachusetts"},
    "country_id": {"code": "US", "name": "United States"},
}


@tagged("post_install", "-at_install")
class TestOutgoing(BaseCase):
    """What values of Odoo become."""

    def check(self, convert, table):
        """Check {value: expected}; an expected code means that it does not fit."""
        for value, expected in table:
            with self.subTest(value=value):
                if isinstance(expected, Unfit):
                    with self.assertRaises(Unfit) as caught:
                        convert(value)
                    self.assertEqual(caught.exception.code, expected.code)
                    self.assertEqual(caught.exception.value, expected.value)
                else:
                    found = convert(value)
                    self.assertEqual(found, expected)
                    self.assertIs(type(found), type(expected))

    def test_text(self):
        cut = Unfit("too_long", "", "ä" * 127)
        self.check(
            converter("char", "text"),
            [
                ("Ann", "Ann"),
                (" Ann ", "Ann"),
                (None, ""),
                ("", ""),
                ("x" * 255, "x" * 255),
                ("ä" * 127, "ä" * 127),
                ("ä" * 128, cut),
                ("😀" * 64, Unfit("too_long", "", "😀" * 63)),
            ],
        )

    def test_other_types_as_text(self):
        for odoo_type, table in {
            "html": [("<p>Hello<br>you &amp; me</p>", "Hello you & me"), (None, "")],
            "boolean": [(True, "Yes"), (False, "No"), (None, "No")],
            "integer": [(5, "5"), (0, "0"), (None, "0")],
            "float": [(0.1 + 0.2, "0.3"), (5.0, "5"), (-1.5, "-1.5")],
            "monetary": [(12.5, "12.50"), (None, "0.00")],
            "date": [(date(1990, 2, 28), "1990-02-28"), (None, "")],
            "many2many": [(["A", "B"], "A, B"), ([], "")],
        }.items():
            self.check(converter(odoo_type, "text"), table)

    def test_moments_are_local(self):
        late = datetime(2024, 12, 31, 23, 30)
        for type_, expected in {
            "text": "2025-01-01 00:30",
            "date": "2025-01-01",
            "birthday": "01/01",
        }.items():
            convert = converter("datetime", type_, tz="Europe/Berlin")
            self.check(convert, [(late, expected), (None, "")])

    def test_number(self):
        self.check(
            converter("char", "number"),
            [
                ("5", 5),
                ("5.5", 5.5),
                ("", ""),
                ("five", Unfit("unfit", "")),
                ("nan", Unfit("unfit", "")),
                ("inf", Unfit("unfit", "")),
            ],
        )
        self.check(
            converter("float", "number"), [(0.1 + 0.2, 0.3), (5.0, 5), (None, 0)]
        )
        self.check(converter("boolean", "number"), [(True, 1), (False, 0), (None, 0)])

    def test_date(self):
        self.check(
            converter("char", "date"),
            [("2024-02-29", "2024-02-29"), ("", ""), ("29.2.2024", Unfit("unfit", ""))],
        )
        self.check(converter("date", "date"), [(date(24, 2, 9), "0024-02-09")])

    def test_birthday(self):
        self.check(
            converter("date", "birthday"), [(date(2024, 2, 29), "02/29"), (None, "")]
        )
        self.check(
            converter("char", "birthday"),
            [
                ("2/9", "02/09"),
                ("02/29", "02/29"),
                ("1990-02-28", "02/28"),
                ("", ""),
                ("31/12", Unfit("unfit", "")),
                ("1990-02-30", Unfit("unfit", "")),
                ("soon", Unfit("unfit", "")),
            ],
        )

    def test_phone(self):
        self.check(
            converter("char", "phone"), [("+49 30 1234", "+49 30 1234"), (None, "")]
        )
        self.check(
            converter("char", "phone", american=True),
            [
                ("(555) 123-4567", "555-123-4567"),
                ("+1 555 123 4567", "555-123-4567"),
                ("", ""),
                ("+49 30 1234", Unfit("unfit", "")),
            ],
        )

    def test_zip(self):
        self.check(
            converter("char", "zip"),
            [
                ("01101", "01101"),
                ("01101-1234", "01101"),
                ("", ""),
                ("SW1A 1AA", Unfit("unfit", "")),
                ("1234", Unfit("unfit", "")),
            ],
        )

    def test_url(self):
        for type_ in ("url", "imageurl"):
            self.check(
                converter("char", type_),
                [
                    ("www.a.example/b", "https://www.a.example/b"),
                    ("http://a.example", "http://a.example"),
                    ("HTTPS://a.example", "HTTPS://a.example"),
                    ("", ""),
                    ("javascript:alert(1)", Unfit("unfit", "")),
                    ("ftp://a.example", Unfit("unfit", "")),
                    ("nowhere", Unfit("unfit", "")),
                    ("a b.example", Unfit("unfit", "")),
                ],
            )

    def test_choice(self):
        self.check(
            converter("char", "dropdown", choices=["Red", "Dark Blue"]),
            [
                ("Red", "Red"),
                ("dark blue", "Dark Blue"),
                (None, ""),
                ("Green", Unfit("bad_choice", "")),
            ],
        )
        self.check(
            converter("boolean", "radio", choices=["ON", "off"]),
            [(True, "ON"), (False, "off")],
        )
        self.check(
            converter(
                "selection", "radio", labels={"m": "Monthly"}, choices=["MONTHLY"]
            ),
            [("m", "MONTHLY"), (None, ""), ("x", Unfit("bad_choice", ""))],
        )
        self.check(
            converter("char", "radio"), [("Red", Unfit("bad_choice", "")), ("", "")]
        )

    def test_address(self):
        whole = {
            "addr1": "1 Main Street",
            "addr2": "",
            "city": "Springfield",
            "state": "MA",
            "zip": "01101",
            "country": "US",
        }
        empty = dict.fromkeys(ADDRESS)
        self.check(outgoing.from_address, [(ADDRESS, whole), (empty, ""), (None, "")])
        for name in ADDRESS.keys() - {"street2"}:
            with self.assertRaises(Unfit) as caught:
                outgoing.from_address({**ADDRESS, name: None})
            self.assertEqual(caught.exception.code, "incomplete_address")
            self.assertEqual(caught.exception.shown, [name])
            self.assertIsNone(caught.exception.value)
        with self.assertRaises(Unfit):
            outgoing.from_address({**empty, "street2": "c/o Bob"})
        with self.assertRaises(Unfit):
            outgoing.from_address({**ADDRESS, "city": "  "})

    def test_every_type_takes_every_other_without_falling_over(self):
        samples = {
            "boolean": [True, None],
            "char": ["x", None],
            "date": [date(2024, 1, 31), None],
            "datetime": [datetime(2024, 1, 31), None],
            "float": [1.5, None],
            "html": ["<p>x</p>", None],
            "integer": [1, None],
            "many2many": [["x"], []],
            "monetary": [1.5, None],
            "selection": ["x", None],
            "text": ["x", None],
        }
        types = "text number phone date url imageurl radio dropdown birthday zip other"
        for odoo_type, values in samples.items():
            for type_ in types.split():
                convert = converter(odoo_type, type_)
                for value in values:
                    with self.subTest(odoo_type=odoo_type, type=type_, value=value):
                        try:
                            self.assertIsInstance(convert(value), (str, int, float))
                        except Unfit:
                            self.assertTrue(value or odoo_type in ("boolean", *NUMBERS))


NUMBERS = ("integer", "float", "monetary")
