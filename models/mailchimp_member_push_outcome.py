from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..exceptions import MailchimpRetryLater
from ..tools.coerce import as_map
from ..tools.push import ACTS
from .mailchimp_run_line import FIXABLE

# What is tried again by itself, by code: Mailchimp lets an address alone for a while
# that signed up to many lists.
LATER = {
    "too_many_signups": timedelta(hours=6),
    "unavailable": timedelta(minutes=15),
}


class MailchimpMemberPushOutcome(models.AbstractModel):
    """What comes of a push: Mailchimp's answers, errors, lines and counts."""

    _inherit = "mailchimp.member.push"

    @api.model
    def _take_answers(self, sending, answers, fresh=True):
        """Take over what Mailchimp made of what was sent, exactly like a fetched page.

        :param list answers: members as Mailchimp sent them
        :param bool fresh: whether it said so just now
        :raise MailchimpRetryLater: when one is no member: it may have been changed
        """
        names = sending.audience._member_fields()
        items = [
            {name: data[name] for name in names if name in data}
            for data in map(as_map, answers)
        ]
        if not all(item.get("id") and item.get("status") for item in items):
            raise MailchimpRetryLater(
                "Mailchimp's answer could not be read.", status=200
            )
        self.env["mailchimp.member.import"]._import_items(
            sending.audience,
            items,
            self._no_run(),
            sending.mapping,
            source=sending.source,
            fresh=fresh,
        )

    @api.model
    def _record(self, sending):
        """Write what became of the steps to the members, the run and its lines."""
        outcomes = [one for one in sending.outcomes if one.result != "again"]
        again = [one.step for one in sending.outcomes if one.result == "again"]
        self._again(sending.audience, sending.run, again)
        self._record_members(outcomes)
        self._record_lines(sending, outcomes)
        for code, pause in LATER.items():
            if late := [one.step.member_id for one in outcomes if one.code == code]:
                self._try_later(sending.audience, late, pause)

    @api.model
    def _record_members(self, outcomes):
        """Write the errors of members, and take back those that are over."""
        self.env["mailchimp.member"].flush_model()
        bad = [one for one in outcomes if _is_error(one)]
        good = [one for one in outcomes if not _is_error(one)]
        self.env.cr.execute(
            SQL(
                """UPDATE mailchimp_member m
                      SET sync_result = 'error', error_code = i.code, error = i.reason
                     FROM unnest(%s::int[], %s::text[], %s::text[])
                          AS i(id, code, reason)
                    WHERE m.id = i.id""",
                [one.step.member_id for one in bad],
                [one.code for one in bad],
                [" ".join(filter(None, (one.reason, one.advice))) for one in bad],
            )
        )
        self.env.cr.execute(
            SQL(
                """UPDATE mailchimp_member
                      SET sync_result = CASE sync_result WHEN 'error' THEN 'synced'
                                        ELSE sync_result END,
                          error = NULL, error_code = NULL
                    WHERE id = ANY(%s) AND error_code IS NOT NULL""",
                [one.step.member_id for one in good],
            )
        )
        self.env.cr.execute(
            SQL(
                "UPDATE mailchimp_member SET ignored = FALSE WHERE id = ANY(%s)"
                " AND ignored",
                [one.step.member_id for one in outcomes],
            )
        )
        self.env["mailchimp.member"].invalidate_model(flush=False)

    # === RUNS === #

    @api.model
    def _record_lines(self, sending, outcomes):
        """Count what was done, and keep a line for each member that was not sent.

        Nobody asked for what is pushed by itself: of that only what a person has to do
        something about is logged, in a run of its own.
        """
        run = sending.run
        lines = [self._line(one) for one in outcomes if one.code]
        lines += [
            self._notice(one, *words) for one in outcomes for words in one.step.notices
        ]
        if not run:
            lines = [line for line in lines if _is_worth_a_line(line)]
            if not lines:
                return
            run = sending.run = self._open_log(sending.audience)
        run._add_lines(lines)
        results = [one.result for one in outcomes]
        counted = ("created", "updated", "unchanged")
        run._count(
            done=len(outcomes), **{name: results.count(name) for name in counted}
        )

    @api.model
    def _open_log(self, audience):
        """Return a run of its own for what went wrong with a push nobody asked for."""
        run = self._no_run()._open_run(
            audience.account_id, "update", "schedule", audience
        )
        now = fields.Datetime.now()
        run.write({"state": "done", "started_at": now, "finished_at": now})
        return run

    @api.model
    def _line(self, outcome):
        state = "skipped" if outcome.result == "skipped" else "failed"
        return self._line_values(outcome.step, state, outcome[2:])

    @api.model
    def _notice(self, outcome, *words):
        return self._line_values(outcome.step, "notice", words)

    @api.model
    def _line_values(self, step, state, words):
        """Return values of a `mailchimp.run.line` about a member."""
        held = step.held
        code, reason, advice = words
        model, id_ = "mailchimp.member", step.member_id
        if held["contact_id"]:
            model, id_ = "mailing.contact", held["contact_id"]
        return {
            "state": state,
            "code": code,
            "name": held["email"] or held.get("email_wanted") or f"#{step.member_id}",
            "reason": reason,
            "advice": advice,
            "res_model": model,
            "res_id": id_,
            "member_id": step.member_id,
        }

    # === LATER === #

    @api.model
    def _again(self, audience, run, steps):
        """Let members be looked at once more, and acts be done once more.

        :param recordset run: the `mailchimp.run` that acts belong to, if any
        """
        Member = self.env["mailchimp.member"]
        changed = [step.member_id for step in steps if step.action not in ACTS]
        Member.browse(changed).exists()._mark_changed()
        for action in ACTS:
            ids = [step.member_id for step in steps if step.action == action]
            if members := Member.browse(ids).exists():
                members._enqueue_act(audience, action, run)

    @api.model
    def _try_later(self, audience, member_ids, pause):
        """Let members be tried again after a pause."""
        self.env["mailchimp.job"]._enqueue(
            audience,
            "_job_push_later",
            name=self.env._("Push members of %s once more", audience.name),
            account=audience.account_id,
            run_after=fields.Datetime.now() + pause,
            args={"member_ids": member_ids},
        )


def _is_error(outcome):
    """Tell whether somebody has to put a member right."""
    if outcome.result == "failed":
        return True
    return outcome.result == "skipped" and outcome.code in FIXABLE | {"relay_domain"}


def _is_worth_a_line(line):
    return line["state"] == "failed" or line["code"] in FIXABLE
