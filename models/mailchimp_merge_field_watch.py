from collections import defaultdict

from odoo import api, models, tools

from ..tools.units import ADDRESS_FIELDS
from .mailchimp_contact_merge import LINKS

# What of contacts and customers is always sent.
ALWAYS = {
    "mailing.contact": ("email", "name", "first_name", "last_name", "tag_ids"),
    "res.partner": ("email", "lang", "category_id"),
}


class MailchimpMergeFieldWatch(models.Model):
    """Which fields of contacts and customers matter to Mailchimp."""

    _name = "mailchimp.merge.field"
    _inherit = ["mailchimp.merge.field", "mailchimp.watched"]
    _watched_fields = frozenset({"active", "direction", "field_path", "type"})

    @api.model
    @tools.ormcache()
    def _watchers(self):
        """Return which fields are pushed, and how their records lead to members.

        Read with every write on a contact or customer, hence kept; empty where nothing
        is pushed automatically.

        :return: {model: {field name: {(link of the member, path from there)}}}; the
            path is empty for the contact or customer itself
        """
        # sudo: what is pushed does not depend on who edits a contact.
        audiences = self.env["mailchimp.audience"].sudo()
        audiences = audiences.browse(audiences._pushed())
        watchers = {model: defaultdict(set) for model in LINKS}
        if not audiences:
            return {}
        for model, link in LINKS.items():
            for name in ALWAYS[model]:
                self._watch(watchers, link, model, (name,))
        for merge_field in audiences.merge_field_ids._mapped("to_mailchimp"):
            if source := merge_field._source():
                model = "res.partner" if source.of_partner else "mailing.contact"
                for names in _paths(source):
                    self._watch(watchers, LINKS[model], model, names)
        # What people allow is pushed too.
        permissions = audiences.marketing_permission_ids
        for model, name in {p._target() for p in permissions} - {None}:
            self._watch(watchers, LINKS[model], model, (name,))
        return {model: dict(ways) for model, ways in watchers.items()}

    @api.model
    def _watch(self, watchers, link, model, names, back="", above=()):
        """Watch all fields on a path, and those they are computed from.

        :param dict watchers: see `_watchers`; added to
        :param str link: of the member
        :param str model: where the path begins
        :param tuple names: of the fields on the path
        :param str back: the path from the contact or customer to this model
        :param tuple above: (model, name) of the fields computed from this one
        """
        for name in names:
            field = self.env[model]._fields.get(name)
            if not field or (model, name) in above:
                return
            if model in watchers:
                watchers[model][name].add((link, back))
            for path in self.pool.field_depends[field] if field.compute else ():
                chain = (*above, (model, name))
                self._watch(watchers, link, model, path.split("."), back, chain)
            back, model = f"{back}.{name}" if back else name, field.comodel_name
            if not model:
                return


def _paths(source):
    """Return the paths of all values that a source is made of."""
    if source.field:
        return [source.names]
    return [(*source.names, name) for name in ADDRESS_FIELDS]
