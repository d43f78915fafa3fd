from odoo import api, fields, models
from odoo.tools import SQL

from ..const import DEFAULT_FIELD_PATHS, PRIORITY_USER

# What belongs to the mapping, not to Mailchimp.
MAPPING_FIELDS = ("field_path", "direction", "ownership")
# What changes the value that a field should have, whoever it belongs to.
BACK_FILLED = ("field_path", "direction", "type")


class MailchimpMergeFieldChanges(models.Model):
    """What happens when a mapping changes, or the field that is mapped."""

    _inherit = "mailchimp.merge.field"

    # Grows with each change of a mapping: a fetch notices what it has missed.
    mapping_version = fields.Integer(readonly=True, copy=False, aggregator=None)

    # === NEW FIELDS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Map new fields as the deleted ones of the same tag were, or as is usual."""
        known = self._deleted_mappings(vals_list)
        return super().create([self._with_mapping(vals, known) for vals in vals_list])

    @api.model
    def _deleted_mappings(self, vals_list):
        """Return {(audience, tag): how the field was mapped that is deleted by now}.

        The type of a field cannot be changed in Mailchimp: people delete it and make
        another one of the same name.
        """
        audiences = [vals.get("audience_id") for vals in vals_list]
        deleted = self.with_context(active_test=False).search(
            [
                ("audience_id", "in", audiences),
                ("active", "=", False),
                ("field_path", "!=", False),
            ],
            order="id",
        )
        return {
            (field.audience_id.id, field.tag): {n: field[n] for n in MAPPING_FIELDS}
            for field in deleted
        }

    @api.model
    def _with_mapping(self, vals, known):
        if "field_path" in vals:
            return vals
        path = DEFAULT_FIELD_PATHS.get(vals.get("tag"))
        usual = {"field_path": path} if path else {}
        mapping = known.get((vals.get("audience_id"), vals.get("tag")), usual)
        mapped = {**vals, **mapping}
        works = mapping and not self.new(mapped)._mapping_problem()
        return mapped if works else vals

    # === CHANGED FIELDS === #

    def write(self, vals):
        """Bring a new mapping to all members, and say when it cannot work any more."""
        names = [name for name in BACK_FILLED if name in vals]
        old = {field: [field[name] for name in names] for field in self}
        retyped = self.filtered(lambda f: f.type != vals.get("type", f.type))
        deleted = self.filtered(lambda f: f.active and not vals.get("active", True))
        result = super().write(vals)
        changed = self.filtered(lambda f: [f[name] for name in names] != old[f])
        changed.filtered("field_path")._back_fill()
        for merge_field in retyped:
            merge_field._tell(merge_field._retyped_text())
        for merge_field in deleted:
            merge_field._tell(merge_field._deleted_text())
        return result

    def _tell(self, text):
        """Say on the audience what became of a field that is mapped."""
        if self.field_path:
            self.audience_id.message_post(body=text)

    def _retyped_text(self):
        types = dict(self._fields["type"]._description_selection(self.env))
        words = {"tag": self.tag, "type": types[self.type]}
        if problem := self._mapping_problem():
            return self.env._(
                "In Mailchimp, %(tag)s has the type %(type)s now. Its mapping does not "
                "work any more: %(problem)s",
                problem=problem,
                **words,
            )
        return self.env._(
            "In Mailchimp, %(tag)s has the type %(type)s now. Its mapping still works; "
            "all values are compared again.",
            **words,
        )

    def _deleted_text(self):
        return self.env._(
            "The merge field %(tag)s was deleted in Mailchimp. It was mapped to "
            "%(path)s; the values stay in Odoo.",
            tag=self.tag,
            path=self.field_path,
        )

    # === BACK-FILL === #

    def _back_fill(self):
        """Bring the values of these fields to the other side, of all members.

        Nothing was ever agreed on: where both sides have a value, the rule decides.
        """
        working = self.filtered(lambda f: f.active and not f._mapping_problem())
        for audience, merge_fields in working.grouped("audience_id").items():
            latest = audience.merge_field_ids._latest_version()
            merge_fields.mapping_version = latest + 1
            account = audience.account_id
            incoming = merge_fields._mapped("to_odoo")
            if account._keeps_facts():
                incoming = self.browse()
            merge_fields._forget_agreement(audience, read_again=bool(incoming))
            if incoming:
                audience.pulled_at = False
                if account.state == "connected":
                    run = audience._start_fetch("user", PRIORITY_USER)
                    incoming._tell_fetch(run)
            if merge_fields._mapped("to_mailchimp") and account.auto_push_contacts:
                audience._push_all_members()

    def _latest_version(self):
        return max(self.mapped("mapping_version"), default=0)

    def _back_fill_again(self, audience, window):
        """Bring fields to all members that were mapped while these were being read.

        Those of the pages before went without them.

        :param recordset audience: whose members were read
        :param dict window: see `mailchimp.member.import._open_window`
        :return: whether the members have to be read once more
        """
        # A fetch that an update of the module interrupted does not know.
        known = window.get("mapping", 0)
        late = self.filtered(lambda f: f.mapping_version > known)
        if not late._mapped("to_odoo") or audience.account_id._keeps_facts():
            return False
        late._forget_agreement(audience, read_again=True)
        audience.pulled_at = False
        return True

    def _forget_agreement(self, audience, read_again):
        """Forget what both sides agreed on for these fields.

        Our own table; by SQL because an audience may have a million members.

        :param recordset audience: whose fields they are
        :param bool read_again: whether members are to be taken over even if Mailchimp
            says nothing new of them
        """
        Member = self.env["mailchimp.member"]
        tags = self.mapped("tag")
        Member.flush_model()
        self.env.cr.execute(
            SQL(
                """UPDATE mailchimp_member
                      SET base_values = COALESCE(base_values, '{}')
                                     || jsonb_object(%s::text[], %s::text[]),
                          fingerprint = CASE WHEN %s THEN NULL ELSE fingerprint END
                    WHERE audience_id = %s""",
                tags,
                [None] * len(tags),
                read_again,
                audience.id,
            )
        )
        Member.invalidate_model()
