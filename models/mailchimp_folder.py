from odoo import api, fields, models

from ..tools.coerce import short_text


class MailchimpFolder(models.Model):
    """Where Mailchimp keeps templates or campaigns."""

    _name = "mailchimp.folder"
    _description = "Mailchimp Folder"
    _inherit = ["mailchimp.remote"]
    _order = "kind, name, id"
    _parent_field = "account_id"

    account_id = fields.Many2one(
        "mailchimp.account",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one(related="account_id.company_id")
    kind = fields.Selection(
        [("template", "Templates"), ("campaign", "Campaigns")],
        required=True,
        readonly=True,
    )
    name = fields.Char(required=True, readonly=True)

    _account_mailchimp_uniq = models.Constraint(
        "UNIQUE(account_id, kind, mailchimp_id)", "This folder was imported already."
    )

    @api.model
    def _import_kind(self, account, gateway, kind):
        """Import the folders of templates or of campaigns.

        https://mailchimp.com/developer/marketing/api/template-folders/

        :param recordset account: `mailchimp.account` they belong to
        :param Gateway gateway: of it
        :param str kind: of the folders
        :return: the folders
        """
        method = {
            "template": gateway.api.templateFolders.list,
            "campaign": gateway.api.campaignFolders.list,
        }[kind]
        wanted = ["folders.id", "folders.name"]
        pages = gateway.pages(method, key="folders", fields=wanted)
        items = [item for page in pages for item in page.items]
        return self._mirror(account, items, kind=kind)

    @api.model
    def _values_from_mailchimp(self, data):
        return {
            "mailchimp_id": data["id"],
            "name": short_text(data.get("name")) or data["id"],
        }
