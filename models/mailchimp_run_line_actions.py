from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..const import PRIORITY_USER
from ..tools.client_action import notification

# What Mailchimp told us: it is asked again. All else is what we tell Mailchimp.
FETCH_KINDS = ("audiences", "members", "members_full", "refresh", "webhook")
PEOPLE = ("mailing.contact", "res.partner")


class MailchimpRunLineActions(models.Model):
    """What people do about a line, and how a line notices that it is solved."""

    _inherit = "mailchimp.run.line"

    # === ACTION METHODS === #

    def action_retry(self):
        """Try the records of these lines again, whatever was said about them so far."""
        self.check_access("read")
        # sudo: users ask for it, only the connector writes logs and members.
        lines = self.sudo().filtered(lambda line: line._can_retry())
        if not lines:
            raise UserError(
                self.env._(
                    "There is nothing to try again here: these logs name no member, "
                    "contact or customer that could be sent or read once more."
                )
            )
        runs = lines._retry()
        return notification(
            self.env._(
                "Records that are tried again in a moment: %s. Follow it here:",
                len(lines),
            ),
            links=runs.with_env(self.env)._links(),
        )

    def action_ignore(self):
        """Do not try the records of these lines again until they change."""
        self.check_access("read")
        # sudo: as above
        lines = self.sudo().filtered(lambda line: line.resolution == "open")
        lines |= self.sudo().search(
            [("member_id", "in", lines.member_id.ids), ("resolution", "=", "open")]
        )
        lines.member_id.filtered(lambda m: m.sync_result == "error").ignored = True
        lines.resolution = "ignored"
        return notification(
            self.env._(
                "Ignored. The record is tried again by itself as soon as it changes."
            )
        )

    def _can_retry(self):
        return bool(
            (self.member_id and not self.member_id.forgotten)
            or (self.kind not in FETCH_KINDS and self.res_model in PEOPLE)
        )

    # === BUSINESS METHODS === #

    def _retry(self):
        """Queue another try of these lines.

        :return: the runs that do it
        """
        runs = self.env["mailchimp.run"]
        fetched = self.filtered(lambda line: line.kind in FETCH_KINDS)
        for audience, members in fetched.member_id.grouped("audience_id").items():
            runs |= audience._start_refresh(members)
        pushed = self - fetched
        for members in pushed.member_id.grouped("audience_id").values():
            runs |= members._start_update("user", PRIORITY_USER)
        return runs | pushed.filtered(lambda line: not line.member_id)._export_again()

    def _export_again(self):
        """Export the people of these lines once more: they are no members yet.

        :return: the runs
        """
        runs = self.env["mailchimp.run"]
        for (audience, model), lines in self.grouped(
            lambda line: (line.audience_id, line.res_model)
        ).items():
            records = self.env[model].browse(lines.mapped("res_id")).exists()
            runs |= records._mailchimp_start_export(audience, "user", PRIORITY_USER)
        return runs

    @api.model
    def _solve(self, member_ids):
        """Mark the open lines of members solved that are up to date by now.

        :param list member_ids: ids of `mailchimp.member` that were just brought over
        """
        if not member_ids:
            return
        self.flush_model()
        self.env["mailchimp.member"].flush_model()
        self.env.cr.execute(
            SQL(
                """UPDATE mailchimp_run_line l SET resolution = 'solved'
                     FROM mailchimp_member m
                    WHERE l.member_id = m.id AND m.id = ANY(%s)
                      AND l.resolution IN ('open', 'ignored')
                      AND m.status IS NOT NULL AND m.sync_result = 'synced'
                      AND NOT EXISTS (
                          SELECT FROM mailchimp_change c WHERE c.member_id = m.id)""",
                list(member_ids),
            )
        )
        self.invalidate_model(["resolution"])
