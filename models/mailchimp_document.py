from datetime import datetime, timezone

import psycopg2.errors

from odoo import api, fields, models

from ..exceptions import MailchimpRetryLater
from ..tools.coerce import as_map, remote_id, short_text, with_ids
from ..tools.inside import IMPORTING


def exact_now():
    """Return the time, to the microsecond, to compare `exchanged_at` with."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


class MailchimpDocument(models.AbstractModel):
    """A template or a campaign: made in Mailchimp or in Odoo, and edited on both sides.

    An import takes over what Mailchimp says. Of a record that was edited in Odoo, and
    not saved to Mailchimp yet (``to_push``), only the fields that are Mailchimp's alone
    follow; ``remote_changed`` tells that both sides changed.
    """

    _name = "mailchimp.document"
    _description = "Mailchimp Document"
    _inherit = ["mailchimp.guard", "mailchimp.remote"]
    _parent_field = "account_id"

    # What follows Mailchimp even where the rest waits to be saved there.
    _status_fields = frozenset()
    # Methods of the client that read one, and what is in it.
    _remote_get = None
    _remote_content = None

    to_push = fields.Boolean(
        string="To Save to Mailchimp",
        readonly=True,
        copy=False,
        help="Was edited in Odoo; Mailchimp does not know yet.",
    )
    remote_changed = fields.Boolean(
        string="Changed in Mailchimp",
        readonly=True,
        copy=False,
        help="Mailchimp's was changed after Odoo's was saved or edited.",
    )
    remote_values = fields.Json(
        readonly=True, copy=False, help="What Mailchimp said last."
    )
    to_read = fields.Boolean(
        readonly=True, copy=False, help="Its content is to be read from Mailchimp."
    )
    exchanged_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="When this very record was read or saved, not as part of a list.",
    )
    gone = fields.Boolean(string="Deleted in Mailchimp", readonly=True, copy=False)

    # === HOOKS === #

    @api.model
    def _snapshot(self, data):
        """Return what tells whether somebody edited it in Mailchimp (dict)."""
        raise NotImplementedError

    @api.model
    def _linked_values(self, account, items):
        """Turn payloads into field values, with the records they point to.

        :param recordset account: `mailchimp.account` of all of them
        :param list items: payloads, each with a usable id
        :return: field values (list of dicts)
        """
        return [self._values_from_mailchimp(item) for item in items]

    def _content_changed(self, vals):
        """Tell whether the content is to be read again.

        :param dict vals: what Mailchimp says of this record, which may be empty
        """
        raise NotImplementedError

    @api.model
    def _content_values(self, data):
        """Turn the answer about the content into field values, without I/O."""
        raise NotImplementedError

    def _keeps_content(self):
        """Tell whether the content in Odoo was edited, and is not to be replaced."""
        return False

    def _notice(self, item):
        """Return what people should know of what was just taken over.

        :param dict item: the payload
        :return: values of run lines (list of dicts)
        """
        return []

    # === TAKING OVER === #

    @api.model
    def _all_values(self, account, items):
        """Return the field values of payloads, and what Mailchimp says beside them."""
        return [
            dict(vals, remote_values=self._snapshot(item))
            for vals, item in zip(
                self._linked_values(account, items), items, strict=True
            )
        ]

    @api.model
    def _import_items(self, account, items, run, since=None):
        """Create and update the records of some payloads.

        Pages are read ahead: what was saved or read by itself meanwhile is read again.

        :param recordset account: `mailchimp.account` they belong to
        :param list items: payloads, as Mailchimp sent them
        :param recordset run: the `mailchimp.run` that counts them; may be empty
        :param datetime since: when reading them began, at the earliest
        :return: the ids of Mailchimp's that were usable (list)
        """
        self._note_unusable(items, run)
        items = with_ids(items, self._remote_key)
        ids = [item[self._remote_key] for item in items]
        known = self.with_context(active_test=False).search(
            [("account_id", "=", account.id), ("mailchimp_id", "in", ids)]
        )
        newer = known.filtered(lambda record: record._is_newer(since))
        newer._refresh(run)
        (known - newer)._take_over_all(items, run)
        fresh = set(ids) - set(known.mapped("mailchimp_id"))
        items = [item for item in items if item[self._remote_key] in fresh]
        self._create_remote(account, self._adopt(account, items, run), run)
        return ids

    @api.model
    def _note_unusable(self, items, run):
        """Say what cannot be told apart from others, and is left out therefore."""
        nameless = [
            as_map(item)
            for item in items
            if not remote_id(as_map(item).get(self._remote_key))
        ]
        untitled = self.env._("Untitled")
        run._add_lines(
            [
                {
                    "state": "skipped",
                    "name": short_text(item.get("name")) or untitled,
                    "code": "unfit",
                    "reason": self.env._("Mailchimp lists it without a usable id."),
                }
                for item in nameless
            ]
        )

    @api.model
    def _create_remote(self, account, items, run):
        """Create the records of payloads that Odoo does not know."""
        all_vals = [
            dict(
                vals,
                account_id=account.id,
                to_read=self._content_changed(vals),
                gone=not vals.get("active", True),
            )
            for vals in self._all_values(account, items)
        ]
        records = self._create_all(all_vals)
        run._count(created=len(records), done=len(records))
        run._add_lines(
            [
                line
                for record, item in zip(records, items, strict=True)
                for line in record._notice(item)
            ]
        )

    @api.model
    def _create_all(self, all_vals):
        """Create records, unless another transaction just did.

        :raise MailchimpRetryLater: when it did; the next try knows them
        """
        quiet = {"tracking_disable": True, "mail_create_nosubscribe": True}
        # sudo: buttons of users get here, too; only the connector writes all fields.
        creator = self.sudo().with_context(**IMPORTING, **quiet)
        try:
            with self.env.cr.savepoint():
                return creator.create(all_vals)
        except psycopg2.errors.UniqueViolation as error:
            raise MailchimpRetryLater(
                f"Somebody else did the same right now ({error.diag.constraint_name}).",
                status=409,
            ) from error

    def _apply_remote(self, items, run=None):
        """Take over what Mailchimp just said of these records, of one account.

        :param list items: payloads; those of other records are left alone
        :param recordset run: the `mailchimp.run` that counts them, if any
        :return: the records that differed
        """
        run = run if run is not None else self.env["mailchimp.run"]
        differed = self._take_over_all(items, run)
        # sudo: see below
        self.sudo().with_context(**IMPORTING).write({"exchanged_at": exact_now()})
        return differed

    def _is_newer(self, moment):
        """Tell whether this record was read or saved by itself since then."""
        return bool(moment and self.exchanged_at and self.exchanged_at > moment)

    def _take_over_all(self, items, run):
        """Take over what payloads say of these records, which are of one account.

        :return: the records that differed
        """
        # sudo: buttons of users get here, too; only the connector writes all fields.
        known = self.sudo().with_context(**IMPORTING).grouped("mailchimp_id")
        items = with_ids(items, self._remote_key)
        items = [item for item in items if item[self._remote_key] in known]
        differed, lines = [], []
        all_vals = self._all_values(self.account_id, items) if items else []
        for vals, item in zip(all_vals, items, strict=True):
            record = known[vals["mailchimp_id"]]
            is_news = as_map(record.remote_values) != vals["remote_values"]
            if record._take_over(vals):
                differed.append(record.id)
            if is_news:
                lines += record._notice(item)
        unchanged = len(items) - len(differed)
        run._count(updated=len(differed), unchanged=unchanged, done=len(items))
        run._add_lines(lines)
        return self.browse(differed)

    def _take_over(self, vals):
        """Write what differs of what Mailchimp says of this record.

        :return: whether anything did
        """
        self.ensure_one()
        edited_there = as_map(self.remote_values) != vals["remote_values"]
        vals = dict(vals)
        if self._content_changed(vals):
            vals["to_read"] = True
        if self.to_push:
            also = {"mailchimp_id", "remote_values", "remote_changed", "to_read"}
            kept = self._status_fields | also | {"active"}
            vals = {name: value for name, value in vals.items() if name in kept}
        if self.remote_values and edited_there and self._keeps_own():
            vals["remote_changed"] = True
        here = vals.pop("active", True)
        if not here and not self.gone:
            self._miss()
            return True
        if here and self.gone:
            vals |= {"gone": False, "active": True}
        return self._write_changed(vals)

    def _keeps_own(self):
        """Tell whether Odoo holds something that Mailchimp's change did not reach."""
        return self.to_push

    def _write_changed(self, vals):
        """Write only what differs; return whether anything did."""
        changed = {
            name: value
            for name, value in vals.items()
            if self._comparable(name) != (value or False)
        }
        if changed:
            self.write(changed)
        return bool(changed)

    def _comparable(self, name):
        value = self[name]
        return value.id if isinstance(value, models.BaseModel) else value or False

    def _miss(self):
        """Archive what Mailchimp does not have any more."""
        lost = self.filtered(lambda record: not record.gone)
        lost = lost.sudo().with_context(**IMPORTING)  # sudo: users get here, too
        lost.write({"gone": True, "active": False})
        said = self.env._("It was deleted in Mailchimp.")
        lost._message_log_batch({record.id: said for record in lost})
