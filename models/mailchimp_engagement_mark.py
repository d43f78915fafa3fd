from odoo import api, fields, models
from odoo.tools import SQL

from ..const import PRIORITY_BACKGROUND

# People whose figures one step computes.
STEP = 1000
# In the data of a transaction: {model: ids} still to be marked.
_PENDING = "mailchimp.engagement"


class MailchimpEngagementMark(models.Model):
    """Whose engagement has to be computed anew: one row per reason, only ever added.

    A page of a report marks its members in its own transaction; a job computes them
    when the reports are read, once for all campaigns. It deletes just the rows it saw:
    what was added meanwhile is another reason.
    """

    _name = "mailchimp.engagement.mark"
    _description = "Mailchimp Engagement to Compute"
    _log_access = False

    # No foreign keys: they would lock what others are writing.
    link = fields.Char(required=True)
    res_id = fields.Integer(required=True, aggregator=None)

    _record_idx = models.Index("(link, res_id)")

    # === MARK === #

    @api.model
    def _mark(self, link, ids):
        """Mark members, contacts or customers, right before the commit.

        :param str link: their model
        :param ids: ids of records; those that do not exist do not matter
        """
        ids = set(ids) - {None, False}
        if not ids:
            return
        data = self.env.cr.precommit.data
        if _PENDING not in data:
            data[_PENDING] = {}
            self.env.cr.precommit.add(self._write_marks)
        data[_PENDING].setdefault(link, set()).update(ids)

    @api.model
    def _write_marks(self):
        """Write what was marked in this transaction so far."""
        pending = self.env.cr.precommit.data.pop(_PENDING, {})
        for link, ids in pending.items():
            self.env.cr.execute(
                SQL(
                    """INSERT INTO mailchimp_engagement_mark (link, res_id)
                       SELECT %s, unnest(%s::int[])""",
                    link,
                    sorted(ids),
                )
            )
        if pending:
            self._enqueue_refresh()

    @api.model
    def _mark_people(self, members):
        """Mark the contacts and customers of members."""
        self._mark("mailing.contact", members.contact_id.ids)
        self._mark("res.partner", members.partner_id.ids)

    @api.model
    def _mark_found(self, query):
        """Mark what a query of ours finds.

        :param SQL query: selects models and ids
        """
        self.env["mailchimp.member"].flush_model()
        self.env.cr.execute(
            SQL(
                """INSERT INTO mailchimp_engagement_mark (link, res_id)
                   SELECT DISTINCT link, id FROM (%s) AS found (link, id)
                    WHERE id IS NOT NULL""",
                query,
            )
        )
        if self.env.cr.rowcount:
            self._enqueue_refresh()

    @api.model
    def _enqueue_refresh(self):
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_refresh",
            name=self.env._("Compute the engagement with Mailchimp campaigns"),
            identity="engagement",
            priority=PRIORITY_BACKGROUND,
            in_passing=True,
        )

    # === REFRESH === #

    def _job_refresh(self):
        """Compute what is marked; members first, for people have their figures of them.

        :return: a generator with a checkpoint after each step
        """
        Member = self.env["mailchimp.member"]
        while member_ids := self._claim("mailchimp.member"):
            for model, ids in Member._refresh_engagement(member_ids).items():
                self._refresh_people(model, ids)
            yield
        for model in ("mailing.contact", "res.partner"):
            while ids := self._claim(model):
                self._refresh_people(model, ids)
                yield

    @api.model
    def _refresh_people(self, model, ids):
        """Compute the figures of contacts or customers, as far as they exist."""
        people = self.env[model].browse(sorted(ids)).exists()
        people._mailchimp_refresh_engagement()

    @api.model
    def _claim(self, link):
        """Take some that are marked, with all their marks.

        :return: their ids (list)
        """
        query = SQL(
            """WITH chosen AS (
                   SELECT res_id FROM mailchimp_engagement_mark WHERE link = %(link)s
                    GROUP BY res_id ORDER BY res_id LIMIT %(step)s),
               gone AS (
                   DELETE FROM mailchimp_engagement_mark
                    WHERE link = %(link)s AND res_id IN (SELECT res_id FROM chosen))
               SELECT res_id FROM chosen""",
            link=link,
            step=STEP,
        )
        return [id_ for (id_,) in self.env.execute_query(query)]
