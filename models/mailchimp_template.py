from odoo import api, fields, models

from ..const import TEMPLATE_FIELDS, TEMPLATE_TYPES
from ..tools.coerce import parse_datetime, short_text


class MailchimpTemplate(models.Model):
    """The design of a campaign: with named sections that each campaign fills."""

    _name = "mailchimp.template"
    _description = "Mailchimp Template"
    _inherit = ["mailchimp.guard", "mailchimp.remote", "mail.thread"]
    _order = "name, id"
    _parent_field = "account_id"
    _remote_group = "templates"
    _remote_method = "list"
    _remote_items = "templates"
    _remote_fields = TEMPLATE_FIELDS
    _connector_fields = frozenset(
        {"mailchimp_id", "type", "category", "date_created", "date_edited"}
        | {"thumbnail", "share_url", "drag_and_drop", "content_type"}
    )
    _identity_fields = frozenset({"account_id"})

    account_id = fields.Many2one(
        "mailchimp.account", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    # Empty until it was created in Mailchimp
    mailchimp_id = fields.Char(required=False, copy=False)
    name = fields.Char(required=True)
    type = fields.Selection(
        TEMPLATE_TYPES,
        default="user",
        required=True,
        readonly=True,
        copy=False,
        help="My Templates: of this account. Basic and Gallery: Mailchimp's own.",
    )
    folder_id = fields.Many2one(
        "mailchimp.folder",
        ondelete="set null",
        domain="[('account_id', '=', account_id), ('kind', '=', 'template')]",
    )
    category = fields.Char(readonly=True, copy=False)
    content_type = fields.Char(readonly=True, copy=False)
    drag_and_drop = fields.Boolean(
        readonly=True, copy=False, help="Made in Mailchimp's own editor."
    )
    thumbnail = fields.Char(string="Preview Picture", readonly=True, copy=False)
    share_url = fields.Char(string="Share URL", readonly=True, copy=False)
    created_by = fields.Char(readonly=True, copy=False)
    edited_by = fields.Char(readonly=True, copy=False)
    date_created = fields.Datetime(
        string="Created in Mailchimp", readonly=True, copy=False
    )
    date_edited = fields.Datetime(
        string="Edited in Mailchimp", readonly=True, copy=False
    )

    _account_mailchimp_uniq = models.Constraint(
        "UNIQUE(account_id, mailchimp_id)", "This template was imported already."
    )

    # === MAPPING === #

    @api.model
    def _values_from_mailchimp(self, data):
        type_ = short_text(data.get("type"))
        return {
            "mailchimp_id": data["id"],
            "name": short_text(data.get("name")) or data["id"],
            "type": type_ if type_ in dict(TEMPLATE_TYPES) else "user",
            "category": short_text(data.get("category")),
            "content_type": short_text(data.get("content_type")),
            "drag_and_drop": bool(data.get("drag_and_drop")),
            "thumbnail": short_text(data.get("thumbnail")),
            "share_url": short_text(data.get("share_url")),
            "created_by": short_text(data.get("created_by")),
            "edited_by": short_text(data.get("edited_by")),
            "date_created": parse_datetime(data.get("date_created")),
            "date_edited": parse_datetime(data.get("date_edited")),
        }
