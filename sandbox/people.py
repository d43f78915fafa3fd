"""What people do, and what the owner of the account does in the web application.

Each hook changes the state as Mailchimp does and fires the webhooks of its source.
"""

from . import changes, generate
from .member import Member

NO_REASON = "N/A"


class People:
    """Hooks of a sandbox. ``email`` always names a member of ``audience``.

    :raise KeyError: when it does not
    """

    def __init__(self, sandbox):
        self._sandbox = sandbox

    def _find(self, audience, email):
        member = audience.by_email(email)
        if member is None:
            raise KeyError(f"{email} is not in {audience.name}")
        return member

    def unsubscribe(
        self, audience, email, campaign_id=None, reason=NO_REASON, source="user"
    ):
        """Follow the link in a mail, or (source admin) be taken off by the owner."""
        with self._sandbox.lock:
            member = self._find(audience, email)
            if source == "admin":
                reason = changes.ADMIN_REASON
            changed = changes.set_status(
                audience,
                member,
                "unsubscribed",
                source,
                origin=source,
                reason=reason,
                campaign_id=campaign_id,
            )
            if not changed and source == "user":
                member.origin = "user"
            self._report(audience, campaign_id, "unsubscribe", member, reason=reason)
            return member

    def bounce(self, audience, email, campaign_id=None):
        """Mail comes back for good: the address is cleaned."""
        with self._sandbox.lock:
            member = self._find(audience, email)
            details = {"origin": "bounce", "kind": "hard", "campaign_id": campaign_id}
            changes.set_status(audience, member, "cleaned", "admin", **details)
            self._report(audience, campaign_id, "bounce", member, type="hard")
            return member

    def complain(self, audience, email, campaign_id=None):
        """Press the spam button."""
        with self._sandbox.lock:
            member = self._find(audience, email)
            changes.set_status(
                audience,
                member,
                "unsubscribed",
                "user",
                origin="complaint",
                kind="abuse",
                reason="Marked as spam",
                campaign_id=campaign_id,
            )
            member.origin = "complaint"
            self._report(audience, campaign_id, "abuse", member)
            return member

    def change_email(self, audience, email, new_email, source="user"):
        """Enter another address on the preference page."""
        with self._sandbox.lock:
            member = self._find(audience, email)
            if audience.by_email(new_email):
                raise ValueError(f"{new_email} is in {audience.name} already")
            changes.move(audience, member, new_email, source)
            return member

    def confirm(self, audience, email):
        """Follow the link in the confirmation mail."""
        with self._sandbox.lock:
            member = self._find(audience, email)
            if member.status != "pending":
                raise ValueError(f"{email} has nothing to confirm")
            changes.set_status(audience, member, "subscribed", "user")
            return member

    def subscribe_by_form(self, audience, email, merge_fields=None):
        """Fill in Mailchimp's own form: open to everybody, whatever happened before.

        A double opt-in audience makes the member pending until :meth:`confirm`.
        """
        with self._sandbox.lock:
            audience.forgotten.pop(generate.subscriber_hash(email), None)
            member = audience.by_email(email)
            if member is None:
                member = Member(email)
                generate.identify(audience, member)
                changes.begin(audience, member, "user")
            merges = {**member.merges, **(merge_fields or {})}
            changes.set_profile(
                audience, member, {"merges": merges}, "user", quiet=True
            )
            doi = audience.settings["double_optin"]
            status = "pending" if doi else "subscribed"
            if member.status != "subscribed":
                changes.set_status(audience, member, status, "user")
            return member

    def update_profile(
        self, audience, email, merge_fields=None, interests=None, source="user"
    ):
        """Change names or groups on the preference page."""
        with self._sandbox.lock:
            member = self._find(audience, email)
            values = {"merges": {**member.merges, **(merge_fields or {})}}
            if interests:
                values["interests"] = {**(member.interests or {}), **interests}
            changes.set_profile(audience, member, values, source)
            return member

    def archive(self, audience, email):
        """The owner archives a contact."""
        with self._sandbox.lock:
            member = self._find(audience, email)
            changes.set_status(audience, member, "archived", "admin")
            return member

    def delete_permanently(self, audience, email):
        """The owner deletes a contact for good."""
        with self._sandbox.lock:
            changes.forget(audience, self._find(audience, email), "admin")

    def subscribe_by_admin(self, audience, email, **values):
        """The owner adds or subscribes a contact by hand."""
        with self._sandbox.lock:
            member = audience.by_email(email)
            if member is None:
                member = Member(email)
                generate.identify(audience, member)
                changes.begin(audience, member, "admin")
            changes.set_profile(audience, member, values, "admin", quiet=True)
            changes.set_status(audience, member, "subscribed", "admin")
            return member

    def tag(self, audience, email, name, active=True):
        """The owner tags or untags a contact. Fires nothing."""
        with self._sandbox.lock:
            member = self._find(audience, email)
            tag = audience.make_tag(name)
            change = audience.put_tag if active else audience.take_tag
            if change(member, tag):
                audience.touch(member)
            return member

    def churn(self, audience, share=0.01, seed=1):
        """Some people change their last name, all at this moment. Fires nothing.

        :param float share: of the members
        :return int: how many changed
        """
        with self._sandbox.lock:
            return generate.churn(audience, share, seed)

    # === CAMPAIGNS === #

    def open(self, audience, email, campaign_id):
        """Open a mail."""
        with self._sandbox.lock:
            member = self._find(audience, email)
            self._report(audience, campaign_id, "open", member)

    def click(self, audience, email, campaign_id, url):
        """Follow a link in a mail, which opens it too."""
        with self._sandbox.lock:
            member = self._find(audience, email)
            self._report(audience, campaign_id, "open", member)
            self._report(audience, campaign_id, "click", member, url=url)

    def _report(self, audience, campaign_id, action, member, **values):
        campaign = audience.account.campaigns.get(campaign_id)
        if campaign:
            campaign.record(action, member, self._sandbox.clock.now(), **values)
