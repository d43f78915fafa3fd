from datetime import timedelta

from odoo import api, models

from ..exceptions import MailchimpError, MailchimpRetryLater

# Our clock and Mailchimp's may differ by so much.
CLOCKS_APART = timedelta(minutes=10)


class MailchimpDocumentLost(models.AbstractModel):
    """Created by Odoo, and never answered: it may be there nevertheless."""

    _inherit = "mailchimp.document"

    @api.model
    def _adopt(self, account, items, run):
        """Link new payloads with records whose creation in Mailchimp went unanswered.

        :param recordset account: `mailchimp.account`
        :param list items: payloads that no record stands for
        :param recordset run: the `mailchimp.run` that counts
        :return: those that are left (list)
        :raise MailchimpRetryLater: when somebody is just saving one of them
        """
        all_vals = [self._values_from_mailchimp(item) for item in items]
        waiting = self.with_context(active_test=False).search(
            [
                ("account_id", "=", account.id),
                ("mailchimp_id", "=", False),
                ("name", "in", [vals["name"] for vals in all_vals]),
            ]
        )
        left = []
        for vals, item in zip(all_vals, items, strict=True):
            record = waiting.filtered(lambda one, v=vals: one._is_lost(v))[:1]
            if not record:
                left.append(item)
                continue
            if not record.try_lock_for_update():
                raise MailchimpRetryLater("It is being saved right now.", status=409)
            waiting -= record
            # It may as well be somebody else's: a person looks before it is changed.
            record._connector_write(
                {"mailchimp_id": vals["mailchimp_id"], "remote_changed": True}
            )
            record._apply_remote([item], run)
        return left

    def _is_lost(self, vals):
        """Tell whether a payload is this record, as far as can be told.

        :param dict vals: what Mailchimp says of something that Odoo does not know
        """
        created = vals.get("date_created") or vals.get("create_time")
        if self.name != vals["name"] or not created:
            return False
        since = self._waiting_since()
        return bool(since and created >= since - CLOCKS_APART)

    def _waiting_since(self):
        """Return when Mailchimp was asked to create this, without an answer, or None.

        Whatever was read or saved since then tells what became of it.
        """
        times = self.env["mailchimp.attempt"]._times(self, "create")
        known = self.exchanged_at
        return next((at for at in times if not known or at > known), None)

    def _try_to_create(self, create, body):
        """Ask Mailchimp to create this, noting before that Odoo does.

        :param create: method of the client
        :return: the answer
        :raise MailchimpError:
        """
        attempts = self.env["mailchimp.attempt"]
        tried_at = attempts._note(self, "create")
        try:
            return create(body)
        except MailchimpError as error:
            if not isinstance(error, MailchimpRetryLater) or error.throttled:
                attempts._forget(self, "create", tried_at)  # nothing was created
            raise
