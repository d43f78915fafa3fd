"""What the tests of exports have in common."""

from odoo.fields import Command

from .common import MailchimpCase


class ExportCase(MailchimpCase):
    """An audience without members, and people in Odoo."""

    def setUp(self):
        super().setUp()
        self.account.new_member_status = "subscribed"
        self.list = self.import_audiences().mailing_list_id

    def new_contact(self, email, **vals):
        """Create a mailing contact on the list of the audience."""
        vals.setdefault("list_ids", [Command.link(self.list.id)])
        return self.env["mailing.contact"].create({"email": email, **vals})

    def new_partner(self, email, **vals):
        """Create a customer."""
        name = vals.pop("name", None) or str(email)
        return self.env["res.partner"].create({"name": name, "email": email, **vals})

    def export(self, records, audience=None):
        """Put records on their way, without sending anything.

        :return: the members, and {name: code} of what stays out
        """
        audience = audience or self.audience()
        Run = self.env["mailchimp.run"]
        run = Run._open_run(audience.account_id, "export", "user", audience)
        members = self.env["mailchimp.member"]._export(audience, records, run)
        return members, {line.name: line.code for line in run.line_ids}

    def sent(self, method):
        """Return the requests of a method that reached Mailchimp."""
        return [r for r in self.sandbox.requests if r.method == method]

    def members(self):
        """Return all members of the audience."""
        return self.env["mailchimp.member"].search(
            [("audience_id", "=", self.audience().id)]
        )
