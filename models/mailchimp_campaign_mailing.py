from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import file_open

from ..tools import mailing_html
from .mailchimp_merge_field import PARTNER_PREFIX

EMAIL_TAG = "*|EMAIL|*"
EMAIL_NAMES = ("email", "email_normalized")
# Of these, the name of the record is what is sent.
RECORD_NAMES = ("name", "display_name")
LAYOUT = "mass_mailing.mass_mailing_mail_layout"
STYLES = "mass_mailing/static/src/scss/mass_mailing_mail.scss"
# Whose mailings know the recipients by the fields that are mapped, and the way there.
RECIPIENT_MODELS = {
    "mailing.contact": "",
    "mailing.list": "",
    "res.partner": f"{PARTNER_PREFIX}.",
}


class MailchimpCampaignMailing(models.Model):
    """The body of an Odoo mailing as content of a campaign.

    It is what Odoo would send, but that Mailchimp fills in what differs between the
    recipients. The mailing is read with the rights of the user.
    """

    _inherit = "mailchimp.campaign"

    mailing_id = fields.Many2one(
        "mailing.mailing",
        string="Mailing",
        ondelete="set null",
        index="btree_not_null",
        domain="[('mailing_type', '=', 'mail')]",
        help="Its body becomes the content, as Odoo would send it.",
    )
    link_tracking = fields.Boolean(
        string="Count Clicks in Odoo Too",
        help="Links go through Odoo's link tracker, under the UTM campaign. Mailchimp "
        "counts clicks anyway.",
    )
    mailing_preview = fields.Text(
        compute="_compute_mailing_preview", string="Preview of the Mailing"
    )
    mailing_problem = fields.Text(
        compute="_compute_mailing_preview", string="What the Mailing Needs"
    )

    @api.depends("mailing_id", "mailing_id.body_html", "audience_id", "content_source")
    def _compute_mailing_preview(self):
        for campaign in self:
            preview = problem = False
            if campaign.content_source == "mailing" and campaign.mailing_id:
                preview, problem = campaign._mailing_converted()
            campaign.mailing_preview = preview
            campaign.mailing_problem = problem

    @api.onchange("mailing_id")
    def _onchange_mailing_id(self):
        """Propose the subject of the mailing."""
        mailing = self.mailing_id
        self.subject = self.subject or mailing.subject
        self.preview_text = self.preview_text or mailing.preview
        self.name = self.name or mailing.subject

    # === CONVERSION === #

    def _mailing_html(self):
        """Return the mailing as HTML for Mailchimp.

        :raise UserError: when the mailing says what Mailchimp cannot say
        """
        self.mailing_id.check_access("read")
        html, problem = self._mailing_converted()
        if problem:
            raise UserError(problem)
        html = self._with_tracked_links(html)
        return self._with_attachment_tokens(self._in_layout(html))

    def _mailing_converted(self):
        """Return the body with merge tags, and what it needs before it can be sent."""
        base_url = self.mailing_id.get_base_url()
        body = self.mailing_id._replace_local_links(
            str(self.mailing_id.body_html or ""), base_url
        )
        found = mailing_html.convert(body, self._placeholder_tags(), base_url)
        return found.html, self._conversion_problem(found.unknown, found.logic)

    def _conversion_problem(self, unknown, logic=()):
        """Return what to do about what Mailchimp cannot fill in, False if nothing."""
        said = []
        if unknown:
            said.append(
                self.env._(
                    "No merge field of %(audience)s has the value of %(names)s. Map a "
                    "merge field to it (Audience > Merge Fields), or take the "
                    "placeholder out of the mailing.",
                    audience=self.audience_id.display_name
                    or self.env._("the audience"),
                    names=", ".join(unknown),
                )
            )
        if logic:
            said.append(
                self.env._(
                    "Mailchimp cannot do what Odoo's templates do here: %s. Take it "
                    "out of the mailing; conditions can be written with Mailchimp's "
                    "own *|IF:...|* tags.",
                    ", ".join(logic),
                )
            )
        return "\n".join(said) or False

    def _with_inline_tags(self, text):
        """Return a subject or preview text with merge tags for its placeholders.

        :raise UserError: when Mailchimp has no such value
        """
        if not text or "{{" not in text:
            return text or ""
        text, unknown = mailing_html.convert_text(text, self._placeholder_tags())
        if problem := self._conversion_problem(unknown):
            raise UserError(problem)
        return text

    def _placeholder_tags(self):
        """Return {path from the recipient of the mailing: merge tags}."""
        model = self.mailing_id.mailing_model_real or "mailing.contact"
        prefix = RECIPIENT_MODELS.get(model)
        tags = {} if prefix is None else dict.fromkeys(EMAIL_NAMES, EMAIL_TAG)
        if prefix is None:
            return tags
        for merge_field in self.audience_id.merge_field_ids:
            path = merge_field.field_path or ""
            if not path.startswith(prefix) or path == PARTNER_PREFIX:
                continue
            tag = f"*|{merge_field.tag}|*"
            path = path.removeprefix(prefix)
            tags.setdefault(path, tag)
            for name in RECORD_NAMES:
                tags.setdefault(f"{path}.{name}", tag)
        return self._with_whole_name(tags)

    def _with_whole_name(self, tags):
        by_path = self.audience_id.merge_field_ids.grouped("field_path")
        parts = [
            f"*|{by_path[path][:1].tag}|*"
            for path in ("first_name", "last_name")
            if path in by_path
        ]
        whole = by_path.get("name", self.env["mailchimp.merge.field"])[:1]
        name = f"*|{whole.tag}|*" if whole else " ".join(parts)
        return {**dict.fromkeys(RECORD_NAMES, name), **tags} if name else tags

    def _in_layout(self, html):
        """Return a body in what Odoo sends around it."""
        with file_open(STYLES) as file:
            style = Markup("<style>%s</style>") % Markup(file.read())
        # The body is a value here: what it says is not evaluated.
        values = {"body": Markup(html), "mailing_style": style}
        whole = self.env["ir.qweb"]._render(
            LAYOUT, values, minimal_qcontext=True, raise_if_not_found=False
        )
        return str(whole or html)

    def _with_tracked_links(self, html):
        """Return a body whose links are counted by Odoo, if that is wanted."""
        if not self.link_tracking:
            return html
        own = self.mailing_id.get_base_url() + "/r/"
        links = {
            url: text
            for url, text in mailing_html.links(html).items()
            if "*|" not in url and not url.startswith(own)
        }
        vals = {
            "campaign_id": self.utm_campaign_id.id,
            "medium_id": self.mailing_id.medium_id.id,
        }
        # Without a title, Odoo would read each page to find one.
        trackers = self.env["link.tracker"].search_or_create(
            [dict(vals, url=url, title=text or url) for url, text in links.items()]
        )
        short = dict(zip(links, [t.short_url for t in trackers], strict=True))
        return mailing_html.with_links(html, short)

    def _with_attachment_tokens(self, html):
        """Return HTML whose pictures can be seen outside, as far as the user may."""
        base_url = self.mailing_id.get_base_url()
        ids = mailing_html.attachment_ids(html, base_url)
        attachments = self.env["ir.attachment"].browse(ids).exists()
        # sudo: whether a picture is public is no secret; the others are checked.
        hidden = attachments.filtered(lambda a: not a.sudo().public)
        try:
            hidden.check_access("read")
        except AccessError as error:
            raise UserError(
                self.env._(
                    "The mailing shows a picture that you may not see. Put it in anew."
                )
            ) from error
        # sudo: a token is no change that needs a right beyond seeing the picture.
        tokens = hidden.sudo().generate_access_token()
        return mailing_html.with_tokens(
            html, base_url, dict(zip(hidden.ids, tokens, strict=True))
        )
