from odoo import api, fields, models
from odoo.tools import SQL

# The stable codes of reasons, and what people read above a group of them.
REASONS = [
    ("no_email", "No email address"),
    ("bad_email", "Malformed email address"),
    ("fake_email", "Mailchimp takes the address for a fake"),
    ("relay_domain", "Address of a privacy relay"),
    ("duplicate", "Another record speaks for the address"),
    ("blacklisted", "Blacklisted"),
    ("opted_out", "Opted out"),
    ("compliance", "Has to confirm the subscription"),
    ("forgotten", "Permanently deleted in Mailchimp"),
    ("archived", "Archived in Mailchimp"),
    ("cleaned", "Address bounced for good"),
    ("required_missing", "A required merge field is empty"),
    ("bad_choice", "A value that Mailchimp does not offer"),
    ("incomplete_address", "Incomplete postal address"),
    ("too_long", "A value is too long"),
    ("not_routed", "Belongs to another audience"),
    ("other_company", "Belongs to another company"),
    ("no_policy", "Status of new members is not chosen"),
    ("too_many_signups", "Signed up to many lists lately"),
    ("bad_filter", "A filter that does not work"),
    ("bad_mapping", "A mapping that does not work"),
    ("not_approved", "Not approved by a manager"),
    ("no_list", "Not on the mailing list of an audience"),
    ("not_member", "Not in the audience yet"),
    ("conflict", "Changed on both sides"),
    ("exists", "Another member has the address"),
    ("not_archivable", "Cannot be archived"),
    ("gone", "Gone in Mailchimp"),
    ("rejected", "Refused by Mailchimp"),
    ("restless", "Kept changing in Mailchimp"),
    ("unavailable", "Mailchimp failed at it"),
    ("erased_address", "The address of a deleted person"),
    ("refused", "Refused by Odoo"),
    ("unknown_status", "A status unknown to this version"),
    ("webhook", "Webhook"),
    ("unfit", "A value does not fit"),
    ("unknown_audience", "Its audience is not in Odoo"),
    ("unknown_template", "Its template is not in Odoo"),
    ("unread", "Could not be read from Mailchimp"),
    ("moved", "Changed since the plan was computed"),
    ("other", "Other"),
]
_CODES = frozenset(code for code, _label in REASONS)
# Skipped, but not on purpose: a person can put it right.
FIXABLE = frozenset(
    {
        "bad_choice",
        "bad_email",
        "bad_filter",
        "compliance",
        "erased_address",
        "fake_email",
        "incomplete_address",
        "no_email",
        "no_policy",
        "rejected",
        "required_missing",
        "restless",
        "too_long",
        "too_many_signups",
        "unfit",
    }
)


class MailchimpRunLine(models.Model):
    """A record that an operation could not, or would not, process; and the way out.

    ``code`` is the stable name of the reason; ``resolution`` tells whether anybody
    still has to do something about it.
    """

    _name = "mailchimp.run.line"
    _description = "MailChimp Log"
    _inherit = ["mailchimp.pointer"]
    _order = "id desc"

    run_id = fields.Many2one(
        "mailchimp.run", required=True, ondelete="cascade", index=True, readonly=True
    )
    kind = fields.Selection(related="run_id.kind", string="During")
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    audience_id = fields.Many2one(related="run_id.audience_id", store=True, index=True)
    member_id = fields.Many2one(
        "mailchimp.member", ondelete="set null", index="btree_not_null", readonly=True
    )
    state = fields.Selection(
        [("failed", "Error"), ("skipped", "Skipped"), ("notice", "Notice")],
        string="Type",
        required=True,
        default="failed",
        readonly=True,
    )
    resolution = fields.Selection(
        [
            ("open", "Open"),
            ("solved", "Solved"),
            ("ignored", "Ignored"),
            ("repeated", "Happened Again"),
        ],
        string="To Do",
        readonly=True,
        help="Open: somebody has to act. Solved: it went through since. Ignored: not "
        "tried again until the record changes. Happened Again: see the newer log.",
    )
    name = fields.Char(required=True, readonly=True)
    code = fields.Char(string="Reason Code", readonly=True)
    category = fields.Selection(
        REASONS, string="Reason", compute="_compute_category", store=True
    )
    reason = fields.Char(string="Description", required=True, readonly=True)
    advice = fields.Char(string="What to Do", readonly=True)
    detail = fields.Text(readonly=True)
    date = fields.Datetime(related="create_date", string="Logged on")

    _open_idx = models.Index("(audience_id, member_id) WHERE resolution = 'open'")

    # === COMPUTE METHODS === #

    @api.depends("code")
    def _compute_category(self):
        for line in self:
            line.category = category_of(line.code)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Open what somebody has to act upon; what happened again replaces the old."""
        for vals in vals_list:
            if vals.get("res_model") == "mailchimp.member":
                vals.setdefault("member_id", vals.get("res_id"))
            vals.setdefault("resolution", self._first_resolution(vals))
        lines = super().create(vals_list)
        lines.filtered(lambda line: line.resolution == "open")._replace_older()
        return lines

    @api.model
    def _first_resolution(self, vals):
        state = vals.get("state", "failed")
        to_do = state == "failed" or (
            state == "skipped" and vals.get("code") in FIXABLE
        )
        return "open" if to_do else False

    def _replace_older(self):
        """Close older lines about the same: one trouble is counted once."""
        if not self:
            return
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """UPDATE mailchimp_run_line o SET resolution = 'repeated'
                     FROM mailchimp_run_line n
                    WHERE n.id = ANY(%s) AND o.resolution = 'open' AND o.id < n.id
                      AND o.audience_id = n.audience_id
                      AND CASE WHEN n.member_id IS NOT NULL
                          THEN o.member_id = n.member_id
                               AND o.code IS NOT DISTINCT FROM n.code
                          ELSE o.member_id IS NULL AND o.name = n.name
                               AND o.reason = n.reason
                               AND o.res_id IS NOT DISTINCT FROM n.res_id END""",
                self.ids,
            )
        )
        self.invalidate_model(["resolution"])


def category_of(code):
    """Return the reason that people read for a code."""
    return code if code in _CODES else "other"
