import psycopg2

from odoo import api, models
from odoo.exceptions import UserError, ValidationError

from ..tools.coerce import MAX_TEXT, CoerceError, short_text
from ..tools.inside import IMPORTING
from ..tools.rows import keyed

# Odoo's own chatter and our own push would only repeat what Mailchimp just said.
IMPORT_CONTEXT = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    **IMPORTING,
    "default_list_ids": False,
    "active_test": True,
}
ROW_ERRORS = (UserError, ValidationError, ValueError, psycopg2.Error)


class MailchimpContactSync(models.AbstractModel):
    """Members of Mailchimp on Odoo's contacts, customers, subscriptions and blacklist.

    This is the seam between our table and everybody else's: all writes go through the
    ORM, so that the overrides of other modules run. ``_apply`` may be replaced where
    nobody overrides anything.
    """

    _name = "mailchimp.contact.sync"
    _description = "Mailchimp Contact Synchronization"

    @api.model
    def _apply(self, audience, rows, run, mapping):
        """Bring new and changed members to the contacts.

        Sets ``contact_id``, ``partner_id``, ``opt_out_by``, ``sync_result``,
        ``error`` and ``to_push`` of each row.

        :param recordset audience: one `mailchimp.audience`
        :param list rows: see `mailchimp.member.import._changed_rows`
        :param recordset run: the `mailchimp.run` that keeps a line per problem
        :param list mapping: see `mailchimp.merge.field._mapping`
        """
        if not rows:
            return
        self = self.with_context(**IMPORT_CONTEXT)
        lines = []
        self._prepare(audience, rows, mapping, lines)
        self._create_partners(audience, rows, lines)
        self._create_contacts(audience, rows, lines)
        self._decide(audience, rows, mapping)
        self._update_all(audience, rows, lines)
        for line in lines:
            self._point_at_record(line, audience)
        run._add_lines(lines)

    @api.model
    def _prepare(self, audience, rows, mapping, lines):
        """Convert the values of members, and find who they are in Odoo."""
        for row in rows:
            row["values"], row["agreed"] = self._convert(row, mapping, lines)
            row["old_links"] = {key: row[key] for key in ("contact_id", "partner_id")}
        self._match(audience, rows, lines)
        self._match_partners(audience, rows)

    # === UPDATES === #

    @api.model
    def _updates(self):
        """Return what is done to records that exist: (audience, rows, lines) each."""
        return [
            self._update_partners,
            self._update_contacts,
            self._sync_subscriptions,
            self._blacklist,
        ]

    @api.model
    def _update_all(self, audience, rows, lines):
        """Update all at once; if something is refused, row by row."""
        before, found = [dict(row) for row in rows], []
        try:
            with self.env.cr.savepoint():
                for update in self._updates():
                    update(audience, rows, found)
        except ROW_ERRORS:
            for row, old in zip(rows, before, strict=True):
                row.update(old)
                self._update_each(audience, row, lines)
        else:
            lines += found

    @api.model
    def _update_each(self, audience, row, lines):
        """Do what can be done for a row: a refused name is no reason to mail it."""
        for update in self._updates():
            before, found = dict(row), []
            try:
                with self.env.cr.savepoint():
                    update(audience, [row], found)
            except ROW_ERRORS as error:
                row.update(before)
                self._refused(row, error, lines)
            else:
                lines += found

    @api.model
    def _refused(self, row, error, lines):
        """Note that Odoo refuses a row.

        :raise psycopg2.OperationalError: a conflict or lost connection: not its fault
        """
        if isinstance(error, psycopg2.OperationalError):
            raise error
        reason = str(error)
        if isinstance(error, psycopg2.Error):
            reason = self.env["mailing.contact"]._sql_error_to_message(error)
        reason = short_text(reason.partition("\nDETAIL")[0]) or type(error).__name__
        row["sync_result"], row["error"] = "error", reason
        lines.append(self._line(row, "failed", "refused", reason))

    # === VALUES === #

    @api.model
    def _convert(self, row, mapping, lines):
        """Convert the merge values of a member, and those of the last agreement.

        :return: two dicts {(model, field): value}: now, and last agreed
        """
        values, base = {}, {}
        for mapped in mapping:
            value = row["merge_values"].get(mapped.tag)
            if value is None:
                continue
            if isinstance(value, str) and len(value) >= MAX_TEXT:
                reason = self.env._("%s is too long and was cut.", mapped.tag)
                lines.append(self._line(row, "notice", "too_long", reason))
            try:
                values |= keyed(mapped, value)
            except CoerceError as error:
                reason = self.env._(
                    "%(tag)s does not fit %(field)s: %(reason)s.",
                    tag=mapped.tag,
                    field=mapped.field,
                    reason=error,
                )
                lines.append(self._line(row, "notice", "unfit", reason))
                continue
            try:
                base |= keyed(mapped, row["base"].get(mapped.tag))
            except CoerceError:
                continue  # a value that did not fit then was never agreed on
        return values, base

    @api.model
    def _line(self, row, state, code, reason, advice=None):
        return {
            "state": state,
            "code": code,
            "name": row["email"],
            "reason": reason,
            "advice": advice
            or self.env._("Correct the value in Mailchimp, or change the mapping."),
            "row": row,
        }

    @api.model
    def _point_at_record(self, line, audience):
        row = line.pop("row")
        if row["contact_id"]:
            line |= {"res_model": "mailing.contact", "res_id": row["contact_id"]}
        else:
            line |= {"res_model": audience._name, "res_id": audience.id}
