from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..const import PRIORITY_USER


class MailingContactExport(models.Model):
    """Mailing contacts go to the audiences of the lists that they are on."""

    _name = "mailing.contact"
    _inherit = ["mailing.contact", "mailchimp.exportable"]

    mailchimp_pending = fields.Boolean(
        string="Pending for Export",
        compute="_compute_mailchimp_pending",
        search="_search_mailchimp_pending",
        groups="mailchimp_connector.group_mailchimp_user",
        help="On the mailing list of an audience, but not in Mailchimp yet.",
    )
    mailchimp_problem = fields.Char(
        string="What Is Wrong",
        compute="_compute_mailchimp_problem",
        groups="mailchimp_connector.group_mailchimp_user",
    )

    # === COMPUTE METHODS === #

    @api.depends("subscription_ids.list_id", "mailchimp_member_ids.status")
    def _compute_mailchimp_pending(self):
        pending = self.search(
            [("id", "in", self.ids), ("mailchimp_pending", "=", True)]
        )
        for contact in self:
            contact.mailchimp_pending = contact in pending

    @api.model
    def _search_mailchimp_pending(self, operator, _value):
        """Find contacts on a Mailchimp list whose address no member stands for.

        Whoever opted out of the list is not going to be exported.
        """
        if operator != "in":
            return NotImplemented
        self.env["mailchimp.member"].flush_model(["status", "subscriber_hash"])
        self.env["mailing.subscription"].flush_model(["opt_out"])
        self.flush_model(["email_normalized"])
        query = SQL(
            """(SELECT s.contact_id
                  FROM mailing_subscription s
                  JOIN mailing_contact c ON c.id = s.contact_id
                  JOIN mailchimp_audience a ON a.mailing_list_id = s.list_id
                 WHERE a.active AND a.company_id = ANY(%s) AND s.opt_out IS NOT TRUE
                   AND NOT EXISTS (
                       SELECT FROM mailchimp_member m
                        WHERE m.audience_id = a.id
                          AND (m.contact_id = c.id
                               OR m.subscriber_hash = md5(c.email_normalized))
                          AND (m.status IS NOT NULL OR m.forgotten)))""",
            self.env.companies.ids,
        )
        return [("id", "in", query)]

    @api.depends("email", "mailchimp_member_ids.error")
    def _compute_mailchimp_problem(self):
        for contact in self:
            errors = contact.mailchimp_member_ids.filtered("error").mapped("error")
            contact.mailchimp_problem = (
                errors[0] if errors else self._no_address(contact)
            )

    @api.model
    def _no_address(self, contact):
        if contact.email_normalized:
            return False
        if contact.email:
            return self.env._("“%s” is not an email address.", contact.email)
        return self.env._("There is no email address.")

    # === ACTION METHODS === #

    def action_mailchimp_export(self):
        """Export to the audiences on the *Subscriptions* lines of these contacts."""
        self.check_access("read")
        audiences = self._mailchimp_audiences()
        if len(self) == 1:
            return self._mailchimp_export(audiences)
        audiences.account_id._check_connected()
        runs = self.env["mailchimp.run"]
        for audience in audiences:
            mailing_list = audience.mailing_list_id
            listed = self.filtered(lambda c, ml=mailing_list: ml in c.list_ids)
            runs |= listed._mailchimp_start_export(audience, "user", PRIORITY_USER)
        self._mailchimp_note_unlisted(audiences, runs[:1])
        return runs._open()

    # === BUSINESS METHODS === #

    def _mailchimp_audiences(self):
        """Return the audiences that the user sees among the lists of these contacts.

        :raise UserError: when there is none
        """
        lists = self.subscription_ids.list_id
        audiences = self.env["mailchimp.audience"].search(
            [("mailing_list_id", "in", lists.ids)]
        )
        if not audiences:
            raise UserError(
                self.env._(
                    "No mailing list on the Subscriptions tab stands for a Mailchimp "
                    "audience. Add such a list, one with the MailChimp mark, first."
                )
            )
        return audiences

    def _mailchimp_note_unlisted(self, audiences, run):
        """Name the contacts of a selection that are on no list of an audience."""
        lists = audiences.mailing_list_id
        self._mailchimp_note(
            self.filtered(lambda contact: not contact.list_ids & lists),
            run,
            "no_list",
            self.env._("The contact is on no mailing list of an audience."),
            self.env._("Add a list with the MailChimp mark to its Subscriptions."),
        )
