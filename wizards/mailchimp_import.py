from odoo import api, fields, models
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

    import_templates = fields.Boolean(
        string="Templates", help="Your own templates, with their folders."
    )
    import_base_templates = fields.Boolean(
        string="Basic Templates", help="Layouts by Mailchimp."
    )
    import_gallery_templates = fields.Boolean(
        string="Gallery Templates", help="Designs by Mailchimp."
    )
    import_campaigns = fields.Boolean(
        string="Campaigns",
        help="Campaigns of every status with their content. Those that were made from "
        "a template need it, so the templates come along.",
    )

    def _default_account_ids(self):
        return self.env["mailchimp.account"].search([("state", "=", "connected")])

    @api.onchange("import_campaigns")
    def _onchange_import_campaigns(self):
        """Campaigns are made from templates."""
        self.import_templates |= self.import_campaigns

    def action_process(self):
        """Queue what was chosen and show how it goes."""
        self.ensure_one()
        if not self.account_ids:
            raise UserError(self.env._("Choose an account to import from."))
        starts = self._starts()
        if not starts:
            raise UserError(self.env._("Choose what to import."))
        self.account_ids.check_access("read")
        self.account_ids._check_connected()
        runs = self.env["mailchimp.run"]
        for start, options in starts:
            runs |= start(trigger="user", priority=PRIORITY_USER, **options)
        return runs._open()

    def _starts(self):
        """Return what starts the imports that were chosen, in the order they need.

        :return: methods of the accounts, each with its options (list of pairs)
        """
        accounts, starts = self.account_ids, []
        if self.import_audiences:
            starts.append((accounts._start_import_audiences, {"members": True}))
        if kinds := self._template_kinds():
            starts.append((accounts._start_import_templates, {"kinds": kinds}))
        if self.import_campaigns:
            starts.append((accounts._start_import_campaigns, {}))
        return starts

    def _template_kinds(self):
        templates = self.import_templates or self.import_campaigns
        wanted = {
            "user": templates,
            "base": templates and self.import_base_templates,
            "gallery": templates and self.import_gallery_templates,
        }
        return [kind for kind, is_wanted in wanted.items() if is_wanted]

    def action_preview(self):
        """Show what a fetch of the known audiences would do, without doing it."""
        self.ensure_one()
        if not self.account_ids:
            raise UserError(self.env._("Choose an account to import from."))
        return self.account_ids.action_preview_fetch()
