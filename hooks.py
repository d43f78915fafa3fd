import logging

from .exceptions import MailchimpError

_logger = logging.getLogger(__name__)


def uninstall_hook(env):
    """Remove the webhooks that we registered, and nothing else, at Mailchimp.

    An account that cannot be reached must not keep the module installed: its hooks
    answer 404 from now on, which Mailchimp notices by itself.
    """
    accounts = env["mailchimp.account"].with_context(active_test=False).search([])
    for account in accounts.filtered(lambda account: account.state == "connected"):
        try:
            account.audience_ids._delete_webhooks()
        except MailchimpError as error:
            _logger.warning("Webhooks of %s stay in Mailchimp: %s", account.name, error)
