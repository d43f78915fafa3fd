"""What Mailchimp's reports say, as values and rows of Odoo. Pure functions.

https://mailchimp.com/developer/marketing/api/reports/
"""

from datetime import timedelta

import orjson

from .coerce import (
    as_map,
    clean_json,
    parse_datetime,
    real_number,
    remote_id,
    short_text,
    small_integer,
)

# Field of a campaign -> where the report has it.
COUNTS = {
    "opens_total": ("opens", "opens_total"),
    "unique_opens": ("opens", "unique_opens"),
    "clicks_total": ("clicks", "clicks_total"),
    "unique_clicks": ("clicks", "unique_clicks"),
    "unique_subscriber_clicks": ("clicks", "unique_subscriber_clicks"),
    "hard_bounces": ("bounces", "hard_bounces"),
    "soft_bounces": ("bounces", "soft_bounces"),
    "syntax_errors": ("bounces", "syntax_errors"),
    "unsubscribed": ("unsubscribed",),
    "abuse_reports": ("abuse_reports",),
    "forwards_count": ("forwards", "forwards_count"),
    "forwards_opens": ("forwards", "forwards_opens"),
    "facebook_likes": ("facebook_likes", "facebook_likes"),
    "facebook_recipient_likes": ("facebook_likes", "recipient_likes"),
    "facebook_unique_likes": ("facebook_likes", "unique_likes"),
    "total_orders": ("ecommerce", "total_orders"),
    "emails_sent": ("emails_sent",),
}
# Fractions of what was delivered, and averages of others to compare with.
RATES = {
    "open_rate": ("opens", "open_rate"),
    "click_rate": ("clicks", "click_rate"),
    "industry_open_rate": ("industry_stats", "open_rate"),
    "industry_click_rate": ("industry_stats", "click_rate"),
    "industry_bounce_rate": ("industry_stats", "bounce_rate"),
    "industry_unopen_rate": ("industry_stats", "unopen_rate"),
    "industry_unsub_rate": ("industry_stats", "unsub_rate"),
    "industry_abuse_rate": ("industry_stats", "abuse_rate"),
    # People a month, not shares
    "list_sub_rate": ("list_stats", "sub_rate"),
    "list_unsub_rate": ("list_stats", "unsub_rate"),
}
# From 0 to 100, unlike all the others.
PERCENTAGES = {
    "list_open_rate": ("list_stats", "open_rate"),
    "list_click_rate": ("list_stats", "click_rate"),
}
TIMES = {
    "last_open": ("opens", "last_open"),
    "last_click": ("clicks", "last_click"),
}
TEXTS = {
    "industry_type": ("industry_stats", "type"),
    "report_share_url": ("share_report", "share_url"),
}
# Kept as Mailchimp says them.
DETAILS = ("ab_split", "timewarp", "rss_last_send")

# More than any shop earns, and still exact to the cent
MAX_AMOUNT = 1e12
HOUR = timedelta(hours=1)
ACTIONS = frozenset({"open", "click", "bounce"})
BOUNCES = frozenset({"hard", "soft"})


def moment(value):
    """Parse a time of Mailchimp's to the second, False when it is none."""
    parsed = parse_datetime(value)
    return parsed and parsed.replace(microsecond=0)


def figures(data):
    """Return the figures of a report as values of a campaign, money aside.

    :param dict data: the report as Mailchimp sent it
    """
    details = {name: data[name] for name in DETAILS if data.get(name)}
    return {
        **{name: small_integer(_at(data, path)) for name, path in COUNTS.items()},
        **{name: real_number(_at(data, path)) for name, path in RATES.items()},
        **{
            name: real_number(_at(data, path)) / 100
            for name, path in PERCENTAGES.items()
        },
        **{name: moment(_at(data, path)) for name, path in TIMES.items()},
        **{name: short_text(_at(data, path)) for name, path in TEXTS.items()},
        "report_details": clean_json(details) or False,
    }


def money(data):
    """Return (currency code or None, what was spent, what was earned)."""
    shop = as_map(data.get("ecommerce"))
    code = short_text(shop.get("currency_code"))
    return (
        code,
        _amount(shop.get("total_spent")),
        _amount(shop.get("total_revenue")),
    )


def _amount(value):
    """Return a value that should be money as a float, 0 when it cannot be any."""
    number = real_number(value)
    return number if abs(number) <= MAX_AMOUNT else 0.0


def _at(data, path):
    for name in path[:-1]:
        data = as_map(data.get(name))
    return data.get(path[-1])


def hour_rows(data):
    """Return the first day of a report, hour by hour: a list of dicts."""
    rows = {}
    series = data.get("timeseries")
    for entry in map(as_map, series if isinstance(series, list) else ()):
        if at := moment(entry.get("timestamp")):
            rows[at] = {
                "hour_start": at,
                "emails_sent": small_integer(entry.get("emails_sent")),
                "unique_opens": small_integer(entry.get("unique_opens")),
                "recipients_clicks": small_integer(entry.get("recipients_clicks")),
            }
    for row in rows.values():
        row["hour"] = (row["hour_start"] - min(rows)) // HOUR + 1
    return list(rows.values())


def link_rows(items):
    """Return the links of a page of click-details, and how many entries are none.

    :param list items: ``urls_clicked`` as Mailchimp sent them
    """
    rows, odd = {}, 0
    for item in map(as_map, items):
        id_, url = remote_id(item.get("id")), short_text(item.get("url"))
        if not id_ or not url:
            odd += 1
            continue
        rows[id_] = {
            "mailchimp_id": id_,
            "url": url,
            "total_clicks": small_integer(item.get("total_clicks")),
            "click_percentage": real_number(item.get("click_percentage")),
            "unique_clicks": small_integer(item.get("unique_clicks")),
            "unique_click_percentage": real_number(item.get("unique_click_percentage")),
            "last_click": moment(item.get("last_click")) or None,
        }
    return list(rows.values()), odd


# === ACTIVITY === #


def activity_rows(items, sent_at=None):
    """Return what recipients did, and how many entries could not be understood.

    :param list items: ``emails`` of email-activity as Mailchimp sent them
    :param datetime sent_at: when they got it; None leaves those rows out
    :return: rows (list of dicts, see `_row`), how many are odd (int)
    """
    odd, people = 0, {}
    for item in map(as_map, items):
        email_id, activity = remote_id(item.get("email_id")), item.get("activity")
        if not email_id or not isinstance(activity, list):
            odd += 1
            continue
        events = [event for event in map(_event, activity) if event]
        odd += len(activity) - len(events)
        if sent_at:
            events.append(("sent", sent_at, "", "", ""))
        # Listed twice where pages moved: what came last is what is so.
        people[email_id] = events
    return _rows(people), odd


def unsubscribe_rows(items):
    """Return who opted out because of a campaign; see `activity_rows`.

    :param list items: ``unsubscribes`` as Mailchimp sent them
    """
    return _single_rows(items, "unsubscribe", "timestamp")


def abuse_rows(items):
    """Return who called a campaign spam; see `activity_rows`.

    :param list items: ``abuse_reports`` as Mailchimp sent them
    """
    return _single_rows(items, "abuse", "date")


def _single_rows(items, action, time_key):
    odd, people, reasons = 0, {}, {}
    for item in map(as_map, items):
        email_id, at = remote_id(item.get("email_id")), moment(item.get(time_key))
        if not email_id or not at:
            odd += 1
            continue
        people.setdefault(email_id, set()).add((action, at, "", "", ""))
        reasons[email_id, at] = short_text(item.get("reason"))
    rows = _rows(people)
    for row in rows:
        row["reason"] = reasons[row["email_id"], row["occurred_at"]]
    return rows, odd


def _event(entry):
    """Return (action, time, link, address, kind of bounce); None if it is none."""
    action = entry.get("action") if isinstance(entry, dict) else None
    if not isinstance(action, str) or action not in ACTIONS:
        return None
    at = moment(entry.get("timestamp"))
    kind = entry.get("type") if action == "bounce" else None
    return at and (
        action,
        at,
        short_text(entry.get("url")) or "",
        short_text(entry.get("ip")) or "",
        kind if isinstance(kind, str) and kind in BOUNCES else "",
    )


def _rows(people):
    """Number what one recipient did within one second, in an order that stays.

    :param dict people: {subscriber hash: events, see `_event`}
    """
    rows = []
    for email_id, events in people.items():
        last, number = None, 0
        for event in sorted(events):
            action, at, url, ip, kind = event
            number = number + 1 if (action, at) == last else 0
            last = (action, at)
            rows.append(
                {
                    "email_id": email_id,
                    "action": action,
                    "occurred_at": at,
                    "number": number,
                    "bounce_type": kind or None,
                    "url": url or None,
                    "ip": ip or None,
                    "reason": None,
                }
            )
    return rows


class Looked(list):
    """A page of email-activity of which only the rows are kept, ready to be stored.

    ``found`` has them as JSON, one document for each request, and how many are odd.
    """

    __slots__ = ("found",)

    def __init__(self, size, found):
        super().__init__([None] * size)
        self.found = found

    def __add__(self, other):
        return Looked(len(self) + len(other), self.found + other.found)


def looking_ahead(method, sent_at):
    """Return a method that lists email-activity, with its rows worked out.

    In the threads that read pages ahead, for the one that writes has enough to do; and
    what waits for it takes a fraction of the memory.

    :param method: of the client
    :param datetime sent_at: see `activity_rows`
    """

    def read(*args, **params):
        answer = method(*args, **params)
        items = as_map(answer).get("emails")
        if isinstance(items, list):
            rows, odd = activity_rows(items, sent_at)
            answer["emails"] = Looked(len(items), [(orjson.dumps(rows), odd)])
        return answer

    return read
