from odoo import models

from ..const import PRIORITY_USER
from ..tools.coerce import normalize_email
from ..tools.dry import DRY, rolled_back
from ..tools.inside import trusted
from ..tools.subscriber import fingerprint, subscriber_hash
from .mailchimp_contact_merge import LINKS


class MailchimpJobDry(models.Model):
    """What is only tried leaves no job."""

    _inherit = "mailchimp.job"

    def _enqueue(self, *args, **options):
        """Queue nothing in a dry run: it would be undone, but the wake-up would not."""
        if trusted(self.env, DRY):
            return self.sudo().browse()  # sudo: as what it returns otherwise
        return super()._enqueue(*args, **options)


class MailchimpPlanPush(models.Model):
    """The outlook of what goes to Mailchimp: done here, looked at, and undone."""

    _inherit = "mailchimp.plan"

    def _outlook_export(self, ids):
        """Return what the export of some contacts or customers would do."""
        with rolled_back(self.env) as env:
            dry = self.with_env(env)
            audience, run = dry.audience_id, dry._dry_run()
            records = env[self.res_model].browse(ids).exists()
            members = env["mailchimp.member"]._export(audience, records, run)
            left_out = {line.res_id: line for line in run.line_ids}
            steps = env["mailchimp.member.push"]._steps(audience, members)
            link = LINKS[records._name]
            owners = {member.id: member[link].id for member in members.exists()}
            by_record = {owners.get(step.member_id): step for step in steps}
            labels = dry._labels()
            entries = [
                dry._entry(record, by_record.get(record.id), left_out, labels)
                for record in records
            ]
        return self._without_new_members(entries)

    def _outlook_update(self, ids):
        """Return what the push of some members would do."""
        with rolled_back(self.env) as env:
            dry = self.with_env(env)
            members = env["mailchimp.member"].browse(ids).exists()
            members._queue_update(dry._dry_run(), PRIORITY_USER)
            env["mailchimp.change"]._link_contacts(dry.audience_id, members.ids)
            push = env["mailchimp.member.push"]
            return dry._entries_of_members(
                members, push._steps(dry.audience_id, members)
            )

    def _outlook_archive(self, ids):
        """Return what becomes of members whom the filter does not choose any more."""
        with rolled_back(self.env) as env:
            dry = self.with_env(env)
            members = env["mailchimp.member"].browse(ids).exists()
            push = env["mailchimp.member.push"]
            steps = push._plan_act(dry.audience_id, members, "archive")
            return dry._entries_of_members(members, steps)

    def _outlook_stay(self, ids):
        """Return why the auto export does not add some records that match its filter.

        Those that are in the audience already have no entry.
        """
        Member = self.env["mailchimp.member"]
        records = self.env[self.res_model].browse(ids).exists()
        rows = Member._export_rows(self.audience_id, records)
        Member._export_judge(self.audience_id, rows)
        left_out = [row for row in rows if row["code"]]
        return [
            self._who(row["record"])
            | {"member_id": row["member"].id}
            | self._left_out(row["code"], *Member._export_reason(row))
            for row in left_out
        ]

    def _dry_run(self):
        """Return a run that is undone with what it reports."""
        Run = self.env["mailchimp.run"]
        return Run._open_run(self.account_id, "plan", "user", self.audience_id)

    def _entries_of_members(self, members, steps):
        by_member = {step.member_id: step for step in steps}
        labels = self._labels()
        return [
            self._entry(member, by_member.get(member.id), {}, labels)
            for member in members.exists()
        ]

    def _without_new_members(self, entries):
        """Forget the members that were only created to look at them."""
        ids = [entry["member_id"] for entry in entries if entry["member_id"]]
        kept = set(self.env["mailchimp.member"].browse(ids).exists().ids)
        for entry in entries:
            entry["member_id"] = entry["member_id"] in kept and entry["member_id"]
        return entries

    # === ENTRIES === #

    def _entry(self, record, step, left_out, labels):
        """Return what a plan keeps of a record.

        :param Model record: whom it is about
        :param Step step: of the push, None if the record does not get there
        :param dict left_out: {id of the record: line of the run that says why}
        :param Labels labels: see `_labels`
        """
        entry = self._who(record)
        if step:
            return entry | self._entry_of_step(step, labels)
        line = left_out.get(record.id)
        if line:
            member = {"member_id": line.member_id.id}
            return entry | member | self._left_out(line.code, line.reason, line.advice)
        words = self.env["mailchimp.member.push"]._words("duplicate")
        return entry | self._left_out("duplicate", *words)

    def _who(self, record):
        """Return what tells whom an entry is about."""
        email = normalize_email(
            record.email
            if record._name == "mailchimp.member"
            else record.email_normalized
        )
        return {
            "name": record.display_name or email or "?",
            "res_model": record._name,
            "res_id": record.id,
            "member_id": False,
            "subscriber_hash": subscriber_hash(email) if email else False,
        }

    def _left_out(self, code, reason=False, advice=False):
        return {
            "action": "skip",
            "code": code,
            "reason": reason,
            "advice": advice,
            "changes": False,
            "digest": fingerprint({"action": "skip", "code": code}),
        }

    def _entry_of_step(self, step, labels):
        [*words] = (step.code, step.reason, step.advice)
        if not step.code and step.notices:
            words = step.notices[0]
        code, reason, advice = words
        before, after = (
            self._in_words(values, labels) for values in (step.before, step.after)
        )
        return {
            "action": step.action,
            "member_id": step.member_id,
            "code": code,
            "reason": reason,
            "advice": advice,
            "changes": [
                (label, before.get(label), after.get(label)) for label in before | after
            ],
            "digest": _digest(step),
        }


def _digest(step):
    """Return what differs when something else is to be done, or to somebody else.

    A profile is updated whatever the status is: who left meanwhile is another case.
    """
    held = step.held
    return fingerprint(
        {
            "action": step.action,
            "code": step.code,
            "body": step.body,
            "tags": sorted(step.tags, key=lambda tag: tag["name"]),
            "before": step.before,
            "after": step.after,
            "status": held.get("status"),
            "opt_out_by": held.get("opt_out_by"),
            "email": held.get("email_wanted"),
        }
    )
