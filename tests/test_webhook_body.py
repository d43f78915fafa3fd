"""What is read from the body and the signature of a delivery."""

from odoo.tests import BaseCase, tagged

from odoo.addons.mailchimp_connector.sandbox.webhooks import sign
from odoo.addons.mailchimp_connector.tools.webhook import (
    MAX_FIELDS,
    MAX_TEXT,
    Event,
    is_token,
    parse_event,
    parse_form,
    token_digest,
    verify_signature,
)

SECRET = "f" * 64


@tagged("post_install", "-at_install")
class TestWebhookForm(BaseCase):
    def test_keys_in_brackets_become_dictionaries(self):
        raw = (
            b"type=profile&data%5Bmerges%5D%5BADDRESS%5D%5Bcity%5D=S%C3%A3o+Paulo"
            b"&data[merges][FNAME]=Ann&data[email]=a%2Bb%40example.com"
        )
        self.assertEqual(
            parse_form(raw),
            {
                "type": "profile",
                "data": {
                    "merges": {"ADDRESS": {"city": "São Paulo"}, "FNAME": "Ann"},
                    "email": "a+b@example.com",
                },
            },
        )

    def test_what_is_no_key_is_left_out(self):
        for raw in (b"", b"&&&", b"=1", b"[a]=1", b"a[=1", b"a]=1", b"a[b]c=1"):
            self.assertEqual(parse_form(raw), {}, raw)

    def test_a_text_is_not_overwritten_by_a_dictionary(self):
        self.assertEqual(parse_form(b"a=1&a[b]=2"), {"a": "1"})
        self.assertEqual(parse_form(b"a[b]=2&a=1"), {"a": {"b": "2"}})

    def test_bytes_that_are_no_utf8(self):
        self.assertEqual(parse_form(b"a=%ff\xfe"), {"a": "\ufffd\ufffd"})

    def test_depth_and_count_have_bounds(self):
        self.assertEqual(
            parse_form(b"a[b][c][d][e]=1"), {"a": {"b": {"c": {"d": {"e": "1"}}}}}
        )
        self.assertEqual(parse_form(b"a[b][c][d][e][f]=1"), {})
        raw = b"&".join(b"k%d=1" % number for number in range(MAX_FIELDS + 50))
        self.assertEqual(len(parse_form(raw)), MAX_FIELDS)


@tagged("post_install", "-at_install")
class TestWebhookEvent(BaseCase):
    def test_every_type(self):
        self.assertEqual(
            parse_event(
                b"type=unsubscribe&fired_at=2026-03-26+21:40:57&data[list_id]=a1"
                b"&data[action]=unsub&data[reason]=abuse&data[campaign_id]=c1"
                b"&data[email]=a@b.com&data[merges][EMAIL]=x@y.com"
            ),
            Event(
                type="unsubscribe",
                list_id="a1",
                emails=["a@b.com"],
                fired_at="2026-03-26 21:40:57",
                action="unsub",
                reason="abuse",
                campaign_id="c1",
            ),
        )
        self.assertEqual(
            parse_event(
                b"type=upemail&data[list_id]=a1&data[new_id]=1"
                b"&data[old_email]=old@b.com&data[new_email]=new@b.com"
            ),
            Event("upemail", "a1", ["new@b.com", "old@b.com"]),
        )
        self.assertEqual(
            parse_event(b"type=campaign&data[id]=c1&data[list_id]=a1"),
            Event("campaign", "a1", [], campaign_id="c1"),
        )

    def test_what_is_no_event(self):
        for raw in (
            b"",
            b"type=profile",
            b"type=profile&data=1",
            b"type=profile&data[list_id]=a1",
            b"type=profile&data[list_id]=a1&data[email]=",
            b"type=profile&data[list_id]=a1&data[email]=nobody",
            b"type=profile&data[list_id]=a1&data[email][x]=a@b.com",
            b"type=profile&data[email]=a@b.com",
            b"type[x]=profile&data[list_id]=a1&data[email]=a@b.com",
            b"type=explode&data[list_id]=a1&data[email]=a@b.com",
            b'{"type": "profile", "data": {"list_id": "a1"}}',
        ):
            self.assertIsNone(parse_event(raw), raw)

    def test_texts_can_be_stored(self):
        event = parse_event(
            b"type=cleaned&data[list_id]=a1&data[email]=a@b.com&data[reason]=h%00ard"
            b"&fired_at=" + b"9" * 9999
        )
        self.assertEqual(event.reason, "hard")
        self.assertEqual(event.fired_at, "9" * MAX_TEXT)


@tagged("post_install", "-at_install")
class TestWebhookSecrets(BaseCase):
    def verify(self, header, raw=b"a=1", now=1000, secret=SECRET):
        return verify_signature(secret, header, raw, now)

    def test_signature(self):
        header = sign(SECRET, b"a=1", 1000)
        self.assertTrue(self.verify(header))
        self.assertTrue(self.verify(header, now=1300))
        self.assertTrue(self.verify(header, now=700))
        self.assertFalse(self.verify(header, now=1301))
        self.assertFalse(self.verify(header, now=699))
        self.assertFalse(self.verify(header, raw=b"a=2"))
        self.assertFalse(self.verify(header, secret="e" * 64))
        self.assertFalse(self.verify(header.replace("t=1000", "t=1001")))

    def test_a_header_that_is_none(self):
        good = sign(SECRET, b"a=1", 1000)
        for header in (
            None,
            "",
            "t=1000",
            "v1=" + "0" * 64,
            "t=,v1=",
            "t=é",
            good[:-1],
        ):
            self.assertFalse(self.verify(header), header)
        self.assertFalse(self.verify("t=" + "9" * 5000 + ",v1=" + "0" * 64))

    def test_tokens(self):
        self.assertTrue(is_token("A-_z0" * 8))
        for text in ("", "short", "x" * 500, "ä" * 43, "a/b" * 14, "a b" * 14):
            self.assertFalse(is_token(text), text)
        self.assertNotEqual(token_digest("a" * 43), token_digest("b" * 43))
