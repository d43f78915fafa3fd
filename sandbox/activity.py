"""What a whole audience does with a campaign: by the thousand, the same for a seed."""

import random

from . import clock
from .campaign import Campaign

LINKS = tuple(f"https://harbourvine.example/wine/{number}" for number in range(8))
# Of a hundred events; the rest are opens.
SHARES = {"click": 18, "soft": 2, "hard": 1, "unsubscribe": 0.5, "abuse": 0.1}
LONGEST = 3 * clock.DAY


def send(audience, title="Letter", events=0, seed=1, at=None, shares=None):
    """Send a campaign to all subscribed members of an audience.

    :param int events: how many things they do with it afterwards
    :param int at: when it is sent, by default so that all of that is over
    :param dict shares: instead of :data:`SHARES`
    :return Campaign: sent
    """
    account = audience.account
    sandbox = account.sandbox
    with sandbox.lock:
        campaign = Campaign(account, "regular")
        campaign.list_id = audience.id
        campaign.settings.update(title=title, subject_line=title)
        campaign.html = f"<p>{title}</p>"
        at = at or sandbox.clock.now() - LONGEST
        campaign.create_time = at - clock.HOUR
        account.campaigns[campaign.id] = campaign
        campaign.send(at)
        happen(campaign, events, seed, shares=shares)
    return campaign


def happen(campaign, count, seed=1, until=None, shares=None):
    """Let recipients open and click, bounce, leave and complain.

    :param int count: how many events there are
    :param int until: the last second of them
    :param dict shares: instead of :data:`SHARES`
    """
    rng = random.Random(f"{campaign.settings['title']}:{seed}")
    people = campaign.recipients
    span = (until or campaign.send_time + LONGEST) - campaign.send_time
    shares = SHARES if shares is None else shares
    for _number in range(count if people else 0):
        person = people[int(rng.random() * len(people))]["email_id"]
        at = campaign.send_time + 1 + int(rng.random() ** 3 * (span - 1))
        campaign.events.append({"id": person, "at": at, **_act(rng, shares)})


def _act(rng, shares):
    dice = rng.random() * 100
    for kind, share in shares.items():
        if dice < share:
            return _event(kind, rng)
        dice -= share
    return {"action": "open"}


def _event(kind, rng):
    if kind == "click":
        return {"action": "click", "url": LINKS[int(rng.random() * len(LINKS))]}
    if kind == "unsubscribe":
        return {"action": "unsubscribe", "reason": "Too many mails"}
    if kind in ("soft", "hard"):
        return {"action": "bounce", "type": kind}
    return {"action": kind}
