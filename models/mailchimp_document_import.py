from odoo import api, models
from odoo.fields import Domain
from odoo.tools import split_every

from ..exceptions import MailchimpNotFound, MailchimpRetryLater
from ..tools.coerce import as_map, remote_id
from .mailchimp_document import exact_now

# Records, or contents, that are read one by one between two checkpoints.
SINGLES_A_STEP = 50


class MailchimpDocumentImport(models.AbstractModel):
    """How templates and campaigns come to Odoo: pages, and what is missing."""

    _inherit = "mailchimp.document"

    # === PAGES === #

    @api.model
    def _import_part(self, account, run, part, domain=(), **params):
        """Import what Mailchimp lists, then find out what became of the others.

        :param recordset account: `mailchimp.account`
        :param recordset run: the `mailchimp.run` that counts; its checkpoint tells how
            far this part is
        :param str part: the name of this part of the list
        :param domain: which records in Odoo belong to it
        :param params: of the list: which part, sorted by what new ones do not disturb
        :return: a generator with a checkpoint after each page
        """
        gateway = account._gateway()
        state = dict(run.checkpoint or {})
        begun = state.get(part) or {"offset": 0, "seen": [], "total": 0}
        seen, since = list(begun["seen"]), exact_now()
        for page in self._pages(gateway, begun["offset"], **params):
            seen += self._import_items(account, page.items, run, since)
            state[part] = {
                "offset": page.offset + len(page.items),
                "seen": seen,
                "total": page.total,
            }
            total = sum(of["total"] for of in state.values())
            run.write({"checkpoint": state, "total": total})
            yield
        missing = self.with_context(active_test=False).search(
            Domain("account_id", "=", account.id)
            & Domain("mailchimp_id", "not in", [False, *seen])
            & Domain("gone", "=", False)
            & Domain(domain)
        )
        for few in split_every(SINGLES_A_STEP, missing.ids, self.browse):
            few._refresh(run)
            yield

    @api.model
    def _pages(self, gateway, offset, **params):
        """Read the list from an offset on; see `Gateway.pages`."""
        return gateway.pages(
            self._remote_api(gateway, self._remote_method),
            key=self._remote_items,
            offset=offset,
            fields=[f"{self._remote_items}.{name}" for name in self._remote_fields],
            **params,
        )

    @api.model
    def _remote_api(self, gateway, name):
        return getattr(getattr(gateway.api, self._remote_group), name)

    # === SINGLE ONES === #

    def _refresh(self, run=None):
        """Read these records again, one request each, and take over what is said.

        What Mailchimp does not have any more is archived.

        :param recordset run: the `mailchimp.run` that counts and names them, if any
        :return: the records that differed
        :raise MailchimpError: the first other than that there is none
        """
        run = run if run is not None else self.env["mailchimp.run"]
        differed = self.browse()
        records = self.filtered("mailchimp_id")
        for account, of_account in records.grouped("account_id").items():
            found, gone = of_account._read_again(account._gateway())
            gone._miss()
            differed |= of_account._apply_remote(found, run) | gone
            run._count(updated=len(gone), done=len(gone))
            run._add_lines([record._gone_line() for record in gone])
        return differed

    def _read_again(self, gateway):
        """Ask Mailchimp for each of these records.

        :return: the payloads (list), and the records that it does not have
        """
        found, gone = [], self.browse()
        answers = gateway.map(
            self._remote_api(gateway, self._remote_get),
            [(record.mailchimp_id,) for record in self],
            fields=self._remote_fields,
        )
        for record, answer in zip(self, answers, strict=True):
            data = as_map(answer.data)
            if isinstance(answer.error, MailchimpNotFound):
                gone |= record
            elif answer.error:
                raise answer.error
            elif remote_id(data.get("id")) != record.mailchimp_id:
                raise MailchimpRetryLater("Mailchimp's answer could not be read.")
            elif data.get("active") is False:  # what Mailchimp keeps of a template
                gone |= record
            else:
                found.append(data)
        return found, gone

    def _gone_line(self):
        return {
            **self._line_of(),
            "state": "notice",
            "code": "gone",
            "reason": self.env._("It was deleted in Mailchimp."),
            "advice": self.env._("It was archived in Odoo; what it has was kept."),
        }

    def _line_of(self):
        return {"name": self.name, "res_model": self._name, "res_id": self.id}
