"""The base class of the tests of what is marked to be pushed."""

from odoo.fields import Command

from .common import MailchimpCase


class ChangeCase(MailchimpCase):
    """Ann, with a customer, and Ben in an audience that is pushed automatically."""

    def setUp(self):
        super().setUp()
        for name in ("ann", "ben"):
            self.remote.add_member(f"{name}@a.example", merge_fields={"FNAME": name})
        self.import_audiences()
        self.account.auto_push_contacts = True
        self.env.flush_all()
        self.ann = self.contact("ann@a.example")
        self.ben = self.contact("ben@a.example")
        self.members = self.audience().member_ids
        self.settle()

    # === ACTIONS === #

    def settle(self):
        """Let nothing be waiting."""
        self.env.cr.flush()
        self.env.cr.execute("DELETE FROM mailchimp_change")
        self.env.cr.execute("DELETE FROM mailchimp_job WHERE state = 'pending'")
        self.env.invalidate_all()

    def with_customer(self, email="ann@a.example", **vals):
        """Give a member a customer, as an import does."""
        vals = {"name": "Ann", "email": email, **vals}
        partner = self.env["res.partner"].create(vals)
        self.member(email).sudo().partner_id = partner
        self.settle()
        return partner

    def map_field(self, tag, path, **vals):
        """Map a merge field that only goes to Mailchimp."""
        self.env["mailchimp.merge.field"].create(
            {
                "audience_id": self.audience().id,
                "mailchimp_id": f"99{tag}",
                "name": tag,
                "tag": tag,
                "type": "text",
                "field_path": path,
                "direction": "to_mailchimp",
                **vals,
            }
        )
        self.settle()

    def tag(self, name="VIP"):
        """Return the command that adds an Odoo tag."""
        category = self.env["res.partner.category"].create({"name": name})
        return [Command.link(category.id)]

    # === WHAT CAME OF IT === #

    def marked(self):
        """Return the addresses of the members that are to be pushed, sorted."""
        self.env.cr.flush()
        self.env.invalidate_all()
        members = self.members.search([("sync_state", "=", "to_push")])
        self.assertEqual(
            members, members.search([]).filtered(lambda m: m.sync_state == "to_push")
        )
        return sorted(members.mapped("email"))

    def changes(self):
        """Return the rows that wait."""
        self.env.cr.flush()
        self.env.invalidate_all()
        return self.env["mailchimp.change"].search([])

    def pushes(self):
        """Return the pending pushes of the audience."""
        self.env.cr.flush()
        identity = f"push:{self.audience().id}"
        domain = [("identity", "=", identity), ("state", "=", "pending")]
        return self.env["mailchimp.job"].search(domain)

    def assertMarks(self, *emails):
        """Exactly these are to be pushed, by one job; forget it."""
        self.assertEqual(self.marked(), sorted(emails))
        self.assertEqual(len(self.pushes()), 1 if emails else 0)
        self.settle()
