from odoo import fields, models

from ..const import MEMBER_STATUSES

# What *Total Contacts* leaves out: blacklisted, and gone from the audience.
NOT_DELIVERABLE = ("cleaned", "archived")


class MailchimpAudienceStatistics(models.Model):
    """How many members of an audience Odoo holds, by status."""

    _inherit = "mailchimp.audience"

    total_count = fields.Integer(
        compute="_compute_counts",
        string="Total Contacts",
        help="Members who are subscribed, unsubscribed, pending or transactional; "
        "cleaned and archived ones are not counted. The mailing list counts something "
        "else: the contacts of Odoo on it.",
    )
    subscribed_count = fields.Integer(compute="_compute_counts", string="Subscribers")
    unsubscribed_count = fields.Integer(
        compute="_compute_counts", string="Unsubscribed"
    )
    cleaned_count = fields.Integer(compute="_compute_counts", string="Cleaned")
    pending_count = fields.Integer(compute="_compute_counts", string="Pending")
    transactional_count = fields.Integer(
        compute="_compute_counts", string="Transactional"
    )
    archived_count = fields.Integer(compute="_compute_counts", string="Archived")

    # === COMPUTE METHODS === #

    def _compute_counts(self):
        counts = {
            (audience, status): count
            for audience, status, count in self.env["mailchimp.member"]._read_group(
                [("audience_id", "in", self.ids), ("forgotten", "=", False)],
                ["audience_id", "status"],
                ["__count"],
            )
        }
        for audience in self:
            for status, _label in MEMBER_STATUSES:
                audience[f"{status}_count"] = counts.get((audience, status), 0)
            audience.total_count = sum(
                audience[f"{status}_count"]
                for status, _label in MEMBER_STATUSES
                if status not in NOT_DELIVERABLE
            )

    # === ACTION METHODS === #

    def action_view_members(self):
        """Open the contacts of the status given in the context.

        Without one, those that *Total Contacts* counts.
        """
        self.ensure_one()
        status = self.env.context.get("mailchimp_status")
        domain = [
            ("audience_id", "=", self.id),
            ("forgotten", "=", False),
            ("status", "!=", False),
        ]
        if status:
            domain.append(("status", "=", status))
        else:
            domain.append(("status", "not in", NOT_DELIVERABLE))
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "mailchimp_connector.mailchimp_member_action"
            ),
            "domain": domain,
            "context": {"create": False},
        }
