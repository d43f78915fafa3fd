from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..const import EDITABLE_STATUSES, SENT_STATUSES
from ..tools.inside import IMPORTING, trusted
from .mailchimp_campaign import ANALYTICS_BYTES

# What Mailchimp has to hear of when somebody changes it.
EDITED_FIELDS = frozenset(
    {"name", "type", "folder_id", "audience_id", "template_id", "google_analytics"}
    | {"subject", "preview_text", "from_name", "reply_to", "to_name"}
    | {"track_opens", "track_html_clicks", "track_text_clicks", "track_ecommerce"}
    | {"recipient_kind", "segment_id", "recipient_tag_ids", "tag_match"}
    | {"content_source", "html", "plain_text", "mailing_id", "section_ids"}
    | {"link_tracking"}
)
# What only the connector knows, beside `_connector_fields`.
GUARDED_FIELDS = frozenset(
    {"to_push", "push_error", "remote_changed", "gone", "segment_opts"}
    | {"content_digest", "remote_content_digest", "send_unknown"}
)


class MailchimpCampaignEdit(models.Model):
    """Campaigns are edited in Odoo and saved to Mailchimp by a button.

    An edit only sets `to_push`. What comes from Mailchimp is written in the context
    `IMPORTING` and sets nothing.
    """

    _inherit = "mailchimp.campaign"

    is_editable = fields.Boolean(
        compute="_compute_is_editable", help="Whether Mailchimp lets it be changed."
    )
    push_error = fields.Char(
        string="Why It Could Not Be Saved", readonly=True, copy=False
    )

    # === COMPUTE METHODS === #

    @api.depends("status")
    def _compute_is_editable(self):
        for campaign in self:
            campaign.is_editable = campaign.status in EDITABLE_STATUSES

    # === CONSTRAINTS AND ONCHANGES === #

    @api.constrains("account_id", "audience_id", "template_id", "folder_id")
    def _check_same_account(self):
        names = ("audience_id", "template_id", "folder_id")
        for campaign in self:
            for name in names:
                part = campaign[name]
                if part and part.account_id != campaign.account_id:
                    raise ValidationError(
                        self.env._(
                            "%(part)s belongs to another Mailchimp account than the "
                            "campaign %(campaign)s.",
                            part=part.display_name,
                            campaign=campaign.display_name,
                        )
                    )

    @api.constrains("google_analytics")
    def _check_google_analytics(self):
        for campaign in self:
            if len((campaign.google_analytics or "").encode()) > ANALYTICS_BYTES:
                raise ValidationError(
                    self.env._(
                        "The Google Analytics title may be %s bytes long at most.",
                        ANALYTICS_BYTES,
                    )
                )

    @api.onchange("account_id")
    def _onchange_account_id(self):
        for name in ("audience_id", "template_id", "folder_id"):
            if self[name].account_id != self.account_id:
                self[name] = False

    @api.onchange("audience_id")
    def _onchange_audience_id(self):
        """Propose the sender of the audience."""
        self.segment_opts = False  # its ids are those of another audience
        for name, value in self._audience_defaults(self.audience_id).items():
            self[name] = self[name] or value

    @api.model
    def _audience_defaults(self, audience):
        return {"from_name": audience.from_name, "reply_to": audience.from_email}

    # === CRUD METHODS === #

    @api.model
    def _guarded_fields(self):
        return super()._guarded_fields() | GUARDED_FIELDS

    @api.model_create_multi
    def create(self, vals_list):
        """Note that Mailchimp does not have it yet, unless it comes from there."""
        if trusted(self.env, "mailchimp_import"):
            return super().create(vals_list)
        vals_list = [self._with_audience_defaults(vals) for vals in vals_list]
        campaigns = super().create(vals_list)
        campaigns.filtered(lambda c: not c.mailchimp_id)._connector_write(
            {"to_push": True}
        )
        return campaigns

    @api.model
    def _with_audience_defaults(self, vals):
        audience = self.env["mailchimp.audience"].browse(vals.get("audience_id") or ())
        defaults = self._audience_defaults(audience)
        return vals | {k: v for k, v in defaults.items() if v and not vals.get(k)}

    def copy_data(self, default=None):
        """Give copies a name of their own."""
        vals_list = super().copy_data(default)
        for campaign, vals in zip(self, vals_list, strict=True):
            if "name" not in (default or {}):
                vals["name"] = self.env._("%s (copy)", campaign.name)
        return vals_list

    def write(self, vals):
        """Refuse edits that Mailchimp would refuse, and note the others."""
        edited = vals.keys() & EDITED_FIELDS
        if not edited or trusted(self.env, "mailchimp_import"):
            return super().write(vals)
        self._check_edit(vals)
        moved = self.filtered(
            lambda c: "audience_id" in vals and c.audience_id.id != vals["audience_id"]
        )
        moved.filtered("segment_opts")._connector_write({"segment_opts": False})
        result = super().write(vals)
        self._connector_write({"to_push": True})
        return result

    def _connector_write(self, vals):
        """Write what only the connector writes; it is no edit."""
        if self:
            # sudo: users edit campaigns, only the connector notes what became of it.
            self.sudo().with_context(**IMPORTING).write(vals)

    def _note_section_edit(self):
        """Note that a section was edited, if Mailchimp lets it be."""
        if self and not trusted(self.env, "mailchimp_import"):
            self._check_edit({})
            self._connector_write({"to_push": True})

    def _check_edit(self, vals):
        """Refuse to change what is on its way, and what a campaign is."""
        for campaign in self:
            if not campaign.is_editable:
                raise UserError(campaign._not_editable_text())
            if campaign.mailchimp_id and vals.get("type", campaign.type) != (
                campaign.type
            ):
                raise UserError(
                    self.env._(
                        "Mailchimp does not change the type of a campaign. Create "
                        "another one."
                    )
                )

    def _not_editable_text(self):
        if self.status == "schedule":
            return self.env._(
                "%s is scheduled: unschedule it first to change it.", self.display_name
            )
        return self.env._(
            "%(campaign)s cannot be changed any more (%(status)s). Replicate it to "
            "send it again in another form.",
            campaign=self.display_name,
            status=self._status_text(),
        )

    def _status_text(self):
        """Return the status in the words of the user."""
        field = self._fields["status"]
        return dict(field._description_selection(self.env)).get(self.status, "")

    # === DIFFERENT ON BOTH SIDES === #

    def action_keep_odoo(self):
        """What stands in Odoo is right; the next save overwrites Mailchimp's."""
        self.check_access("write")
        self._connector_write({"remote_changed": False, "push_error": False})

    def action_take_mailchimp(self):
        """What stands in Mailchimp is right; edits in Odoo are given up."""
        self.check_access("write")
        self._connector_write(
            {"remote_changed": False, "to_push": False, "push_error": False}
        )
        designed = self.filtered(lambda c: c.content_source in ("template", "mailing"))
        designed._connector_write({"content_source": "mailchimp"})
        return self.action_refresh()

    def action_create_again(self):
        """Create it in Mailchimp once more, after it was deleted there."""
        self.ensure_one()
        self.check_access("write")
        if not self.gone:
            raise UserError(self.env._("This campaign was not deleted in Mailchimp."))
        if self.status in SENT_STATUSES:
            raise UserError(
                self.env._(
                    "%s was sent before it was deleted. Duplicate it to send it again.",
                    self.display_name,
                )
            )
        if self.content_source == "mailchimp":  # where it is lost
            self._connector_write({"content_source": "html"})
        self._connector_write(
            {
                "mailchimp_id": False,
                "gone": False,
                "active": True,
                "status": "save",
                "to_push": True,
                "content_digest": False,
                "send_time": False,
            }
        )
        return self.action_push()
