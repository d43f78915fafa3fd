"""Where the content of a campaign comes from."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.base.models.ir_qweb import QWebError
from odoo.addons.mailchimp_connector.sandbox.campaign import Template

from ..tools import mailing_html
from .campaign_case import CampaignCase

USER = "mailchimp_connector.group_mailchimp_user"
TEMPLATE = """<html><body><div mc:edit="header"><b>Header</b></div>
<div mc:edit="body">Body</div></body></html>"""
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestCampaignContent(CampaignCase):
    """Templates, mailings and what stays as it was designed."""

    def mailing(self, body, **vals):
        """Create a mailing to the list of the audience."""
        return self.env["mailing.mailing"].create(
            {
                "subject": "From Odoo",
                "mailing_model_id": self.env["ir.model"]._get_id("mailing.list"),
                "contact_list_ids": [Command.set(self.list.mailing_list_id.ids)],
                "body_arch": body,
                "body_html": body,
                **vals,
            }
        )

    def of_mailing(self, body, **vals):
        """Create a campaign whose content is a mailing."""
        mailing = self.mailing(body)
        return self.new_campaign(
            content_source="mailing", mailing_id=mailing.id, **vals
        )

    def template(self, html=TEMPLATE):
        """Add a template to the sandbox, and return its record."""
        there = Template(self.remote_account, "Autumn", html)
        self.remote_account.templates[there.id] = there
        self.account._start_import_templates("user", 5)
        self.run_jobs()
        return self.env["mailchimp.template"].search([("name", "=", "Autumn")])

    # === TEMPLATES === #

    def test_sections_of_a_template(self):
        template = self.template()
        form = Form(self.new_campaign())
        form.content_source = "template"
        form.template_id = template
        campaign = form.save()
        self.assertEqual(
            {line.name: line.html for line in campaign.section_ids},
            {"header": "<b>Header</b>", "body": "Body"},
        )
        campaign.section_ids.filtered(
            lambda line: line.name == "body"
        ).html = "<i>New</i>"
        campaign.action_push()
        self.assertIn("<i>New</i>", self.there(campaign).html)
        self.assertIn("<b>Header</b>", campaign.html, "what is shown is Mailchimp's")
        self.refreshed(campaign)
        self.assertEqual(campaign.template_id, template)
        campaign.section_ids[0].html = "Other"
        self.assertTrue(campaign.to_push, "editing a section is editing the campaign")
        campaign.action_push()
        self.assertIn("Other", self.there(campaign).html)

    def test_template_deleted_in_mailchimp(self):
        template = self.template()
        campaign = self.new_campaign(content_source="template", template_id=template.id)
        del self.remote_account.templates[int(template.mailchimp_id)]
        kind, text = self.told(campaign.action_push())
        self.assertEqual(kind, "danger")
        self.assertIn("Autumn does not exist in Mailchimp any more", text)
        self.assertFalse(campaign.gone, "the campaign is there")
        self.assertIn(campaign.mailchimp_id, self.remote_account.campaigns)

    def test_template_that_mailchimp_does_not_have_yet(self):
        template = self.env["mailchimp.template"].create(
            {"account_id": self.account.id, "name": "Only here", "html": TEMPLATE}
        )
        campaign = self.new_campaign(content_source="template", template_id=template.id)
        with self.assertRaisesRegex(UserError, "Only here is not in Mailchimp"):
            campaign.action_push()
        self.assertFalse(self.remote_account.campaigns)

    # === MAILINGS === #

    def test_mailing_as_odoo_would_send_it(self):
        campaign = self.of_mailing(
            '<p>Dear <t t-out="object.first_name">friend</t>, you are '
            '<t t-out="object.email"></t></p><p><a href="/shop">Shop</a> '
            '<a href="/view">Online</a> <a href="/unsubscribe_from_list">Out</a></p>'
        )
        campaign.action_push()
        html = self.there(campaign).html
        base_url = campaign.mailing_id.get_base_url()
        for part in (
            "Dear *|IF:FNAME|**|FNAME|**|ELSE:|*friend*|END:IF|*, you are *|EMAIL|*",
            f'<a href="{base_url}/shop">Shop</a>',
            '<a href="*|ARCHIVE|*">Online</a>',
            '<a href="*|UNSUB|*">Out</a>',
            "<!DOCTYPE html>",
            'name="viewport"',
            "<style>",
        ):
            self.assertIn(part, html)
        self.assertNotIn("t-out", html)
        self.assertEqual(campaign.html, html)
        self.assertIn("*|EMAIL|*", campaign.mailing_preview)

    def test_designs_of_odoo(self):
        """Whatever Odoo offers for mailings says the same in Mailchimp."""
        base_url = "https://odoo.test"
        designs = self.env["ir.ui.view"].search(
            [("key", "=like", "mass_mailing.s_%"), ("type", "=", "qweb")]
        )
        values = {"company_id": self.env.company, "user_id": self.env.user}
        converted = 0
        for design in designs:
            try:
                html = str(self.env["ir.qweb"]._render(design.id, values))
            except QWebError:
                continue  # a part of another design
            if len(html) < 200:
                continue  # an option of the editor
            found = mailing_html.convert(html, {}, base_url)
            self.assertFalse(found.unknown or found.logic, design.key)
            root = mailing_html.parse(found.html)
            self.assertEqual(
                root.text_content().split(),
                mailing_html.parse(html).text_content().split(),
                design.key,
            )
            for address in root.xpath("//@href | //@src"):
                self.assertFalse(address.startswith("/"), (design.key, address))
            converted += 1
        self.assertGreater(converted, 20)

    def test_whole_name(self):
        campaign = self.of_mailing('<p>Dear <t t-out="object.name"></t></p>')
        campaign.action_push()
        self.assertIn("Dear *|FNAME|* *|LNAME|*<", self.there(campaign).html)

    def test_subject_with_placeholders(self):
        campaign = self.of_mailing(
            "<p>x</p>", subject="For {{ object.first_name ||| you }}"
        )
        campaign.action_push()
        self.assertEqual(
            self.there(campaign).settings["subject_line"],
            "For *|IF:FNAME|**|FNAME|**|ELSE:|*you*|END:IF|*",
        )
        campaign.subject = "For {{ object.company_name }}"
        with self.assertRaisesRegex(UserError, "object.company_name"):
            campaign.action_push()

    def test_unmapped_placeholders_and_logic_are_named(self):
        campaign = self.of_mailing(
            '<p t-if="object.title_id"><t t-out="object.company_name"></t></p>'
        )
        for text in (
            "object.company_name",
            "Map a merge field",
            't-if="object.title_id"',
        ):
            self.assertIn(text, campaign.mailing_problem)
        with self.assertRaisesRegex(UserError, "object.company_name"):
            campaign.action_push()
        self.assertFalse(self.remote_account.campaigns)

        self.remote.add_merge_field("COMPANY", "text")
        self.import_audiences()
        campaign.mailing_id.body_html = '<p><t t-out="object.company_name"></t></p>'
        campaign.action_push()
        self.assertIn("*|COMPANY|*", self.there(campaign).html)

    def test_edited_mailing_is_saved_before_sending(self):
        campaign = self.of_mailing("<p>First</p>")
        campaign.action_push()
        campaign.mailing_id.body_html = "<p>Second</p>"
        self.assertFalse(campaign.to_push)
        self.wizard(campaign).action_confirm()
        self.assertIn("Second", self.there(campaign).html)
        self.assertSentOnce(campaign)

    def test_mailing_edited_after_the_confirmation(self):
        campaign = self.of_mailing("<p>First</p>")
        wizard = self.wizard(campaign)
        campaign.mailing_id.body_html = "<p>Second</p>"
        wizard.action_confirm()
        self.assertTrue(wizard.changed)
        self.assertNotSent(campaign)
        wizard.action_confirm()
        self.assertIn("Second", self.there(campaign).html)
        self.assertSentOnce(campaign)

    def test_pictures_can_be_seen_outside(self):
        hidden, public = self.env["ir.attachment"].create(
            [
                {"name": "hidden.png", "datas": PIXEL, "public": False},
                {"name": "public.png", "datas": PIXEL, "public": True},
            ]
        )
        campaign = self.of_mailing(
            f'<p><img src="/web/image/{hidden.id}-x/hidden.png"/>'
            f'<img src="/web/image/{public.id}-x/public.png"/></p>'
        )
        campaign.action_push()
        html = self.there(campaign).html
        base_url = campaign.mailing_id.get_base_url()
        address = f"{base_url}/web/image/{hidden.id}-x/hidden.png"
        self.assertIn(f"{address}?access_token={hidden.access_token}", html)
        self.assertIn(f'{base_url}/web/image/{public.id}-x/public.png"', html)

    def test_pictures_that_the_user_may_not_see(self):
        secret = self.env["ir.attachment"].create(
            {
                "name": "salary.png",
                "datas": PIXEL,
                "res_model": "ir.config_parameter",
                "res_id": 1,
            }
        )
        campaign = self.of_mailing(f'<p><img src="/web/image/{secret.id}"/></p>')
        user = new_test_user(self.env, "mc_curious", groups=USER)
        with self.assertRaisesRegex(UserError, "may not see"):
            campaign.with_user(user).action_push()
        self.assertFalse(secret.access_token)

    def test_links_counted_by_odoo(self):
        campaign = self.of_mailing(
            '<p><a href="https://shop.example/x">Shop</a>'
            '<a href="/unsubscribe_from_list">Out</a></p>',
            link_tracking=True,
        )
        campaign.action_push()
        tracker = self.env["link.tracker"].search(
            [("campaign_id", "=", campaign.utm_campaign_id.id)]
        )
        self.assertEqual(tracker.url, "https://shop.example/x")
        self.assertIn(f'href="{tracker.short_url}"', self.there(campaign).html)
        self.assertIn("*|UNSUB|*", self.there(campaign).html)
        campaign.subject = "Again"
        campaign.action_push()
        self.assertEqual(len(self.requested("PUT", "/content")), 1)

    def test_mailing_to_customers(self):
        self.remote.add_merge_field("PHONE", "phone")
        self.remote.add_merge_field("COUNTRY", "text")
        self.import_audiences()
        campaign = self.of_mailing(
            '<p><t t-out="object.phone"/> <t t-out="object.email"/> '
            '<t t-out="object.name"/></p>'
        )
        customers = self.env["ir.model"]._get_id("res.partner")
        campaign.mailing_id.mailing_model_id = customers
        self.assertIn(
            "*|PHONE|* *|EMAIL|* *|FNAME|* *|LNAME|*", campaign.mailing_preview
        )
        self.assertFalse(campaign.mailing_problem)
        of_contact = self.of_mailing('<p><t t-out="object.country_id.name"/></p>')
        self.assertIn("*|COUNTRY|*", of_contact.mailing_preview)

    def test_mailing_that_is_no_mail_to_contacts(self):
        campaign = self.of_mailing('<p><t t-out="object.name"></t></p>')
        campaign.mailing_id.mailing_model_id = self.env["ir.model"]._get_id("res.users")
        self.assertIn("object.name", campaign.mailing_problem)

    def test_mailing_proposes_its_subject(self):
        form = Form(self.env["mailchimp.campaign"])
        form.account_id = self.account
        form.content_source = "mailing"
        form.mailing_id = self.mailing("<p>x</p>", preview="Look")
        self.assertEqual((form.subject, form.preview_text), ("From Odoo", "Look"))

    # === OTHERS === #

    def test_plain_text(self):
        campaign = self.saved_campaign(
            type="plaintext", html=False, plain_text="Hello *|FNAME|*"
        )
        self.assertEqual(self.there(campaign).plain_text, "Hello *|FNAME|*")
        self.assertEqual(self.there(campaign).type, "plaintext")
        self.there(campaign).plain_text = "Changed there"
        campaign.action_refresh()
        campaign.subject = "Late news"
        campaign.action_push()
        self.assertEqual(self.there(campaign).plain_text, "Changed there")
        campaign._connector_write({"content_source": "mailchimp"})  # as if imported
        campaign.plain_text = "Changed here"
        campaign.action_push()
        self.assertEqual(self.there(campaign).plain_text, "Changed here")

    def test_designed_in_mailchimp_stays_untouched(self):
        campaign = self.saved_campaign(content_source="mailchimp", html=False)
        self.there(campaign).html = "<p>Designed</p>"
        campaign.subject = "Late news"
        campaign.action_push()
        self.assertEqual(self.there(campaign).html, "<p>Designed</p>")
        self.assertFalse(self.requested("PUT", "/content"))

    def test_a_redesign_in_mailchimp_is_not_undone(self):
        campaign = self.saved_campaign()
        self.there(campaign).html = "<p>Redesigned</p>"
        campaign.action_refresh()
        self.assertEqual(campaign.html, "<p>Redesigned</p>")
        campaign.subject = "Late news"
        campaign.action_push()
        self.assertEqual(len(self.requested("PUT", "/content")), 1)
        campaign.html = "<p>Odoo's again</p>"
        campaign.action_push()
        self.assertEqual(self.there(campaign).html, "<p>Odoo's again</p>")

    def test_sections_of_sent_ones_stay(self):
        template = self.template()
        campaign = self.saved_campaign(
            content_source="template",
            template_id=template.id,
            section_ids=[Command.create({"name": "body", "html": "x"})],
        )
        self.wizard(campaign).action_confirm()
        section = campaign.section_ids
        for act in (
            lambda: section.write({"html": "y"}),
            lambda: section.copy({"name": "header"}),
            section.unlink,
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                act()
