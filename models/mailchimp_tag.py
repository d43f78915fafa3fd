from odoo import api, fields, models

from ..tools.coerce import short_text, small_integer


class MailchimpTag(models.Model):
    """A tag (which is a static segment) or a saved segment of an audience."""

    _name = "mailchimp.tag"
    _description = "Mailchimp Tag"
    _inherit = ["mailchimp.label", "mailchimp.remote"]
    _order = "audience_id, name, id"
    _remote_method = "list_segments"
    _remote_items = "segments"
    _remote_fields = ("id", "name", "type", "member_count")

    audience_id = fields.Many2one(
        "mailchimp.audience",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one(related="audience_id.company_id")
    name = fields.Char(required=True, readonly=True)
    type = fields.Selection(
        [("static", "Tag"), ("saved", "Saved Segment"), ("fuzzy", "Other Segment")],
        required=True,
        readonly=True,
        default="static",
    )
    member_count = fields.Integer(
        string="Members in Mailchimp",
        readonly=True,
        help="Active members, as Mailchimp counts them.",
    )
    category_id = fields.Many2one(
        "res.partner.category",
        string="Odoo Tag",
        ondelete="set null",
        help="Contacts of the members with this tag carry this tag in Odoo.",
    )
    member_ids = fields.Many2many(
        "mailchimp.member",
        "mailchimp_member_tag_rel",
        "tag_id",
        "member_id",
        string="Members",
    )

    _audience_mailchimp_uniq = models.Constraint(
        "UNIQUE(audience_id, mailchimp_id)", "This tag was imported already."
    )

    @api.model
    def _import(self, parent, gateway):
        """Give what is new its Odoo tag, too."""
        tags = super()._import(parent, gateway)
        tags._ensure_categories()
        return tags

    @api.model
    def _values_from_mailchimp(self, data):
        known = dict(self._fields["type"].selection)
        type_ = short_text(data.get("type"))
        return {
            "mailchimp_id": data["id"],
            "name": short_text(data.get("name")) or data["id"],
            "type": type_ if type_ in known else "fuzzy",
            "member_count": small_integer(data.get("member_count")),
        }

    def _ensure_categories(self):
        """Give each tag the Odoo tag of the same name."""
        missing = self.filtered(
            lambda tag: tag.type == "static" and not tag.category_id
        )
        if not missing:
            return
        Category = self.env["res.partner.category"]
        categories = Category.search(
            [("name", "in", missing.mapped("name")), ("parent_id", "=", False)]
        )
        by_name = {category.name: category for category in categories}
        names = dict.fromkeys(missing.mapped("name"))
        created = Category.create([{"name": n} for n in names if n not in by_name])
        by_name |= {category.name: category for category in created}
        for name, tags in missing.grouped("name").items():
            # Members who have it are yet to come, or just about to be taken over.
            tags.with_context(mailchimp_no_back_fill=True).category_id = by_name[name]

    @api.model
    def _find_or_create(self, audience, items):
        """Return the tags of the members of a page, new ones included.

        :param recordset audience: one `mailchimp.audience`
        :param items: dicts with ``id`` and ``name``, as members carry them
        :return: {remote id (str): record}
        """
        wanted = {str(item["id"]): item for item in items}
        if not wanted:
            return {}
        known = self.with_context(active_test=False).search(
            [("audience_id", "=", audience.id), ("mailchimp_id", "in", list(wanted))]
        )
        new = wanted.keys() - set(known.mapped("mailchimp_id"))
        created = self.create(
            [
                self._values_from_mailchimp({**wanted[key], "type": "static"})
                | {"audience_id": audience.id}
                for key in sorted(new)
            ]
        )
        created._ensure_categories()
        return {tag.mailchimp_id: tag for tag in known | created}
