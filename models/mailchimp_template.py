from markupsafe import escape

from odoo import api, fields, models

from ..const import TEMPLATE_FIELDS, TEMPLATE_TYPES
from ..tools.coerce import (
    MAX_HTML,
    as_map,
    clean_json,
    clean_text,
    parse_datetime,
    remote_id,
    short_text,
    web_address,
)


class MailchimpTemplate(models.Model):
    """The design of a campaign: with named sections that each campaign fills.

    Mailchimp hands out the sections of a template, never its HTML: Odoo only knows what
    was written in Odoo.
    """

    _name = "mailchimp.template"
    _description = "Mailchimp Template"
    _inherit = ["mailchimp.document", "mail.thread"]
    _order = "name, id"
    _parent_field = "account_id"
    _remote_group = "templates"
    _remote_method = "list"
    _remote_items = "templates"
    _remote_fields = TEMPLATE_FIELDS
    _connector_fields = frozenset(
        {"mailchimp_id", "type", "category", "date_created", "date_edited"}
        | {"thumbnail", "share_url", "drag_and_drop", "content_type", "sections"}
        | {"section_order", "company_id"}
        | {"created_by", "edited_by", "to_push", "remote_changed", "remote_values"}
        | {"to_read", "gone", "exchanged_at"}
    )
    _status_fields = frozenset(
        {"type", "category", "content_type", "drag_and_drop", "thumbnail", "share_url"}
        | {"created_by", "edited_by", "date_created", "date_edited"}
    )
    _identity_fields = frozenset({"account_id"})
    _remote_get = "get_template"
    _remote_content = "get_default_content_for_template"

    account_id = fields.Many2one(
        "mailchimp.account",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self._default_account_id(),
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

    # Foreign HTML: shown by `mailchimp_html_preview` only.
    html = fields.Text(
        string="HTML",
        prefetch=False,
        help="The whole template. Places that campaigns may fill are marked with "
        'mc:edit="name".',
    )
    sections = fields.Json(
        string="Content of the Sections",
        readonly=True,
        copy=False,
        help="The named sections, each with what stands in it by default.",
    )
    # The database keeps no order within `sections`.
    section_order = fields.Json(readonly=True, copy=False)
    section_names = fields.Char(string="Sections", compute="_compute_section_names")
    campaign_count = fields.Integer(
        string="Number of Campaigns", compute="_compute_campaign_count"
    )
    preview = fields.Text(compute="_compute_preview")
    editable = fields.Boolean(
        compute="_compute_editable", help="Whether Odoo can change it in Mailchimp."
    )

    _account_mailchimp_uniq = models.Constraint(
        "UNIQUE(account_id, mailchimp_id)", "This template was imported already."
    )

    @api.model
    def _default_account_id(self):
        return self.env["mailchimp.campaign"]._default_account_id()

    # === COMPUTE METHODS === #

    @api.depends("sections", "section_order")
    def _compute_section_names(self):
        for template in self:
            template.section_names = ", ".join(template._sections()) or False

    def _sections(self):
        """Return {name of a section: what stands in it}, as Mailchimp orders them."""
        sections = as_map(self.sections)
        order = [name for name in self.section_order or () if name in sections]
        return {name: sections[name] for name in [*order, *sections]}

    def _compute_campaign_count(self):
        groups = self.env["mailchimp.campaign"]._read_group(
            [("template_id", "in", self.ids)], ["template_id"], ["__count"]
        )
        counts = dict(groups)
        for template in self:
            template.campaign_count = counts.get(template, 0)

    @api.depends("html", "sections", "section_order")
    def _compute_preview(self):
        """What can be shown: all of it, or what stands in its sections."""
        for template in self:
            parts = [
                f'<p style="color: #888; font: small-caps 13px sans-serif">'
                f"{escape(name)}</p>{html}"
                for name, html in template._sections().items()
            ]
            template.preview = template.html or "<hr/>".join(parts) or False

    @api.depends("type", "drag_and_drop")
    def _compute_editable(self):
        for template in self:
            template.editable = template.type == "user" and not template.drag_and_drop

    # === MAPPING === #

    @api.model
    def _values_from_mailchimp(self, data):
        type_ = short_text(data.get("type"))
        return {
            "mailchimp_id": data["id"],
            # A deleted one is kept in Mailchimp, marked.
            "active": data.get("active") is not False,
            "name": short_text(data.get("name")) or data["id"],
            "type": type_ if type_ in dict(TEMPLATE_TYPES) else "user",
            "category": short_text(data.get("category")),
            "content_type": short_text(data.get("content_type")),
            "drag_and_drop": bool(data.get("drag_and_drop")),
            "thumbnail": web_address(data.get("thumbnail")),
            "share_url": web_address(data.get("share_url")),
            "created_by": short_text(data.get("created_by")),
            "edited_by": short_text(data.get("edited_by")),
            "date_created": parse_datetime(data.get("date_created")),
            "date_edited": parse_datetime(data.get("date_edited")),
        }

    @api.model
    def _snapshot(self, data):
        names = ("name", "folder_id", "date_edited")
        return clean_json({name: data.get(name) for name in names})

    @api.model
    def _linked_values(self, account, items):
        folders = self.env["mailchimp.folder"].sudo()  # sudo: whoever saves it
        folders = folders.search(
            [("account_id", "=", account.id), ("kind", "=", "template")]
        )
        ids = {folder.mailchimp_id: folder.id for folder in folders}
        return [
            dict(
                self._values_from_mailchimp(item),
                folder_id=ids.get(remote_id(item.get("folder_id")), False),
            )
            for item in items
        ]

    def _content_changed(self, vals):
        return not self or self.date_edited != vals["date_edited"]

    def _keeps_own(self):
        """What was written in Odoo may be older than Mailchimp's, which is unknown."""
        return self.to_push or bool(self.html)

    @api.model
    def _content_values(self, data):
        """Turn the sections of a template into field values, without I/O.

        :param dict data: https://mailchimp.com/developer/marketing/api/template-default-content/
        """
        sections = {
            clean_text(name): clean_text(html, MAX_HTML)
            for name, html in as_map(data.get("sections")).items()
            if isinstance(html, str)
        }
        return {"sections": sections or False, "section_order": list(sections) or False}

    # === IMPORT === #

    @api.model
    def _import(self, account, run, kinds):
        """Import the templates of an account, and what is in them.

        :param recordset account: `mailchimp.account`
        :param recordset run: the `mailchimp.run` that counts
        :param list kinds: which: user, base, gallery; others are left alone
        :return: a generator with a checkpoint after each page
        """
        gateway = account._gateway()
        self.env["mailchimp.folder"]._import_kind(account, gateway, "template")
        sort = {"sort_field": "date_created", "sort_dir": "ASC"}
        for kind in kinds:
            domain = [("type", "=", kind)]
            yield from self._import_part(account, run, kind, domain, type=kind, **sort)
        here = [("account_id", "=", account.id), ("to_read", "=", True)]
        yield from self.search(here)._read_contents(run)
