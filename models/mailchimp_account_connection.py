from odoo import api, fields, models

from ..exceptions import MailchimpError
from ..tools.client_action import notification
from ..tools.coerce import short_text, small_integer
from .mailchimp_account import ACTIVITY


class MailchimpAccountConnection(models.Model):
    """Connecting an account: whose key it is, and what it says of itself."""

    _inherit = "mailchimp.account"

    def action_test_connection(self):
        """Ask Mailchimp who we are; connects the account when it answers.

        A failure is no exception, which would undo that it is noted on the account.
        """
        self.ensure_one()
        self.check_access("write")
        account = self.sudo()  # managers connect with a key that they cannot read
        try:
            gateway = account._gateway(interactive=True, confirmed=True)
            root = gateway.api.root.get_root()
        except MailchimpError as error:
            return account._connection_failed(str(error))
        if refusal := account._root_refusal(root):
            return account._connection_failed(refusal)
        account._connected(root)
        message = self.env._(
            "Connected to %(name)s as %(login)s (%(role)s, %(plan)s). "
            "Subscribers: %(count)s.",
            name=account.mailchimp_name,
            login=account.mailchimp_login,
            role=account.mailchimp_role,
            plan=account.mailchimp_plan,
            count=account.total_subscribers,
        )
        return notification(message, title=self.env._("Everything's Chimpy"))

    def _connection_failed(self, reason):
        """Say why, and keep it; what works goes on until Mailchimp refuses it.

        :return: the action that tells it
        """
        if self.state != "connected":
            self.error = reason
        message = self.env._("The connection failed: %s", reason)
        return notification(message, kind="danger", sticky=True)

    def _root_refusal(self, root):
        """Say why it is no account, or not the one whose audiences we hold."""
        if not isinstance(root, dict) or not root.get("account_id"):
            return self.env._("What answers at this address is not Mailchimp's API.")
        audiences = self.with_context(active_test=False).audience_ids
        if audiences and self.mailchimp_id not in (False, root["account_id"]):
            return self.env._(
                "This key belongs to another Mailchimp account, %(new)s. The "
                "audiences here are those of %(old)s: create a new account for it.",
                new=root.get("account_name"),
                old=self.mailchimp_name,
            )
        return None

    def _connected(self, root):
        """Take over what the account root says, and let waiting jobs go on.

        :param dict root: https://mailchimp.com/developer/marketing/api/root
        """
        # A copy that a person confirmed is a database of its own.
        vals = {"database_uuid": self._database_uuid()}
        if not self.webhook_token:
            vals["webhook_token"] = self._default_webhook_token()
        self.write(vals | self._values_from_mailchimp(root))
        self.activity_feedback([ACTIVITY])
        waiting = self.env["mailchimp.job"].search(
            [("account_id", "=", self.id), ("state", "=", "pending")]
        )
        waiting.filtered("error").action_run_now()
        waiting._wake()

    @api.model
    def _values_from_mailchimp(self, root):
        return {
            "state": "connected",
            "error": False,
            "paused_until": False,
            "mailchimp_id": short_text(root.get("account_id")),
            "mailchimp_name": short_text(root.get("account_name")),
            "mailchimp_login": short_text(root.get("email") or root.get("username")),
            "mailchimp_role": short_text(root.get("role")),
            "mailchimp_plan": short_text(root.get("pricing_plan_type")),
            "total_subscribers": small_integer(root.get("total_subscribers")),
            "last_checked": fields.Datetime.now(),
        }
