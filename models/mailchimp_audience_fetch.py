from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL, split_every

from ..const import PRIORITY_USER, PRIORITY_WEBHOOK
from ..exceptions import MailchimpNotFound
from .mailchimp_contact_records import CUSTOMER_STATUSES

# Members that one job reads again: what it did is repeated when one of them fails.
REFRESH_BATCH = 10


class MailchimpAudience(models.Model):
    """How the members of an audience are fetched, and what happens when it is gone."""

    _inherit = "mailchimp.audience"

    # === FETCH OF MEMBERS === #

    def _start_fetch(self, trigger, priority, full=False):
        """Queue the fetch of members: one run per audience, unless one is under way.

        :param str trigger: who asked (`mailchimp.run.trigger`)
        :param int priority: of the jobs
        :param bool full: read all members again, not only what changed
        :return: the runs, new or under way
        """
        # sudo: users start runs, only the connector writes them.
        Run = self.env["mailchimp.run"].sudo()
        kind = "members_full" if full else "members"
        runs = Run._find_open(
            self, ("members", "members_full") if not full else (kind,)
        )
        for audience in self - runs.audience_id:
            run = Run._open_run(audience.account_id, kind, trigger, audience)
            self.env["mailchimp.job"]._enqueue(
                audience,
                "_job_fetch_members",
                name=run.name,
                identity=f"{kind}:{audience.id}",
                run=run,
                account=audience.account_id,
                priority=priority,
                args={"run_id": run.id, "full": full},
            )
            runs |= run
        return runs

    def _job_fetch_members(self, run_id, full):
        """Read new and changed members, page by page; see `mailchimp.member.import`.

        :param int run_id: the `mailchimp.run` to report to
        :param bool full: read all members again
        :return: a generator with a checkpoint after each page
        """
        run = self.env["mailchimp.run"].browse(run_id)
        if not run.checkpoint:  # else it goes on where it was
            run.since = not full and self.pulled_at
            if full:
                self._read_missing_customers()
        try:
            yield from self.env["mailchimp.member.import"]._fetch(self, run, full)
        except MailchimpNotFound:
            self._mark_gone(run)

    def _read_missing_customers(self):
        """Let a full fetch create the customers of members that did not change.

        *Auto Create Customers* may have been switched on after they came. Our own
        table; by SQL because an audience may have a million members.
        """
        if not self.account_id.auto_create_partner:
            return
        self.env["mailchimp.member"].flush_model()
        self.env.cr.execute(
            SQL(
                """UPDATE mailchimp_member SET fingerprint = NULL
                    WHERE audience_id = %s AND partner_id IS NULL
                      AND fingerprint IS NOT NULL AND NOT forgotten AND status IN %s""",
                self.id,
                tuple(CUSTOMER_STATUSES),
            )
        )
        self.env["mailchimp.member"].invalidate_model(["fingerprint"])

    def _enqueue_refresh(self, hashes, priority=PRIORITY_WEBHOOK, run=None):
        """Queue the reading of single members, a few with each job.

        :param list hashes: subscriber hashes
        :param int priority: of the job
        :param recordset run: the `mailchimp.run` it belongs to, if any
        """
        self.ensure_one()
        for few in split_every(REFRESH_BATCH, hashes, list):
            self.env["mailchimp.job"]._enqueue(
                self,
                "_job_refresh_members",
                name=self.env._("Refresh members of %s", self.name),
                identity=f"member:{self.id}:{few[0]}" if len(few) == 1 else None,
                run=run,
                account=self.account_id,
                priority=priority,
                args={"hashes": few, "run_id": run.id if run else False},
            )

    def _start_refresh(self, members):
        """Queue the reading of members that a person asked for.

        :param recordset members: `mailchimp.member` of this audience
        :return: the run
        """
        # sudo: users start runs, only the connector writes them.
        Run = self.env["mailchimp.run"].sudo()
        run = Run._open_run(self.account_id, "refresh", "user", self)
        run.total = len(members)
        hashes = members.mapped("subscriber_hash")
        self._enqueue_refresh(hashes, PRIORITY_USER, run)
        return run

    def _job_refresh_members(self, hashes, run_id=False):
        """Read single members and take over what Mailchimp says of them now.

        :param list hashes: subscriber hashes
        :param int run_id: the `mailchimp.run` to report to, if any
        """
        run = self.env["mailchimp.run"].browse(run_id or ())
        run._start()
        self.env["mailchimp.member.import"]._refresh(self, hashes, run)

    def _enqueue_find_missing(self, run):
        """Queue the search for members that Mailchimp does not have any more."""
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_find_missing",
            name=self.env._("Find members of %s that are gone", self.name),
            identity=f"missing:{self.id}",
            run=run,
            account=self.account_id,
            priority=PRIORITY_USER,
            args={"run_id": run.id},
        )

    def _job_find_missing(self, run_id):
        """Compare the ids of all members and read again those Mailchimp did not list.

        :param int run_id: the `mailchimp.run` to report to
        :return: a generator with a checkpoint after each page
        """
        run = self.env["mailchimp.run"].browse(run_id)
        try:
            yield from self.env["mailchimp.member.import"]._find_missing(self, run)
        except MailchimpNotFound:
            self._mark_gone(run)

    # === GONE IN MAILCHIMP === #

    def _mark_gone(self, run):
        """Keep the contacts of audiences that were deleted in Mailchimp, and say so.

        :param recordset run: the `mailchimp.run` that names them; may be empty
        """
        gone = self.filtered("active")
        for audience in gone:
            audience.write({"active": False, "is_gone": True})
            audience.message_post(
                body=self.env._(
                    "This audience does not exist in Mailchimp any more. It was "
                    "archived; its contacts stay in Odoo."
                )
            )
        run._add_lines(
            [
                {
                    "state": "notice",
                    "code": "gone",
                    "name": audience.name,
                    "reason": self.env._("The audience was deleted in Mailchimp."),
                    "advice": self.env._(
                        "It was archived in Odoo; its contacts were kept."
                    ),
                    "res_model": audience._name,
                    "res_id": audience.id,
                }
                for audience in gone
            ]
        )

    # === ACTION METHODS === #

    def action_fetch_members(self):
        """Fetch the members that changed since the last fetch."""
        self._check_connected()
        return self._start_fetch("user", PRIORITY_USER)._open()

    def action_fetch_all_members(self):
        """Read all members again and find those that Mailchimp does not have."""
        self._check_connected()
        return self._start_fetch("user", PRIORITY_USER, full=True)._open()

    def _check_connected(self):
        self.account_id._check_connected()
        if archived := self.filtered(lambda audience: not audience.active)[:1]:
            name = archived.display_name
            if archived.is_gone:
                raise UserError(
                    self.env._("%s does not exist in Mailchimp any more.", name)
                )
            raise UserError(self.env._("%s is archived: take it back first.", name))
