from odoo import api, fields, models
from odoo.fields import Command

from ..const import (
    ALL_TAGS,
    EMBEDDED_TAGS_LIMIT,
    MEMBER_STATUSES,
)
from ..tools.coerce import (
    as_map,
    clean_json,
    normalize_email,
    parse_datetime,
    remote_id,
    short_text,
    small_integer,
    with_ids,
)
from ..tools.inside import IMPORTING, trusted
from ..tools.subscriber import fingerprint

# What a member says of a person, besides the hash and when things happened. Nothing
# of it outlives the deletion of the person.
CONTENT = (
    "email",
    "merge_values",
    "base_values",
    "marketing_permissions",
    "remote_contact_id",
    "unique_email_id",
    "web_id",
    "unsubscribe_reason",
    "language",
    "source",
    "rating",
    "vip",
    "ip_signup",
    "ip_opt",
    "fingerprint",
    "error",
    "error_code",
)


class MailchimpMember(models.Model):
    """A person in an audience: the link between a mailing contact and Mailchimp.

    Rows are written by `mailchimp.member.import`, whole pages at a time.
    """

    _name = "mailchimp.member"
    _description = "Mailchimp Member"
    _inherit = ["mailchimp.web.page"]
    _order = "audience_id, email, id"
    _rec_name = "email"
    # Whole pages are written at a time; two foreign keys less to check for each row.
    _log_access = False
    _web_path = "lists/members/view"

    audience_id = fields.Many2one(
        "mailchimp.audience",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    account_id = fields.Many2one(related="audience_id.account_id")
    company_id = fields.Many2one(related="audience_id.company_id")
    contact_id = fields.Many2one(
        "mailing.contact", ondelete="set null", index="btree_not_null", readonly=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    subscription_id = fields.Many2one(
        "mailing.subscription", compute="_compute_subscription_id"
    )
    email = fields.Char(readonly=True)
    subscriber_hash = fields.Char(required=True, readonly=True)
    remote_contact_id = fields.Char(string="Mailchimp Contact ID", readonly=True)
    unique_email_id = fields.Char(string="Mailchimp Email ID", readonly=True)

    status = fields.Selection(
        MEMBER_STATUSES,
        string="Status (Mailchimp)",
        readonly=True,
        help="Empty: not in Mailchimp yet, but waiting to be exported.",
    )
    unsubscribe_reason = fields.Char(readonly=True)
    opt_out_by = fields.Selection(
        [("mailchimp", "Mailchimp"), ("odoo", "Odoo")],
        string="Opted Out in",
        readonly=True,
        help="Where the opt-out of the subscription was decided.",
    )
    opt_out = fields.Boolean(compute="_compute_subscription_id")
    forgotten = fields.Boolean(
        readonly=True,
        help="Permanently deleted in Mailchimp; never to be sent there again.",
    )
    merge_values = fields.Json(readonly=True)
    tag_ids = fields.Many2many(
        "mailchimp.tag",
        "mailchimp_member_tag_rel",
        "member_id",
        "tag_id",
        string="Tags",
        readonly=True,
    )
    interest_ids = fields.Many2many(
        "mailchimp.interest",
        "mailchimp_member_interest_rel",
        "member_id",
        "interest_id",
        string="Groups",
        readonly=True,
    )
    rating = fields.Integer(readonly=True, aggregator="avg")
    language = fields.Char(readonly=True)
    vip = fields.Boolean(string="VIP", readonly=True)
    source = fields.Char(readonly=True)
    ip_signup = fields.Char(string="Sign-up IP", readonly=True)
    timestamp_signup = fields.Datetime(string="Signed up on", readonly=True)
    ip_opt = fields.Char(string="Confirmation IP", readonly=True)
    timestamp_opt = fields.Datetime(string="Confirmed on", readonly=True)
    last_changed = fields.Datetime(string="Last Changed in Mailchimp", readonly=True)
    fingerprint = fields.Char(readonly=True)
    sync_result = fields.Selection(
        [
            ("synced", "Up to Date"),
            ("error", "Sync Error"),
            ("conflict", "Conflict"),
        ],
        string="Last Synchronization",
        default="synced",
        required=True,
        readonly=True,
    )
    error = fields.Char(readonly=True)
    consent_ids = fields.One2many(
        "mailchimp.consent", "member_id", string="Consent History"
    )

    _audience_hash_uniq = models.Constraint(
        "UNIQUE(subscriber_hash, audience_id)",
        "An address can be in an audience only once.",
    )
    _remote_contact_idx = models.Index("(remote_contact_id, audience_id)")
    _attention_idx = models.Index("(sync_result) WHERE sync_result != 'synced'")

    # === COMPUTE METHODS === #

    @api.depends("contact_id.subscription_ids.opt_out", "audience_id.mailing_list_id")
    def _compute_subscription_id(self):
        subscriptions = self.env["mailing.subscription"].search(
            [
                ("contact_id", "in", self.contact_id.ids),
                ("list_id", "in", self.audience_id.mailing_list_id.ids),
            ]
        )
        by_pair = {(s.contact_id, s.list_id): s for s in subscriptions}
        for member in self:
            pair = (member.contact_id, member.audience_id.mailing_list_id)
            member.subscription_id = by_pair.get(pair, subscriptions.browse())
            member.opt_out = member.subscription_id.opt_out

    # === MAPPING === #

    @api.model
    def _values_from_mailchimp(self, data):
        """Turn a member into column values, without I/O.

        :param dict data: https://mailchimp.com/developer/marketing/api/list-members/
        :return: column values (dict) plus ``tags`` and ``interests`` of the payload
        """
        all_tags = data.get(ALL_TAGS)
        return {
            **self._key_from_mailchimp(data),
            **self._identity_from_mailchimp(data),
            **self._proof_from_mailchimp(data),
            "merge_values": clean_json(as_map(data.get("merge_fields"))),
            "rating": small_integer(data.get("member_rating")),
            "language": short_text(data.get("language")),
            "vip": bool(data.get("vip")),
            "last_changed": parse_datetime(data.get("last_changed")) or None,
            "tags": with_ids(data.get("tags") if all_tags is None else all_tags),
            "has_more_tags": all_tags is None
            and small_integer(data.get("tags_count")) > EMBEDDED_TAGS_LIMIT,
            "interests": as_map(data.get("interests")),
        }

    @api.model
    def _key_from_mailchimp(self, data):
        """Return who a member is and a digest of all that is said of it.

        It is all that is looked at of a member that did not change.
        """
        said = data
        if ALL_TAGS in data:
            said = {name: value for name, value in data.items() if name != ALL_TAGS}
        return {
            "subscriber_hash": remote_id(data.get("id")),
            "remote_contact_id": remote_id(data.get("contact_id")),
            "fingerprint": fingerprint(said),
        }

    @api.model
    def _identity_from_mailchimp(self, data):
        return {
            "email": normalize_email(data.get("email_address")),
            "unique_email_id": remote_id(data.get("unique_email_id")),
            "web_id": small_integer(data.get("web_id")) or None,
        }

    @api.model
    def _proof_from_mailchimp(self, data):
        """Return the status, and what proves how it came about."""
        return {
            "status": short_text(data.get("status")),
            "unsubscribe_reason": short_text(data.get("unsubscribe_reason")),
            "source": short_text(data.get("source")),
            "ip_signup": short_text(data.get("ip_signup")),
            "timestamp_signup": parse_datetime(data.get("timestamp_signup")) or None,
            "ip_opt": short_text(data.get("ip_opt")),
            "timestamp_opt": parse_datetime(data.get("timestamp_opt")) or None,
        }

    # === BUSINESS METHODS === #

    def _opt_out_for_good(self):
        """Opt out the subscription of a member that is gone.

        :return: who opted it out: an opt-out made in Odoo outlives the member
        """
        subscription = self.subscription_id
        was_out = subscription.opt_out or self.opt_out_by
        if was_out and self.opt_out_by != "mailchimp":
            return "odoo"
        if not subscription.opt_out:
            subscription.with_context(**IMPORTING).opt_out = True
        return "mailchimp"

    def _removable_contacts(self):
        """Return the contacts of these members that nobody else needs."""
        contacts = self.filtered("account_id.remove_deleted_contacts").contact_id
        live = contacts.mailchimp_member_ids.filtered(lambda m: not m.forgotten)
        return contacts - (live - self).contact_id

    def _consent_values(self, new_status, source):
        """Return an entry of the ledger about something that happens now."""
        return {
            "email": self.email,
            "audience_id": self.audience_id.id,
            "company_id": self.company_id.id,
            "member_id": self.id,
            "contact_id": self.contact_id.id,
            "partner_id": self.partner_id.id,
            "old_status": self.status,
            "new_status": new_status,
            "source": source,
            "occurred_at": fields.Datetime.now(),
        }

    def _forget(self, source):
        """Keep no more than the hash of members that were permanently deleted.

        :param str source: what told us (`mailchimp.consent.source`)
        """
        evidence = trusted(self.env, "mailchimp_evidence")
        # sudo: only the connector writes the ledger.
        self.env["mailchimp.consent"].sudo().create(
            [
                member._consent_values("forgotten", source) | {"evidence": evidence}
                for member in self
            ]
        )
        for member in self:
            member.opt_out_by = member._opt_out_for_good()
        self._removable_contacts().with_context(**IMPORTING).unlink()
        self._clear(CONTENT)
        self.write({"status": "archived", "forgotten": True})

    def _clear(self, names):
        """Empty fields of these members, and all that is linked with them there.

        :param names: of the fields
        """
        links = {name: [Command.clear()] for name in ("tag_ids", "interest_ids")}
        self.write({**dict.fromkeys(names, False), **links, "sync_result": "synced"})
