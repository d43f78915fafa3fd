from markupsafe import Markup

from odoo import api, fields, models

# The parts of an address in the order in which it is written; the database keeps none.
ADDRESS_PARTS = ("addr1", "addr2", "zip", "city", "state", "country")


class MailchimpMemberDisplay(models.Model):
    """How a member shows itself to people."""

    _inherit = "mailchimp.member"

    rating_stars = fields.Selection(
        [(str(star), str(star)) for star in range(6)],
        string="Stars",
        compute="_compute_rating_stars",
    )
    merge_summary = fields.Html(compute="_compute_merge_summary", string="Values")

    # === COMPUTE METHODS === #

    @api.depends("rating")
    def _compute_rating_stars(self):
        for member in self:
            member.rating_stars = str(min(max(member.rating, 0), 5))

    @api.depends("merge_values", "audience_id.merge_field_ids.name")
    def _compute_merge_summary(self):
        row = Markup("<tr><td class='text-muted w-25'>%s</td><td>%s</td></tr>")
        table = Markup("<table class='table table-sm mb-0'>%s</table>")
        for member in self:
            rows = [row % pair for pair in member._merge_texts()]
            member.merge_summary = table % Markup().join(rows) if rows else False

    def _merge_texts(self):
        """Return (name of the merge field, value in words) of what is filled."""
        values = self.merge_values or {}
        merge_fields = self.audience_id.merge_field_ids
        names = dict(zip(merge_fields.mapped("tag"), merge_fields, strict=True))
        ordered = [tag for tag in names if tag in values]
        ordered += sorted(values.keys() - names.keys())
        texts = ((tag, text_of(values[tag])) for tag in ordered)
        return [(names[t].name if t in names else t, text) for t, text in texts if text]

    @api.depends("email", "forgotten", "contact_id", "partner_id")
    def _compute_display_name(self):
        for member in self:
            member.display_name = member.email or member._name_without_address()

    def _name_without_address(self):
        """Return the name of who waits for an address, if it is not forgotten."""
        # sudo: the logs say it, too, to whoever sees the member.
        person = (self.contact_id or self.partner_id).sudo()
        is_known = person and not self.forgotten
        return person.display_name if is_known else self.env._("Forgotten Member")

    # === ACTION METHODS === #

    def action_open_contact(self):
        """Open the mailing contact of this member."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "mailing.contact",
            "res_id": self.contact_id.id,
            "views": [(False, "form")],
        }


def text_of(value):
    """Return a merge value as people read it."""
    if isinstance(value, dict):
        ordered = dict.fromkeys(ADDRESS_PARTS) | value
        return ", ".join(str(part) for part in ordered.values() if part)
    return "" if value is None else str(value)
