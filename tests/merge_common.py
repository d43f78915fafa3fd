"""People on both sides who change the same values."""

from odoo.addons.mailchimp_connector.tools.subscriber import subscriber_hash

from .test_contact_sync import ContactCase


class MergeCase(ContactCase):
    """Ann, in Odoo and Mailchimp, with a company name, a name and a phone."""

    email = "ann@a.example"

    def setUp(self):
        super().setUp()
        self.remote.add_merge_field("COMPANY", "text")
        self.remote.add_member(
            self.email,
            merge_fields={"FNAME": "Ann", "LNAME": "Lee", "COMPANY": "Old Ltd"},
        )
        self.import_audiences()
        self.ann = self.contact(self.email)
        self.ann_member = self.member(self.email)

    # === ACTIONS === #

    def field(self, tag="COMPANY"):
        """Find a merge field by tag."""
        return self.audience().merge_field_ids.filtered(lambda f: f.tag == tag)

    def in_odoo(self, value, contact=None):
        """Let a user change the company name."""
        contact = self.ann if contact is None else contact.ensure_one()
        contact.company_name = value

    def in_mailchimp(self, email=None, **merges):
        """Let a person change values in Mailchimp; nobody here hears of it yet."""
        self.later()
        self.people.update_profile(
            self.remote, email or self.email, merge_fields=merges
        )

    def take(self, email=None, source="fetch", **sent):
        """Take over what Mailchimp says of a person now, without the queue.

        :param sent: {tag: value} that we sent before, for an answer ("export")
        """
        self.env.flush_all()
        audience = self.audience()
        tags = audience.merge_field_ids.mapped("tag")
        values = {("value", tag): sent.get(tag) for tag in tags}
        Import = self.env["mailchimp.member.import"].sudo()
        if source == "export":
            answered = dict.fromkeys(audience.member_ids.ids, values)
            Import = Import.with_context(mailchimp_sent=answered)
        hash_ = subscriber_hash(email or self.email)
        item = Import._get_member(audience, audience.account_id._gateway(), hash_)
        Import._import_items(
            audience,
            [item],
            self.env["mailchimp.run"],
            audience.merge_field_ids._mapping(),
            source=source,
            fresh=True,
        )

    def settle_queue(self):
        """Do what is due, without a push."""
        self.env.cr.flush()
        jobs = self.env["mailchimp.job"].search(
            [("state", "=", "pending"), ("method", "=", "_job_push")]
        )
        jobs.sudo().unlink()
        self.run_jobs()

    # === WHAT CAME OF IT === #

    def assertCompany(self, value, contact=None):
        """The company name in Odoo."""
        self.assertEqual((contact or self.ann).company_name or "", value)

    def is_marked(self, member=None):
        """Tell whether a push of the member is due."""
        self.env.cr.flush()  # what a commit would do
        ids = (member or self.ann_member).ids
        return bool(self.env["mailchimp.change"]._changed_members(ids))

    def forget_marks(self):
        """Let all changes be pushed."""
        self.env.cr.flush()
        self.env.cr.execute("DELETE FROM mailchimp_change")
        self.ann_member.invalidate_recordset(["sync_state"])

    def bases(self):
        """Return what both sides agreed on, where Mailchimp says something else."""
        self.ann_member.invalidate_recordset()
        return self.ann_member.base_values or {}
