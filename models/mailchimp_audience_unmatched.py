from odoo import fields, models
from odoo.exceptions import ValidationError

from .mailchimp_contact_merge import LINKS


class MailchimpAudienceUnmatched(models.Model):
    """Who stops matching the filter of an auto export."""

    _inherit = "mailchimp.audience"

    def _unmatched_members(self, among=None):
        """Return the members that Odoo added and that the filter does not choose now.

        :param recordset among: only of these; None for all
        :raise ValidationError: when the filter does not work any more
        """
        Member = self.env["mailchimp.member"]
        if not self.auto_export or self.export_unmatched != "archive":
            return Member
        link = LINKS[self.export_model]
        chosen = self.env[self.export_model]._search(self._export_filter())
        return Member.search(
            [
                *([] if among is None else [("id", "in", among.ids)]),
                ("audience_id", "=", self.id),
                ("added_by_odoo", "=", True),
                ("forgotten", "=", False),
                ("status", "in", ("subscribed", "unsubscribed", "transactional")),
                (link, "!=", False),
                (link, "not in", chosen),
            ]
        )

    def _archive_unmatched(self, members):
        """Archive members that stopped matching, in a run of its own."""
        # sudo: only the connector writes runs.
        Run = self.env["mailchimp.run"].sudo()
        if members and not Run._find_open(self, ("archive",)):
            self._start_archive(members)

    def _start_archive(self, members):
        """Queue the archiving of members that stopped matching."""
        why = self.env._("The filter of the auto export does not match any more.")
        act = members.with_context(mailchimp_reason=why)._in_act()
        act._start_act(self, "archive").is_of_filter = True


class MailchimpRun(models.Model):
    """Runs that archive whoever stopped matching a filter."""

    _inherit = "mailchimp.run"

    is_of_filter = fields.Boolean(readonly=True)


class MailchimpMember(models.Model):
    """Members that stopped matching a filter, and may match it again."""

    _inherit = "mailchimp.member"

    def _send_act(self, action, run):
        """Leave alone who matches again: the run may have waited for a manager."""
        members = self._still_unmatched(run) if run.is_of_filter else self
        run._count(done=len(self - members))
        if not members:
            return None
        return super(MailchimpMember, members)._send_act(action, run)

    def _still_unmatched(self, run):
        try:
            return self.audience_id._unmatched_members(among=self)
        except ValidationError as error:
            self.audience_id._report_bad_filter(run, error)
            return self.browse()
