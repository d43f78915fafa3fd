from odoo import models

from ..tools.client_action import notification


class IrCron(models.Model):
    """Our scheduled actions say that they were run, and where to look."""

    _inherit = "ir.cron"

    def method_direct_trigger(self):
        """Answer the person who ran one of ours by hand; else nothing would be seen."""
        result = super().method_direct_trigger()
        module = (self.get_external_id()[self.id] or "").partition(".")[0]
        if result is not True or module != "mailchimp_connector":
            return result
        return notification(
            self.env._("What it found to do goes on in the background. See:"),
            title=self.env._("%s was run", self.name),
            links=self.env["mailchimp.run"]._links(),
        )
