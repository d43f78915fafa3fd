from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models, sql_db

from .mailchimp_document import exact_now

# Longer ago, nothing is waited for or looked for any more.
KEPT = timedelta(days=30)


class MailchimpAttempt(models.Model):
    """A request that must not be made twice, noted before it is made.

    It survives a crash, because it is written and read in transactions of its own; no
    foreign key, because the record it is about is locked meanwhile. What Mailchimp
    answered clearly is forgotten at once.
    """

    _name = "mailchimp.attempt"
    _description = "Unanswered Request to Mailchimp"
    _log_access = False

    res_model = fields.Char(required=True)
    res_id = fields.Integer(required=True, aggregator=None)
    kind = fields.Char(required=True)
    tried_at = fields.Datetime(required=True)

    _record_idx = models.Index("(res_model, res_id)")

    @api.model
    def _note(self, record, kind):
        """Note, whatever becomes of this transaction, that a request is made now.

        :param recordset record: one that the request is about
        :param str kind: ``create`` or ``send``
        :return: the time of it
        """
        vals = {"res_model": record._name, "res_id": record.id, "kind": kind}
        tried_at = exact_now()
        with self._cursor() as cr:
            self._in(cr).create({**vals, "tried_at": tried_at})
        return tried_at

    @api.model
    def _times(self, records, kind):
        """Return when such requests were made that were not answered, in order."""
        with self._cursor() as cr:
            return self._of(cr, records, kind).sorted("tried_at").mapped("tried_at")

    @api.model
    def _forget(self, record, kind, since=None):
        """Forget those requests: it is known what became of them.

        :param datetime since: only those that were made since then
        """
        with self._cursor() as cr:
            found = self._of(cr, record, kind)
            found.filtered(lambda one: not since or one.tried_at >= since).unlink()

    def _cursor(self):
        # Of another connection whatever happens, in tests, too: that is its purpose.
        return sql_db.db_connect(self.env.cr.dbname).cursor()

    def _of(self, cr, records, kind):
        return self._in(cr).search(
            [
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("kind", "=", kind),
            ]
        )

    def _in(self, cr):
        # As superuser: only the connector sees these, and whoever is at it may have
        # been created in the transaction that waits.
        return self.with_env(api.Environment(cr, SUPERUSER_ID, {}))

    @api.autovacuum
    def _gc_attempts(self):
        self.search([("tried_at", "<", exact_now() - KEPT)]).unlink()
