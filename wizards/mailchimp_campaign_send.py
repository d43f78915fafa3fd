from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..exceptions import MailchimpError
from ..tools.client_action import notification

KINDS = {"done": "success", "already": "warning", "failed": "danger"}


class MailchimpCampaignSend(models.TransientModel):
    """What is about to leave, and to whom, as Mailchimp says it right now.

    It only points to a campaign: account, audience and content are the campaign's, and
    what is confirmed is compared with Mailchimp again before anything leaves.
    """

    _name = "mailchimp.campaign.send"
    _inherit = ["mailchimp.campaign.pointer"]
    _description = "Send a Mailchimp Campaign"
    # What was shown is what may leave, in the way that was asked for.
    _connector_fields = frozenset({"confirmed"})
    _identity_fields = frozenset({"campaign_id", "mode"})

    mode = fields.Selection(
        [("check", "Check"), ("send", "Send Now"), ("schedule", "Schedule")],
        default="send",
        required=True,
        readonly=True,
    )
    # As the user: what another company's campaign says is not for everybody.
    name = fields.Char(related="campaign_id.name", related_sudo=False)
    account_id = fields.Many2one(related="campaign_id.account_id", related_sudo=False)
    company_id = fields.Many2one(related="campaign_id.company_id", related_sudo=False)
    audience_id = fields.Many2one(related="campaign_id.audience_id", related_sudo=False)
    subject = fields.Char(related="campaign_id.subject", related_sudo=False)
    test_text = fields.Char(related="campaign_id.test_text", related_sudo=False)
    from_name = fields.Char(related="campaign_id.from_name", related_sudo=False)
    reply_to = fields.Char(related="campaign_id.reply_to", related_sudo=False)
    recipient_count = fields.Integer(
        related="campaign_id.recipient_count", related_sudo=False
    )
    estimated_count = fields.Integer(
        related="campaign_id.estimated_count", related_sudo=False
    )
    recipients_text = fields.Char(string="Who", compute="_compute_recipients_text")
    is_ready = fields.Boolean(readonly=True)
    changed = fields.Boolean(readonly=True)
    confirmed = fields.Char(readonly=True)
    blocked = fields.Text(readonly=True, string="Why It Cannot Be Sent")
    line_ids = fields.One2many(
        "mailchimp.campaign.send.line", "wizard_id", readonly=True, string="Checklist"
    )

    # === COMPUTE METHODS === #

    @api.depends("campaign_id")
    def _compute_recipients_text(self):
        for wizard in self:
            wizard.recipients_text = wizard.campaign_id._recipients_text()

    # === LOOKING === #

    def _look(self):
        """Read the campaign and its checklist from Mailchimp.

        :raise MailchimpError:
        """
        self.ensure_one()
        campaign = self.campaign_id
        gateway = campaign.account_id._gateway(interactive=True)
        data = campaign._read_confirmed(gateway)
        ready, checks = campaign._read_checklist(gateway)
        # sudo: nobody but this code notes what was shown.
        self.sudo().confirmed = campaign._confirmation(data)
        self.write(
            {
                "is_ready": ready,
                "blocked": False if ready else campaign._not_ready_text(checks),
                "line_ids": [Command.clear(), *map(Command.create, checks)],
            }
        )
        self._propose_time()

    def _open(self):
        """Return the action that shows this wizard."""
        titles = {
            "check": self.env._("Mailchimp's Checklist"),
            "send": self.env._("Send Now?"),
            "schedule": self.env._("Schedule?"),
        }
        return {
            "type": "ir.actions.act_window",
            "name": titles[self.mode],
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # === ACTION METHODS === #

    def action_check_again(self):
        """Ask Mailchimp once more."""
        self.ensure_one()
        self.campaign_id._check_act()
        return self._look_again(changed=False)

    def action_confirm(self):
        """Let it go: send or schedule what was confirmed."""
        self.ensure_one()
        campaign = self.campaign_id
        campaign._check_act()
        if self.mode == "check":
            raise UserError(self.env._("This only checks. Press Send or Schedule."))
        later = self.mode == "schedule"
        at = self._checked_time() if later else None
        delivery = self._checked_delivery() if later else None
        came = campaign._leave(self.confirmed, at, delivery)
        if came["state"] == "changed":
            return self._look_again(changed=True)
        if came["state"] == "not_ready":
            return self._show_blocked(came["text"])
        kind = KINDS.get(came["state"], "warning")
        return notification(
            came["text"],
            self.env._("Mailchimp"),
            kind,
            sticky=came["state"] != "done",
        )

    def _look_again(self, changed):
        """Show how it is now, with what was edited in Odoo meanwhile.

        :param bool changed: whether it is not what the person confirmed
        """
        campaign = self.campaign_id
        campaign._lock()
        if campaign._needs_push() and not campaign._push():
            return campaign._tell_push_error()
        try:
            self._look()
        except MailchimpError as error:
            return campaign._tell("danger", campaign._error_text(error))
        self.changed = changed
        return self._open()

    def _show_blocked(self, reasons):
        self.write({"is_ready": False, "blocked": reasons})
        return self._open()


class MailchimpCampaignSendLine(models.TransientModel):
    """One thing that Mailchimp checks before it sends."""

    _name = "mailchimp.campaign.send.line"
    _description = "Mailchimp Send Checklist"

    wizard_id = fields.Many2one(
        "mailchimp.campaign.send", required=True, readonly=True, ondelete="cascade"
    )
    type = fields.Selection(
        [("success", "Good"), ("warning", "Look At It"), ("error", "Must Be Solved")],
        readonly=True,
    )
    heading = fields.Char(readonly=True, string="What")
    details = fields.Char(readonly=True)
