"""The figures of a sent campaign."""

from collections import Counter, defaultdict

from . import clock
from .call import links

HOURS = 24
LIKES = {"recipient_likes": 0, "unique_likes": 0, "facebook_likes": 0}
NO_SALES = {
    "total_orders": 0,
    "total_spent": 0,
    "total_revenue": 0,
    "currency_code": "EUR",
}
INDUSTRY = {
    "type": "Retail",
    "open_rate": 0.21,
    "click_rate": 0.023,
    "bounce_rate": 0.004,
    "unopen_rate": 0.78,
    "unsub_rate": 0.002,
    "abuse_rate": 0.0001,
}


class Tally:
    """What the events of a campaign add up to; each of them is looked at once.

    ``people`` are the events of each recipient, ``first_opens`` the hour in which
    somebody opened it first. Events may be added at the end.
    """

    def __init__(self, campaign):
        self.events, self.send_time = campaign.events, campaign.send_time
        self.people = defaultdict(list)
        self.counts, self.bounces, self.last = Counter(), Counter(), Counter()
        self.first_opens = {}
        self.clickers, self.clicks = set(), set()
        self.hourly_clicks = defaultdict(set)
        self._seen = 0

    def is_of(self, campaign):
        """:return bool: whether it still belongs to these events"""
        same = campaign.events is self.events and campaign.send_time == self.send_time
        return same and self._seen <= len(self.events)

    def go_on(self):
        """Look at the events that were added."""
        for event in self.events[self._seen :]:
            self._take(event, event["action"], event["id"], event["at"])
        self._seen = len(self.events)

    def _take(self, event, action, person, at):
        self.people[person].append(event)
        self.counts[action] += 1
        self.last[action] = max(self.last[action], at)
        hour = (at - self.send_time) // clock.HOUR
        if action == "open":
            self.first_opens[person] = min(hour, self.first_opens.get(person, hour))
        elif action == "click":
            self.clickers.add(person)
            self.clicks.add((person, event["url"]))
            self.hourly_clicks[hour].add(person)
        elif action == "bounce":
            self.bounces[event.get("type", "hard")] += 1


def tally(campaign):
    """:return Tally: of a campaign, current"""
    if campaign.tally is None or not campaign.tally.is_of(campaign):
        campaign.tally = Tally(campaign)
    campaign.tally.go_on()
    return campaign.tally


def summary(campaign):
    """:return dict: figures; rates are shares of what was delivered"""
    found = tally(campaign)
    delivered = max(1, len(campaign.recipients) - found.counts["bounce"])
    openers, clickers = len(found.first_opens), len(found.clickers)
    return {
        "opens": found.counts["open"],
        "unique_opens": openers,
        "open_rate": openers / delivered,
        "clicks": found.counts["click"],
        "subscriber_clicks": clickers,
        "click_rate": clickers / delivered,
        "ecommerce": {
            key: campaign.shop[key]
            for key in ("total_orders", "total_spent", "total_revenue")
        },
    }


def document(campaign):
    """:return dict: the report; rates are shares of what was delivered"""
    audience, found, figures = campaign.audience, tally(campaign), summary(campaign)
    return {
        "id": campaign.id,
        "campaign_title": campaign.settings["title"],
        "type": campaign.type,
        "list_id": campaign.list_id,
        "list_is_active": audience is not None,
        "list_name": audience.name if audience else "",
        "subject_line": campaign.settings["subject_line"],
        "preview_text": campaign.settings["preview_text"],
        "emails_sent": len(campaign.recipients),
        "abuse_reports": found.counts["abuse"],
        "unsubscribed": found.counts["unsubscribe"],
        "send_time": clock.iso(campaign.send_time),
        "bounces": _bounces(found),
        "forwards": {"forwards_count": 0, "forwards_opens": 0},
        "opens": _opens(found, figures),
        "clicks": _clicks(found, figures),
        "facebook_likes": dict(LIKES),
        "industry_stats": INDUSTRY,
        "list_stats": {
            "sub_rate": 12,
            "unsub_rate": 3,
            "open_rate": 34.2,
            "click_rate": 4.1,
        },
        "timeseries": _hours(campaign, found),
        "share_report": dict(campaign.share),
        "ecommerce": dict(campaign.shop),
        "delivery_status": campaign.delivery(),
        "_links": links(f"/reports/{campaign.id}"),
    }


def timeless(call, campaign, name, rows):
    """:return dict: a collection that has no pages"""
    return {
        name: rows,
        "campaign_id": campaign.id,
        "total_items": len(rows),
        "_links": links(call.path),
    }


def _bounces(tally):
    return {
        "hard_bounces": tally.bounces["hard"],
        "soft_bounces": tally.bounces["soft"],
        "syntax_errors": 0,
    }


def _opens(tally, summary):
    return {
        "opens_total": summary["opens"],
        "unique_opens": summary["unique_opens"],
        "open_rate": summary["open_rate"],
        "last_open": clock.iso(tally.last["open"]),
    }


def _clicks(tally, summary):
    return {
        "clicks_total": summary["clicks"],
        "unique_clicks": len(tally.clicks),
        "unique_subscriber_clicks": summary["subscriber_clicks"],
        "click_rate": summary["click_rate"],
        "last_click": clock.iso(tally.last["click"]),
    }


def _hours(campaign, tally):
    """The first day, hour by hour."""
    openers = Counter(tally.first_opens.values())
    return [
        {
            "timestamp": clock.iso(campaign.send_time + hour * clock.HOUR),
            "emails_sent": len(campaign.recipients) if hour == 0 else 0,
            "unique_opens": openers[hour],
            "recipients_clicks": len(tally.hourly_clicks.get(hour, ())),
        }
        for hour in range(HOURS)
    ]
