from odoo import api, fields, models
from odoo.tools import SQL


class MailchimpConsentPermission(models.Model):
    """Marketing permissions in the ledger."""

    _inherit = "mailchimp.consent"

    permission_id = fields.Many2one(
        "mailchimp.marketing.permission", ondelete="set null", readonly=True
    )

    @api.model
    def _evidence_labels(self):
        return {**super()._evidence_labels(), "permission": self.env._("Permission")}

    @api.model
    def _granted(self, permission_ids, contact_ids, partner_ids):
        """Return who gave which permissions last, of whom the ledger knows it.

        :return: set of (id of the permission, link, id of the contact or customer)
        """
        self.flush_model()
        query = SQL(
            """SELECT permission_id, link, record_id FROM (
                 SELECT DISTINCT ON (permission_id, link, record_id)
                        permission_id, link, record_id, new_status
                   FROM (SELECT id, permission_id, 'contact_id' AS link,
                                contact_id AS record_id, new_status
                           FROM mailchimp_consent WHERE contact_id = ANY(%(contacts)s)
                         UNION ALL
                         SELECT id, permission_id, 'partner_id',
                                partner_id, new_status
                           FROM mailchimp_consent WHERE partner_id = ANY(%(partners)s)
                        ) e
                  WHERE permission_id = ANY(%(permissions)s)
               ORDER BY permission_id, link, record_id, id DESC) last
                WHERE new_status = 'granted'""",
            contacts=list(contact_ids),
            partners=list(partner_ids),
            permissions=list(permission_ids),
        )
        return set(self.env.execute_query(query))
