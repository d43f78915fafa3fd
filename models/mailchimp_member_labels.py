from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.inside import trusted
from ..tools.labels import INTEREST, PERMISSION, TAG, VIP_KEY, permissions
from ..tools.languages import to_odoo


class MailchimpMemberLabels(models.Model):
    """Permissions of a member, and with whom its labels were agreed on."""

    _inherit = "mailchimp.member"

    marketing_permissions = fields.Json(
        string="Permissions by ID",
        readonly=True,
        help="Which marketing permissions the person gave, by their ids.",
    )
    # No foreign key: whether a contact still exists says nothing of the agreement.
    agreed_with = fields.Integer(
        readonly=True,
        aggregator=None,
        help="The contact that has the tags and groups of the member, as far as they "
        "stand for something in Odoo.",
    )
    permission_summary = fields.Char(
        string="Marketing Permissions", compute="_compute_permission_summary"
    )

    @api.depends("marketing_permissions")
    def _compute_permission_summary(self):
        known = self.audience_id.marketing_permission_ids
        by_key = {(p.audience_id, p.mailchimp_id): p.name for p in known}
        for member in self:
            given = [
                by_key.get((member.audience_id, key), key)
                for key, enabled in (member.marketing_permissions or {}).items()
                if enabled
            ]
            member.permission_summary = ", ".join(given)

    @api.model
    def _values_from_mailchimp(self, data):
        """As above; permissions are there only if they were asked for."""
        values = super()._values_from_mailchimp(data)
        given, texts = permissions(data.get("marketing_permissions"))
        values["marketing_permissions"], values["permission_texts"] = given, texts
        return values

    def _label_keys(self, labels):
        """Return the keys of those of the labels that Odoo knows this member to have.

        :param dict labels: see `mailchimp.audience._labels`
        """
        keys = {(TAG, tag.name) for tag in self.tag_ids}
        keys.update((INTEREST, group.mailchimp_id) for group in self.interest_ids)
        keys |= _keys_of_permissions(self.marketing_permissions)
        if self.vip:
            keys.add(VIP_KEY)
        return keys & labels.keys()


class MailchimpMemberImportLabels(models.AbstractModel):
    """Tags, groups, VIP mark, language and permissions on their way from Mailchimp."""

    _inherit = "mailchimp.member.import"

    @api.model
    def _take_over(self, audience, rows, run, mapping):
        """Note what we held of these labels before."""
        held = self._held_labels([row["member_id"] for row in rows])
        for row in rows:
            known = held.get(row["member_id"]) or {}
            for name in ("vip", "permissions", "agreed"):
                row[f"old_{name}"] = known.get(name)
        return super()._take_over(audience, rows, run, mapping)

    @api.model
    def _held_labels(self, ids):
        ids = [id_ for id_ in ids if id_]
        if not ids:
            return {}
        query = SQL(
            """SELECT id, vip, marketing_permissions AS permissions,
                      agreed_with AS agreed
                 FROM mailchimp_member WHERE id = ANY(%s)""",
            ids,
        )
        return {row["id"]: row for row in self.env.execute_query_dict(query)}

    @api.model
    def _resolve_tags(self, audience, rows):
        """Set ``labels``, ``category_ids`` and ``label_values`` of each row, too."""
        result = super()._resolve_tags(audience, rows)
        texts = {}
        for row in rows:
            texts.update(row["permission_texts"] or {})
        if texts:
            self.env["mailchimp.marketing.permission"]._note(audience, texts)
        labels = audience._labels()
        tags = self.env["mailchimp.tag"].browse(
            {id_ for row in rows for id_ in row["tag_ids"]}
        )
        names = {tag.id: tag.name for tag in tags}
        for row in rows:
            row["labels"] = _keys_of(row, names) & labels.keys()
            row["category_ids"] = sorted(
                {labels[k].category_id for k in row["labels"]} - {None}
            )
            row["label_values"] = {
                labels[k].field: True for k in row["labels"] if labels[k].field
            }
        self._resolve_languages(audience.account_id, rows)
        return result

    @api.model
    def _resolve_languages(self, account, rows):
        """Set ``lang`` of each row: what a customer without a language gets."""
        installed = []
        if account.sync_language and account.two_way_sync:
            installed = [code for code, _name in self.env["res.lang"].get_installed()]
        for row in rows:
            row["lang"] = to_odoo(row["language"], installed)
            if row["lang"]:
                row["label_values"]["res.partner", "lang"] = row["lang"]

    @api.model
    def _store(self, audience, rows):
        """Keep what Odoo refused as it was: it is news again when it is read again."""
        for row in rows:
            refused = bool(row["error"] and row["contact_id"])
            if refused:
                row["vip"] = bool(row["old_vip"])
                row["marketing_permissions"] = row["old_permissions"]
            open_ = refused or row["has_more_tags"]
            row["agreed_with"] = row["old_agreed"] if open_ else row["contact_id"]
        return super()._store(audience, rows)

    @api.model
    def _store_labels(self, audience, rows):
        """As above: groups that a contact refused are not taken for known."""
        taken = [row for row in rows if not (row["error"] and row["contact_id"])]
        return super()._store_labels(audience, taken)

    # === LEDGER === #

    @api.model
    def _record_consent(self, audience, rows, source):
        """Append changes of permissions to the ledger, too."""
        result = super()._record_consent(audience, rows, source)
        known = {p.mailchimp_id: p for p in audience.marketing_permission_ids}
        entries = [
            self._permission_entry(audience, row, known[key], status, source)
            for row in rows
            for key, status in _changed_permissions(row)
            if key in known
        ]
        if entries:
            # sudo: only the connector writes the ledger.
            self.env["mailchimp.consent"].sudo().create(entries)
        return result

    @api.model
    def _permission_entry(self, audience, row, permission, status, source):
        return {
            "email": row["email"],
            "audience_id": audience.id,
            "company_id": audience.company_id.id,
            "member_id": row["member_id"],
            "contact_id": row["contact_id"],
            "partner_id": row["partner_id"],
            "permission_id": permission.id,
            "new_status": status,
            "source": source,
            "user_id": trusted(self.env, "mailchimp_user"),
            "occurred_at": row["last_changed"] or self.env.cr.now(),
            "evidence": {"permission": permission.name},
        }


def _keys_of(row, names):
    """Return the keys of all labels that a row says the member has.

    :param dict names: {id: name} of the tags
    """
    keys = {(TAG, names[id_]) for id_ in row["tag_ids"]}
    keys.update((INTEREST, key) for key, on in row["interests"].items() if on)
    keys |= _keys_of_permissions(row["marketing_permissions"])
    if row["vip"]:
        keys.add(VIP_KEY)
    return keys


def _keys_of_permissions(given):
    return {(PERMISSION, key) for key, enabled in (given or {}).items() if enabled}


def _changed_permissions(row):
    """Return (remote id, what happened to it) of the permissions that changed."""
    old, new = row["old_permissions"] or {}, row["marketing_permissions"] or {}
    return [
        (key, "granted" if enabled else "withdrawn")
        for key, enabled in new.items()
        if enabled != bool(old.get(key))
    ]
