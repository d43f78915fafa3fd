from odoo import api, fields, models
from odoo.tools import plaintext2html

from ..exceptions import MailchimpNotFound, MailchimpRetryLater
from ..tools.coerce import as_map, remote_id, with_ids
from ..tools.webhook import EVENTS, SOURCES
from .mailchimp_account import WEBHOOK_PATH

SWITCHES = {
    "events": dict.fromkeys(EVENTS, True),
    # Also what other programs do through the API; our own echo costs one request.
    "sources": dict.fromkeys(SOURCES, True),
}


class MailchimpAudienceRegistration(models.Model):
    """The webhook of an audience as it is registered at Mailchimp.

    Those with our token in their address are ours; all others are never touched.
    """

    _inherit = "mailchimp.audience"

    def _register_webhook(self, gateway):
        """Make Mailchimp tell us everything, whatever is registered so far.

        :param Gateway gateway: of the account
        :raise MailchimpError: what Mailchimp answered instead
        """
        self.ensure_one()
        url = self._webhook_account().webhook_url
        usable, others = None, []
        for hook in self._own_hooks(gateway):
            if not usable and self._is_usable(hook, url):
                usable = hook
            else:
                others.append(hook)
        # One URL cannot be registered twice, so the same one goes before.
        same = [hook for hook in others if hook.get("url") == url]
        self._delete_hooks(gateway, same)
        if not usable:
            usable = self._create_hook(gateway, url)
        elif self._problem_of_hook(usable):
            gateway.api.lists.update_list_webhook(
                self.mailchimp_id, usable["id"], SWITCHES
            )
        # A wrong address goes last: if ours is refused, it still works.
        self._delete_hooks(gateway, [hook for hook in others if hook not in same])
        self._note_webhook(usable)

    def _create_hook(self, gateway, url):
        """Register our URL; Mailchimp asks it for an answer before it agrees."""
        body = {"url": url, **SWITCHES}
        create = gateway.api.lists.create_list_webhook
        try:
            hook = create(self.mailchimp_id, body)
        except MailchimpRetryLater:
            hooks = self._own_hooks(gateway)
            lost = [hook for hook in hooks if hook.get("url") == url]
            if not lost:
                raise
            # Only the answer was lost, but the secret with it.
            self._delete_hooks(gateway, lost)
            hook = create(self.mailchimp_id, body)
        hook = as_map(hook)
        if not remote_id(hook.get("id")):
            raise MailchimpRetryLater("Mailchimp's answer could not be read.")
        # sudo: see `_note_webhook`
        self.sudo().webhook_secret = hook.get("signing_secret")
        return hook

    def _delete_hooks(self, gateway, hooks):
        for hook in hooks:
            try:
                gateway.api.lists.delete_list_webhook(self.mailchimp_id, hook["id"])
            except MailchimpNotFound:
                continue  # somebody was faster

    def _webhook_account(self):
        """Return the account, as superuser; if it lost its token, with a new one."""
        # sudo: the token is for the system and, as part of the URL, for managers.
        account = self.account_id.sudo()
        if not account.webhook_token:
            account.webhook_token = account._default_webhook_token()
        return account

    def _own_hooks(self, gateway):
        """Return the webhooks at Mailchimp that are ours: those with our token."""
        path = WEBHOOK_PATH + self._webhook_account().webhook_token
        hooks = as_map(gateway.api.lists.get_list_webhooks(self.mailchimp_id))
        return [
            hook
            for hook in with_ids(hooks.get("webhooks"))
            if str(hook.get("url")).endswith(path)
        ]

    def _is_usable(self, hook, url):
        """Tell whether a webhook has our URL and a secret that we know, if any."""
        secret = self.sudo().webhook_secret  # sudo: only the system may read it
        if hook.get("url") != url:
            return False
        if secret:
            return hook["id"] == self.webhook_id
        return not hook.get("signing_enabled")

    @api.model
    def _problem_of_hook(self, hook):
        """Say what a webhook does not tell us; None when it tells everything."""
        missing = [
            name
            for kind, wanted in SWITCHES.items()
            for name in wanted
            if not as_map(hook.get(kind)).get(name)
        ]
        if missing:
            return self.env._("Mailchimp does not report: %s", ", ".join(missing))
        return None

    def _note_webhook(self, hook=None, problem=None):
        """Keep what was found at Mailchimp, and call a person when it broke.

        :param dict hook: ours, if there is one
        :param str problem: what is wrong with it, if anything
        """
        before = self.webhook_state
        state = "broken" if problem else "active" if hook else "none"
        # sudo: whoever may ask for it need not be able to write these by hand.
        self.sudo().write(
            {
                "webhook_id": hook["id"] if hook else self.webhook_id,
                "webhook_state": state,
                "webhook_checked_at": fields.Datetime.now(),
                "webhook_error": problem,
            }
        )
        if (before, state) == ("active", "broken"):
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("The webhook needs repair"),
                note=plaintext2html(problem),
                user_id=self.account_id.user_id.id or self.env.uid,
            )
        elif (before, state) == ("broken", "active"):
            self.activity_feedback(["mail.mail_activity_data_warning"])

    def _forget_webhooks(self):
        """Forget what is registered at Mailchimp; it is not ours any more."""
        # sudo: see `_note_webhook`
        self.sudo().write(
            {
                "webhook_id": False,
                "webhook_state": "none",
                "webhook_checked_at": False,
                "webhook_error": False,
                "webhook_secret": False,
            }
        )

    def _delete_webhooks(self):
        """Remove from Mailchimp what we registered there, and nothing else.

        :raise MailchimpError: what Mailchimp answered instead
        """
        registered = self.filtered("webhook_id")
        for account, audiences in registered.grouped("account_id").items():
            gateway = account._gateway(interactive=True)
            for audience in audiences:
                audience._delete_hooks(gateway, [{"id": audience.webhook_id}])
        registered._forget_webhooks()

    # === VERIFICATION === #

    def _verify_webhook(self, gateway):
        """Look at Mailchimp whether the webhook is as it should be; change nothing.

        :param Gateway gateway: of the account
        """
        self.ensure_one()
        hooks, url = self._own_hooks(gateway), self._webhook_account().webhook_url
        usable = next((hook for hook in hooks if self._is_usable(hook, url)), None)
        if usable:
            self._note_webhook(usable, self._problem_of_hook(usable))
        elif hooks:
            self._note_webhook(
                problem=self.env._(
                    "The webhook in Mailchimp has another address, or signs with a "
                    "secret that Odoo does not know."
                )
            )
        elif self.webhook_id:
            self._note_webhook(
                problem=self.env._("The webhook was deleted in Mailchimp.")
            )
        else:
            self._note_webhook()
