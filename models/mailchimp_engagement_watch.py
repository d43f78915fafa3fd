"""What else changes somebody's engagement than a new event."""

from odoo import api, models
from odoo.tools import SQL

from .mailchimp_contact_merge import LINKS, NEW


class MailchimpMemberImport(models.AbstractModel):
    """Members that Mailchimp rates anew, or that are linked with somebody else."""

    _inherit = "mailchimp.member.import"

    @api.model
    def _store(self, audience, rows):
        """Mark whose figures are those of somebody else now.

        Of a page, only people whose rating differs, or who have figures and lost or
        got a member.
        """
        result = super()._store(audience, rows)
        for model, link in LINKS.items():
            self._mark_rated(rows, link, model)
            self._mark_moved(rows, link, model)
        return result

    @api.model
    def _mark_rated(self, rows, link, model):
        """Mark whose rating is not that of the member; new people were given theirs.

        LATERAL with OFFSET 0: statistics are wrong while a table is being filled, and
        the planner would rather read all of it for each page.
        """
        rated = [(row[link], row["rating"]) for row in rows if not row.get(NEW[link])]
        rated = [(id_, rating) for id_, rating in rated if id_]
        if not rated:
            return
        People = self.env[model]
        People.flush_model(["mailchimp_rating"])
        query = SQL(
            """SELECT i.id FROM unnest(%s::int[], %s::int[]) AS i(id, rating)
           CROSS JOIN LATERAL (
                      SELECT mailchimp_rating AS rating FROM %s
                       WHERE id = i.id OFFSET 0) p
                WHERE COALESCE(p.rating, 0) != COALESCE(i.rating, 0)""",
            [id_ for id_, _rating in rated],
            [rating for _id, rating in rated],
            SQL.identifier(People._table),
        )
        ids = [id_ for (id_,) in self.env.execute_query(query)]
        self.env["mailchimp.engagement.mark"]._mark(model, ids)

    @api.model
    def _mark_moved(self, rows, link, model):
        """Mark both who lost and who got a member that was known before."""
        moved = [
            row
            for row in rows
            if not row["is_new"] and row["old_links"][link] != row[link]
        ]
        people = [row["old_links"][link] for row in moved] + [r[link] for r in moved]
        self.env["mailchimp.engagement.mark"]._mark(model, people)


class MailchimpContactSync(models.AbstractModel):
    """Contacts and customers that an import creates."""

    _inherit = "mailchimp.contact.sync"

    @api.model
    def _create(self, model, key, rows, vals_list, lines):
        """Give new people their rating at once, which costs less than to compute it."""
        for row, vals in zip(rows, vals_list, strict=True):
            vals["mailchimp_rating"] = row["rating"]
        return super()._create(model, key, rows, vals_list, lines)


class MailchimpChange(models.Model):
    """Members that find their contact only when they are pushed."""

    _inherit = "mailchimp.change"

    @api.model
    def _link_contacts(self, audience, member_ids):
        """Mark the contacts of members that were known without one."""
        query = SQL(
            """SELECT id FROM mailchimp_member
                WHERE id = ANY(%s) AND contact_id IS NULL
                  AND (mailchimp_sent_count > 0 OR rating > 0)""",
            list(member_ids),
        )
        loose = [id_ for (id_,) in self.env.execute_query(query)]
        result = super()._link_contacts(audience, member_ids)
        if loose:
            found = SQL(
                """SELECT 'mailing.contact', contact_id FROM mailchimp_member
                    WHERE id = ANY(%s)""",
                loose,
            )
            self.env["mailchimp.engagement.mark"]._mark_found(found)
        return result


class MailchimpAccount(models.Model):
    """An account that is deleted takes its members and campaigns along."""

    _inherit = "mailchimp.account"

    def unlink(self):
        """Mark the people who did something with its campaigns."""
        self.env["mailchimp.audience"]._mark_engaged(
            SQL("a.account_id = ANY(%s)", self.ids)
        )
        return super().unlink()


class MailchimpAudience(models.Model):
    """An audience that is deleted takes its members along."""

    _inherit = "mailchimp.audience"

    def unlink(self):
        """Mark the people who did something as its members."""
        self._mark_engaged(SQL("a.id = ANY(%s)", self.ids))
        return super().unlink()

    @api.model
    def _mark_engaged(self, condition):
        """Mark the contacts and customers of all members of some audiences.

        :param SQL condition: on the audience ``a``
        """
        self.flush_model()
        query = SQL(
            """WITH gone AS (
                   SELECT m.contact_id, m.partner_id
                     FROM mailchimp_member m
                     JOIN mailchimp_audience a ON a.id = m.audience_id
                    WHERE %s)
               SELECT 'mailing.contact', contact_id FROM gone
            UNION ALL
               SELECT 'res.partner', partner_id FROM gone""",
            condition,
        )
        # sudo: the marks are nobody's to write by hand.
        self.env["mailchimp.engagement.mark"].sudo()._mark_found(query)


class MailchimpCampaign(models.Model):
    """A campaign that is deleted takes what people did with it along."""

    _inherit = "mailchimp.campaign"

    def unlink(self):
        """Mark the members that it was sent to."""
        self.env["mailchimp.campaign.activity"].flush_model()
        query = SQL(
            """SELECT 'mailchimp.member', member_id FROM mailchimp_campaign_activity
                WHERE campaign_id = ANY(%s)""",
            self.ids,
        )
        # sudo: as above
        self.env["mailchimp.engagement.mark"].sudo()._mark_found(query)
        return super().unlink()
