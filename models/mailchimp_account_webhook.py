import time

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import PRIORITY_SCHEDULED
from ..tools.webhook import parse_event, token_digest, verify_signature


class MailchimpAccountWebhook(models.Model):
    """The webhook of an account: one secret URL for all its audiences."""

    _inherit = "mailchimp.account"

    webhook_token_digest = fields.Char(
        compute="_compute_webhook_token_digest",
        compute_sudo=True,
        store=True,
        index="btree_not_null",
        copy=False,
        groups="base.group_system",
        help="Finds the account by the token without comparing the token itself.",
    )

    # === COMPUTE METHODS === #

    @api.depends("webhook_token")
    def _compute_webhook_token_digest(self):
        for account in self:
            token = account.webhook_token
            account.webhook_token_digest = token_digest(token) if token else False

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `mailchimp_connector`: a confirmed copy gets URLs of its own.

        With the token of the database it was copied from, it would take the webhooks
        of that one for its own and point them here.
        """
        uuid = vals.get("database_uuid")
        # sudo: only the system may read the id of the database and the token.
        copies = self.sudo().filtered(
            lambda account: uuid and account.database_uuid not in (False, uuid)
        )
        result = super().write(vals)
        for account in copies:
            account.webhook_token = self._default_webhook_token()
        copies.with_context(active_test=False).audience_ids._forget_webhooks()
        return result

    # === DELIVERIES === #

    @api.model
    def _receive_webhook(self, token, raw, signature):
        """Take a delivery: check who sent it, queue what it hints at, do no more.

        A hint for an audience that Odoo does not hold is refused as an unknown address
        is: Mailchimp tries again for more than an hour, in which the audience may be
        imported, and gives up then. Never 410, which ends a webhook at once.

        :param str token: the secret part of the URL
        :param bytes raw: the body as it arrived
        :param str signature: the header that signs it, if any
        :return: the HTTP status to answer (int)
        """
        event = parse_event(raw)
        found = self._find_webhook(token, event and event.list_id)
        if not found:
            return 404
        if not event:
            # Something that checks the URL with an empty POST shall be satisfied.
            return 400 if raw else 200
        account_id, audience_id, secret = found
        if not audience_id:
            return 404
        if secret and not verify_signature(secret, signature, raw, time.time()):
            return 401
        audience = self.env["mailchimp.audience"].browse(audience_id)
        audience._enqueue_webhook(self.browse(account_id), event)
        return 200

    @api.model
    def _find_webhook(self, token, list_id):
        """Find what a delivery is for, by one query and without loading any secret
        but the one it needs.

        :return: id of the account, id of the audience, signing secret, the latter two
            None where there is none; or None when the token is unknown
        """
        self.flush_model(["webhook_token_digest", "active"])
        self.env["mailchimp.audience"].flush_model(["webhook_secret", "active"])
        query = SQL(
            """SELECT a.id, u.id, u.webhook_secret
                 FROM mailchimp_account a
            LEFT JOIN mailchimp_audience u ON u.account_id = a.id
                                          AND u.mailchimp_id = %s AND u.active
                WHERE a.webhook_token_digest = %s AND a.active""",
            list_id or None,
            token_digest(token),
        )
        rows = self.env.execute_query(query)
        return rows[0] if rows else None

    # === VERIFICATION === #

    def _check_webhooks(self):
        """Queue the verification of the registered webhooks of these accounts."""
        registered = self.env["mailchimp.audience"].search(
            [("account_id", "in", self.ids), ("webhook_id", "!=", False)]
        )
        for account, audiences in registered.grouped("account_id").items():
            self.env["mailchimp.job"]._enqueue(
                audiences,
                "_job_verify_webhooks",
                name=self.env._("Verify webhooks of %s", account.name),
                identity=f"webhooks:{account.id}",
                account=account,
                priority=PRIORITY_SCHEDULED,
            )
