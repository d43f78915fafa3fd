from odoo import api, fields, models


class MailchimpAccountActivity(models.Model):
    """What complaints and soft bounces of campaigns lead to."""

    _inherit = "mailchimp.account"

    blacklist_complaints = fields.Boolean(
        default=True,
        help="Whoever marks a campaign as spam gets no mailing of Odoo either.",
    )
    soft_bounce_limit = fields.Integer(
        string="Soft Bounces",
        help="Call the responsible when campaigns bounced so often in a row (soft: a "
        "full mailbox, a server that is down). 0: never.",
    )

    _soft_bounce_limit_positive = models.Constraint(
        "CHECK(soft_bounce_limit IS NULL OR soft_bounce_limit >= 0)",
        "The number of soft bounces cannot be negative.",
    )

    @api.model
    def _keeps_bouncing(self, limit):
        """Return the domain of the members whose mails keep coming back.

        :param int limit: so often in a row
        """
        return [
            ("status", "=", "subscribed"),
            ("mailchimp_soft_bounce_count", ">=", limit),
        ]

    def _to_do(self):
        """Override: also call for members whose mails keep coming back."""
        found = super()._to_do()
        if not self.soft_bounce_limit:
            return found
        members = self._count_of(
            "mailchimp.member", self._keeps_bouncing(self.soft_bounce_limit)
        )
        text = self.env._(
            "Members that bounced %(limit)s times or more in a row, to keep or "
            "unsubscribe: %(count)s",
            count=members,
            limit=self.soft_bounce_limit,
        )
        return [*found, (members, text)]
