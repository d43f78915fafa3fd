from odoo import fields, models
from odoo.exceptions import UserError

from ..const import PRIORITY_USER
from ..exceptions import (
    MailchimpError,
    MailchimpNotFound,
    MailchimpRejected,
    MailchimpRetryLater,
)
from ..tools.client_action import notification

# So many audiences are registered while a person waits; more of them in the background.
MOST_WAITED_FOR = 5


class MailchimpAudienceWebhook(models.Model):
    """The webhook of an audience at Mailchimp, and what it brings."""

    _inherit = "mailchimp.audience"
    _connector_fields = {
        "account_id",
        "company_id",
        "double_optin",
        "is_gone",
        "mailing_list_id",
        "mailchimp_id",
        "webhook_id",
        "webhook_state",
    }

    webhook_id = fields.Char(string="Webhook ID", readonly=True, copy=False)
    webhook_state = fields.Selection(
        [("none", "Not Registered"), ("active", "Active"), ("broken", "Needs Repair")],
        string="Webhook",
        default="none",
        required=True,
        readonly=True,
        copy=False,
    )
    webhook_checked_at = fields.Datetime(
        string="Webhook Verified on", readonly=True, copy=False
    )
    webhook_last_event_at = fields.Datetime(
        string="Last Webhook Event",
        readonly=True,
        copy=False,
        help="When Mailchimp last told us about a change, to the minute.",
    )
    webhook_error = fields.Char(readonly=True, copy=False)
    webhook_secret = fields.Char(
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="Signs what Mailchimp sends; told once, when the webhook is created.",
    )

    # === JOBS === #

    def _job_register_webhook(self, run_id):
        """Register, verify or repair the webhook of one audience.

        :param int run_id: the `mailchimp.run` to report to
        """
        run = self.env["mailchimp.run"].browse(run_id)
        run._start()
        try:
            self._register_webhook(self.account_id._gateway())
        except (MailchimpRejected, MailchimpNotFound) as error:
            problem = self._webhook_sentence(error)
            self._note_webhook(problem=problem)
            run._add_lines(
                [
                    {
                        "code": "webhook",
                        "name": self.name,
                        "reason": problem,
                        "res_model": self._name,
                        "res_id": self.id,
                    }
                ]
            )
        else:
            run._count(updated=1)
        run._count(done=1)

    def _job_verify_webhooks(self):
        """Verify the webhooks of audiences of one account, one after the other.

        :return: a generator with a checkpoint after each audience
        """
        gateway = self.account_id._gateway()
        for audience in self:
            try:
                audience._verify_webhook(gateway)
            except MailchimpNotFound as error:
                audience._note_webhook(problem=str(error))
            yield

    # === ACTION METHODS === #

    def action_register_webhook(self):
        """Register the webhook of these audiences, or repair what is registered."""
        self.check_access("write")
        self._check_connected()
        if len(self) > MOST_WAITED_FOR:
            return self._queue_registration()._open()
        return self._webhook_notification(self._at_mailchimp("_register_webhook"))

    def action_verify_webhook(self):
        """Look at Mailchimp whether the webhooks are as they should be."""
        self.check_access("write")
        self._check_connected()
        return self._webhook_notification(self._at_mailchimp("_verify_webhook"))

    def _at_mailchimp(self, method):
        """Do something with the webhook of each audience while a person waits.

        The failure of one of several undoes nothing: the secrets of the others, which
        Mailchimp told once, would be lost.

        :param str method: what, called with a gateway
        :return: a line for each audience of which nothing was found out
        :raise UserError: when the only audience failed
        """
        lines = []
        for audience in self:
            try:
                gateway = audience.account_id._gateway(interactive=True)
                getattr(audience, method)(gateway)
            except MailchimpError as error:
                sentence = audience._webhook_sentence(error)
                if len(self) == 1:
                    raise UserError(sentence) from error
                if isinstance(error, MailchimpRetryLater):
                    lines.append(f"{audience.name}: {sentence}")
                else:
                    audience._note_webhook(problem=sentence)
        return lines

    def _webhook_sentence(self, error):
        """Explain a failure to a person."""
        about_url = any(
            isinstance(entry, dict) and entry.get("field") == "url"
            for entry in error.errors
        )
        if isinstance(error, MailchimpRejected) and about_url:
            return self.env._(
                "Mailchimp cannot reach %s. The address of Odoo must be reachable from "
                "the internet over HTTPS; set it in the system parameter web.base.url.",
                self.account_id.get_base_url(),
            )
        return str(error)

    def _queue_registration(self):
        # sudo: managers start runs, only the connector writes them.
        runs = self.env["mailchimp.run"].sudo()
        for account, audiences in self.grouped("account_id").items():
            run = runs._open_run(account, "webhook", "user")
            run.total = len(audiences)
            for audience in audiences:
                self.env["mailchimp.job"]._enqueue(
                    audience,
                    "_job_register_webhook",
                    name=self.env._("Register the webhook of %s", audience.name),
                    identity=f"webhook:{audience.id}",
                    run=run,
                    account=account,
                    priority=PRIORITY_USER,
                    args={"run_id": run.id},
                )
            runs |= run
        return runs

    def _webhook_notification(self, lines):
        """Tell the person how the webhooks are.

        :param list lines: what else to tell
        """
        broken = lines + [
            f"{audience.name}: {audience.webhook_error}"
            for audience in self
            if audience.webhook_state == "broken"
        ]
        if missing := self.filtered(lambda one: one.webhook_state == "none"):
            broken.append(
                self.env._("Not registered: %s", ", ".join(missing.mapped("name")))
            )
        lines = broken or [self.env._("Mailchimp reports every change at once.")]
        is_https = all(account.webhook_is_https for account in self.account_id)
        if not is_https:
            lines.append(
                self.env._(
                    "The address of Odoo does not start with https: what Mailchimp "
                    "sends can be read on the way."
                )
            )
        return notification(
            "\n".join(lines),
            title=self.env._("Webhooks"),
            kind="success" if is_https and not broken else "warning",
            sticky=bool(broken),
        )
