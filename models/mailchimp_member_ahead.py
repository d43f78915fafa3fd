from odoo import api, models

from ..tools.coerce import as_map


class Payload(dict):
    """A member as Mailchimp sent it, with what was worked out of it beforehand."""

    __slots__ = ("key", "said")


class MailchimpMemberAhead(models.AbstractModel):
    """What the threads that read pages ahead find out about the members.

    Most of the time the thread that writes waits for the database: time for this.
    """

    _inherit = "mailchimp.member.import"

    @api.model
    def _looking_ahead(self, method, closely):
        """Return a method that lists members, with what they say worked out.

        :param method: of the client: ``gateway.api.lists.get_list_members_info``
        :param bool closely: whether most of them are new or changed, so that their
            values will be wanted and not only their keys
        """
        Member = self.env["mailchimp.member"]

        def read(*args, **params):
            answer = method(*args, **params)
            items = as_map(answer).get("members")
            if isinstance(items, list):
                answer["members"] = [_look_at(Member, item, closely) for item in items]
            return answer

        return read

    @api.model
    def _key(self, item):
        """Return the key of a member, worked out ahead or now."""
        if isinstance(item, Payload):
            return item.key
        return self.env["mailchimp.member"]._key_from_mailchimp(as_map(item))

    @api.model
    def _values(self, item):
        """Return the values of a member, worked out ahead or now."""
        if isinstance(item, Payload) and item.said:
            return item.said
        return self.env["mailchimp.member"]._values_from_mailchimp(item)


def _look_at(Member, item, closely):
    """Work out what a member says: free of records and queries, as threads need it."""
    if not isinstance(item, dict):
        return item
    payload = Payload(item)
    payload.said = Member._values_from_mailchimp(item) if closely else None
    payload.key = payload.said or Member._key_from_mailchimp(item)
    return payload
