"""People with tags, groups and permissions on both sides."""

from odoo.fields import Command

from .push_common import PushCase


class LabelCase(PushCase):
    """Ann is in Odoo and in Mailchimp, with contacts that are pushed by themselves."""

    email = "ann@a.example"

    # === ACTIONS === #

    def start(self, **member):
        """Import an audience with Ann in it.

        :return: her contact
        """
        self.remote.add_member(self.email, **member)
        self.import_audiences()
        return self.contact(self.email)

    def category(self, name):
        """Find or create an Odoo tag."""
        Category = self.env["res.partner.category"]
        return Category.search([("name", "=", name)]) or Category.create({"name": name})

    def manage(self, *names):
        """Let Odoo manage tags, and bring both sides together.

        :return: the tags
        """
        categories = self.env["res.partner.category"]
        for name in names:
            categories |= self.category(name)
        tags = self.env["mailchimp.tag"]._declare(self.audience(), categories)
        self.drive()
        return tags

    def give(self, *names, contact=None):
        """Tag a contact in Odoo."""
        contact = contact or self.contact(self.email)
        contact.tag_ids = [Command.link(self.category(name).id) for name in names]

    def take(self, *names, contact=None):
        """Untag a contact in Odoo."""
        contact = contact or self.contact(self.email)
        contact.tag_ids = [Command.unlink(self.category(name).id) for name in names]

    def remote_tag(self, name, active=True, email=None):
        """Tag somebody in Mailchimp."""
        self.later()
        self.people.tag(self.remote, email or self.email, name, active)

    def sync(self):
        """Fetch, push, and let nothing be left to do.

        :return: the writing requests that the push made
        """
        before = len(self.sandbox.requests)
        self.fetch()
        self.drive()
        return self.writes(before)

    # === WHAT CAME OF IT === #

    def in_odoo(self, email=None):
        """Return the names of the Odoo tags of a contact."""
        self.env.invalidate_all()
        return sorted(self.contact(email or self.email).tag_ids.mapped("name"))

    def in_mailchimp(self, email=None):
        """Return the names of the tags of a member."""
        there = self.there(email or self.email)
        return sorted(self.remote.segments[key].name for key in there.tags)

    def assertBoth(self, *names, email=None):
        """Both sides have these tags, and no others."""
        self.assertEqual(self.in_odoo(email), sorted(names))
        self.assertEqual(self.in_mailchimp(email), sorted(names))
