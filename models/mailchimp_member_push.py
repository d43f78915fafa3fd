import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from odoo import api, models

from ..const import CURSOR_LOOK_BACK_SECONDS, PAGE_SIZE
from ..tools.coerce import as_map
from ..tools.push import Step
from .mailchimp_member_fetch import STREAMS

# Members that one step takes: Mailchimp creates no more at once.
CLAIM = 500
# As many are sent one by one; more go together.
FEW = 10
# A member that never comes to rest is left alone after so many looks.
MAX_LOOKS = 5
# What was seen of Mailchimp's archive is believed as long.
LOOK_SECONDS = 60


class Outcome(NamedTuple):
    """What became of a step.

    ``result``: created, updated, unchanged, skipped, failed; or again, which is looked
    at once more and not counted.
    """

    step: Step
    result: str
    code: str = ""
    reason: str = ""
    advice: str = ""


@dataclass
class Look:
    """When Mailchimp's members were read last, by our watch."""

    at: float = 0.0


@dataclass
class Sending:
    """What all requests of one step of the push share."""

    audience: Any
    run: Any
    gateway: Any
    mapping: list
    act: str | None = None
    outcomes: list = field(default_factory=list)
    # {id of a member: {key: value}} of what was sent, see `tools.labels` and `.merge`.
    sent: dict = field(default_factory=dict)

    @property
    def source(self):
        """What the ledger calls the origin; an opt-out in Odoo is told on its own."""
        return "user" if self.act and self.act != "unsubscribe" else "export"

    def note(self, step, result, *words):
        """Keep what became of a step."""
        self.outcomes.append(Outcome(step, result, *words))


class MailchimpMemberPush(models.AbstractModel):
    """Members from Odoo to Mailchimp: the loop."""

    _inherit = "mailchimp.member.push"

    @api.model
    def _push(self, audience, run):
        """Send the members of an audience that changed; yields after each step.

        What a step sends is settled in its own transaction: if that is lost, the same
        is planned and sent again, which changes nothing at Mailchimp.

        :param recordset audience: one `mailchimp.audience`, fetched before
        :param recordset run: the `mailchimp.run` that counts them; may be empty
        """
        run._start()
        Change = self.env["mailchimp.change"]
        held, look, looks = None, Look(), Counter()
        while audience.active:
            held, ids, seen = self._claim(audience, run, held)
            if not ids:
                return
            looks.update(ids)
            tired = [id_ for id_ in ids if looks[id_] > MAX_LOOKS]
            members = self.env["mailchimp.member"].browse(ids)
            self._push_members(audience, members, run, look, tired)
            Change._settle(ids, seen)
            self.env["mailchimp.run.line"]._solve(ids)
            yield

    @api.model
    def _claim(self, audience, run, held):
        """Claim the members that are next, but for those that wait for a manager.

        :param held: the effects that do, as of the step before; None in the first
        :return: these effects by now, ids of members, and what was seen of them, see
            `mailchimp.change`; nobody is left if the run itself waits for the manager
        """
        Change = self.env["mailchimp.change"]
        if held is not None:
            ids, seen = Change._claim(audience, CLAIM, held)
            if not audience._takes_away(ids):
                return held, ids, seen
            # Somebody may have opted out many people since the step before.
        held = audience._held_back(run)
        if run.state == "approval":
            return held, [], []  # the job that goes on with it waits, too
        return held, *Change._claim(audience, CLAIM, held)

    @api.model
    def _push_members(self, audience, members, run, look=None, tired=()):
        """Plan and send members; what is left to do is marked as changed."""
        self._send(audience, self._steps(audience, members, tired), run, look)

    @api.model
    def _steps(self, audience, members, tired=()):
        """Plan what to send for members, by the addresses that they have by now.

        :param list tired: ids of those who never come to rest
        :return: list of `tools.push.Step`
        """
        silent = self._follow_addresses(audience, members)
        after = self._follow_rows(audience, members.exists())
        stopped = dict.fromkeys(tired, "restless") | dict.fromkeys(silent, "duplicate")
        steps = [
            self._explained(step._replace(action="skip", code=stopped[step.member_id]))
            if step.member_id in stopped and step.action not in ("none", "skip")
            else step
            for step in self._plan(audience, members.exists())
        ]
        return sorted(steps, key=lambda step: after.get(step.member_id, 0))

    @api.model
    def _send(self, audience, steps, run, look=None, act=None):
        """Do what was planned, and note what became of it.

        Mailchimp is read before anything is written: what changed on both sides is
        settled by its rule, and who left meanwhile is left alone. Few are sent one by
        one. Many new ones are created together, many others go into a batch, which
        reports later.

        :param recordset audience: one `mailchimp.audience`
        :param list steps: of `tools.push.Step`
        :param recordset run: the `mailchimp.run` to report to; may be empty
        :param Look look: when Mailchimp's members were read last
        :param str act: what somebody decided about them, see `_plan_act`
        """
        sending = self._new_sending(audience, run, act)
        new, others = self._sorted(sending, steps)
        if max(len(new), len(others)) > FEW:
            self._look(sending, look or Look())
            new, others = self._sorted(
                sending, self._replan_changed(sending, new + others)
            )
        if len(new) > FEW:
            self._create_many(sending, new)
            new = []
        if len(others) > FEW:
            self.env["mailchimp.batch"]._begin(sending, others)
            others = []
        for step in new + others:
            self._send_one(sending, step)
        self._record(sending)

    @api.model
    def _sorted(self, sending, steps):
        """Note what needs no request, and tell who is new from the others.

        :return: two lists of steps
        """
        new, others = [], []
        for step in steps:
            if step.action in ("skip", "none"):
                self._note_quiet(sending, step)
            elif step.action == "create":
                new.append(step)
            else:
                others.append(step)
        return new, others

    @api.model
    def _note_quiet(self, sending, step):
        result = "skipped" if step.action == "skip" else "unchanged"
        sending.note(step, result, step.code, step.reason, step.advice)

    @api.model
    def _new_sending(self, audience, run, act=None):
        return Sending(
            audience,
            run,
            audience.account_id._gateway(),
            audience.merge_field_ids._mapping(),
            act,
        )

    # === WHAT MAILCHIMP SAYS NOW === #

    @api.model
    def _look(self, sending, look):
        """Read what changed in Mailchimp since the last fetch, the archive above all.

        A bulk call brings archived people back, so that nobody may be new to Odoo who
        is not new to Mailchimp.
        """
        if look.at and time.monotonic() - look.at < LOOK_SECONDS:
            return
        audience = sending.audience
        known = filter(None, (audience.pulled_at, audience.looked_at))
        since = max(known, default=None)
        look.at = time.monotonic()
        is_whole = self._read_changed(sending, since)
        took = timedelta(seconds=time.monotonic() - look.at)
        moment = sending.gateway.server_time
        if is_whole and moment:
            # Else each worker would read again all that the ones before it sent.
            audience.looked_at = (moment - took).replace(microsecond=0)

    @api.model
    def _read_changed(self, sending, since, ours=frozenset()):
        """Take over the members that changed in Mailchimp since a moment.

        :param ours: keys of the members that we changed
        :return: whether nobody can have slipped through, as behind pages that shift
        """
        audience, params, is_whole = sending.audience, {}, True
        if since:
            since -= timedelta(seconds=CURSOR_LOOK_BACK_SECONDS)
            params["since_last_changed"] = f"{since.isoformat()}+00:00"
        for stream in STREAMS:
            pages = sending.gateway.pages(
                sending.gateway.api.lists.get_list_members_info,
                audience.mailchimp_id,
                key="members",
                count=PAGE_SIZE,
                fields=[f"members.{name}" for name in audience._member_fields()],
                **params,
                **stream,
            )
            totals = set()
            for page in pages:
                self._take_page(sending, page.items, ours)
                totals.add(page.total)
            is_whole = is_whole and len(totals) == 1
        return is_whole

    @api.model
    def _take_page(self, sending, items, ours):
        """Tell what we did from what Mailchimp says of others."""
        answers, others = [], []
        for item in map(as_map, items):
            is_ours = {item.get("id"), item.get("contact_id")} & ours
            (answers if is_ours else others).append(item)
        if answers:
            self._take_answers(sending, answers)
        self._import(sending, others)

    @api.model
    def _no_run(self):
        return self.env["mailchimp.run"]

    @api.model
    def _replan_changed(self, sending, steps):
        """Plan again for members of whom Odoo knows something else by now."""
        members = self.env["mailchimp.member"].browse(s.member_id for s in steps)
        marks = {member.id: _mark(member) for member in members.exists()}
        known = [step for step in steps if step.member_id in marks]
        changed = members.browse(
            step.member_id for step in known if step.mark != marks[step.member_id]
        )
        fresh = {
            step.member_id: step for step in self._replan(sending, changed) if changed
        }
        return [fresh.get(step.member_id, step) for step in known]

    @api.model
    def _replan(self, sending, members):
        if sending.act:
            return self._plan_act(sending.audience, members, sending.act)
        return self._plan(sending.audience, members)


def _mark(member):
    """Return what changes whenever Mailchimp says something else of a member."""
    return member.fingerprint, member.last_changed, member.status
