from odoo import fields, models
from odoo.exceptions import UserError

from ..const import PRIORITY_USER


class MailchimpImport(models.TransientModel):
    """*MailChimp Operations*: choose what to bring from which accounts."""

    _name = "mailchimp.import"
    _description = "MailChimp Operations"

    account_ids = fields.Many2many(
        "mailchimp.account",
        string="Accounts",
        default=lambda self: self._default_account_ids(),
    )
    is_connected = fields.Boolean(
        default=lambda self: bool(self._default_account_ids()),
        readonly=True,
        help="Whether there is an account to choose.",
    )
    import_audiences = fields.Boolean(
        string="Lists/Audiences",
        default=True,
        help="Audiences with their merge fields, tags, groups and members.",
    )

    def _default_account_ids(self):
        return self.env["mailchimp.account"].search([("state", "=", "connected")])

    def action_process(self):
        """Queue what was chosen and show how it goes."""
        self.ensure_one()
        if not self.account_ids:
            raise UserError(self.env._("Choose an account to import from."))
        if not self.import_audiences:
            raise UserError(self.env._("Choose what to import."))
        self.account_ids.check_access("read")
        self.account_ids._check_connected()
        return self.account_ids._start_import_audiences(
            trigger="user", priority=PRIORITY_USER, members=True
        )._open()

    def action_preview(self):
        """Show what a fetch of the known audiences would do, without doing it."""
        self.ensure_one()
        if not self.account_ids:
            raise UserError(self.env._("Choose an account to import from."))
        return self.account_ids.action_preview_fetch()
