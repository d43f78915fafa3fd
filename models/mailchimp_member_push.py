import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from odoo import api, models

from ..const import CURSOR_LOOK_BACK_SECONDS, MEMBER_FIELDS, PAGE_SIZE
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
    """When Mailchimp's members were read last, by our watch and by its own."""

    at: float = 0.0
    since: Any = None


@dataclass
class Sending:
    """What all requests of one step of the push share."""

    audience: Any
    run: Any
    gateway: Any
    mapping: list
    source: str = "export"
    outcomes: list = field(default_factory=list)

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
        look, looks = Look(), Counter()
        while audience.active:
            ids, seen = Change._claim(audience, CLAIM)
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
    def _push_members(self, audience, members, run, look=None, tired=()):
        """Plan and send members; what is left to do is marked as changed."""
        silent = self._follow_addresses(audience, members)
        stopped = dict.fromkeys(tired, "restless") | dict.fromkeys(silent, "duplicate")
        steps = [
            self._explained(step._replace(action="skip", code=stopped[step.member_id]))
            if step.member_id in stopped and step.action not in ("none", "skip")
            else step
            for step in self._plan(audience, members.exists())
        ]
        self._send(audience, steps, run, look)

    @api.model
    def _send(self, audience, steps, run, look=None, source="export"):
        """Do what was planned, and note what became of it.

        Few are sent one by one. Many new ones are created together, many others go
        into a batch, which reports later. Members that are to be looked at once more
        are marked as changed again.

        :param recordset audience: one `mailchimp.audience`
        :param list steps: of `tools.push.Step`
        :param recordset run: the `mailchimp.run` to report to; may be empty
        :param Look look: when Mailchimp's members were read last
        :param str source: what the ledger calls the origin
        """
        sending = self._new_sending(audience, run, source)
        for step in steps:
            if step.action in ("skip", "none"):
                result = "skipped" if step.action == "skip" else "unchanged"
                sending.note(step, result, step.code, step.reason, step.advice)
        new = [step for step in steps if step.action == "create"]
        others = [s for s in steps if s.action not in ("skip", "none", "create")]
        about_consent = any("status" in step.body for step in others)
        if len(new) > FEW or (len(others) > FEW and about_consent):
            self._look(sending, look or Look())
            new = self._still_true(sending, new)
            others = self._still_true(sending, others)
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
    def _new_sending(self, audience, run, source="export"):
        return Sending(
            audience,
            run,
            audience.account_id._gateway(),
            audience.merge_field_ids._mapping(),
            source,
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
        since = look.since or sending.audience.pulled_at
        look.at = time.monotonic()
        self._read_changed(sending, since)
        took = timedelta(seconds=time.monotonic() - look.at)
        look.since = sending.gateway.server_time and sending.gateway.server_time - took

    @api.model
    def _read_changed(self, sending, since):
        """Take over the members that changed in Mailchimp since a moment."""
        audience, params = sending.audience, {}
        if since:
            since -= timedelta(seconds=CURSOR_LOOK_BACK_SECONDS)
            params["since_last_changed"] = f"{since.isoformat()}+00:00"
        for stream in STREAMS:
            pages = sending.gateway.pages(
                sending.gateway.api.lists.get_list_members_info,
                audience.mailchimp_id,
                key="members",
                count=PAGE_SIZE,
                fields=[f"members.{name}" for name in MEMBER_FIELDS],
                **params,
                **stream,
            )
            for page in pages:
                self._import(sending, page.items)

    @api.model
    def _no_run(self):
        return self.env["mailchimp.run"]

    @api.model
    def _still_true(self, sending, steps):
        """Return the steps of members whose status is what it was when planned.

        The others are looked at again.
        """
        members = self.env["mailchimp.member"].browse(s.member_id for s in steps)
        status = {member.id: member.status for member in members.exists()}
        found = []
        for step in steps:
            if status.get(step.member_id, 0) == (step.held["status"] or False):
                found.append(step)
            elif step.member_id in status:
                sending.note(step, "again")
        return found
