"""Constants shared by every layer. Data only."""

# === MAILCHIMP'S WORDS === #

# https://mailchimp.com/developer/marketing/api/list-members/
MEMBER_STATUSES = [
    ("subscribed", "Subscribed"),
    ("unsubscribed", "Unsubscribed"),
    ("cleaned", "Cleaned"),
    ("pending", "Pending"),
    ("transactional", "Transactional"),
    ("archived", "Archived"),
]
STATUS_CODES = frozenset(code for code, _label in MEMBER_STATUSES)

# The only state in which a person may receive campaigns.
MARKETABLE_STATUS = "subscribed"
# Whoever is in one of these decided it, or cannot be reached.
OPTED_OUT_STATUSES = ("unsubscribed", "cleaned")

# https://mailchimp.com/developer/marketing/docs/merge-fields/
MERGE_FIELD_TYPES = [
    ("text", "Text"),
    ("number", "Number"),
    ("address", "Address"),
    ("phone", "Phone"),
    ("date", "Date"),
    ("url", "Website"),
    ("imageurl", "Image"),
    ("radio", "Radio Buttons"),
    ("dropdown", "Drop Down"),
    ("birthday", "Birthday"),
    ("zip", "Zip Code"),
    ("other", "Other"),  # a type this version does not know
]
MERGE_FIELD_TYPE_CODES = frozenset(code for code, _label in MERGE_FIELD_TYPES)

# Where a merge field of this tag lands unless somebody maps it otherwise. A path is
# relative to the mailing contact; ``partner_id`` is the customer of the member.
DEFAULT_FIELD_PATHS = {
    "FNAME": "first_name",
    "LNAME": "last_name",
    "NAME": "name",
    "COMPANY": "company_name",
    "COUNTRY": "country_id",
    "PHONE": "partner_id.phone",
    "ADDRESS": "partner_id",
    "WEBSITE": "partner_id.website",
}
NAME_FIELDS = frozenset({"name", "first_name", "last_name"})

# https://mailchimp.com/developer/marketing/api/campaigns/
CAMPAIGN_STATUSES = [
    ("save", "Draft"),
    ("paused", "Paused"),
    ("schedule", "Scheduled"),
    ("sending", "Sending"),
    ("sent", "Sent"),
    ("canceling", "Canceling"),
    ("canceled", "Canceled"),
    ("archived", "Archived"),
    ("other", "Other"),  # a status this version does not know
]
CAMPAIGN_STATUS_CODES = frozenset(code for code, _label in CAMPAIGN_STATUSES)
# In which Mailchimp lets a campaign be changed.
EDITABLE_STATUSES = frozenset({"save", "paused"})
# In which somebody got it already, or is just getting it.
SENT_STATUSES = frozenset({"sending", "sent", "canceling", "canceled"})
CAMPAIGN_TYPES = [
    ("regular", "Regular"),
    ("plaintext", "Plain Text"),
    ("absplit", "A/B Split"),
    ("rss", "RSS"),
    ("variate", "A/B Test"),
    ("automation", "Automation"),
    ("other", "Other"),  # a type this version does not know
]
CAMPAIGN_TYPE_CODES = frozenset(code for code, _label in CAMPAIGN_TYPES)
# https://mailchimp.com/developer/marketing/api/templates/
TEMPLATE_TYPES = [
    ("user", "My Templates"),
    ("base", "Basic"),
    ("gallery", "Gallery"),
]
# https://mailchimp.com/developer/marketing/api/email-activity-reports/, and what other
# reports tell about single recipients.
ACTIVITY_ACTIONS = [
    ("sent", "Sent"),
    ("open", "Opened"),
    ("click", "Clicked"),
    ("bounce", "Bounced"),
    ("unsubscribe", "Unsubscribed"),
    ("abuse", "Complained"),
]

# === WHAT WE ASK FOR === #

# https://mailchimp.com/developer/marketing/docs/methods-parameters/#pagination
PAGE_SIZE = 1000
# `since_*` filters are exclusive and have a resolution of one second: look back.
CURSOR_LOOK_BACK_SECONDS = 2

AUDIENCE_FIELDS = [
    "id",
    "web_id",
    "name",
    "date_created",
    "list_rating",
    "subscribe_url_short",
    "subscribe_url_long",
    "double_optin",
    "marketing_permissions",
    "email_type_option",
    "permission_reminder",
    "campaign_defaults.from_name",
    "campaign_defaults.from_email",
    "stats",
]
MEMBER_FIELDS = [
    "id",
    "email_address",
    "unique_email_id",
    "contact_id",
    "web_id",
    "status",
    "unsubscribe_reason",
    "merge_fields",
    "interests",
    "ip_signup",
    "timestamp_signup",
    "ip_opt",
    "timestamp_opt",
    "member_rating",
    "last_changed",
    "language",
    "vip",
    "source",
    "tags_count",
    "tags",
]
# The embedded list of tags is cut at this length; `tags_count` tells.
EMBEDDED_TAGS_LIMIT = 50
CAMPAIGN_FIELDS = [
    "id",
    "web_id",
    "parent_campaign_id",
    "type",
    "create_time",
    "archive_url",
    "long_archive_url",
    "status",
    "emails_sent",
    "send_time",
    "content_type",
    "resendable",
    "recipients",
    "settings",
    "tracking",
    "variate_settings",
    "rss_opts",
    "ab_split_opts",
    "delivery_status",
]
TEMPLATE_FIELDS = [
    "id",
    "type",
    "name",
    "drag_and_drop",
    "responsive",
    "category",
    "date_created",
    "date_edited",
    "created_by",
    "edited_by",
    "active",
    "folder_id",
    "thumbnail",
    "share_url",
    "content_type",
]
# Where we put the whole list into the payload: a name of ours, not of Mailchimp's.
ALL_TAGS = "all_tags"

# === QUEUE === #

# Lower runs first. People wait for USER; WEBHOOK is one person who just acted.
PRIORITY_USER = 5
PRIORITY_WEBHOOK = 10
PRIORITY_SCHEDULED = 20
# Figures that nobody waits for, computed once when all the rest is done.
PRIORITY_BACKGROUND = 30
# About two days of outage, at one try each six hours in the end.
MAX_ATTEMPTS = 15

# === OPERATIONS === #

RUN_KINDS = [
    ("audiences", "Import Audiences"),
    ("members", "Fetch Members"),
    ("members_full", "Fetch All Members"),
    ("refresh", "Read Members Again"),
    ("webhook", "Webhook"),
    ("export", "Export to MailChimp"),
    ("auto_export", "Auto Export"),
    ("update", "Update to MailChimp"),
    ("opt_in", "Request Opt-in"),
    ("unsubscribe", "Unsubscribe in MailChimp"),
    ("archive", "Archive in MailChimp"),
    ("delete", "Delete Permanently in MailChimp"),
    ("plan", "Preview"),
    ("templates", "Import Templates"),
    ("campaigns", "Import Campaigns"),
    ("reports", "Fetch Campaign Reports"),
]
