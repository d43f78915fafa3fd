from odoo import models


class MailchimpMergeFieldFetch(models.Model):
    """What a person who changes a mapping is told about the fetch that it takes."""

    _inherit = "mailchimp.merge.field"

    def _tell_fetch(self, run):
        """Link the fetch of a new mapping where the person who made it looks.

        :param recordset run: the `mailchimp.run` that reads all members again
        """
        self.audience_id.message_post(
            body=self.env._(
                "The mapping of %(fields)s changed: all members are read again, see "
                "%(run)s.",
                fields=self.mapped("name"),
                run=run._get_html_link(),
            )
        )
        told = self.env.cr.precommit.data.setdefault("mailchimp_told", set())
        if run not in told:  # once, however many fields are saved together
            told.add(run)
            self.env.user._bus_send(
                "simple_notification",
                {
                    "type": "info",
                    "title": run.name,
                    "message": self.env._(
                        "A mapping changed: all members are read again."
                    ),
                },
            )
