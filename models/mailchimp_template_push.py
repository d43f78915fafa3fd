from odoo import models
from odoo.exceptions import LockError, UserError

from ..exceptions import MailchimpError, MailchimpRetryLater
from ..tools.client_action import notification
from ..tools.coerce import as_map, remote_id
from .mailchimp_document_lost import CLOCKS_APART


class MailchimpTemplatePush(models.Model):
    """How a template is saved to Mailchimp, once, whatever becomes of the answer."""

    _inherit = "mailchimp.template"

    # === ACTION METHODS === #

    def action_push(self):
        """Save this template to Mailchimp: create it there, or change it.

        :raise UserError: when Mailchimp refuses it, or does not answer
        """
        self.ensure_one()
        self.check_access("write")
        self.account_id._check_connected()
        self._check_pushable()
        try:
            self.lock_for_update()
            gateway = self.account_id._gateway(interactive=True)
            if self.mailchimp_id:
                return self._change_in_mailchimp(gateway)
            return self._create_in_mailchimp(gateway)
        except LockError as error:
            raise UserError(
                self.env._(
                    "Somebody else is saving %s right now. Look again in a moment.",
                    self.display_name,
                )
            ) from error
        except MailchimpError as error:
            raise UserError(
                self.env._(
                    "%(template)s was not saved to Mailchimp: %(error)s",
                    template=self.display_name,
                    error=error,
                )
            ) from error

    # === SAVING === #

    def _check_pushable(self):
        """Refuse what Mailchimp would not take.

        :raise UserError: that says why
        """
        if not self.editable:
            raise UserError(self._not_editable_text())
        if not (self.html or "").strip():
            raise UserError(
                self.env._(
                    "Mailchimp takes no template without HTML, and does not hand out "
                    "its own: write the HTML of %s first.",
                    self.display_name,
                )
            )

    def _mailchimp_values(self):
        """Return what Mailchimp should hold of this template, without I/O.

        https://mailchimp.com/developer/marketing/api/templates/
        """
        return {
            "name": self.name,
            "html": self.html,
            "folder_id": self.folder_id.mailchimp_id or "",
        }

    def _change_in_mailchimp(self, gateway):
        """Look whether it changed there meanwhile, then change it.

        :return: the notification that says how it went
        """
        found, gone = self._read_again(gateway)
        if not gone:
            self._apply_remote(found)
        if gone or self.gone:
            self._miss()
            return self._gone_notification()
        if self.remote_changed:
            return notification(
                self.env._(
                    "It was changed in Mailchimp, too. Decide which one is right."
                ),
                title=self.display_name,
                kind="warning",
            )
        self._agree(self._update(gateway, self.mailchimp_id))
        return self._saved_notification()

    def _update(self, gateway, id_):
        """Change it there; the same again, when the answer was lost, does no harm."""
        update, values = gateway.api.templates.update_template, self._mailchimp_values()
        try:
            return update(id_, values)
        except MailchimpRetryLater as error:
            if error.throttled:
                raise
            return update(id_, values)

    def _create_in_mailchimp(self, gateway):
        """Create it there, unless a try whose answer was lost did so.

        :return: the notification that says so
        """
        if known := self._find_unknown(gateway):
            answer = self._update(gateway, known["id"])
        else:
            answer = self._create_once(gateway)
        self._agree(answer)
        return self._saved_notification()

    def _create_once(self, gateway):
        try:
            create = gateway.api.templates.create
            answer = self._try_to_create(create, self._mailchimp_values())
            if remote_id(as_map(answer).get("id")):
                return answer
            error = MailchimpRetryLater("Mailchimp's answer could not be read.")
        except MailchimpRetryLater as lost:
            error = lost
        found = self._find_unknown(gateway)
        if not found:
            raise error
        return found

    def _find_unknown(self, gateway):
        """Look for a template of this name that was created since Odoo tried to.

        :return: the payload of one that Odoo does not know, or None
        """
        tried_at = self._waiting_since()
        if not tried_at:
            return None
        since = tried_at - CLOCKS_APART
        pages = self._pages(
            gateway,
            0,
            type="user",
            since_date_created=f"{since:%Y-%m-%dT%H:%M:%S}+00:00",
        )
        found = [
            item
            for page in pages
            for item in page.items
            if as_map(item).get("name") == self.name and remote_id(item.get("id"))
        ]
        # sudo: the records of all are looked at, lest one be taken twice
        known = (
            self.sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("account_id", "=", self.account_id.id),
                    ("mailchimp_id", "in", [str(item["id"]) for item in found]),
                ]
            )
        )
        ids = set(known.mapped("mailchimp_id"))
        return next((item for item in found if str(item["id"]) not in ids), None)

    def _agree(self, item):
        """Note what Mailchimp answered: from now on both sides hold the same.

        :param dict item: the payload
        """
        self._connector_write(
            {
                "mailchimp_id": remote_id(item.get("id")) or self.mailchimp_id,
                "remote_values": self._snapshot(item),
                "remote_changed": False,
                "to_push": False,
            }
        )
        self._apply_remote([item])
        self._read_sections()

    def _read_sections(self):
        """Read the sections of these templates; if that fails, an import does it."""
        interactive = self.with_context(mailchimp_interactive=True)
        to_read = interactive.filtered(lambda t: t.to_read and t.mailchimp_id)
        for template, answer in zip(to_read, to_read._contents(), strict=True):
            if not answer.error:
                template._take_content(answer, self.env["mailchimp.run"])

    # === WORDS === #

    def _gone_notification(self):
        return notification(
            self.env._(
                "It was deleted in Mailchimp. Press Create Again in Mailchimp, and "
                "save it once more."
            ),
            title=self.display_name,
            kind="danger",
        )

    def _saved_notification(self):
        return notification(self.env._("Saved to Mailchimp."), title=self.display_name)
