from odoo import api, models

from ..exceptions import MailchimpNotFound, MailchimpRejected


class MailchimpMemberPushAway(models.AbstractModel):
    """The requests that take people away, and those that ask who is there."""

    _inherit = "mailchimp.member.push"

    @api.model
    def _send_archive(self, sending, step):
        """Archive a member; one that is archived already is as good."""
        lists = sending.gateway.api.lists
        try:
            lists.delete_list_member(sending.audience.mailchimp_id, step.key)
        except MailchimpRejected as error:
            data = self._read_and_import(sending, step.key)
            if not data or data.get("status") != "archived":
                raise error from None
        else:
            self._take_answers(sending, [self._get(sending, step.key)])
        sending.note(step, "updated")

    @api.model
    def _send_delete(self, sending, step):
        """Delete a member for good; the hash may be somebody else's by now."""
        data = self._read_member(sending, step.key)
        if data:
            sending.gateway.api.lists.delete_list_member_permanent(
                sending.audience.mailchimp_id, data["id"]
            )
        elif not self._is_there(sending):
            raise MailchimpNotFound("The audience is gone.", status=404)
        self.env["mailchimp.member"].browse(step.member_id)._forget(sending.source)
        sending.note(step, "updated")

    # === READING === #

    @api.model
    def _get(self, sending, key):
        """Read a member that must be there."""
        data = self._read_member(sending, key)
        if not data:
            raise MailchimpNotFound("The member is gone.", status=404)
        return data

    @api.model
    def _read_member(self, sending, key):
        return self.env["mailchimp.member.import"]._read_member(
            sending.audience, sending.gateway, key
        )

    @api.model
    def _is_there(self, sending):
        return self.env["mailchimp.member.import"]._refresh_audience(
            sending.audience, sending.gateway, sending.run
        )

    @api.model
    def _read_and_import(self, sending, key):
        """Read a member and take over what Mailchimp says now; None if it is gone."""
        data = self._read_member(sending, key)
        if data:
            self._import(sending, [data])
        return data

    @api.model
    def _import(self, sending, items):
        """Take over what Mailchimp says, which is not what somebody does here."""
        importer = self.env["mailchimp.member.import"].with_context(
            mailchimp_user=None, mailchimp_evidence=None
        )
        importer._import_items(
            sending.audience, items, self._no_run(), sending.mapping, fresh=True
        )

    @api.model
    def _read_again(self, sending, step):
        """Find out what became of a member that Mailchimp does not find."""
        self.env["mailchimp.member.import"]._refresh(
            sending.audience, [step.held["subscriber_hash"]], self._no_run()
        )
