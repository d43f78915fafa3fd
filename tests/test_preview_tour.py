"""Foreign HTML in a real browser: it is shown, and has no rights."""

from odoo.tests import HttpCase, new_test_user, tagged

from .document_common import USER, DocumentCase

EVIL = """<html><body><h1>Dear reader</h1>
<script>top.owned = "script"; top.document.title = "Owned"</script>
<img src="data:image/png,broken" onerror="top.owned = 'onerror'"/>
<svg onload="top.owned = 'onload'"></svg>
<iframe srcdoc="&lt;script&gt;top.owned = 'nested'&lt;/script&gt;"></iframe>
<form action="/web/session/logout"><button autofocus="1">Go</button></form>
<a href="/web/session/logout" target="_top">Out</a></body></html>"""


@tagged("post_install", "-at_install")
class TestPreviewTour(DocumentCase, HttpCase):
    def test_nothing_in_foreign_html_runs(self):
        new_test_user(self.env, "mailchimp_user", groups=f"base.group_user,{USER}")
        template = self.env["mailchimp.template"].create(
            {"account_id": self.account.id, "name": "Evil letter", "html": EVIL}
        )
        self.start_tour(
            "/odoo/mailchimp-templates", "mailchimp_preview", login="mailchimp_user"
        )
        self.assertTrue(template.mailchimp_id)
        [remote] = self.remote_account.templates.values()
        self.assertEqual(remote.html, EVIL, "what people wrote is saved as it is")
