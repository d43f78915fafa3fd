from typing import NamedTuple

from odoo import models

from .mailchimp_member_display import text_of


class Labels(NamedTuple):
    """What things are called: merge fields by tag, groups and permissions by id."""

    tags: dict
    groups: dict
    permissions: dict
    statuses: dict


class MailchimpPlanWords(models.Model):
    """What a plan shows of a step: {label: value}, both as people read them."""

    _inherit = "mailchimp.plan"

    def _labels(self):
        """Return the names of what the audience has, read once for each page."""
        fields_ = self.audience_id.merge_field_ids
        domain = [("audience_id", "=", self.audience_id.id)]
        groups = self.env["mailchimp.interest"].search(domain)
        permissions = self.env["mailchimp.marketing.permission"].search(domain)
        selection = self.env["mailchimp.member"]._fields["status"]
        return Labels(
            {field.tag: field.name for field in fields_},
            {group.mailchimp_id: group.display_name for group in groups},
            {one.mailchimp_id: one.name for one in permissions},
            dict(selection._description_selection(self.env)),
        )

    def _in_words(self, values, labels):
        """Return what a step changes as people read it.

        :param dict values: ``before`` or ``after`` of a step
        :param Labels labels: see `_labels`
        """
        found = {}
        for key, value in values.items():
            if key == "interests":
                for group, chosen in value.items():
                    found[labels.groups.get(group, group)] = self._yes_no(chosen)
            elif key == "marketing_permissions":
                for one in value:
                    id_ = one["marketing_permission_id"]
                    label = labels.permissions.get(id_, id_)
                    found[label] = self._yes_no(one["enabled"])
            else:
                found[self._label(key, labels)] = self._value(key, value, labels)
        return found

    def _label(self, key, labels):
        known = {
            "email_address": self.env._("Email"),
            "status": self.env._("Status"),
            "tags": self.env._("Tags"),
            "language": self.env._("Language"),
            "vip": self.env._("VIP"),
        }
        return known.get(key) or labels.tags.get(key, key)

    def _value(self, key, value, labels):
        if key == "status":
            return labels.statuses.get(value, value or "")
        if key == "tags":
            return ", ".join(value)
        return self._yes_no(value) if isinstance(value, bool) else text_of(value)

    def _yes_no(self, value):
        return self.env._("Yes") if value else self.env._("No")
