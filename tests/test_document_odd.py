"""Whatever Mailchimp says of templates and campaigns, nothing breaks."""

import random
import string

from odoo.tests import tagged

from .document_common import DocumentCase

LONG = "".join(random.Random(1).choices(string.ascii_letters, k=20_000))
ODD = (
    *(None, "", "0", 0, -1, 10**30, 1.5, True, False),
    *([], [None], ["a"], {}, {"a": [1]}, [{"id": 1}]),
    *("\x00nul\x00", "é漢🍇", "<script>alert(1)</script>", "2026-99-99", LONG),
)


def variants(payload):
    """Yield the payload with each of its values replaced by each odd one."""
    for name, value in payload.items():
        if name == "_links":
            continue
        if isinstance(value, dict):
            for inner in variants(value):
                yield {**payload, name: inner}
        for odd in ODD:
            yield {**payload, name: odd}
    for name in payload:
        yield {key: value for key, value in payload.items() if key != name}


@tagged("post_install", "-at_install")
class TestOddPayloads(DocumentCase):
    def setUp(self):
        super().setUp()
        self.import_audiences(members=False)

    def survives(self, model, payload):
        """All at once, new and known: each is imported, whatever one of them says."""
        records = self.env[model]
        run = self.env["mailchimp.run"]._open_run(self.account, "campaigns", "user")
        odd = [
            {**item, "id": 10_000 + n} if item.get("id") == payload["id"] else item
            for n, item in enumerate(variants(payload))
        ]
        self.assertGreater(len(odd), 200)
        known = [{**payload, "id": item.get("id")} for item in odd]
        for items in (odd, known, odd, known, [None, "?", []]):
            records._import_items(self.account, items, run)
            self.env.flush_all()
        found = records.search([("account_id", "=", self.account.id)])
        usable = {str(i["id"]) for i in odd if type(i.get("id")) in (int, str)}
        self.assertGreaterEqual(len(found), len(usable) - len(ODD))
        self.assertEqual(set(found.mapped("name")), {found[0].name})

    def test_templates(self):
        self.survives("mailchimp.template", self.add_template().document())

    def test_campaigns(self):
        campaign = self.add_campaign(
            segment_opts={"match": "any", "conditions": [{"field": "a"}]},
            extras={"rss_opts": {"feed_url": "https://a.example"}},
        )
        self.survives("mailchimp.campaign", campaign.document())

    def test_contents(self):
        self.add_campaign()
        self.import_campaigns()
        campaign = self.env["mailchimp.campaign"].search([])
        content = {
            "html": "<p></p>",
            "plain_text": "x",
            "variate_contents": [{"html": "<p>A</p>", "plain_text": "A"}],
        }
        template = self.env["mailchimp.template"]
        for odd in (*variants(content), *variants({"sections": {"a": "b"}})):
            vals = campaign._content_values(odd)
            self.assertEqual(vals.keys(), {"html", "plain_text", "variant_contents"})
            campaign._take_over_content(odd)
            self.assertIn("sections", template._content_values(odd))
        self.env.flush_all()
