from odoo import api, fields, models
from odoo.exceptions import RedirectWarning

from ..const import (
    CAMPAIGN_FIELDS,
    CAMPAIGN_STATUS_CODES,
    CAMPAIGN_STATUSES,
    CAMPAIGN_TYPE_CODES,
    CAMPAIGN_TYPES,
)
from ..tools.coerce import (
    as_map,
    clean_json,
    parse_datetime,
    remote_id,
    short_text,
    small_integer,
)

# As Mailchimp limits it.
ANALYTICS_BYTES = 50
# Parts of a campaign that Odoo keeps as Mailchimp says them.
DETAILS = ("variate_settings", "rss_opts", "ab_split_opts")


class MailchimpCampaign(models.Model):
    """A campaign: what is sent to whom, and what became of it.

    Its settings may be edited in Odoo as long as Mailchimp lets them; see
    `mailchimp_campaign_edit`. What people did with it is in
    `mailchimp.campaign.activity`.
    """

    _name = "mailchimp.campaign"
    _description = "Mailchimp Campaign"
    _inherit = [
        "mailchimp.document",
        "mailchimp.web.page",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "send_time desc, id desc"
    _parent_field = "account_id"
    _remote_group = "campaigns"
    _remote_method = "list"
    _remote_items = "campaigns"
    _remote_fields = CAMPAIGN_FIELDS
    _web_path = "campaigns/show/"
    _connector_fields = frozenset(
        {"mailchimp_id", "web_id", "status", "send_time", "create_time", "details"}
        | {"archive_url", "emails_sent", "recipient_count", "can_cancel", "resendable"}
        | {"utm_campaign_id", "parent_mailchimp_id", "content_type", "segment_text"}
        | {"remote_values", "to_read", "exchanged_at", "company_id"}
    )
    _identity_fields = frozenset({"account_id"})

    account_id = fields.Many2one(
        "mailchimp.account",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self._default_account_id(),
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True
    )
    audience_id = fields.Many2one(
        "mailchimp.audience",
        ondelete="set null",
        index="btree_not_null",
        tracking=True,
        domain="[('account_id', '=', account_id)]",
        help="Who may get it. Empty: none is chosen yet, or it is gone in Mailchimp.",
    )
    # Empty until it was created in Mailchimp
    mailchimp_id = fields.Char(required=False, copy=False)
    parent_mailchimp_id = fields.Char(
        string="Parent Campaign ID", readonly=True, copy=False
    )
    name = fields.Char(
        string="Title",
        required=True,
        tracking=True,
        help="For your own eyes: recipients do not see it.",
    )
    type = fields.Selection(CAMPAIGN_TYPES, default="regular", required=True)
    status = fields.Selection(
        CAMPAIGN_STATUSES,
        default="save",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    folder_id = fields.Many2one(
        "mailchimp.folder",
        ondelete="set null",
        domain="[('account_id', '=', account_id), ('kind', '=', 'campaign')]",
    )
    user_id = fields.Many2one(
        "res.users", string="Responsible", default=lambda self: self.env.user
    )
    utm_campaign_id = fields.Many2one(
        "utm.campaign",
        string="UTM Campaign",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
        copy=False,
        help="Under which Odoo counts visits, leads and sales that come from it.",
    )

    # Settings
    subject = fields.Char(tracking=True)
    preview_text = fields.Char(help="Shown behind the subject in the inbox.")
    from_name = fields.Char(string="From")
    reply_to = fields.Char(
        string="From Email Address", help="Mailchimp must have verified its domain."
    )
    to_name = fields.Char(help="May hold merge tags: *|FNAME|* *|LNAME|*")
    template_id = fields.Many2one(
        "mailchimp.template",
        ondelete="set null",
        index="btree_not_null",
        domain="[('account_id', '=', account_id)]",
    )

    # Recipients
    segment_opts = fields.Json(readonly=True, copy=False, help="As Mailchimp says it.")
    segment_text = fields.Char(
        string="Recipients in Mailchimp's Words", readonly=True, copy=False
    )
    recipient_count = fields.Integer(
        string="Recipients",
        readonly=True,
        copy=False,
        help="As Mailchimp counts them; it takes a moment after each change.",
    )

    # Tracking
    track_opens = fields.Boolean(default=True)
    track_html_clicks = fields.Boolean(string="Track Clicks", default=True)
    track_text_clicks = fields.Boolean(string="Track Plain-Text Clicks")
    track_ecommerce = fields.Boolean(string="E-Commerce Link Tracking")
    google_analytics = fields.Char(
        string="Google Analytics Title", help="50 bytes at most."
    )

    # What Mailchimp says
    content_type = fields.Char(readonly=True, copy=False)
    create_time = fields.Datetime(
        string="Created in Mailchimp", readonly=True, copy=False
    )
    send_time = fields.Datetime(
        readonly=True,
        copy=False,
        help="When it was sent, or will be.",
    )
    archive_url = fields.Char(string="Archive Link", readonly=True, copy=False)
    emails_sent = fields.Integer(readonly=True, copy=False)
    resendable = fields.Boolean(readonly=True, copy=False)
    can_cancel = fields.Boolean(readonly=True, copy=False)
    details = fields.Json(readonly=True, copy=False)

    activity_event_ids = fields.One2many(
        "mailchimp.campaign.activity", "campaign_id", string="Recipient Activity"
    )

    _account_mailchimp_uniq = models.Constraint(
        "UNIQUE(account_id, mailchimp_id)", "This campaign was imported already."
    )

    @api.model
    def _default_account_id(self):
        """Return the only account there is to choose, if any.

        :raise RedirectWarning: when there is none at all
        """
        Account = self.env["mailchimp.account"]
        if not Account.search_count([], limit=1):
            raise RedirectWarning(
                self.env._("Connect your Mailchimp account first."),
                self.env.ref("mailchimp_connector.mailchimp_account_action").id,
                self.env._("Accounts"),
            )
        accounts = Account.search(
            [("state", "=", "connected"), ("company_id", "=", self.env.company.id)],
            limit=2,
        )
        return accounts if len(accounts) == 1 else False

    # === MAPPING === #

    @api.model
    def _values_from_mailchimp(self, data):
        """Turn a campaign into field values, without I/O; no links to other records.

        :param dict data: https://mailchimp.com/developer/marketing/api/campaigns/
        """
        type_, status = short_text(data.get("type")), short_text(data.get("status"))
        details = {name: data[name] for name in DETAILS if data.get(name)}
        return {
            **self._setting_values(as_map(data.get("settings"))),
            **self._tracking_values(as_map(data.get("tracking"))),
            **self._recipient_values(as_map(data.get("recipients"))),
            "mailchimp_id": data["id"],
            "web_id": small_integer(data.get("web_id")),
            "parent_mailchimp_id": remote_id(data.get("parent_campaign_id")) or False,
            "type": type_ if type_ in CAMPAIGN_TYPE_CODES else "other",
            "status": status if status in CAMPAIGN_STATUS_CODES else "other",
            "content_type": short_text(data.get("content_type")),
            "create_time": parse_datetime(data.get("create_time")),
            "send_time": parse_datetime(data.get("send_time")),
            "archive_url": short_text(
                data.get("long_archive_url") or data.get("archive_url")
            ),
            "emails_sent": small_integer(data.get("emails_sent")),
            "resendable": bool(data.get("resendable")),
            "can_cancel": bool(as_map(data.get("delivery_status")).get("can_cancel")),
            "details": clean_json(details) or False,
        }

    @api.model
    def _setting_values(self, settings):
        subject = short_text(settings.get("subject_line"))
        return {
            "name": short_text(settings.get("title"))
            or subject
            or self.env._("Untitled"),
            "subject": subject,
            "preview_text": short_text(settings.get("preview_text")),
            "from_name": short_text(settings.get("from_name")),
            "reply_to": short_text(settings.get("reply_to")),
            "to_name": short_text(settings.get("to_name")),
        }

    @api.model
    def _tracking_values(self, tracking):
        title = (short_text(tracking.get("google_analytics")) or "").encode()
        return {
            "track_opens": bool(tracking.get("opens")),
            "track_html_clicks": bool(tracking.get("html_clicks")),
            "track_text_clicks": bool(tracking.get("text_clicks")),
            "track_ecommerce": bool(tracking.get("ecomm360")),
            "google_analytics": title[:ANALYTICS_BYTES].decode(errors="ignore"),
        }

    @api.model
    def _recipient_values(self, recipients):
        return {
            "segment_opts": clean_json(as_map(recipients.get("segment_opts"))) or False,
            "segment_text": short_text(recipients.get("segment_text")),
            "recipient_count": small_integer(recipients.get("recipient_count")),
        }
