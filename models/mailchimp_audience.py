from odoo import api, fields, models

from ..const import AUDIENCE_FIELDS
from ..exceptions import MailchimpNotFound
from ..tools import coerce
from ..tools.coerce import as_map, parse_datetime, short_text, small_integer


class MailchimpAudience(models.Model):
    """A Mailchimp list and the mailing list that stands for it in Odoo."""

    _name = "mailchimp.audience"
    _description = "Mailchimp Audience"
    _inherit = [
        "mailchimp.guard",
        "mailchimp.web.page",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "account_id, name, id"
    _web_path = "lists/members/"

    name = fields.Char(string="Audience Name", required=True, readonly=True)
    active = fields.Boolean(default=True)
    is_gone = fields.Boolean(
        readonly=True,
        copy=False,
        help="Archived because Mailchimp does not have it any more. What a person "
        "archived is left alone, and goes on where it was when it is taken back.",
    )
    account_id = fields.Many2one(
        "mailchimp.account",
        string="Associated Account",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True
    )
    mailing_list_id = fields.Many2one(
        "mailing.list", required=True, ondelete="restrict", index=True, readonly=True
    )
    mailchimp_id = fields.Char(string="Audience ID", required=True, readonly=True)
    date_created = fields.Datetime(string="Creation Date", readonly=True)
    subscribe_url_short = fields.Char(readonly=True, string="Subscribe URL Short")
    subscribe_url_long = fields.Char(readonly=True, string="Subscribe URL Long")
    list_rating = fields.Selection(
        [(str(star), str(star)) for star in range(6)], readonly=True
    )
    double_optin = fields.Boolean(string="Double Opt-in", readonly=True)
    marketing_permissions = fields.Boolean(string="GDPR Fields", readonly=True)
    from_name = fields.Char(readonly=True)
    from_email = fields.Char(readonly=True)
    pulled_at = fields.Datetime(
        string="Fetch Member Since Last Change",
        readonly=True,
        copy=False,
        help="Mailchimp's clock: the next fetch reads what changed since then.",
    )

    # === STATISTICS, as Mailchimp says === #

    remote_subscribed = fields.Integer(
        readonly=True,
        string="Subscribed in Mailchimp",
        help="As Mailchimp counted at the last fetch.",
    )
    remote_unsubscribed = fields.Integer(
        readonly=True, string="Unsubscribed in Mailchimp"
    )
    remote_cleaned = fields.Integer(readonly=True, string="Cleaned in Mailchimp")
    campaign_count = fields.Integer(readonly=True, string="Campaigns")
    open_rate = fields.Float(readonly=True, string="Open Rate (%)", aggregator="avg")
    click_rate = fields.Float(readonly=True, string="Click Rate (%)", aggregator="avg")
    last_sub_date = fields.Datetime(readonly=True, string="Last Subscription")
    last_unsub_date = fields.Datetime(readonly=True, string="Last Unsubscription")

    member_ids = fields.One2many("mailchimp.member", "audience_id", string="Members")
    merge_field_ids = fields.One2many(
        "mailchimp.merge.field", "audience_id", string="Merge Fields"
    )
    tag_ids = fields.One2many(
        "mailchimp.tag", "audience_id", string="Tags and Segments"
    )
    interest_category_ids = fields.One2many(
        "mailchimp.interest.category", "audience_id", string="Groups"
    )
    run_count = fields.Integer(string="Number of Runs", compute="_compute_run_count")

    _account_mailchimp_uniq = models.Constraint(
        "UNIQUE(account_id, mailchimp_id)", "This audience was imported already."
    )
    _mailing_list_uniq = models.Constraint(
        "UNIQUE(mailing_list_id)", "A mailing list stands for one audience only."
    )

    # === COMPUTE METHODS === #

    def _compute_run_count(self):
        counts = dict(
            self.env["mailchimp.run"]._read_group(
                [("audience_id", "in", self.ids)], ["audience_id"], ["__count"]
            )
        )
        for audience in self:
            audience.run_count = counts.get(audience, 0)

    # === IMPORT === #

    @api.model
    def _pages_of_audiences(self, gateway):
        fields_wanted = [f"lists.{name}" for name in AUDIENCE_FIELDS]
        return gateway.pages(
            gateway.api.lists.get_all_lists, key="lists", fields=fields_wanted
        )

    @api.model
    def _values_from_mailchimp(self, data):
        """Turn a list of Mailchimp into values of an audience.

        :param dict data: https://mailchimp.com/developer/marketing/api/lists/
        :return: field values (dict)
        """
        defaults = as_map(data.get("campaign_defaults"))
        rating = small_integer(data.get("list_rating"))
        return {
            "name": short_text(data.get("name")) or coerce.remote_id(data.get("id")),
            "is_gone": False,
            "web_id": small_integer(data.get("web_id")),
            "date_created": parse_datetime(data.get("date_created")),
            "subscribe_url_short": short_text(data.get("subscribe_url_short")),
            "subscribe_url_long": short_text(data.get("subscribe_url_long")),
            "list_rating": str(min(max(rating, 0), 5)),
            "double_optin": bool(data.get("double_optin")),
            "marketing_permissions": bool(data.get("marketing_permissions")),
            "from_name": short_text(defaults.get("from_name")),
            "from_email": short_text(defaults.get("from_email")),
            **self._statistics_from_mailchimp(as_map(data.get("stats"))),
        }

    @api.model
    def _statistics_from_mailchimp(self, stats):
        return {
            "remote_subscribed": small_integer(stats.get("member_count")),
            "remote_unsubscribed": small_integer(stats.get("unsubscribe_count")),
            "remote_cleaned": small_integer(stats.get("cleaned_count")),
            "campaign_count": small_integer(stats.get("campaign_count")),
            "open_rate": coerce.real_number(stats.get("open_rate")),
            "click_rate": coerce.real_number(stats.get("click_rate")),
            "last_sub_date": parse_datetime(stats.get("last_sub_date")),
            "last_unsub_date": parse_datetime(stats.get("last_unsub_date")),
        }

    @api.model
    def _upsert(self, account, items, run):
        """Create or update the audiences of one page.

        :param recordset account: the `mailchimp.account` they belong to
        :param list items: lists as Mailchimp sent them
        :param recordset run: the `mailchimp.run` that counts them
        :return: their records
        """
        items = coerce.with_ids(items)
        known = (
            self.with_context(active_test=False)
            .search(
                [
                    ("account_id", "=", account.id),
                    ("mailchimp_id", "in", [item["id"] for item in items]),
                ]
            )
            .grouped("mailchimp_id")
        )
        new, updated = [], 0
        for item in items:
            vals = self._values_from_mailchimp(item)
            audience = known.get(item["id"])
            if not audience:
                new.append(dict(vals, mailchimp_id=item["id"], account_id=account.id))
            else:
                updated += audience._update_changed(vals)
        lists = self.env["mailing.list"]._of_new_audiences(account, new)
        created = self.create(
            [dict(v, mailing_list_id=ml.id) for v, ml in zip(new, lists, strict=True)]
        )
        unchanged = len(items) - len(created) - updated
        run._count(created=len(created), updated=updated, unchanged=unchanged)
        return created.concat(*known.values())

    def _update_changed(self, vals):
        """Write what differs; a list that still had our name is renamed too.

        :return: whether anything differed
        """
        self.ensure_one()
        changed = {
            name: value
            for name, value in vals.items()
            if (self[name] or False) != (value or False)
        }
        if "is_gone" in changed:
            changed["active"] = True
            self.message_post(body=self.env._("This audience is in Mailchimp again."))
        if "name" in changed and self.mailing_list_id.name == self.name:
            self.mailing_list_id.name = changed["name"]
        if changed:
            self.write(changed)
        return bool(changed)

    def _archive_missing(self, account, run):
        """Archive audiences that Mailchimp does not list any more.

        :param recordset account: the `mailchimp.account` whose list ``self`` is
        :param recordset run: the `mailchimp.run` that names them
        """
        missing = self.search([("account_id", "=", account.id)]) - self
        missing._mark_gone(run)

    def _job_import_details(self, run_id):
        """Import merge fields, tags, segments and groups of one audience.

        :param int run_id: the `mailchimp.run` to report to; its checkpoint tells
            whether the members follow, in a run of their own, and at which priority
        """
        run = self.env["mailchimp.run"].browse(run_id)
        gateway = self.account_id._gateway()
        try:
            self.env["mailchimp.merge.field"]._import(self, gateway)
            self.env["mailchimp.tag"]._import(self, gateway)
            self.env["mailchimp.interest.category"]._import(self, gateway)
        except MailchimpNotFound:
            self._mark_gone(run)
            return
        run._count(done=1)
        if members := (run.checkpoint or {}).get("members"):
            self._start_fetch(run.trigger, members)

    # === ACTION METHODS === #

    def action_view_runs(self):
        """Open what was done for this audience."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "mailchimp_connector.mailchimp_run_action"
            ),
            "domain": [("audience_id", "=", self.id)],
        }
