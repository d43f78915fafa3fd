import re
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Field

from .mailchimp_merge_field import PARTNER_PREFIX

# Types of Odoo fields that have a form in Mailchimp.
SOURCE_TYPES = frozenset(
    "boolean char date datetime float html integer many2many many2one monetary "
    "selection text".split()
)
# What is mapped leaves the house. Nobody's contact has to do with these models,
# although everybody may read some of them.
PRIVATE_MODELS = (
    "auth",
    "base",
    "bus.",
    "ir.",
    "mail.",
    "mailchimp.",
    "payment.",
    "res.config",
    "res.groups",
    "res.partner.bank",
    "res.users.",
)
# Of these models, only these fields.
PUBLIC_FIELDS = {
    "res.users": frozenset({"display_name", "name", "email", "phone"}),
    "res.company": frozenset(
        {"display_name", "name", "email", "phone", "website", "partner_id"}
    ),
}
SECRET_NAME = re.compile(
    r"(?:^|_)(?:api_?key|credentials?|iban|oauth|otp|passw(?:or)?d|passwd|pin|pwd|"
    r"secret|signature|ssn|token|totp)(?:_|$|\d)",
    re.IGNORECASE,
)


class Source(NamedTuple):
    """Where the value of a merge field comes from.

    ``names`` lead from the contact, or from its customer, to ``field``, which is None
    for the address of the last one.
    """

    of_partner: bool
    names: tuple[str, ...]
    field: Field | None


class MailchimpMergeFieldSource(models.Model):
    """Which Odoo fields may go to Mailchimp."""

    _inherit = "mailchimp.merge.field"

    def _source(self):
        """Return where the value comes from.

        :return: `Source`, None when the path leads nowhere or to what stays in Odoo
        """
        self.ensure_one()
        names = tuple((self.field_path or "").split("."))
        of_partner = names[0] == PARTNER_PREFIX
        if of_partner:
            names = names[1:]
        model = "res.partner" if of_partner else "mailing.contact"
        field = None
        for position, name in enumerate(names):
            field = self.env[model]._fields.get(name)
            last = position == len(names) - 1
            if not field or not self._may_leave(field, last):
                return None
            model = field.comodel_name
        if self.type == "address":
            is_partner = field.comodel_name == "res.partner" if field else of_partner
            is_one = not field or field.type == "many2one"
            return Source(of_partner, names, None) if is_partner and is_one else None
        return Source(of_partner, names, field) if field else None

    def _may_leave(self, field, last):
        """Tell whether a field may be sent, or be a step on the way to what is sent.

        The push reads as superuser: nobody may map what a manager of the connector
        may not read, nor what is a secret whoever reads it.

        :param bool last: whether it is the field itself, not a step on the way
        """
        public = PUBLIC_FIELDS.get(field.model_name)
        if field.groups or SECRET_NAME.search(field.name):
            return False
        if public is not None and field.name not in public:
            return False
        if field.comodel_name and not self._is_open_model(field.comodel_name):
            return False
        if not last:
            return field.type == "many2one" and field.store
        if field.type == "binary":
            return self.type == "imageurl"
        return field.type in SOURCE_TYPES and (
            field.store or field.name == "display_name" or public is not None
        )

    @api.model
    def _is_open_model(self, model):
        """Tell whether the managers of the connector may read a model, by its ACL."""
        if model.startswith(PRIVATE_MODELS):
            return False
        manager = self.env.ref("mailchimp_connector.group_mailchimp_manager")
        # sudo: what is allowed does not depend on who asks.
        domain = [
            ("model_id.model", "=", model),
            ("perm_read", "=", True),
            ("group_id", "in", [False, *manager.sudo().all_implied_ids.ids]),
        ]
        return bool(self.env["ir.model.access"].sudo().search_count(domain, limit=1))
