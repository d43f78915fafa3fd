"""What is to be done at Mailchimp so that it holds what Odoo says. Pure functions.

Consent travels in two cases only: a person opted out in Odoo, or somebody asked a
person on purpose to confirm. Nothing here ever subscribes a member that exists.
"""

from typing import NamedTuple

from .push_values import labels_to_send, merge_fields_to_send, tags_to_send

# Of these, an opt-out in Odoo takes marketing away.
MARKETED = frozenset({"subscribed", "pending"})
# https://mailchimp.com/developer/marketing/api/list-members/archive-list-member/
NOT_ARCHIVABLE = frozenset({"cleaned", "pending"})
AWAY = {"archive": "archived", "delete": "forgotten"}
# What nothing in Odoo asks for once more if it gets lost.
ACTS = frozenset({"archive", "delete", "opt_in"})
# Addresses that forward mail for somebody who does not want to give the real one.
RELAY_DOMAINS = frozenset(
    """anonaddy.me anonaddy.com duck.com marketplace.amazon.ae
    marketplace.amazon.ca marketplace.amazon.co.jp marketplace.amazon.co.uk
    marketplace.amazon.com marketplace.amazon.com.au marketplace.amazon.com.br
    marketplace.amazon.com.mx marketplace.amazon.de marketplace.amazon.es
    marketplace.amazon.fr marketplace.amazon.in marketplace.amazon.it
    marketplace.amazon.nl members.ebay.com mozmail.com passmail.net
    privaterelay.appleid.com relay.firefox.com simplelogin.com slmail.me""".split()
)


class Step(NamedTuple):
    """What is to be done about one member.

    ``action``: create, update, unsubscribe, opt_in, archive, delete, none or skip.
    ``body`` and ``tags`` are for Mailchimp; ``before`` and ``after`` hold what differs,
    for people. ``code``, ``reason`` and ``advice`` say why a member is skipped.
    ``more``: after this the member has to be looked at again. ``held`` is what Odoo
    knows of the member, ``notices`` are (code, reason, advice) that stop nothing.
    """

    member_id: int
    action: str
    body: dict = {}
    tags: list = []
    before: dict = {}
    after: dict = {}
    code: str = ""
    reason: str = ""
    advice: str = ""
    more: bool = False
    held: dict = {}
    notices: tuple = ()

    @property
    def mark(self):
        """What changes whenever Mailchimp says something else of the member."""
        return (
            self.held["fingerprint"] or False,
            self.held["last_changed"] or False,
            self.held["status"] or False,
        )

    @property
    def key(self):
        """What Mailchimp finds the member by, however often the address changes."""
        return self.held["remote_contact_id"] or self.held["subscriber_hash"]


class Policy(NamedTuple):
    """What an audience decides for all its members.

    ``new_status`` is None where nobody chose one; ``rules`` tell for each tag who is
    right, see `tools.merge.settle`; ``names`` are the tags of the parts of a name;
    ``asked`` are ids of members who are to confirm.
    """

    new_status: str | None
    rules: dict
    skip_relays: bool = False
    asked: frozenset = frozenset()
    names: frozenset = frozenset()


def plan(held, row, policy):
    """Decide what is to be done about a member.

    :param dict held: what Odoo knows of it, see `mailchimp.member.push._held`
    :param dict row: what Odoo says, see `mailchimp.payload._build`
    :param Policy policy: of the audience
    :rtype: Step
    """
    step = Step(
        held["id"],
        "none",
        held=dict(held, email_wanted=row["email"]),
        notices=tuple(p[:3] for p in row["problems"] if not p[3]),
    )
    if held["forgotten"]:
        return step._replace(action="skip", code="forgotten")
    if held["id"] in policy.asked:
        return _ask(step, held, row, policy)
    if not held["status"]:
        return _create(step, held, row, policy)
    if held["status"] == "archived":
        return step._replace(action="skip", code="archived")
    update = _update(step, held, row, policy)
    if is_out(held) and held["status"] in MARKETED:
        return _with_status(
            step, held, "unsubscribe", "unsubscribed", more=update.action != "none"
        )
    return update


def plan_away(held, action):
    """Plan to archive a member, or to delete it for good.

    :param str action: archive or delete
    :rtype: Step
    """
    step = Step(held["id"], action, held=held, before={"status": held["status"]})
    code = None
    if held["forgotten"]:
        code = "forgotten"
    elif not held["status"]:
        code = "not_member"
    elif action == "archive" and held["status"] == "archived":
        return step._replace(action="none")
    elif action == "archive" and held["status"] in NOT_ARCHIVABLE:
        code = "not_archivable"
    if code:
        return step._replace(action="skip", code=code)
    return step._replace(after={"status": AWAY[action]})


def is_out(held):
    """Tell whether Odoo keeps a person out of mailings."""
    # An opt-out that nobody has decided yet was not told to the member so far; nor one
    # of another address of the person, which is why Odoo did not follow Mailchimp.
    untold = not held["opt_out_by"] or held["status"] == "subscribed"
    decided = held["opt_out_by"] == "odoo" or held["blacklisted"]
    return decided or (held["listed_out"] and untold)


def is_relay(email):
    """Tell whether an address belongs to a service that hides the real one."""
    domain = email.rpartition("@")[2].lower()
    parts = domain.split(".")
    return any(".".join(parts[n:]) in RELAY_DOMAINS for n in range(len(parts)))


# === DECISIONS === #


def _ask(step, held, row, policy):
    """Somebody asks a person on purpose to confirm."""
    if held["blacklisted"]:
        return step._replace(action="skip", code="blacklisted")
    if not held["status"]:
        held = dict(held, opt_out_by=None, listed_out=False)
        return _create(step, held, row, policy._replace(new_status="pending"))
    if held["status"] in MARKETED:
        return step
    return _with_status(step, held, "opt_in", "pending")


def _create(step, held, row, policy):
    code = (
        (not row["email"] and "no_email")
        or (held["blacklisted"] and "blacklisted")
        or ((held["opt_out_by"] or held["listed_out"]) and "opted_out")
        or (policy.skip_relays and is_relay(row["email"]) and "relay_domain")
    )
    if stopped := _stopped(step, row, code or None):
        return stopped
    if not policy.new_status:
        return step._replace(action="skip", code="no_policy")
    body = {
        "email_address": row["email"],
        "status": policy.new_status,
        "merge_fields": {t: v for t, v in row["merge_fields"].items() if v != ""},
        "interests": {key: True for key, on in row["interests"].items() if on},
        "language": row["language"],
        "vip": row["vip"],
        "marketing_permissions": row["marketing_permissions"],
    }
    nothing = (None, "", {}, [])
    body = {name: value for name, value in body.items() if value not in nothing}
    tags = [name for name, on in row["tags"].items() if on]
    after = {name: value for name, value in body.items() if name != "merge_fields"}
    after |= body.get("merge_fields", {})
    return step._replace(
        action="create",
        body=body,
        tags=[{"name": name, "status": "active"} for name in tags],
        after=after | ({"tags": tags} if tags else {}),
    )


def _stopped(step, row, code):
    """Return the step of a member that cannot be sent, None if it can."""
    blocking = {p[0]: p for p in row["problems"] if p[3]}
    if code and code not in blocking and not (code == "no_email" and blocking):
        return step._replace(action="skip", code=code)
    if not blocking:
        return None
    code, reason, advice, _blocking = blocking.get(code) or next(
        iter(blocking.values())
    )
    return step._replace(action="skip", code=code, reason=reason, advice=advice)


def _with_status(step, held, action, status, more=False):
    return step._replace(
        action=action,
        body={"status": status},
        before={"status": held["status"]},
        after={"status": status},
        more=more,
    )


def _update(step, held, row, policy):
    """Send what differs, and what Odoo has a say in."""
    moved = bool(row["email"] and held["email"] and row["email"] != held["email"])
    code = moved and (
        (held.get("to_forgotten") and "erased_address")
        or (policy.skip_relays and is_relay(row["email"]) and "relay_domain")
    )
    if stopped := _stopped(step, row, code or None):
        return stopped
    before, after = {}, {}
    body = labels_to_send(held, row, before, after)
    if moved:
        body["email_address"] = row["email"]
        before["email_address"], after["email_address"] = held["email"], row["email"]
    if values := merge_fields_to_send(held, row["merge_fields"], policy):
        body["merge_fields"] = values
        held_values = held["merge_values"] or {}
        for tag in values:
            if values[tag] != held_values.get(tag, ""):
                before[tag], after[tag] = held_values.get(tag, ""), values[tag]
    tags = tags_to_send(held, row["tags"], before, after)
    if not body and not tags:
        return step
    return step._replace(
        action="update", body=body, tags=tags, before=before, after=after
    )
