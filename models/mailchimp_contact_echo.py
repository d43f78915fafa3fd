from odoo import api, models

from ..tools.labels import sent_labels
from ..tools.merge import sent_values


class MailchimpContactEcho(models.AbstractModel):
    """What Mailchimp only repeats: we sent it, and Odoo may hold something newer.

    The answer to a request tells of it; or any fetch, while a batch is under way.
    """

    _inherit = "mailchimp.contact.sync"

    @api.model
    def _prepare(self, audience, rows, mapping, lines):
        """Set ``sent`` of each row: {key: value} of values and labels we sent."""
        result = super()._prepare(audience, rows, mapping, lines)
        answered = self._answered()
        under_way = self.env["mailchimp.batch"]._steps_under_way(
            audience, [row["member_id"] for row in rows if row["member_id"]]
        )
        for row in rows:
            row["sent"] = dict(answered.get(row["member_id"], {}))
            for step in under_way.get(row["member_id"], ()):
                row["sent"].update(self._repeated(row, step))
        return result

    @api.model
    def _answered(self):
        """Return {id of a member: what was sent}, if that is being answered."""
        context = self.env.context
        is_answer = context.get("mailchimp_source") == "export"
        return context.get("mailchimp_sent") or {} if is_answer else {}

    @api.model
    def _repeated(self, row, step):
        """Return what a step of a batch sent, as far as Mailchimp says just that.

        It may not have been done yet: another value is somebody else's.
        """
        values = {
            key: value
            for key, value in sent_values(step).items()
            if row["merge_values"].get(key[1]) == value
        }
        return {**sent_labels(step), **values}
