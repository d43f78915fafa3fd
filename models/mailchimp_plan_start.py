from odoo import models
from odoo.exceptions import UserError


class MailchimpExportablePlan(models.AbstractModel):
    """*Preview* of an export."""

    _inherit = "mailchimp.exportable"

    def _mailchimp_preview(self, audiences):
        """Plan the export of these records to some audiences.

        :return: the action that shows the plans
        """
        self.check_access("read")
        audiences.check_access("read")
        Plan = plans = self.env["mailchimp.plan"]
        for audience in audiences:
            plans |= Plan._start("export", audience, self)
        return plans._open()


class MailingContactPlan(models.Model):
    """*Preview Export* of mailing contacts, who go where their lists say."""

    _inherit = "mailing.contact"

    def action_mailchimp_preview(self):
        """Plan the export to the audiences on the *Subscriptions* lines."""
        self.check_access("read")
        Plan = plans = self.env["mailchimp.plan"]
        for audience in self._mailchimp_audiences():
            on_list = audience.mailing_list_id
            listed = self.filtered(lambda c, ml=on_list: ml in c.list_ids)
            plans |= Plan._start("export", audience, listed)
        return plans._open()


class MailchimpAudiencePlan(models.Model):
    """*Preview* of what is done with an audience."""

    _inherit = "mailchimp.audience"

    def action_preview_auto_export(self):
        """Plan the auto export, with the filter as it is saved."""
        self._check_filters()
        return self._start_plans("auto_export")

    def action_preview_update(self):
        """Plan the push of everything that waits for it."""
        return self._start_plans("update")

    def action_preview_fetch(self):
        """Plan the fetch of what changed in Mailchimp."""
        return self._start_plans("import")

    def _start_plans(self, kind):
        self.check_access("read")
        plans = self.env["mailchimp.plan"]
        for audience in self:
            plans |= plans._start(kind, audience)
        return plans._open()


class MailchimpMemberPlan(models.Model):
    """*Preview Update* of members."""

    _inherit = "mailchimp.member"

    def action_preview_update(self):
        """Plan the push of these members, whatever was said about them so far."""
        self._check_act()
        plans = self.env["mailchimp.plan"]
        for audience, members in self.grouped("audience_id").items():
            plans |= plans._start("update", audience, members)
        return plans._open()


class MailchimpAccountPlan(models.Model):
    """*Preview Fetch* of all audiences of an account."""

    _inherit = "mailchimp.account"

    def action_preview_fetch(self):
        """Plan the fetch of what changed in the audiences of these accounts."""
        self.check_access("read")
        self._check_connected()
        audiences = self.audience_ids
        if not audiences:
            raise UserError(
                self.env._(
                    "Import the audiences first: their members can be previewed then."
                )
            )
        return audiences.action_preview_fetch()
