import zlib

from odoo import api, fields, models
from odoo.tools import SQL

# No transaction lasts as long.
KEEP_DAYS = 1


class MailchimpClaim(models.Model):
    """What somebody is making who must be the only one: two at once would make two.

    Odoo lets several contacts have one address, and no transaction sees what another
    one is about to commit: two workers that read two audiences would each create a
    contact for a person who is in both. Who creates claims the address first; a claim
    is of use only while it is young.
    """

    _name = "mailchimp.claim"
    _description = "Mailchimp Claim"
    _log_access = False

    # A hash: the address of a person who is erased must not stay here.
    key = fields.Integer(required=True, aggregator=None)
    claimed_at = fields.Datetime(required=True)

    _key_uniq = models.UniqueIndex("(key)")

    @api.model
    def _claim(self, names):
        """Be the only one to make what goes by these names, until the commit.

        :param names: addresses of contacts or customers that are about to be created
        :raise psycopg2.errors.SerializationFailure: somebody else made one of them
            since this transaction began, which does not see it: begin anew
        """
        keys = {zlib.crc32(name.encode()) - 2**31 for name in names}
        if not keys:
            return
        # SQL: it is the very conflict between transactions that this is for. In one
        # order, so that no two of them wait for each other.
        query = SQL(
            """INSERT INTO mailchimp_claim (key, claimed_at)
               SELECT key, %s::timestamp FROM unnest(%s::int[]) AS key
                   ON CONFLICT (key) DO UPDATE SET claimed_at = EXCLUDED.claimed_at""",
            self.env.cr.now(),
            sorted(keys),
        )
        self.env.cr.execute(query, log_exceptions=False)

    @api.autovacuum
    def _gc_old(self):
        """Forget claims of transactions that are long over."""
        query = SQL(
            "DELETE FROM mailchimp_claim WHERE claimed_at < %s",
            fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DAYS),
        )
        self.env.cr.execute(query)
