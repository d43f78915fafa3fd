from odoo import api, fields, models
from odoo.exceptions import RedirectWarning
from odoo.tools import split_every

from ..const import PRIORITY_USER
from ..tools.client_action import CLOSE, notification
from ..tools.inside import trusted
from ..tools.subscriber import subscriber_hashes
from .mailchimp_contact_merge import LINKS

# Records that one step of an export takes.
EXPORT_STEP = 1000


class MailchimpExportable(models.AbstractModel):
    """*Export to MailChimp* and *Update to MailChimp* of people in Odoo.

    Of one person the answer is awaited and told. A selection becomes a run for each
    audience, which is done in the background.
    """

    _name = "mailchimp.exportable"
    _description = "Exportable to MailChimp"

    # === CRUD METHODS === #

    def write(self, vals):
        """Try again whoever stayed out for an address that is corrected now."""
        result = super().write(vals)
        if "email" in vals and not trusted(self.env, "mailchimp_import"):
            self._mailchimp_try_corrected()
        return result

    def _mailchimp_try_corrected(self):
        """Send parked people, whether or not the account pushes every change."""
        # sudo: whoever corrects an address need not know of the export.
        parked = (
            self.env["mailchimp.member"]
            .sudo()
            .search(
                [
                    (LINKS[self._name], "in", self.ids),
                    ("status", "=", False),
                    ("sync_result", "=", "error"),
                    ("forgotten", "=", False),
                ]
            )
        )
        parked._forget_error()
        parked._mark_changed()

    # === EXPORT === #

    def _mailchimp_export(self, audiences):
        """Export these records, as a person asked for.

        :param recordset audiences: `mailchimp.audience`, which the user may read
        :return: the action that tells the answer, or shows the runs
        """
        self.check_access("read")
        audiences = audiences.with_env(self.env)
        audiences.check_access("read")
        audiences.account_id._check_connected()
        if len(self) == 1:
            return self._mailchimp_export_now(audiences)
        runs = self.env["mailchimp.run"]
        for audience in audiences:
            runs |= self._mailchimp_start_export(audience, "user", PRIORITY_USER)
        return runs._open()

    def _mailchimp_start_export(self, audience, trigger, priority):
        """Queue the export of these records to an audience.

        :param str trigger: who asked (`mailchimp.run.trigger`)
        :param int priority: of the jobs
        :return: the run
        """
        # sudo: users start runs, only the connector writes them.
        Run = self.env["mailchimp.run"].sudo()
        run = Run._open_run(audience.account_id, "export", trigger, audience)
        run.total = len(self)
        self.env["mailchimp.job"]._enqueue(
            self,
            "_job_mailchimp_export",
            name=run.name,
            identity=f"export:{run.id}",
            run=run,
            account=audience.account_id,
            priority=priority,
            args={"audience_id": audience.id, "run_id": run.id, "priority": priority},
        )
        return run

    def _job_mailchimp_export(self, audience_id, run_id, priority):
        """Put these records on their way, some at a time.

        :param int audience_id: the `mailchimp.audience` they are exported to
        :param int run_id: the `mailchimp.run` to report to; its checkpoint tells how
            many records are left. They are the last ones, whichever of the others were
            deleted since.
        :param int priority: of the push that follows
        :return: a generator with a checkpoint after each step
        """
        run = self.env["mailchimp.run"].browse(run_id)
        audience = self.env["mailchimp.audience"].browse(audience_id)
        run._start()
        Member = self.env["mailchimp.member"]
        left = (run.checkpoint or {}).get("left", len(self))
        for ids in split_every(EXPORT_STEP, self.ids[max(len(self) - left, 0) :], list):
            records = self.browse(ids).exists()
            Member._export(audience, records, run, priority)
            left -= len(ids)
            run.checkpoint = {"left": left}
            run._count(done=len(ids) - len(records))
            yield

    def _mailchimp_export_now(self, audiences):
        """Export one record and tell what Mailchimp answered, for each audience."""
        # sudo: users start runs, only the connector writes them and the members.
        Run = self.env["mailchimp.run"].sudo()
        answers = []
        for audience in audiences.sudo():
            run = Run._open_run(audience.account_id, "export", "user", audience)
            run.total = 1
            member = run.env["mailchimp.member"]._export(audience, self, run)
            if member:
                answers.append(member._answer_now(run))
            else:
                answers.append(self._mailchimp_left_out(run))
        return self._mailchimp_tell(self.env._("Export to MailChimp"), answers)

    def _mailchimp_left_out(self, run):
        """Say why nothing was sent of the one record of a run."""
        now = fields.Datetime.now()
        run.write({"state": "done", "started_at": now, "finished_at": now})
        line = run.line_ids[:1]
        parts = (f"{run.audience_id.name}:", line.reason, line.advice)
        return "warning", " ".join(part for part in parts if part)

    # === UPDATE === #

    def _mailchimp_members(self):
        """Return the members of these records that are in Mailchimp."""
        audiences = self.env["mailchimp.audience"].search([("active", "=", True)])
        link = LINKS[self._name]
        hashes = subscriber_hashes(self.mapped("email_normalized"))
        return self.env["mailchimp.member"].search(
            [
                ("audience_id", "in", audiences.ids),
                ("status", "!=", False),
                ("forgotten", "=", False),
                "|",
                (link, "in", self.ids),
                "&",
                (link, "=", False),
                ("subscriber_hash", "in", hashes),
            ]
        )

    def action_mailchimp_update(self):
        """Push these records to the members that stand for them in Mailchimp."""
        self.check_access("read")
        members = self._mailchimp_members()
        if not members:
            raise self._mailchimp_no_members()
        members.account_id._check_connected()
        self._mailchimp_link(members)
        if len(self) == 1:
            answers = members.sudo()._update_now()  # sudo: only we write members.
            return self._mailchimp_tell(self.env._("Update to MailChimp"), answers)
        runs = self.env["mailchimp.run"]
        for ours in members.grouped("audience_id").values():
            runs |= ours._start_update("user", PRIORITY_USER)
        self._mailchimp_note(
            self - members[LINKS[self._name]],
            runs[:1],
            "not_member",
            self.env._("Not in a Mailchimp audience yet."),
            self.env._("Use Export to MailChimp."),
        )
        return runs._open()

    def _mailchimp_no_members(self):
        """Return the warning that leads from here to the export (an exception)."""
        if len(self) > 1:
            message = self.env._("None of these is in a Mailchimp audience yet.")
        else:
            message = self.env._(
                "%s is not in a Mailchimp audience yet.", self.display_name
            )
        return RedirectWarning(
            message,
            self.env.ref("mailchimp_connector.mailchimp_export_action").id,
            self.env._("Export to MailChimp"),
            {"active_model": self._name, "active_ids": self.ids},
        )

    def _mailchimp_link(self, members):
        """Let members that know no such record stand for the one with the address."""
        link = LINKS[self._name]
        by_email = {r.email_normalized: r for r in self.sorted("id", reverse=True)}
        # sudo: only the connector writes members.
        for member in members.sudo().filtered(lambda member: not member[link]):
            record = by_email[member.email]
            if link == "contact_id" or record.company_id in (
                record.company_id.browse(),
                member.company_id,
            ):
                member[link] = record

    def _mailchimp_note(self, left_out, run, code, reason, advice):
        """Name records of a selection with which nothing is done.

        :param recordset left_out: those of them
        :param recordset run: the `mailchimp.run` that names them
        """
        run = run.sudo()  # sudo: only the connector writes logs.
        run._add_lines(
            [
                {
                    "state": "skipped",
                    "code": code,
                    "name": record.display_name or "?",
                    "reason": reason,
                    "advice": advice,
                    "res_model": record._name,
                    "res_id": record.id,
                }
                for record in left_out
            ]
        )
        run._count(done=len(left_out), total=len(left_out))

    @api.model
    def _mailchimp_tell(self, title, answers):
        """Return the action that shows what Mailchimp answered.

        :param list answers: (kind, message), one for each audience
        """
        kinds = {kind for kind, _message in answers}
        kind = next(k for k in ("danger", "warning", "success") if k in kinds)
        return notification(
            "\n".join(message for _kind, message in answers),
            title=title,
            kind=kind,
            sticky=kind != "success",
            then=CLOSE,
        )
