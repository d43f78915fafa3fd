from odoo import api, fields, models

from ..tools.inside import trusted


class MailchimpPermissionSource(models.AbstractModel):
    """Where somebody records that a person gives a marketing permission, or not.

    What people and programs enter in Odoo is an act, which goes to the ledger; only
    after such an act the push may give a permission at Mailchimp.
    """

    _name = "mailchimp.permission.source"
    _description = "Where Marketing Permissions Are Recorded"

    @api.model_create_multi
    def create(self, vals_list):
        """Record the permissions of new contacts and customers."""
        records = super().create(vals_list)
        ways = self._permission_ways()
        if ways and any(ways.keys() & vals.keys() for vals in vals_list):
            records._record_permissions(ways, {})
        return records

    def write(self, vals):
        """Record the permissions that are given or withdrawn."""
        ways = self._permission_ways()
        written = {name: ids for name, ids in ways.items() if name in vals}
        if not written:
            return super().write(vals)
        before = self._given_permissions(written)
        result = super().write(vals)
        self._record_permissions(written, before)
        return result

    @api.model
    def _permission_ways(self):
        """Return {field name: ids of permissions}; empty for what Mailchimp says."""
        if trusted(self.env, "mailchimp_import"):
            return {}
        return self.env["mailchimp.marketing.permission"]._sources()[self._name]

    def _given_permissions(self, ways):
        """Return {id of the record: set of ids of the permissions it shows}."""
        # sudo: a tag may be of no concern to whoever edits a contact.
        Permission = self.env["mailchimp.marketing.permission"].sudo()
        found = {record.id: set() for record in self}
        for name, ids in ways.items():
            permissions = Permission.browse(ids).exists()
            for record in self.sudo():
                given = record[name]
                if isinstance(given, models.BaseModel):
                    given = permissions.filtered(
                        lambda p, tags=given: p.partner_category_id in tags
                    )
                else:
                    given = permissions if given else permissions.browse()
                found[record.id].update(given.ids)
        return found

    def _record_permissions(self, ways, before):
        after, entries = self._given_permissions(ways), []
        # sudo: as above
        Permission = self.env["mailchimp.marketing.permission"].sudo()
        for record in self:
            old, new = before.get(record.id, set()), after[record.id]
            for status, ids in (("granted", new - old), ("withdrawn", old - new)):
                entries += [
                    record._permission_entry(Permission.browse(id_), status)
                    for id_ in sorted(ids)
                ]
        # sudo: only the connector writes the ledger.
        self.env["mailchimp.consent"].sudo().create(entries)

    def _permission_entry(self, permission, status):
        """Return an entry of the ledger about what somebody enters now."""
        link = "partner_id" if self._name == "res.partner" else "contact_id"
        source = "import" if self.env.context.get("import_file") else "user"
        if self.env.user._is_public():
            source = "page"
        return {
            "email": self.email_normalized or self.email,
            "audience_id": permission.audience_id.id,
            "company_id": permission.company_id.id,
            link: self.id,
            "permission_id": permission.id,
            "new_status": status,
            "source": source,
            "user_id": self.env.uid,
            "occurred_at": fields.Datetime.now(),
            "evidence": {"permission": permission.name},
        }


class MailingContactPermission(models.Model):
    """Contacts record permissions."""

    _name = "mailing.contact"
    _inherit = ["mailing.contact", "mailchimp.permission.source"]


class ResPartnerPermission(models.Model):
    """Customers record permissions."""

    _name = "res.partner"
    _inherit = ["res.partner", "mailchimp.permission.source"]
