from odoo import api, fields, models


class MailchimpWebPage(models.AbstractModel):
    """Something that has a page of its own in Mailchimp's web application."""

    _name = "mailchimp.web.page"
    _description = "Page in Mailchimp's Web Application"

    # Where the pages are; the id is put behind it.
    _web_path = None

    web_id = fields.Integer(
        string="Mailchimp Web ID", readonly=True, copy=False, aggregator=None
    )
    web_url = fields.Char(string="Open in Mailchimp", compute="_compute_web_url")

    @api.depends("web_id", "account_id.data_center")
    def _compute_web_url(self):
        for record in self:
            center = record.account_id.data_center
            page = f"admin.mailchimp.com/{self._web_path}?id={record.web_id}"
            is_known = center and record.web_id
            record.web_url = f"https://{center}.{page}" if is_known else False

    def action_open_in_mailchimp(self):
        """Open the page of this record in Mailchimp's web application."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.web_url, "target": "new"}
