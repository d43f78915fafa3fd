from typing import NamedTuple

from odoo import models

from ..const import MEMBER_STATUSES
from .mailchimp_member_display import text_of


class Labels(NamedTuple):
    """What things are called: merge fields by tag, groups by remote id, statuses."""

    tags: dict
    groups: dict
    statuses: dict


class MailchimpPlanWords(models.Model):
    """What a plan shows of a step: {label: value}, both as people read them."""

    _inherit = "mailchimp.plan"

    def _labels(self):
        """Return the names of what the audience has, read once for each page."""
        fields_ = self.audience_id.merge_field_ids
        groups = self.env["mailchimp.interest"].search(
            [("audience_id", "=", self.audience_id.id)]
        )
        selection = self.env["mailchimp.member"]._fields["status"]
        return Labels(
            dict(zip(fields_.mapped("tag"), fields_.mapped("name"), strict=True)),
            {group.mailchimp_id: group.display_name for group in groups},
            dict(selection._description_selection(self.env) or MEMBER_STATUSES),
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
                    label = self.env._("Permission %s", one["marketing_permission_id"])
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
