from odoo import api, fields, models

from ..tools.coerce import MAX_HTML, clean_text


class MailchimpCampaignContent(models.Model):
    """What is in the mail."""

    _inherit = "mailchimp.campaign"

    # Foreign HTML: shown by `mailchimp_html_preview` only. Not read with the other
    # fields, because there may be megabytes of it in a list of campaigns.
    html = fields.Text(
        string="HTML",
        prefetch=False,
        help="The whole mail, with Mailchimp's merge tags.",
    )
    plain_text = fields.Text(
        prefetch=False, help="For those whose mail program shows no HTML."
    )

    @api.model
    def _content_values(self, data):
        """Turn the content of a campaign into field values, without I/O.

        The first variant stands for an A/B test, which has no content of its own.

        :param dict data: https://mailchimp.com/developer/marketing/api/campaign-content/
        """
        variants = data.get("variate_contents")
        parts = [data, *(variants if isinstance(variants, list) else ())]
        parts = [part for part in parts if isinstance(part, dict)]
        return {
            field: next(
                (
                    clean_text(part[field], MAX_HTML)
                    for part in parts
                    if isinstance(part.get(field), str) and part[field]
                ),
                False,
            )
            for field in ("html", "plain_text")
        }
