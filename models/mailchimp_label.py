from odoo import fields, models


class MailchimpLabel(models.AbstractModel):
    """What something that members have or have not stands for in Odoo."""

    _name = "mailchimp.label"
    _description = "Mapped Mailchimp Label"

    # What decides about the mapping.
    _mapping_fields = ()

    settled = fields.Boolean(
        readonly=True,
        copy=False,
        help="Whoever had it on one side when it was mapped has it on both sides. "
        "Before, nothing is taken away from anybody.",
    )

    def _label(self):
        """Return the `tools.labels.Label` of this record."""
        raise NotImplementedError

    def write(self, vals):
        """Bring both sides together when the mapping changes."""
        names = sorted(vals.keys() & set(self._mapping_fields))
        before = {record: [record[name] for name in names] for record in self}
        result = super().write(vals)
        changed = self.filtered(lambda r: [r[name] for name in names] != before[r])
        if changed and not self.env.context.get("mailchimp_no_back_fill"):
            changed.settled = False
            for audience in changed.audience_id:
                audience._enqueue_settle_labels()
        return result
