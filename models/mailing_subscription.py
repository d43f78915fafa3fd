from odoo import api, fields, models

from ..const import MARKETABLE_STATUS, MEMBER_STATUSES
from ..tools.inside import IMPORTING, trusted
from ..tools.push import MARKETED
from ..tools.subscriber import subscriber_hash

# What the ledger keeps of a decision, see `_decision` of the member.
DECIDED = ("source", "user_id", "evidence", "occurred_at")
# Each of them opts out, see `mass_mailing`.
OPT_OUT_FIELDS = frozenset({"opt_out", "opt_out_datetime", "opt_out_reason_id"})


class MailingSubscription(models.Model):
    """What Mailchimp says about the subscription of a contact to a list."""

    _inherit = "mailing.subscription"

    mailchimp_status = fields.Selection(
        MEMBER_STATUSES,
        string="Status (Mailchimp)",
        compute="_compute_mailchimp_status",
        groups="mailchimp_connector.group_mailchimp_user",
    )

    subscribed_at = fields.Datetime(
        string="Subscription Date",
        compute="_compute_subscribed_at",
        compute_sudo=True,
        help="When the person opted in, as far as Mailchimp knows it.",
    )

    @api.depends("contact_id.mailchimp_member_ids.status", "list_id")
    def _compute_mailchimp_status(self):
        members = self._mailchimp_members()
        for subscription in self:
            member = members.get((subscription.contact_id, subscription.list_id))
            subscription.mailchimp_status = member.status if member else False

    @api.depends(
        "create_date", "contact_id.mailchimp_member_ids.timestamp_opt", "list_id"
    )
    def _compute_subscribed_at(self):
        members = self._mailchimp_members()
        for subscription in self:
            member = members.get((subscription.contact_id, subscription.list_id))
            subscription.subscribed_at = (
                member and (member.timestamp_opt or member.timestamp_signup)
            ) or subscription.create_date

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Keep people opted out who opted out before they were taken off the list."""
        subscriptions = super().create(vals_list)
        subscriptions._keep_opted_out()
        return subscriptions

    def write(self, vals):
        """Remember that Odoo opted somebody out: Mailchimp must not undo it.

        Who moves to a list, or to a contact, may have opted out there.
        """
        is_import = trusted(self.env, "mailchimp_import")
        decides = not is_import and OPT_OUT_FIELDS & vals.keys()
        before = {sub: sub.opt_out for sub in self} if decides else {}
        result = super().write(vals)
        changed = self.filtered(lambda sub: sub.opt_out != before.get(sub, sub.opt_out))
        changed._note_decision_of_odoo()
        if not vals.keys().isdisjoint(("contact_id", "list_id")):
            self._share_opt_outs()
        return result

    def _share_opt_outs(self):
        """Keep opted out who opted out, and whom these subscriptions came to.

        They moved to another contact or list, or their contact to another address: two
        people became one, and an opt-out of either stays. Whose own member only waits,
        or was archived, did not opt out.
        """
        out = self.filtered("opt_out")
        (self - out)._keep_opted_out()
        if trusted(self.env, "mailchimp_import"):
            return
        # sudo: as below
        told = self.env["mailchimp.member"].sudo()
        for subscription, members in out.sudo()._members_of_address():
            own = members & subscription.contact_id.mailchimp_member_ids
            if not own or not all(member._is_only_waiting() for member in own):
                told |= members.filtered(lambda member: not member.opt_out_by)
        told._opt_out_everywhere()

    def _keep_opted_out(self):
        """Opt out those of these subscriptions, new ones, whose member opted out.

        Whoever puts a person on a list may not know; to clear the opt-out is an act of
        its own.
        """
        if trusted(self.env, "mailchimp_import"):
            return
        # sudo: as below
        held = self.sudo()
        out, decided, strangers = held.browse(), set(), []
        for subscription, members in held._members_of_address():
            if subscription.opt_out:
                decided.update(members.ids)
                strangers += [] if members else subscription.ids
                continue
            loose = members.filtered(lambda m: not m.contact_id and not m.opt_out_by)
            # Mailchimp's word was not carried to any contact so far.
            loose.filtered(
                lambda m: m.status not in (MARKETABLE_STATUS, "archived", False)
            ).opt_out_by = "mailchimp"
            if any(member.opt_out_by for member in members):
                out |= subscription
                # Another address of theirs may be subscribed in Mailchimp.
                decided.update(
                    members.filtered(
                        lambda m: m.status in MARKETED and not m.opt_out_by
                    ).ids
                )
        held.env["mailchimp.member"].browse(decided)._opted_in_odoo(out=True)
        held.browse(strangers)._note_decision_on_strangers(out=True)
        out.with_context(**IMPORTING).write({"opt_out": True})

    def _note_decision_of_odoo(self):
        decided, strangers = {True: set(), False: set()}, {True: [], False: []}
        # sudo: everybody who may edit a subscription has a say here.
        held = self.sudo()
        for subscription, members in held._members_of_address():
            decided[subscription.opt_out].update(members.ids)
            strangers[subscription.opt_out] += [] if members else subscription.ids
        for out, ids in decided.items():
            held.env["mailchimp.member"].browse(ids)._opted_in_odoo(out=out)
            held.browse(strangers[out])._note_decision_on_strangers(out)

    def _note_decision_on_strangers(self, out):
        """Note in the ledger what is decided of people who are no members so far.

        Their contact, or this line of it, may be deleted and come back before they are
        exported: then nothing else knows, see `_note_left_before` of the push.

        :param bool out: whether they are opted out now
        """
        decision = self.env["mailchimp.member"]._decision(out)
        told = {name: decision[name] for name in DECIDED}
        self.env["mailchimp.consent"].create(
            [
                {
                    **told,
                    "email": subscription.contact_id.email_normalized,
                    "audience_id": audience.id,
                    "company_id": audience.company_id.id,
                    "contact_id": subscription.contact_id.id,
                    "new_status": "unsubscribed" if out else MARKETABLE_STATUS,
                }
                for subscription in self
                if subscription.contact_id.email_normalized
                for audience in subscription.list_id.mailchimp_audience_ids
            ]
        )

    def _members_of_address(self):
        """Pair those of these subscriptions that stand for members with them.

        Members are those of the contact, and those with its address: a duplicate may
        have them.

        :return: list of (subscription, members), of whom there may be none
        """
        held = self.filtered("list_id.is_mailchimp_list")
        hashes = {
            subscription: subscriber_hash(
                subscription.contact_id.email_normalized or ""
            )
            for subscription in held
        }
        members = self.env["mailchimp.member"].search(
            [
                ("audience_id.mailing_list_id", "in", held.list_id.ids),
                "|",
                ("contact_id", "in", held.contact_id.ids),
                ("subscriber_hash", "in", list(set(hashes.values()))),
            ]
        )
        by_key = {}
        for member in members:
            mailing_list = member.audience_id.mailing_list_id
            for key in (member.contact_id, member.subscriber_hash):
                by_key.setdefault((mailing_list, key), set()).add(member.id)
        pairs = []
        for subscription, hash_ in hashes.items():
            keys = (subscription.contact_id, hash_)
            ids = {i for k in keys for i in by_key.get((subscription.list_id, k), ())}
            pairs.append((subscription, members.browse(sorted(ids))))
        return pairs

    def _mailchimp_members(self):
        """Return {(contact, mailing list): member} of these subscriptions."""
        members = self.env["mailchimp.member"].search(
            [
                ("contact_id", "in", self.contact_id.ids),
                ("audience_id.mailing_list_id", "in", self.list_id.ids),
            ]
        )
        return {(m.contact_id, m.audience_id.mailing_list_id): m for m in members}
