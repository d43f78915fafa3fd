from odoo import api, fields, models
from odoo.tools import SQL


class MailchimpConsentErasure(models.Model):
    """Entries of the ledger without whom they are about: the fact stays."""

    _inherit = "mailchimp.consent"

    subscriber_hash = fields.Char(
        string="Fingerprint",
        readonly=True,
        index="btree_not_null",
        help="What is left of the address of a person whose data were erased: it can "
        "be compared with an address, but not turned back into one.",
    )
    erased_at = fields.Datetime(string="Erased on", readonly=True)

    @api.depends("email", "erased_at")
    def _compute_display_name(self):
        for consent in self:
            consent.display_name = consent.email or self.env._("Erased")

    def _erase_content(self):
        """Erase who these entries are about, but for a fingerprint of the address.

        By SQL: the ledger refuses every other change. Who noted an entry stays, unless
        it was the person, on one of the portal's pages.
        """
        if not self:
            return
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                """UPDATE mailchimp_consent c
                      SET subscriber_hash = COALESCE(
                              c.subscriber_hash, md5(lower(c.email)),
                              (SELECT m.subscriber_hash FROM mailchimp_member m
                                WHERE m.id = c.member_id)),
                          email = NULL, evidence = NULL,
                          contact_id = NULL, partner_id = NULL,
                          user_id = (SELECT u.id FROM res_users u
                                      WHERE u.id = c.user_id AND NOT u.share),
                          erased_at = COALESCE(c.erased_at, now() AT TIME ZONE 'UTC')
                    WHERE id = ANY(%s)""",
                self.ids,
            )
        )
        self.invalidate_recordset()
