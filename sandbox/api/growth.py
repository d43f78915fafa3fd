"""How audiences grow, and where the mail of a campaign went."""

from collections import Counter, defaultdict

from .. import clock
from ..call import links
from ..routing import route
from .reports import by_recipient, get

DAYS_SHOWN = 180


@route("GET", "/lists/<list_id>/growth-history")
def read_growth(call, list_id):
    """Month by month, the newest first: who is there by the end of each."""
    audience = call.audience(list_id)
    joined, left = Counter(), Counter()
    for member in audience.members.values():
        if member.timestamp_opt:
            joined[_month(member.timestamp_opt)] += 1
        if member.status == "unsubscribed":
            left[_month(member.unsubscribed_at)] += 1
        elif member.status == "cleaned":
            left[_month(member.last_changed)] += 1
    existing, rows = 0, []
    for month in sorted({*joined, *left} - {""}):
        existing += joined[month] - left[month]
        rows.append(_growth(audience, month, existing, joined[month], left[month]))
    if call.choice("sort_dir", ("ASC", "DESC"), "DESC") == "DESC":
        rows.reverse()
    return call.collection("history", rows, list_id=audience.id)


def _month(seconds):
    return clock.iso(seconds)[:7]


def _growth(audience, month, existing, joined, left):
    return {
        "list_id": audience.id,
        "month": month,
        "existing": existing,
        "imports": 0,
        "optins": joined,
        "subscribed": existing,
        "unsubscribed": left,
        "reconfirm": 0,
        "cleaned": 0,
        "pending": 0,
        "deleted": 0,
        "transactional": 0,
        "_links": links(f"/lists/{audience.id}/growth-history/{month}"),
    }


@route("GET", "/lists/<list_id>/activity")
def read_list_activity(call, list_id):
    """The last 180 days on which something happened, the newest first."""
    audience = call.audience(list_id)
    days = defaultdict(Counter)
    for member in audience.members.values():
        days[clock.iso(member.timestamp_opt)[:10]]["subs"] += 1
        days[clock.iso(member.unsubscribed_at)[:10]]["unsubs"] += 1
    for campaign in call.account.sent_campaigns(audience.id):
        days[clock.iso(campaign.send_time)[:10]]["sent"] += len(campaign.recipients)
        for event in campaign.events:
            days[clock.iso(event["at"])[:10]][event["action"]] += 1
    days.pop("", None)
    rows = [_day(day, days[day]) for day in sorted(days, reverse=True)]
    return call.collection("activity", rows[:DAYS_SHOWN], list_id=audience.id)


def _day(day, counts):
    return {
        "day": day,
        "emails_sent": counts["sent"],
        "unique_opens": counts["open"],
        "recipient_clicks": counts["click"],
        "hard_bounce": counts["bounce"],
        "soft_bounce": 0,
        "subs": counts["subs"],
        "unsubs": counts["unsubs"],
        "other_adds": 0,
        "other_removes": 0,
        "_links": [],
    }


@route("GET", "/reports/<campaign_id>/domain-performance")
def read_domains(call, campaign_id):
    """Figures by the domain of the recipients, the largest first."""
    campaign = get(call, campaign_id)
    people = defaultdict(list)
    for recipient in campaign.recipients:
        domain = recipient["email_address"].rpartition("@")[2].lower()
        people[domain].append(recipient["email_id"])
    sent = len(campaign.recipients)
    actions = ("bounce", "open", "click", "unsubscribe")
    events = {action: by_recipient(campaign, action) for action in actions}
    rows = [_domain(domain, keys, events, sent) for domain, keys in people.items()]
    rows.sort(key=lambda row: -row["emails_sent"])
    return {
        "domains": rows[:5],
        "total_sent": sent,
        "campaign_id": campaign.id,
        "total_items": len(rows[:5]),
        "_links": links(call.path),
    }


def _domain(domain, keys, events, sent):
    counts = {name: sum(key in found for key in keys) for name, found in events.items()}
    share = {name: count / len(keys) for name, count in counts.items()}
    return {
        "domain": domain,
        "emails_sent": len(keys),
        "bounces": counts["bounce"],
        "opens": counts["open"],
        "clicks": counts["click"],
        "unsubs": counts["unsubscribe"],
        "delivered": len(keys) - counts["bounce"],
        "emails_pct": len(keys) / sent,
        "bounces_pct": share["bounce"],
        "opens_pct": share["open"],
        "clicks_pct": share["click"],
        "unsubs_pct": share["unsubscribe"],
    }
