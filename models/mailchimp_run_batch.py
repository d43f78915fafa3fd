from odoo import fields, models

from ..const import PRIORITY_USER
from .mailchimp_batch import OPEN_STATES


class MailchimpRunBatch(models.Model):
    """The batches of a run end with it."""

    _inherit = "mailchimp.run"

    batch_ids = fields.One2many("mailchimp.batch", "run_id", readonly=True)

    def action_cancel(self):
        """Stop the batches too; their members may be pushed again afterwards."""
        result = super().action_cancel()
        # sudo: users cancel runs, only the connector sees to their batches.
        batches = self.sudo().batch_ids.filtered(lambda b: b.state in OPEN_STATES)
        for batch in batches:
            batch._enqueue_job("_job_abandon", priority=PRIORITY_USER)
        return result
