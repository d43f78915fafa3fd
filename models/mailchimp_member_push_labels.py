from odoo import api, models
from odoo.tools import SQL, frozendict

from ..tools.labels import sent_labels
from ..tools.merge import sent_values
from .mailchimp_contact_sync import IMPORT_CONTEXT


class MailchimpMemberPushLabels(models.AbstractModel):
    """Tags, groups, VIP mark and permissions on their way to Mailchimp."""

    _inherit = "mailchimp.member.push"

    @api.model
    def _push_members(self, audience, members, run, look=None, tired=()):
        """Let contacts agree first that a member was linked with since it was read."""
        self._agree_on_labels(audience, members.exists())
        return super()._push_members(audience, members, run, look, tired)

    @api.model
    def _agree_on_labels(self, audience, members):
        """Give contacts what their members have, as an import does; nothing is lost."""
        labels = audience._labels()
        if not labels or not members:
            return
        members.flush_model()
        query = SQL(
            """SELECT id FROM mailchimp_member
                WHERE id = ANY(%s) AND contact_id IS NOT NULL AND status IS NOT NULL
                  AND agreed_with IS DISTINCT FROM contact_id""",
            members.ids,
        )
        loose = members.browse(id_ for (id_,) in self.env.execute_query(query))
        rows = [
            {
                "member_id": member.id,
                "contact_id": member.contact_id.id,
                "partner_id": member.partner_id.id,
                "labels": member._label_keys(labels),
                "old_agreed": None,
                "has_more_tags": False,
            }
            for member in loose
        ]
        sync = self.env["mailchimp.contact.sync"].with_context(**IMPORT_CONTEXT)
        sync._sync_labels(audience, rows)
        sync._tell_others(rows)
        self.env.cr.execute(
            SQL(
                "UPDATE mailchimp_member SET agreed_with = contact_id"
                " WHERE id = ANY(%s)",
                loose.ids,
            )
        )
        loose.invalidate_recordset(["agreed_with"])

    # === WHAT WAS SENT IS NO NEWS === #

    @api.model
    def _note_sent(self, sending, steps):
        for step in steps:
            sent = sent_labels(step) | sent_values(step)
            sending.sent.setdefault(step.member_id, {}).update(sent)

    @api.model
    def _knowing(self, sending):
        sent = {id_: frozendict(one) for id_, one in sending.sent.items()}
        return self.with_context(mailchimp_sent=frozendict(sent))

    @api.model
    def _send_create(self, sending, step):
        """Remember what was sent."""
        self._note_sent(sending, [step])
        return super()._send_create(sending, step)

    @api.model
    def _create_many(self, sending, steps):
        """Remember what was sent."""
        self._note_sent(sending, steps)
        return super()._create_many(sending, steps)

    @api.model
    def _send_update(self, sending, step):
        """Remember what was sent."""
        self._note_sent(sending, [step])
        return super()._send_update(sending, step)

    @api.model
    def _take_answers(self, sending, answers, fresh=True):
        """An answer does not bring back what was changed in Odoo since."""
        return super(MailchimpMemberPushLabels, self._knowing(sending))._take_answers(
            sending, answers, fresh=fresh
        )

    @api.model
    def _import(self, sending, items):
        """As `_take_answers`: what was sent may be read instead of answered."""
        return super(MailchimpMemberPushLabels, self._knowing(sending))._import(
            sending, items
        )


class MailchimpBatchLabels(models.Model):
    """What a batch sent is no news, either."""

    _inherit = "mailchimp.batch"

    def _succeeded(self, push, sending, step, one, result, answers, touched):
        """Remember what was sent."""
        push._note_sent(sending, [step])
        return super()._succeeded(push, sending, step, one, result, answers, touched)
