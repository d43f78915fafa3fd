import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.inside import IMPORTING

# Of these types Mailchimp asks for more than Odoo edits.
ODOO_TYPES = frozenset({"regular", "plaintext"})
# What of it is made somewhere else in Odoo, and where.
MADE_ELSEWHERE = {"template": "template_id", "mailing": "mailing_id"}
# What Mailchimp says is in the mail.
CONTENT = ("html", "plain_text", "variate_contents")


class MailchimpCampaignSource(models.Model):
    """Where the content of a campaign comes from.

    `html` and `plain_text` are what Mailchimp holds; only for the source *HTML* they
    are what people edit.
    """

    _inherit = "mailchimp.campaign"

    content_source = fields.Selection(
        [
            ("html", "HTML Code"),
            ("template", "A Mailchimp Template"),
            ("mailing", "An Odoo Mailing"),
            ("mailchimp", "Designed in Mailchimp"),
        ],
        string="Content From",
        default="html",
        required=True,
        help="Designed in Mailchimp: Odoo shows it, and never changes it.",
    )
    section_ids = fields.One2many(
        "mailchimp.campaign.section",
        "campaign_id",
        string="Template Sections",
        copy=True,
    )
    content_digest = fields.Char(
        readonly=True, copy=False, help="Of the content that was saved to Mailchimp."
    )
    remote_content_digest = fields.Char(
        readonly=True,
        copy=False,
        help="Of the content that both sides agreed on last, as Mailchimp said it.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """What comes from Mailchimp was designed there."""
        for vals in vals_list:
            if vals.get("mailchimp_id"):
                vals.setdefault("content_source", "mailchimp")
        return super().create(vals_list)

    def copy_data(self, default=None):
        """Make copies that Odoo can save to Mailchimp."""
        vals_list = super().copy_data(default)
        for campaign, vals in zip(self, vals_list, strict=True):
            if campaign.content_source == "mailchimp":  # where nothing is yet
                vals["content_source"] = "html"
            if campaign.type not in ODOO_TYPES:
                vals["type"] = "regular"
        return vals_list

    def write(self, vals):
        """Content of another kind is to be saved, whatever was saved before."""
        source = vals.get("content_source")
        others = self.filtered(
            lambda campaign: source and campaign.content_source != source
        )
        others.filtered("content_digest")._connector_write({"content_digest": False})
        return super().write(vals)

    # === ONCHANGES === #

    @api.onchange("template_id", "content_source")
    def _onchange_template_id(self):
        """Offer the sections of the template with what stands in it."""
        if self.content_source != "template" or not self.template_id:
            return
        sections = self.template_id._sections()
        kept = {line.name: line.html for line in self.section_ids}
        self.section_ids = [fields.Command.clear()] + [
            fields.Command.create({"name": name, "html": kept.get(name, html)})
            for name, html in sections.items()
        ]

    # === IMPORT === #

    def _take_over_content(self, data):
        """What was read is what Mailchimp has: it is not saved there again.

        Otherwise to change the subject in Odoo would undo a design made in Mailchimp.
        With a design of Mailchimp's, a template or mailing in Odoo agreed to nothing.
        """
        name = self._raw_field()
        before = name and self[name]
        result = super()._take_over_content(data)
        vals = {}
        if name and self[name] != before:
            vals["content_digest"] = self._digest({name: self[name] or ""})
        is_followed = name or self.content_source not in MADE_ELSEWHERE
        if is_followed or not self.remote_content_digest:
            vals["remote_content_digest"] = self._digest_there(data)
        # sudo: only the connector writes these.
        self.sudo().with_context(**IMPORTING)._write_changed(vals)
        return result

    def _raw_field(self):
        """Return the field in which people edit the content itself, None if none."""
        if self.type == "plaintext":
            return "plain_text"
        is_html = self.type in ODOO_TYPES and self.content_source == "html"
        return "html" if is_html else None

    # === MAPPING === #

    def _content_payload(self):
        """Return the content for Mailchimp; None where Odoo leaves it alone.

        https://mailchimp.com/developer/marketing/api/campaign-content/

        :return: body of the request (dict) or None
        :raise UserError: when a mailing cannot be turned into a campaign
        """
        self.ensure_one()
        if name := self._raw_field():
            return self._raw_payload(name)
        if self.type not in ODOO_TYPES:
            return None
        if self.content_source == "template":
            return self._template_payload()
        if self.content_source == "mailing" and self.mailing_id:
            return {"html": self._mailing_html()}
        return None

    def _missing_content(self):
        """Return what has to be chosen before content can be saved, False if nothing.

        A template or mailing may be deleted: edits of sections would be lost silently.
        """
        name = MADE_ELSEWHERE.get(self.content_source)
        if self.type != "regular" or not name or self[name]:
            return False
        return self._fields[name]._description_string(self.env)

    def _raw_payload(self, name):
        # Mailchimp's is only emptied where it once had something of Odoo's.
        if not self[name] and not self.content_digest:
            return None
        return {name: self[name] or ""}

    def _template_payload(self):
        template = self.template_id
        if not template:
            return None
        if not template.mailchimp_id or not template.active:
            raise UserError(
                self.env._(
                    "The template %s is not in Mailchimp. Save it there first, or "
                    "choose another one.",
                    template.display_name,
                )
            )
        payload = {"id": int(template.mailchimp_id)}
        if self.section_ids:
            payload["sections"] = {
                line.name: line.html or "" for line in self.section_ids
            }
        return {"template": payload}

    def _new_content(self):
        """Return the content for Mailchimp, if it is not what was saved last.

        :return: as `_content_payload`
        """
        content = self._content_payload()
        is_new = content and self._digest(content) != self.content_digest
        return content if is_new else None

    @api.model
    def _digest_there(self, data):
        """Return what tells apart what Mailchimp says is in the mail.

        :param dict data: https://mailchimp.com/developer/marketing/api/campaign-content/
        """
        return self._digest({name: data.get(name) or "" for name in CONTENT})

    @api.model
    def _digest(self, payload):
        """Return what tells contents apart, whatever characters are in them."""
        text = json.dumps(payload, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
