"""The body of a mailing in Mailchimp's words, and who gets a campaign."""

from odoo.tests import BaseCase, tagged

from ..tools import mailing_html, segment_opts


@tagged("post_install", "-at_install")
class TestMailingHtml(BaseCase):
    """A mailing in Mailchimp's words."""

    TAGS = {"name": "*|FNAME|* *|LNAME|*", "email": "*|EMAIL|*", "city": "*|CITY|*"}

    def converted(self, html):
        """Convert, where all can be said."""
        found = mailing_html.convert(html, self.TAGS, "https://odoo.test")
        self.assertEqual((found.unknown, found.logic), ([], []))
        return found.html

    def test_placeholders(self):
        for html, expected in (
            ('<t t-out="object.email"></t>!', "*|EMAIL|*!"),
            ('a<t t-out="object.email"/>b', "a*|EMAIL|*b"),
            (
                '<p>Hi <t t-esc="object.name"/>, you</p>',
                f"<p>Hi {self.TAGS['name']}, you</p>",
            ),
            (
                '<span t-out="object.city" style="color: red">x<b>y</b></span>',
                '<span style="color: red">'
                "*|IF:CITY|**|CITY|**|ELSE:|*xy*|END:IF|*</span>",
            ),
            (
                '<t t-out="object.city">your &amp; town</t>',
                "*|IF:CITY|**|CITY|**|ELSE:|*your &amp; town*|END:IF|*",
            ),
            (
                """<t t-out="object.city or 'Joe\\'s'"/>""",
                "*|IF:CITY|**|CITY|**|ELSE:|*Joe's*|END:IF|*",
            ),
            ("<p>{{ object.email }} and {{object.city ||| there}}</p>", None),
            (
                '<a t-attf-href="https://a.test/?e={{ object.email }}&amp;x=1">x</a>',
                '<a href="https://a.test/?e=*|EMAIL|*&amp;x=1">x</a>',
            ),
            (
                '<a href="https://a.test/?e={{ object.email }}">x</a>',
                '<a href="https://a.test/?e=*|EMAIL|*">x</a>',
            ),
        ):
            expected = expected or (
                "<p>*|EMAIL|* and *|IF:CITY|**|CITY|**|ELSE:|*there*|END:IF|*</p>"
            )
            self.assertEqual(self.converted(html), expected)

    def test_service_links(self):
        html = (
            '<a href="https://odoo.test/unsubscribe_from_list">u</a>'
            '<a href="/unsubscribe_from_list?x=1">u</a>'
            '<a href="https://odoo.test/view">v</a>'
            '<a href="https://other.test/view">o</a><a href="mailto:a@b.c">m</a>'
            '<a href="/">h</a><a href="?a=1">q</a><a href="#top">t</a>'
        )
        self.assertEqual(
            self.converted(html),
            '<a href="*|UNSUB|*">u</a><a href="*|UNSUB|*">u</a>'
            '<a href="*|ARCHIVE|*">v</a>'
            '<a href="https://other.test/view">o</a><a href="mailto:a@b.c">m</a>'
            '<a href="https://odoo.test/">h</a><a href="https://odoo.test/?a=1">q</a>'
            '<a href="#top">t</a>',
        )

    def test_addresses_get_a_host(self):
        for html, expected in (
            ('<img src="/a.png">', '<img src="https://odoo.test/a.png">'),
            ("<img alt='a > b' src='/a b.png'>", None),
            ('<img src="//cdn.test/a.png">', '<img src="https://cdn.test/a.png">'),
            (
                '<td background="/b.png">x</td>',
                '<td background="https://odoo.test/b.png">x</td>',
            ),
            (
                "<p style=\"background: url('/c.png'), url(//x.test), url(/e)\">x</p>",
                "<p style=\"background: url('https://odoo.test/c.png'), "
                'url(//x.test), url(https://odoo.test/e)">x</p>',
            ),
            (
                '<img src="data:image/png;base64,AA">',
                '<img src="data:image/png;base64,AA">',
            ),
        ):
            expected = (
                expected or '<img alt="a &gt; b" src="https://odoo.test/a%20b.png">'
            )
            self.assertEqual(self.converted(html), expected)

    def test_what_cannot_be_said_is_named(self):
        for html, unknown, logic in (
            ('<t t-out="object.phone"/>', ["object.phone"], []),
            ('<t t-out="object.name.upper()"/>', ["object.name.upper()"], []),
            ('<t t-out="user.name"/>', ["user.name"], []),
            ("{{ object.env.cr }}", ["object.env.cr"], []),
            ('<t t-if="object.city">x</t>', [], ['t-if="object.city"']),
            ('<p t-foreach="[1]" t-as="x">x</p>', [], ['t-foreach="[1]"', 't-as="x"']),
            ('<a t-att-href="object.url">x</a>', [], ['t-att-href="object.url"']),
            ('<t t-set="x" t-value="1"/>', [], ['t-set="x"', 't-value="1"']),
        ):
            found = mailing_html.convert(html, self.TAGS, "https://odoo.test")
            self.assertEqual((found.unknown, found.logic), (unknown, logic), html)

    def test_the_rest_stays(self):
        html = (
            '<!--[if mso]><v:rect style="x"></v:rect><![endif]--><div></div><br>'
            '<img src="https://a.test/x.png" alt="é &lt; ü"><p>a &amp; b</p>tail'
        )
        self.assertEqual(self.converted(html), html)
        self.assertEqual(self.converted(""), "")
        self.assertEqual(self.converted("only text"), "only text")

    def test_attachments(self):
        base = "https://odoo.test"
        html = (
            f'<img src="{base}/web/image/12-abc/x.png?unique=1">'
            f"<div style=\"background: url('{base}/web/content/13')\">"
            f'<img src="{base}/web/image/14?access_token=old">'
            f'<img src="{base}/web/image/res.partner/15/avatar">'
            '<img src="https://other.test/web/image/16">'
        )
        self.assertEqual(mailing_html.attachment_ids(html, base), [12, 13, 14])
        found = mailing_html.with_tokens(html, base, {12: "T", 13: "U", 14: "V"})
        self.assertIn("x.png?unique=1&amp;access_token=T", found)
        self.assertIn("/web/content/13?access_token=U'", found)
        self.assertIn("14?access_token=old", found)
        self.assertNotIn("access_token=V", found)

    def test_segment_options(self):
        for options, kind in (
            (None, "all"),
            ({}, "all"),
            ("nonsense", "all"),
            ({"saved_segment_id": 5}, "named"),
            (segment_opts.of_tags(["1", "2"], "all"), "named"),
            ({"conditions": [{"condition_type": "VIP"}]}, "other"),
            ({"conditions": ["nonsense"]}, "other"),
            ({"conditions": "nonsense"}, "other"),
        ):
            self.assertEqual(segment_opts.read(options).kind, kind, options)
        read = segment_opts.read(segment_opts.of_tags(["1", "2"], "all"))
        self.assertEqual((read.ids, read.match), (("1", "2"), "all"))

    def test_same_recipients(self):
        tags = segment_opts.of_tags

        def of(options=None, list_id="a"):
            return {"list_id": list_id, "segment_opts": options}

        other = {"match": "any", "conditions": [{"condition_type": "VIP"}]}
        for one, two in (
            (None, {}),
            (of(), of({})),
            (of(tags(["1"], "any")), of(tags(["1"], "all"))),
            (of(tags(["1"], "any")), of({"saved_segment_id": 1})),
            (of(tags(["1", "2"], "all")), of(tags(["2", "1"], "all"))),
            (of(other), of(dict(other))),
        ):
            self.assertTrue(segment_opts.same(one, two), (one, two))
            self.assertTrue(segment_opts.same(two, one), (one, two))
        for one, two in (
            (of(), None),
            (of(), of(list_id="b")),
            (of(), of(tags(["1"], "any"))),
            (of(tags(["1", "2"], "any")), of(tags(["1", "2"], "all"))),
            (of(tags(["1", "2"], "any")), of(tags(["1", "3"], "any"))),
            (of(other), of({**other, "match": "all"})),
            (of(other), of()),
        ):
            self.assertFalse(segment_opts.same(one, two), (one, two))
            self.assertFalse(segment_opts.same(two, one), (one, two))
