"""What a whole audience does with a campaign: by the thousand, the same for a seed."""

import random

from . import clock
from .campaign import Campaign

LINKS = tuple(f"https://harbourvine.example/wine/{number}" for number in range(8))
# Of a hundred events; the rest are opens.
CLICKS, SOFT, HARD, LEFT, SPAM = 18, 2, 1, 0.5, 0.1
LONGEST = 3 * clock.DAY


def send(audience, title="Letter", events=0, seed=1, at=None):
    """Send a campaign to all subscribed members of an audience.

    :param int events: how many things they do with it afterwards
    :param int at: when it is sent, by default so that all of that is over
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
        happen(campaign, events, seed)
    return campaign


def happen(campaign, count, seed=1, until=None):
    """Let recipients open and click, bounce, leave and complain.

    :param int count: how many events there are
    :param int until: the last second of them
    """
    rng = random.Random(f"{campaign.settings['title']}:{seed}")
    people = campaign.recipients
    span = (until or campaign.send_time + LONGEST) - campaign.send_time
    for _number in range(count if people else 0):
        person = people[int(rng.random() * len(people))]["email_id"]
        at = campaign.send_time + 1 + int(rng.random() ** 3 * (span - 1))
        campaign.events.append({"id": person, "at": at, **_act(rng)})


def _act(rng):
    dice = rng.random() * 100
    for share, act in (
        (CLICKS, {"action": "click", "url": LINKS[int(rng.random() * len(LINKS))]}),
        (SOFT, {"action": "bounce", "type": "soft"}),
        (HARD, {"action": "bounce", "type": "hard"}),
        (LEFT, {"action": "unsubscribe", "reason": "Too many mails"}),
        (SPAM, {"action": "abuse"}),
    ):
        if dice < share:
            return act
        dice -= share
    return {"action": "open"}
