from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.client_action import SOFT_RELOAD
from ..tools.subscriber import subscriber_hashes


class MailchimpSharedAddress(models.Model):
    """A contact or customer with the address of another one that is a member.

    One of them speaks for the address: its values are those that Mailchimp gets. Which
    one it is stands on the member (``contact_id``, ``partner_id``) and stays there.
    """

    _name = "mailchimp.shared.address"
    _description = "Shared Address"
    _auto = False
    _rec_name = "email"
    _order = "email, id"

    email = fields.Char(string="Address", readonly=True)
    contact_id = fields.Many2one("mailing.contact", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    record_name = fields.Char(string="Record", compute="_compute_record_name")
    kind = fields.Selection(
        [("contact", "Mailing Contact"), ("customer", "Customer")], readonly=True
    )
    speaks = fields.Boolean(string="Speaks for It", compute="_compute_speaks")
    audience_ids = fields.Many2many(
        "mailchimp.audience", string="Audiences", compute="_compute_speaks"
    )

    # An id that says which record it is: a row must not become another while it is
    # being looked at.
    @property
    def _table_query(self):
        return SQL(
            """SELECT c.id * 2 AS id, c.email_normalized AS email, 'contact' AS kind,
                      c.id AS contact_id, NULL::int AS partner_id,
                      NULL::int AS company_id
                 FROM mailing_contact c
                WHERE EXISTS (SELECT FROM mailing_contact o WHERE o.id != c.id
                                 AND o.email_normalized = c.email_normalized)
                  AND EXISTS (SELECT FROM mailchimp_member m
                               WHERE m.subscriber_hash = md5(c.email_normalized))
                UNION ALL
               SELECT p.id * 2 + 1, p.email_normalized, 'customer',
                      NULL, p.id, p.company_id
                 FROM res_partner p
                WHERE p.active
                  AND EXISTS (SELECT FROM res_partner o WHERE o.id != p.id AND o.active
                                 AND o.email_normalized = p.email_normalized)
                  AND EXISTS (SELECT FROM mailchimp_member m
                               WHERE m.subscriber_hash = md5(p.email_normalized))"""
        )

    # === COMPUTE METHODS === #

    @api.depends("contact_id.display_name", "partner_id.display_name")
    def _compute_record_name(self):
        for row in self:
            row.record_name = row._record().display_name

    @api.depends("email", "contact_id", "partner_id")
    def _compute_speaks(self):
        by_email = self._members().grouped("email")
        for row in self:
            members = by_email.get(row.email, self.env["mailchimp.member"])
            record = row._record()
            mine = members.filtered(lambda m, r=row, o=record: m[r._link()] == o)
            row.speaks = bool(mine) and mine == members
            row.audience_ids = members.audience_id

    # === ACTION METHODS === #

    def action_speak(self):
        """Let this record speak for its address, in all audiences of the user."""
        self.ensure_one()
        record, link = self._record(), self._link()
        record.check_access("read")
        # sudo: users choose, only the connector writes members.
        members = self._members().sudo()
        listed = members.filtered("subscription_id").audience_id
        members.write({link: record.id})
        for audience in listed if link == "contact_id" else ():
            members._export_subscribe(audience, [record])
        self.env["mailchimp.change"]._mark(link, record.ids)
        return SOFT_RELOAD

    def action_open_record(self):
        """Open the contact or customer."""
        self.ensure_one()
        record = self._record()
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    def _record(self):
        return self.contact_id or self.partner_id

    def _link(self):
        return "contact_id" if self.kind == "contact" else "partner_id"

    def _members(self):
        """Return the members with these addresses, as far as the user sees them."""
        return self.env["mailchimp.member"].search(
            [
                ("subscriber_hash", "in", subscriber_hashes(self.mapped("email"))),
                ("forgotten", "=", False),
            ]
        )
