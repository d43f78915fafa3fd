import logging
from datetime import timedelta

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..const import CURSOR_LOOK_BACK_SECONDS
from ..exceptions import MailchimpError, MailchimpNotFound, MailchimpRetryLater
from ..tools.coerce import with_ids

_logger = logging.getLogger(__name__)


class MailchimpCampaignCopy(models.Model):
    """Copies that Mailchimp makes: of the whole, or for those who did not open it."""

    _inherit = "mailchimp.campaign"

    # === ACTION METHODS === #

    def action_replicate(self):
        """Make a copy in Mailchimp that is not sent, and open it."""
        self.ensure_one()
        self._check_act()
        if not self.mailchimp_id:
            return self.copy()._open_form()
        return self._copy_in_mailchimp("replicate")

    def action_resend(self):
        """Make a copy for those who did not open this one, and open it.

        https://mailchimp.com/developer/marketing/api/campaigns/resend-campaign/
        """
        self.ensure_one()
        self._check_act()
        if self.status != "sent":
            raise UserError(self.env._("It was not sent yet."))
        return self._copy_in_mailchimp("create_resend")

    # === MAKING IT === #

    def _copy_in_mailchimp(self, method):
        self._lock()
        if self._needs_push() and not self._push():
            return self._tell_push_error()
        gateway = self.account_id._gateway(interactive=True)
        try:
            self._read_remote(gateway)
            data = self._copy_or_find(gateway, getattr(gateway.api.campaigns, method))
            return self._import_copy(data)._open_form()
        except MailchimpNotFound:
            self._miss()
            return self._tell("danger", self._gone_text())
        except MailchimpError as error:
            return self._tell("danger", self._act_error_text(error))

    def _copy_or_find(self, gateway, method):
        """Make the copy; where the answer was lost, look for it instead.

        :return: its payload
        """
        # Mailchimp's clock; what it is compared with is exclusive, to the second.
        since = gateway.server_time
        try:
            if made := with_ids([method(self.mailchimp_id)]):
                return made[0]
            raise MailchimpRetryLater("Mailchimp's answer could not be read.")
        except MailchimpRetryLater:
            if not since:
                raise
            since -= timedelta(seconds=CURSOR_LOOK_BACK_SECONDS)
            found = self._unknown_since(gateway, since, status="save")
            copies = [data for data in found if self._is_copy(data)]
            if len(copies) != 1:
                raise
            return copies[0]

    def _is_copy(self, data):
        vals = self._values_from_mailchimp(data)
        same = (vals[name] or "" for name in ("subject", "from_name", "reply_to"))
        ours = (self[name] or "" for name in ("subject", "from_name", "reply_to"))
        return list(same) == list(ours) and vals["name"].startswith(self.name)

    def _import_copy(self, data):
        """Create the record of a copy, which gets its content from the same source.

        What is in it is read at once: to change it is not to overwrite a stranger's.
        """
        self._import_items(self.account_id, [data], self.env["mailchimp.run"])
        copy = self.search(
            [
                ("account_id", "=", self.account_id.id),
                ("mailchimp_id", "=", data["id"]),
            ]
        )
        copy._connector_write(
            {
                "content_source": self.content_source,
                "content_digest": self.content_digest,
                "template_id": self.template_id.id,
                "mailing_id": self.mailing_id.id,
                "link_tracking": self.link_tracking,
                "user_id": self.env.uid,
                "html": self.html,
                "plain_text": self.plain_text,
            }
        )
        sections = [{"name": s.name, "html": s.html} for s in self.section_ids]
        copy._connector_write({"section_ids": [*map(Command.create, sections)]})
        try:
            copy._refresh_contents()
        except MailchimpError as error:  # an import reads it
            _logger.info("Read what is in a copy: %s", error)
        return copy

    def _open_form(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
