from odoo import api, fields, models

ACTS = [
    ("opt_in", "Request Opt-in"),
    ("unsubscribe", "Unsubscribe"),
    ("archive", "Archive"),
    ("delete", "Delete Permanently"),
]
METHODS = {
    "opt_in": "action_request_optin",
    "unsubscribe": "action_unsubscribe",
    "archive": "action_archive_remote",
    "delete": "action_delete_permanently",
}


class MailchimpMemberAct(models.TransientModel):
    """What is about to happen to members in Mailchimp, before it does."""

    _name = "mailchimp.member.act"
    _description = "MailChimp Member Act"

    act = fields.Selection(ACTS, required=True, readonly=True)
    member_ids = fields.Many2many(
        "mailchimp.member",
        readonly=True,
        default=lambda self: self.env.context.get("active_ids"),
    )
    member_count = fields.Integer(compute="_compute_member_count", string="Members")
    reason = fields.Char(
        help="Kept in the consent history, with your name: how the person asked for it."
    )
    consequence = fields.Text(compute="_compute_consequence")
    way_back = fields.Char(compute="_compute_consequence", string="Can it be undone?")

    @api.depends("member_ids")
    def _compute_member_count(self):
        for wizard in self:
            wizard.member_count = len(wizard.member_ids)

    @api.depends("act")
    def _compute_consequence(self):
        texts = self._consequences()
        for wizard in self:
            wizard.consequence, wizard.way_back = texts.get(wizard.act, ("", ""))

    @api.model
    def _consequences(self):
        """Return {act: (what happens, whether Odoo can bring the person back)}."""
        return {
            "opt_in": (
                self.env._(
                    "Mailchimp asks each person by mail to confirm the subscription. "
                    "Nobody is subscribed by it: only the person's own click does. "
                    "Whoever was asked before and did not answer is not asked twice."
                ),
                self.env._("Whoever does not answer stays out."),
            ),
            "unsubscribe": (
                self.env._(
                    "The people get no more campaigns of this audience, in Odoo and in "
                    "Mailchimp. They stay in the audience as unsubscribed."
                ),
                self.env._(
                    "Only by asking: Request Opt-in, and the person's confirmation."
                ),
            ),
            "archive": (
                self.env._(
                    "The people leave the audience and are not billed any more. Their "
                    "data and tags stay in Mailchimp's archive."
                ),
                self.env._(
                    "Yes, in Mailchimp, or by Request Opt-in. Odoo never does it."
                ),
            ),
            "delete": (
                self.env._(
                    "All that Mailchimp knows about the people is deleted. Odoo keeps "
                    "no more than a fingerprint of the address, so that it is never "
                    "sent again."
                ),
                self.env._(
                    "Never: only the people can sign up again, with Mailchimp's form."
                ),
            ),
        }

    def action_confirm(self):
        """Do it, and show what came of it."""
        self.ensure_one()
        members = self.member_ids.with_context(mailchimp_reason=self.reason or None)
        return getattr(members, METHODS[self.act])()
