from odoo import fields, models
from odoo.tools import SQL

from ..const import MARKETABLE_STATUS, PRIORITY_SCHEDULED

# Fewer who leave never stop a run: a few opt-outs are everyday business.
FLOOR = 10
# The runs that ask about changes that wait; all others ask about members of their own.
PUSHES = ("export", "auto_export", "update", "unsubscribe")


class MailchimpAccountBrake(models.Model):
    """How much a run may do at Mailchimp before it asks a manager."""

    _inherit = "mailchimp.account"

    brake_share = fields.Float(
        string="Ask before More Leave",
        default=10,
        help="A run that would unsubscribe, archive or delete more than this share of "
        "the subscribers of an audience (%) stops and asks a manager. 0: never.",
    )
    brake_new = fields.Integer(
        string="Ask before More Join",
        default=10_000,
        help="A run that would add more contacts than this to an audience stops and "
        "asks a manager: Mailchimp bills by contacts. 0: never.",
    )


class MailchimpAudienceBrake(models.Model):
    """What would happen to many people at once waits for a manager."""

    _inherit = "mailchimp.audience"

    def _over_limits(self, asked):
        """Return those of some effects that go beyond what a run may do unasked.

        :param dict asked: how many people would be added (``new``) or unsubscribed,
            archived or deleted (``leave``)
        """
        self.ensure_one()
        new, leave = asked.get("new", 0), asked.get("leave", 0)
        over = {}
        if 0 < self.account_id.brake_new < new:
            over["new"] = new
        if leave > FLOOR and 0 < self.account_id.brake_share:
            if leave > self._subscriber_count() * self.account_id.brake_share / 100:
                over["leave"] = leave
        return over

    def _subscriber_count(self):
        return self.env["mailchimp.member"].search_count(
            [("audience_id", "=", self.id), ("status", "=", MARKETABLE_STATUS)]
        )

    # === PUSH === #

    def _held_back(self, run):
        """Return which of the changes that wait have to wait for a manager.

        Other changes are pushed meanwhile. A run that asks is opened, unless ``run``
        is there to do so, or one asks already.

        :param recordset run: the `mailchimp.run` that pushes; may be empty
        :return: set of ``new`` and ``leave``
        """
        over = self._over_limits(self._pending_effects())
        if not over:
            return set()
        # sudo: only the connector writes runs.
        Run = self.env["mailchimp.run"].sudo()
        domain = [
            ("audience_id", "=", self.id),
            ("kind", "in", PUSHES),
            ("asked", "!=", False),
        ]
        under_way = ("pending", "running", "approval")
        asking = Run.search([*domain, ("state", "in", under_way)])
        if any(r.approved_by and r._approves(over) for r in asking):
            return set()
        waiting = asking.filtered(lambda r: r.state == "approval")[:1]
        if not waiting:
            waiting = run or Run._open_run(self.account_id, "update", "schedule", self)
        if not waiting.asked:
            # For whoever asks first: it goes on with what the others leave.
            self._enqueue_push(run=waiting, priority=PRIORITY_SCHEDULED)
        if waiting.asked != over:
            waiting._ask_approval(over)
        return set(over)

    def _pending_effects(self):
        """Return how many people the changes that wait would add or take away."""
        query = SQL(
            """SELECT count(*) FILTER (WHERE %s) AS "new",
                      count(*) FILTER (WHERE %s) AS "leave"
                 FROM mailchimp_member m
                WHERE m.audience_id = %s AND m.id IN (
                      SELECT member_id FROM mailchimp_change)""",
            self._effect_condition("new"),
            self._effect_condition("leave"),
            self.id,
        )
        self.env["mailchimp.change"]._write_marks()
        self._flush_effects()
        return self.env.execute_query_dict(query)[0]

    def _takes_away(self, member_ids):
        """Tell whether the push of any of these members would take somebody away."""
        query = SQL(
            """SELECT EXISTS (
                      SELECT FROM mailchimp_member m WHERE m.id = ANY(%s) AND %s)""",
            list(member_ids),
            self._effect_condition("leave"),
        )
        return self.env.execute_query(query)[0][0]

    def _push_leaving(self):
        """Push all members whom Odoo keeps out, but for those a manager decided on."""
        self.ensure_one()
        query = SQL(
            """SELECT m.id FROM mailchimp_member m
                WHERE m.audience_id = %s AND %s
                  AND m.error_code IS DISTINCT FROM 'not_approved'""",
            self.id,
            self._effect_condition("leave"),
        )
        self._flush_effects()
        ids = [row[0] for row in self.env.execute_query(query)]
        # sudo: managers switch it on, only the connector writes members.
        self.env["mailchimp.member"].sudo().browse(ids)._mark_changed()

    def _flush_effects(self):
        for model in ("mailchimp.member", "mailing.subscription", "mail.blacklist"):
            self.env[model].flush_model()

    def _effect_condition(self, effect):
        """SQL: whether the push of a member ``m`` has such an effect.

        For who leaves, see `tools.push.is_out`.
        """
        if effect == "new":
            return SQL("(m.status IS NULL AND m.forgotten IS NOT TRUE)")
        return SQL(
            """(m.status IN ('subscribed', 'pending') AND (
                   m.opt_out_by = 'odoo'
                OR (m.opt_out_by IS NULL OR m.status = 'subscribed') AND EXISTS (
                   SELECT FROM mailing_subscription s
                    WHERE s.contact_id = m.contact_id AND s.list_id = %s AND s.opt_out)
                OR EXISTS (
                   SELECT FROM mail_blacklist b WHERE b.email = m.email AND b.active)
                OR EXISTS (
                   SELECT FROM mailing_contact c
                     JOIN mail_blacklist b ON b.email = c.email_normalized AND b.active
                    WHERE c.id = m.contact_id)))""",
            self.mailing_list_id.id,
        )

    def _drop_held(self, asked):
        """Give up changes that a manager does not want; the members say so.

        :param dict asked: what was asked, see `_over_limits`
        """
        effects = [self._effect_condition(effect) for effect in asked]
        if not effects:
            return
        query = SQL(
            """WITH held AS (
                   SELECT m.id FROM mailchimp_member m
                    WHERE m.audience_id = %(audience)s AND (%(effects)s)
                      AND m.id IN (SELECT member_id FROM mailchimp_change)),
               dropped AS (
                   DELETE FROM mailchimp_change
                    WHERE member_id IN (SELECT id FROM held))
               UPDATE mailchimp_member m
                  SET sync_result = 'error', error_code = 'not_approved',
                      error = %(error)s
                 FROM held WHERE held.id = m.id""",
            audience=self.id,
            effects=SQL(" OR ").join(effects),
            error=self.env._("A manager did not approve it."),
        )
        self.env["mailchimp.change"]._write_marks()
        self.env["mailchimp.member"].flush_model()
        self.env.cr.execute(query)
        self.env["mailchimp.member"].invalidate_model()
