from odoo import models
from odoo.tools import split_every

from ..exceptions import MailchimpRetryLater
from ..tools.coerce import as_map, parse_datetime
from ..tools.push import ACTS, Step
from ..tools.reasons import code_of, fields_of, is_temporary
from .mailchimp_member_push import FEW

# Results that one transaction takes.
CHUNK = 1000


class MailchimpBatchResults(models.Model):
    """What became of the operations of a batch, one part after the other."""

    _inherit = "mailchimp.batch"

    def _take_results(self, gateway, status):
        """Take over the results; those taken are never taken again.

        :param dict status: the batch as Mailchimp sent it
        :return: a generator with a checkpoint after each part
        """
        url = status.get("response_body_url")
        if not isinstance(url, str) or not url:
            raise MailchimpRetryLater("Mailchimp names no results of the batch.")
        since = parse_datetime(status.get("submitted_at"))
        met = False
        for results in split_every(CHUNK, gateway.batch_results(url), list):
            found = [r for r in results if r.operation_id.startswith(f"{self.token}:")]
            if found:
                met = True
                self._take_some(found, since)
                yield
        if self.operations and not met:
            self._disown()
        else:
            self._finish()

    def _disown(self):
        """These are not our results: go on looking, or give them up."""
        if not self.adopted:
            self._lose("expired")
            return
        self.write(
            {
                "foreign_ids": [*(self.foreign_ids or ()), self.mailchimp_id],
                "mailchimp_id": False,
                "adopted": False,
                "state": "sending",
            }
        )
        self._enqueue_job("_job_submit")

    def _finish(self):
        """Let go of all members; what got no result is to be pushed again."""
        left = self._steps_left()
        self.write({"state": "done", "operations": {}})
        self._release()
        self._push()._again(self.audience_id, self._open_run_of(), left)
        waiting, _seen = self.env["mailchimp.change"]._claim(self.audience_id, 1)
        if waiting:
            # Who changed meanwhile was not pushed.
            self.audience_id._enqueue_push(run=self._open_run_of())

    def _take_some(self, results, since):
        """Take over some results, and release the members that are done."""
        push = self._push()
        sending = push._new_sending(self.audience_id, self.run_id, self.act or None)
        left = dict(self.operations or {})
        answers, touched, moved = [], [], []
        for result in results:
            one = left.pop(result.operation_id.partition(":")[2], None)
            if not one:
                continue
            step = Step(**one["step"])
            if 200 <= result.status < 300:
                self._succeeded(push, sending, step, one, result, answers, touched)
                moved += [step] if "email_address" in step.body else []
            else:
                self._failed(push, sending, step, one, result)
        self.operations = left
        if moved:
            push._make_room(self.audience_id, *moved)
            push._offer_addresses(self.audience_id, *moved)
        if answers:
            push._take_answers(sending, answers, fresh=False)
        self._read_touched(push, sending, touched, since)
        push._record(sending)
        self._release()
        done = {outcome.step.member_id for outcome in sending.outcomes}
        self.env["mailchimp.run.line"]._solve(list(done))

    def _succeeded(self, push, sending, step, one, result, answers, touched):
        """An answer is taken over; where there is none, the member is read again."""
        if one["method"] == "PATCH":
            answers.append(as_map(result.body))
        elif step.action == "delete":
            member = self.env["mailchimp.member"].browse(step.member_id).exists()
            member.with_context(**push.env.context)._forget(sending.source)
        else:
            touched.append(step)
        if one["method"] != "POST" or not step.body:
            sending.note(step, "updated")

    def _failed(self, push, sending, step, one, result):
        """Try again what may succeed later; note why Mailchimp refuses the rest."""
        problem = as_map(result.body)
        if is_temporary(result.status, result.body):
            if step.action in ACTS:
                sending.note(step, "again")
            else:  # not at once: the next batch would meet the same trouble
                sending.note(step, "failed", "unavailable", *push._words("unavailable"))
        elif result.status == 404:
            self.audience_id._enqueue_refresh([step.held["subscriber_hash"]])
            sending.note(step, "failed", "gone", *push._words("gone"))
        elif step.action == "archive":
            push._send_one(sending, step)  # it may be archived, as it should be
        else:
            errors = [as_map(error) for error in problem.get("errors") or ()]
            detail = str(problem.get("detail") or "")
            code = code_of(str(problem.get("title") or ""), detail, errors)
            if code == "exists" and "email_address" in step.body:
                push._send_merge(sending, step)
                return
            said = fields_of(errors) or detail
            sending.note(step, "failed", code, *push._words(code, said))

    def _read_touched(self, push, sending, touched, since):
        """Read members of whom the results do not tell what they are like by now."""
        if len(touched) > FEW and since:
            push._read_changed(sending, since, {step.key for step in touched})
            return
        read = [push._read_member(sending, step.key) for step in touched]
        push._take_answers(sending, [data for data in read if data])
