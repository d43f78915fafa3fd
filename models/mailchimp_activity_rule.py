from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import plaintext2html, split_every

from ..const import PRIORITY_SCHEDULED, PRIORITY_WEBHOOK
from ..tools.inside import IMPORTING, inside
from ..tools.push import MARKETED
from ..tools.subscriber import subscriber_hash
from .mailchimp_audience_fetch import REFRESH_BATCH

LEFT = frozenset({"unsubscribed", "cleaned", "archived"})


class MailchimpActivityRule(models.AbstractModel):
    """What bounces, unsubscribes and complaints of a report mean for consent.

    Mailchimp is the master of consent: of whoever bounced or left, the member is read
    again, and what Mailchimp says then reaches subscription, blacklist and ledger as
    with a webhook. A complaint stands in no status: it is noted, and blacklisted.
    Nobody is ever subscribed by a rule.
    """

    _name = "mailchimp.activity.rule"
    _description = "Rules for Mailchimp Campaign Activity"

    @api.model
    def _apply(self, campaign, rows):
        """Draw the conclusions of events that were not known before.

        :param recordset campaign: one `mailchimp.campaign`
        :param list rows: dicts with ``member_id``, ``action``, ``bounce_type`` and
            ``occurred_at``
        """
        rows = [row for row in rows if row["member_id"]]
        self._mark(rows)
        leavers = {}
        for row in rows:
            if is_leaving(row):
                leavers.setdefault(row["member_id"], row)
        # sudo: only the connector writes members, the ledger and the blacklist.
        members = self.env["mailchimp.member"].sudo().browse(sorted(leavers)).exists()
        members = members.filtered(lambda member: not member.forgotten)
        complaints = [row for row in rows if row["action"] == "abuse"]
        self._note_complaints(campaign, complaints, members)
        self._follow(campaign, members, leavers)

    @api.model
    def _mark(self, rows):
        """Mark whose engagement has to be computed anew."""
        ids = {row["member_id"] for row in rows}
        # sudo: the marks are nobody's to write by hand.
        self.env["mailchimp.engagement.mark"].sudo()._mark("mailchimp.member", ids)

    # === LEAVING === #

    @api.model
    def _follow(self, campaign, members, leavers):
        """Queue the reading of members of whom Odoo does not know yet that they left.

        What Odoo holds may be newer than the event: an old report tells of many who
        left long ago, and of some who came back since.
        """
        facts = {}
        for member in members:
            row = leavers[member.id]
            if not is_known(member, row):
                facts.setdefault(member.audience_id, {})[member.subscriber_hash] = (
                    self._evidence(campaign, row)
                )
        for audience, told in facts.items():
            audience._enqueue_reported(told)

    @api.model
    def _evidence(self, campaign, row):
        """Return what the ledger keeps of an event (JSON)."""
        return {
            "campaign_id": campaign.mailchimp_id,
            "campaign": campaign.name,
            "fired_at": fields.Datetime.to_string(row["occurred_at"]),
        }

    # === COMPLAINTS === #

    @api.model
    def _note_complaints(self, campaign, rows, members):
        """Note complaints in the ledger, once each; blacklist, if the account says so.

        Who has come back by own will since the complaint is not blacklisted.
        """
        rows = [row for row in rows if row["member_id"] in set(members.ids)]
        rows = self._not_noted(campaign, rows, members)
        entries, unwanted = [], members.browse()
        for row in rows:
            member = members.browse(row["member_id"])
            entry = member._consent_values("complained", "report")
            told = self._evidence(campaign, row)
            entries.append(
                {**entry, "occurred_at": row["occurred_at"], "evidence": told}
            )
            if not came_back(member, row):
                unwanted |= member
        # sudo: only the connector writes the ledger.
        self.env["mailchimp.consent"].sudo().create(entries)
        if campaign.account_id.blacklist_complaints:
            self._blacklist(campaign, unwanted.filtered("email"))

    @api.model
    def _not_noted(self, campaign, rows, members):
        """Return the complaints that the ledger does not know, one for each member.

        Reports may be fetched anew, of a campaign that was deleted and imported again,
        or of an audience: the ledger knows the address then, and no member.
        """
        hashes = {member.id: member.subscriber_hash for member in members}
        # sudo: only the connector reads all of the ledger.
        noted = (
            self.env["mailchimp.consent"]
            .sudo()
            .search(
                Domain("new_status", "=", "complained")
                & Domain("company_id", "in", [False, campaign.company_id.id])
                & (
                    Domain("member_id", "in", members.ids)
                    | Domain("email", "in", members.filtered("email").mapped("email"))
                    | Domain("subscriber_hash", "in", list(hashes.values()))
                )
            )
        )
        known = {
            (_hash_of(entry), (entry.evidence or {}).get("campaign_id"))
            for entry in noted
        }
        new = {row["member_id"]: row for row in rows}
        return [
            row
            for id_, row in new.items()
            if (hashes[id_], campaign.mailchimp_id) not in known
        ]

    @api.model
    def _blacklist(self, campaign, members):
        """Blacklist the addresses of members, with the reason.

        As those that Mailchimp cleaned, see `mailchimp.contact.sync`.
        """
        emails = list(dict.fromkeys(members.mapped("email")))
        if not emails:
            return
        # sudo: marketing users may not edit the blacklist by hand.
        Blacklist = self.env["mail.blacklist"].sudo().with_context(**IMPORTING)
        entries = Blacklist.create([{"email": email} for email in emails])
        entries.filtered(lambda entry: not entry.active).active = True
        reason = self.env._("Complained about a Mailchimp campaign: %s", campaign.name)
        note = plaintext2html(reason)
        entries._message_log_batch(dict.fromkeys(entries.ids, note))
        self.env["mailchimp.contact.sync"]._push_members_of(emails)


class MailchimpCampaignReport(models.AbstractModel):
    """What is new in a report is told to the rules."""

    _inherit = "mailchimp.campaign.report"

    @api.model
    def _on_new_activity(self, campaign, rows):
        """Override: draw the conclusions."""
        result = super()._on_new_activity(campaign, rows)
        self.env["mailchimp.activity.rule"]._apply(campaign, rows)
        return result


class MailchimpAudience(models.Model):
    """Reading members of whom a report tells something."""

    _inherit = "mailchimp.audience"

    def _enqueue_reported(self, facts):
        """Queue the reading of members, a few with each job.

        Many come with the first report of an old campaign: these are not urgent.

        :param dict facts: {subscriber hash: evidence}
        """
        self.ensure_one()
        many = len(facts) > REFRESH_BATCH
        for few in split_every(REFRESH_BATCH, sorted(facts), list):
            self.env["mailchimp.job"]._enqueue(
                self,
                "_job_refresh_reported",
                name=self.env._("Refresh members of %s", self.name),
                account=self.account_id,
                priority=PRIORITY_SCHEDULED if many else PRIORITY_WEBHOOK,
                args={"facts": {hash_: facts[hash_] for hash_ in few}},
            )

    def _job_refresh_reported(self, facts):
        """Read members again that left, as a report tells.

        :param dict facts: {subscriber hash: evidence}
        """
        Import = self.env["mailchimp.member.import"]
        for hash_, told in facts.items():
            importer = Import.with_context(**inside(mailchimp_evidence=told))
            importer._refresh(self, [hash_], self.env["mailchimp.run"], source="report")


def _hash_of(entry):
    """Return the fingerprint of the address that an entry of the ledger is about."""
    if entry.email:
        return subscriber_hash(entry.email)
    return entry.subscriber_hash or entry.member_id.subscriber_hash


def is_leaving(row):
    """Tell whether Mailchimp takes a person off for an event."""
    if row["action"] == "bounce":
        return row["bounce_type"] == "hard"
    return row["action"] in ("unsubscribe", "abuse")


def is_known(member, row):
    """Tell whether what Odoo holds of a member is newer than an event, or due to it."""
    gone = {"cleaned", "archived"} if row["action"] == "bounce" else LEFT
    return member.status in gone or is_newer(member, row)


def came_back(member, row):
    """Tell whether somebody may be mailed (again) since a complaint."""
    return member.status in MARKETED and is_newer(member, row)


def is_newer(member, row):
    """Tell whether a member changed after an event; within one second, who knows."""
    return bool(member.last_changed and member.last_changed > row["occurred_at"])
