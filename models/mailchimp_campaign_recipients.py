from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import MARKETABLE_STATUS
from ..tools import segment_opts
from ..tools.coerce import as_map


class MailchimpCampaignRecipients(models.Model):
    """Who of the audience gets a campaign.

    `segment_opts` is what Mailchimp said last. What is chosen in Odoo is derived from
    it, and becomes it again when it is saved.
    """

    _inherit = "mailchimp.campaign"

    recipient_kind = fields.Selection(
        [
            ("all", "The Whole Audience"),
            ("segment", "A Saved Segment"),
            ("tags", "Tags"),
            ("raw", "As Set in Mailchimp"),
        ],
        string="Send to",
        compute="_compute_recipients",
        store=True,
        readonly=False,
        help="As Set in Mailchimp: conditions that Odoo does not edit, and keeps.",
    )
    segment_id = fields.Many2one(
        "mailchimp.tag",
        string="Segment",
        compute="_compute_recipients",
        store=True,
        readonly=False,
        ondelete="set null",
        domain="[('audience_id', '=', audience_id), ('type', '!=', 'static'),"
        " ('mailchimp_id', '!=', False)]",
    )
    recipient_tag_ids = fields.Many2many(
        "mailchimp.tag",
        "mailchimp_campaign_tag_rel",
        "campaign_id",
        "tag_id",
        string="Recipient Tags",
        compute="_compute_recipients",
        store=True,
        readonly=False,
        # Without one of them that is gone, "all of the tags" would be more people.
        context={"active_test": False},
        domain="[('audience_id', '=', audience_id), ('type', '=', 'static'),"
        " ('mailchimp_id', '!=', False), ('active', '=', True)]",
    )
    tag_match = fields.Selection(
        [("any", "Any of the Tags"), ("all", "All of the Tags")],
        string="Who Has",
        compute="_compute_recipients",
        store=True,
        readonly=False,
    )
    estimated_count = fields.Integer(
        string="Recipients Known to Odoo",
        compute="_compute_estimated_count",
        help="Subscribed members that Odoo knows, while Mailchimp still counts. What "
        "Mailchimp counts is right.",
    )
    recipients_edited = fields.Boolean(
        compute="_compute_recipients_edited",
        help="Others were chosen in Odoo than those that Mailchimp counted.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Whoever names tags or a segment means them; what is left out is computed."""
        return super().create([self._with_recipient_kind(vals) for vals in vals_list])

    @api.model
    def _with_recipient_kind(self, vals):
        kinds = {"recipient_tag_ids": "tags", "segment_id": "segment"}
        named = [kind for name, kind in kinds.items() if vals.get(name)]
        kind = vals.get("recipient_kind") or next(iter(named), None)
        if not kind:
            return vals
        return {"tag_match": "any", **vals, "recipient_kind": kind}

    def write(self, vals):
        """The same audience again is no change: who was chosen of it stays."""
        if "audience_id" not in vals:
            return super().write(vals)
        same = self.filtered(lambda c: c.audience_id.id == vals["audience_id"])
        rest = {name: value for name, value in vals.items() if name != "audience_id"}
        super(MailchimpCampaignRecipients, same).write(rest)
        return super(MailchimpCampaignRecipients, self - same).write(vals)

    def copy(self, default=None):
        """Give copies the conditions that Odoo only keeps."""
        copies = super().copy(default)
        for campaign, copy in zip(self, copies, strict=True):
            if copy.recipient_kind == "raw" and copy.audience_id == (
                campaign.audience_id
            ):
                copy._connector_write(
                    {
                        "segment_opts": campaign.segment_opts,
                        "segment_text": campaign.segment_text,
                    }
                )
        return copies

    # === COMPUTE METHODS === #

    @api.depends("segment_opts", "audience_id")
    def _compute_recipients(self):
        read = {c: segment_opts.read(c.segment_opts) for c in self}
        tags = self._tags_named(read)
        for campaign, recipients in read.items():
            audience = campaign.audience_id._origin.id
            keys = [(audience, id_) for id_ in recipients.ids]
            found = self.env["mailchimp.tag"].union(
                *(tags[key] for key in keys if key in tags)
            )
            kind = self._kind_of(recipients, found)
            campaign.recipient_kind = kind
            campaign.segment_id = found if kind == "segment" else False
            campaign.recipient_tag_ids = found if kind == "tags" else False
            campaign.tag_match = recipients.match

    @api.model
    def _tags_named(self, read):
        """Return {(id of the audience, remote id): tag} of those that are named."""
        ids = {id_ for recipients in read.values() for id_ in recipients.ids}
        if not ids:
            return {}
        audiences = self.audience_id._origin.ids
        tags = self.env["mailchimp.tag"].search(
            [("audience_id", "in", audiences), ("mailchimp_id", "in", list(ids))]
        )
        return {(tag.audience_id.id, tag.mailchimp_id): tag for tag in tags}

    @api.model
    def _kind_of(self, recipients, found):
        if recipients.kind == "all":
            return "all"
        if recipients.kind == "other" or len(found) != len(set(recipients.ids)):
            return "raw"
        if all(tag.type == "static" for tag in found):
            return "tags"
        return "segment" if len(found) == 1 else "raw"

    @api.depends(
        "audience_id", "recipient_kind", "segment_id", "recipient_tag_ids", "tag_match"
    )
    def _compute_estimated_count(self):
        everybody = self.filtered(lambda c: c.recipient_kind == "all")
        counts = dict(
            self.env["mailchimp.member"]._read_group(
                [
                    ("audience_id", "in", everybody.audience_id.ids),
                    ("status", "=", MARKETABLE_STATUS),
                ],
                ["audience_id"],
                ["__count"],
            )
        )
        for campaign in self:
            campaign.estimated_count = {
                "all": counts.get(campaign.audience_id._origin, 0),
                "segment": campaign.segment_id.member_count,
                "tags": campaign._count_tagged(),
            }.get(campaign.recipient_kind, 0)

    def _count_tagged(self):
        tags = self.recipient_tag_ids._origin
        if self.recipient_kind != "tags" or not tags:
            return 0
        if self.tag_match == "all":
            tagged = [("tag_ids", "in", tag.id) for tag in tags]
        else:
            tagged = [("tag_ids", "in", tags.ids)]
        domain = [
            ("audience_id", "=", self.audience_id._origin.id),
            ("status", "=", MARKETABLE_STATUS),
        ]
        return self.env["mailchimp.member"].search_count(domain + tagged)

    @api.depends(
        *("to_push", "remote_values", "segment_opts", "audience_id", "recipient_kind"),
        *("segment_id", "recipient_tag_ids", "tag_match"),
    )
    def _compute_recipients_edited(self):
        for campaign in self:
            campaign.recipients_edited = (
                campaign.to_push or not campaign.id
            ) and campaign._recipients_differ()

    def _recipients_differ(self):
        """Tell whether others are chosen than Mailchimp said last."""
        there = as_map(self.remote_values).get("recipients")
        if not self.mailchimp_id or there is None:  # never counted, or unknown
            return bool(self.mailchimp_id and self.to_push)
        ours = self._mailchimp_recipients().get("recipients")
        return not segment_opts.same(there, ours)

    # === CONSTRAINTS === #

    @api.constrains("audience_id", "segment_id", "recipient_tag_ids")
    def _check_same_audience(self):
        for campaign in self:
            tags = campaign.segment_id | campaign.recipient_tag_ids
            if tags.audience_id - campaign.audience_id:
                raise ValidationError(
                    self.env._(
                        "%(campaign)s: the segment or a tag belongs to another "
                        "audience.",
                        campaign=campaign.display_name,
                    )
                )

    # === MAPPING === #

    def _missing_recipients(self):
        """Return what has to be chosen before Mailchimp can be told, False if none."""
        kind, chosen = self.recipient_kind, self._chosen_tags()
        if kind == "segment" and not chosen:
            return self.env._("the segment")
        if kind == "tags" and not chosen:
            return self.env._("the tags")
        if kind == "raw" and segment_opts.read(self.segment_opts).kind == "all":
            return self._fields["recipient_kind"]._description_string(self.env)
        # Left out or sent without an id, more people would get it.
        if lost := chosen.filtered(lambda tag: not (tag.active and tag.mailchimp_id)):
            return self.env._(
                "something else than %s, which Mailchimp does not have",
                ", ".join(lost.mapped("name")),
            )
        return False

    def _chosen_tags(self):
        """Return the segment or the tags, whichever it is sent to."""
        chosen = {"segment": self.segment_id, "tags": self.recipient_tag_ids}
        return chosen.get(self.recipient_kind, self.env["mailchimp.tag"])

    def _mailchimp_recipients(self):
        """Return who gets it, in Mailchimp's words, without I/O."""
        if not self.audience_id:
            return {}
        options = self._mailchimp_segment_opts()
        recipients = {"list_id": self.audience_id.mailchimp_id}
        # Whoever got a part of the audience so far has to be told "everybody".
        if options or self.mailchimp_id:
            recipients["segment_opts"] = options
        return {"recipients": recipients}

    def _mailchimp_segment_opts(self):
        if self.recipient_kind == "segment":
            return segment_opts.of_segment(self.segment_id.mailchimp_id)
        if self.recipient_kind == "tags":
            ids = self.recipient_tag_ids.mapped("mailchimp_id")
            return segment_opts.of_tags(ids, self.tag_match or "any")
        if self.recipient_kind == "raw":
            return self.segment_opts or {}
        return {}

    def _recipients_text(self):
        """Return who gets it, in words."""
        if self.recipient_kind == "segment":
            return self.env._("Segment: %s", self.segment_id.name)
        if self.recipient_kind == "tags":
            names = ", ".join(self.recipient_tag_ids.mapped("name"))
            if self.tag_match == "all":
                return self.env._("All of the tags: %s", names)
            return self.env._("Any of the tags: %s", names)
        if self.recipient_kind == "raw":
            return self.segment_text or self.env._("As set in Mailchimp")
        return self.env._("The whole audience")
