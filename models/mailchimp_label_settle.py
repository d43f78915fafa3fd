from odoo import api, models
from odoo.fields import Command
from odoo.tools import SQL, split_every

from ..tools.labels import INTEREST, TAG, VIP
from .mailchimp_contact_merge import LINKS
from .mailchimp_contact_sync import IMPORT_CONTEXT, ROW_ERRORS

CHUNK = 1000


class MailchimpLabelSettle(models.AbstractModel):
    """Giving both sides the labels that either has, when they are mapped."""

    _name = "mailchimp.label.settle"
    _description = "Mailchimp Label Back-fill"

    @api.model
    def _settle(self, audience, label):
        """Give the contacts of members with a label what stands for it in Odoo.

        Whoever has that in Odoo is marked as changed, and so gets the label; what a
        contact refuses stays as it is, and is said on the audience.

        :param recordset audience: one `mailchimp.audience`
        :param Label label: see `tools.labels`
        :return: a generator with a checkpoint after each part of the contacts
        """
        model = label.field[0] if label.field else "mailing.contact"
        vals = self._values(label)
        refused = self.env[model]
        for ids in split_every(CHUNK, self._lacking(audience, label, model), list):
            records = self.env[model].with_context(**IMPORT_CONTEXT).browse(ids)
            refused |= self._write(records.exists(), vals)
            yield
        self._tell(audience, refused)
        Change = self.env["mailchimp.change"]
        for model, ids in self._holders(audience, label):
            Change._mark(LINKS[model], ids)

    @api.model
    def _values(self, label):
        if label.field:
            return {label.field[1]: True}
        return {"tag_ids": [Command.link(label.category_id)]}

    @api.model
    def _lacking(self, audience, label, model):
        """Return ids of the contacts or customers of members with a label without it.

        Our own tables, hence SQL; an audience may have a million members.
        """
        self.env["mailchimp.member"].flush_model()
        query = SQL(
            """SELECT DISTINCT m.%s FROM mailchimp_member m
                WHERE m.audience_id = %s AND m.%s IS NOT NULL
                  AND m.forgotten IS NOT TRUE AND %s""",
            SQL.identifier(LINKS[model]),
            audience.id,
            SQL.identifier(LINKS[model]),
            self._has_label(label),
        )
        ids = [row[0] for row in self.env.execute_query(query)]
        have = set(dict(self._holders(audience, label)).get(model, ()))
        return [id_ for id_ in ids if id_ not in have]

    @api.model
    def _has_label(self, label):
        """SQL: whether the member ``m`` has a label in Mailchimp."""
        kind, key = label.key
        if kind == TAG:
            return SQL(
                """EXISTS (SELECT FROM mailchimp_member_tag_rel r
                             JOIN mailchimp_tag t ON t.id = r.tag_id
                            WHERE r.member_id = m.id AND t.name = %s)""",
                key,
            )
        if kind == INTEREST:
            return SQL(
                """EXISTS (SELECT FROM mailchimp_member_interest_rel r
                             JOIN mailchimp_interest i ON i.id = r.interest_id
                            WHERE r.member_id = m.id AND i.mailchimp_id = %s)""",
                key,
            )
        if kind == VIP:
            return SQL("m.vip")
        return SQL("m.marketing_permissions ->> %s = 'true'", key)

    @api.model
    def _holders(self, audience, label):
        """Return [(model, ids of the records that have it in Odoo)]."""
        if label.field:
            model, name = label.field
            domains = [(model, [(name, "=", True)])]
        else:
            domains = [("mailing.contact", [("tag_ids", "in", label.category_id)])]
            if audience.account_id.push_customer_tags:
                domain = [("category_id", "in", label.category_id)]
                domains.append(("res.partner", domain))
        return [
            (model, self.env[model].with_context(active_test=False).search(domain).ids)
            for model, domain in domains
        ]

    @api.model
    def _write(self, records, vals):
        """Write all at once; if one is refused, one by one.

        :return: those that were refused
        """
        refused = records.browse()
        try:
            with self.env.cr.savepoint():
                records.write(vals)
        except ROW_ERRORS:
            for record in records:
                try:
                    with self.env.cr.savepoint():
                        record.write(vals)
                except ROW_ERRORS:
                    refused |= record
        return refused

    @api.model
    def _tell(self, audience, refused):
        if refused:
            audience.message_post(
                body=self.env._(
                    "Odoo refused to change contacts that have a tag or group in "
                    "Mailchimp: %s",
                    ", ".join(refused[:20].mapped("display_name")),
                )
            )
