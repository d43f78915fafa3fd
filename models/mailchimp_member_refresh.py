from contextlib import closing

from odoo import api, models
from odoo.tools import SQL

from ..const import ALL_TAGS, EMBEDDED_TAGS_LIMIT, PAGE_SIZE
from ..exceptions import MailchimpNotFound, MailchimpRetryLater
from ..tools.coerce import as_map, remote_id, small_integer
from .mailchimp_member_fetch import STREAMS


class MailchimpMemberRefresh(models.AbstractModel):
    """Reading single members, and finding those that Mailchimp does not have."""

    _inherit = "mailchimp.member.import"

    @api.model
    def _refresh(self, audience, hashes, run, source="fetch"):
        """Read single members and take over what Mailchimp says of them now.

        :param recordset audience: one `mailchimp.audience`
        :param list hashes: subscriber hashes
        :param recordset run: the `mailchimp.run` that counts them; may be empty
        :param str source: what the ledger calls the origin
        """
        gateway = audience.account_id._gateway()
        mapping = audience.merge_field_ids._mapping()
        for hash_ in hashes:
            if data := self._read_member(audience, gateway, hash_):
                self._import_items(audience, [data], run, mapping, source, fresh=True)
            elif self._refresh_audience(audience, gateway, run):
                self._forget(audience, hash_, run, source)
            else:
                return  # the audience is gone, which says nothing of its members

    @api.model
    def _read_member(self, audience, gateway, hash_):
        """Read one member, by the address it has by now.

        :return: the member as Mailchimp sent it, None when it is not in the audience
        """
        data = self._get_member(audience, gateway, hash_)
        if not data and (contact := self._remote_contact_id(audience, hash_)):
            data = self._get_member(audience, gateway, contact)
        if data and small_integer(data.get("tags_count")) > EMBEDDED_TAGS_LIMIT:
            data[ALL_TAGS] = self._read_all_tags(audience, gateway, data["id"])
        return data

    @api.model
    def _get_member(self, audience, gateway, key):
        try:
            data = gateway.api.lists.get_list_member(
                audience.mailchimp_id, key, fields=audience._member_fields()
            )
        except MailchimpNotFound:
            return None
        if not as_map(data).get("id"):  # no reason to believe that nobody is there
            raise MailchimpRetryLater("Mailchimp's answer could not be read.")
        return data

    @api.model
    def _remote_contact_id(self, audience, hash_):
        """Return what Mailchimp calls a member however often the address changes."""
        member = self.env["mailchimp.member"].search(
            [("audience_id", "=", audience.id), ("subscriber_hash", "=", hash_)]
        )
        return member.remote_contact_id

    @api.model
    def _read_all_tags(self, audience, gateway, hash_):
        pages = gateway.pages(
            gateway.api.lists.get_list_member_tags,
            audience.mailchimp_id,
            hash_,
            key="tags",
            fields=["tags.id", "tags.name"],
        )
        return [tag for page in pages for tag in page.items]

    @api.model
    def _find_missing(self, audience, run):
        """Read again the members that Mailchimp does not list; yields after each page.

        The checkpoint of the run may be as long as the audience. It is saved when the
        worker runs out of time; a crash costs what that one had read.

        :param recordset audience: one `mailchimp.audience`
        :param recordset run: the `mailchimp.run` of the full fetch
        """
        gateway = audience.account_id._gateway()
        stream, offset, missing = run.checkpoint or (0, 0, None)
        missing = self._hashes_of_members(audience) if missing is None else set(missing)
        while stream < len(STREAMS):
            pages = self._pages_of_ids(audience, gateway, stream, offset)
            with closing(pages):
                for page in pages:
                    ids = {remote_id(as_map(item).get("id")) for item in page.items}
                    missing -= ids
                    offset = page.offset + len(page.items)
                    if not self._has_time():
                        run.checkpoint = [stream, offset, list(missing)]
                    yield
            stream, offset = stream + 1, 0
        run.checkpoint = False
        audience._enqueue_refresh(sorted(missing), run=run)
        run._brake(leave=len(missing))

    @api.model
    def _pages_of_ids(self, audience, gateway, stream, offset):
        return gateway.pages(
            gateway.api.lists.get_list_members_info,
            audience.mailchimp_id,
            key="members",
            count=PAGE_SIZE,
            offset=offset,
            fields=["members.id"],
            hurry=self._has_time,
            **STREAMS[stream],
        )

    @api.model
    def _hashes_of_members(self, audience):
        """Return the hashes of all members that were in Mailchimp (set).

        There may be a million, whose other fields would not fit into the memory.
        """
        query = self.env["mailchimp.member"]._search(
            [
                ("audience_id", "=", audience.id),
                ("forgotten", "=", False),
                ("status", "!=", False),
            ]
        )
        column = SQL.identifier(query.table, "subscriber_hash")
        return {hash_ for (hash_,) in self.env.execute_query(query.select(column))}

    @api.model
    def _forget(self, audience, hash_, run, source):
        """Note that Mailchimp does not know a member any more.

        The contact stays, opted out, unless the account says otherwise. Only the hash
        stays on the member, so that the address is recognized and never sent again.
        """
        member = self.env["mailchimp.member"].search(
            [("audience_id", "=", audience.id), ("subscriber_hash", "=", hash_)]
        )
        if member.status and not member.forgotten:
            member._forget(source)
            run._count(done=1, updated=1)
