from odoo import api, fields, models

from ..tools.coerce import with_ids


class MailchimpRemote(models.AbstractModel):
    """What Odoo keeps of a thing that lives inside a Mailchimp audience or account.

    A concrete model names the field of its parent, the list that Mailchimp keeps of it,
    and says how a payload becomes values; reading, creating, updating and archiving is
    the same for all.
    """

    _name = "mailchimp.remote"
    _description = "Mirrored Mailchimp Resource"

    _parent_field = "audience_id"
    _remote_key = "id"
    # The part of the client and its method that lists them, the key of the answer,
    # and what is asked for.
    _remote_group = "lists"
    _remote_method = None
    _remote_items = None
    _remote_fields = ()

    active = fields.Boolean(default=True)
    mailchimp_id = fields.Char(
        string="Mailchimp ID", required=True, readonly=True, index=True
    )

    @api.model
    def _values_from_mailchimp(self, data):
        """Turn a payload into field values, without I/O.

        :param dict data: the resource as Mailchimp sent it
        :return: field values (dict), ``mailchimp_id`` among them
        """
        raise NotImplementedError

    @api.model
    def _import(self, parent, gateway):
        """Import everything that Mailchimp lists for ``parent``.

        :param recordset parent: the record they belong to
        :param Gateway gateway: of its account
        :return: the records
        """
        pages = gateway.pages(
            getattr(getattr(gateway.api, self._remote_group), self._remote_method),
            *self._remote_path(parent),
            key=self._remote_items,
            fields=[f"{self._remote_items}.{name}" for name in self._remote_fields],
        )
        pages = list(pages)
        items = [item for page in pages for item in page.items]
        # Of several pages, each may have shifted before it was read.
        seen = len(with_ids(items, self._remote_key))
        is_whole = len(pages) == 1 or {page.total for page in pages} == {seen}
        return self._mirror(parent, items, is_whole)

    @api.model
    def _remote_path(self, parent):
        """Return the ids of Mailchimp's that lead to what belongs to ``parent``."""
        return [parent.mailchimp_id]

    @api.model
    def _mirror(self, parent, items, is_whole=True, **part):
        """Make the records of ``parent`` equal to what Mailchimp lists.

        What is gone there is archived here: a mapping or a tag may still be in use.

        :param recordset parent: the record they belong to
        :param list items: everything that Mailchimp lists for it
        :param bool is_whole: whether that is sure to be all of it: else nothing is gone
        :param part: field values that all of them have, where others of ``parent``
            have others
        :return: the records, in the order of the items
        """
        of_parent = {self._parent_field: parent.id, **part}
        domain = [(name, "=", value) for name, value in of_parent.items()]
        known = self.with_context(active_test=False).search(domain)
        known = known.filtered("mailchimp_id")  # others wait to be created there
        by_id = known.grouped("mailchimp_id")
        new = {}
        seen = self.browse()
        for item in with_ids(items, self._remote_key):
            vals = dict(self._values_from_mailchimp(item), active=True)
            record = by_id.get(vals["mailchimp_id"])
            if record:
                seen |= record
                record._write_changed(vals)
            else:  # listed twice where the pages moved: one record
                new[vals["mailchimp_id"]] = vals | of_parent
        if is_whole:
            (known - seen).filtered("active")._miss()
        return seen | self.create(list(new.values()))

    def _miss(self):
        """Archive what Mailchimp does not list any more."""
        self.active = False

    def _write_changed(self, vals):
        """Write only what differs, so that nothing is written when nothing changed."""
        changed = {
            name: value
            for name, value in vals.items()
            if (self[name] or False) != (value or False)
        }
        if changed:
            self.write(changed)
