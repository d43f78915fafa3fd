"""The figures of a sent campaign."""

from . import clock
from .call import links

HOURS = 24
LIKES = {"recipient_likes": 0, "unique_likes": 0, "facebook_likes": 0}
INDUSTRY = {
    "type": "Retail",
    "open_rate": 0.21,
    "click_rate": 0.023,
    "bounce_rate": 0.004,
    "unopen_rate": 0.78,
    "unsub_rate": 0.002,
    "abuse_rate": 0.0001,
}


def document(campaign):
    """:return dict: the report; rates are shares of what was delivered"""
    audience = campaign.audience
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
        "abuse_reports": len(campaign.of("abuse")),
        "unsubscribed": len(campaign.of("unsubscribe")),
        "send_time": clock.iso(campaign.send_time),
        "bounces": _bounces(campaign),
        "forwards": {"forwards_count": 0, "forwards_opens": 0},
        "opens": _opens(campaign),
        "clicks": _clicks(campaign),
        "facebook_likes": dict(LIKES),
        "industry_stats": INDUSTRY,
        "list_stats": {
            "sub_rate": 12,
            "unsub_rate": 3,
            "open_rate": 34.2,
            "click_rate": 4.1,
        },
        "timeseries": _hours(campaign),
        "share_report": {"share_url": "", "share_password": ""},
        "ecommerce": {
            "total_orders": 0,
            "total_spent": 0,
            "total_revenue": 0,
            "currency_code": "EUR",
        },
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


def _last(events):
    return clock.iso(max((event["at"] for event in events), default=0))


def _bounces(campaign):
    kinds = [event.get("type", "hard") for event in campaign.of("bounce")]
    return {
        "hard_bounces": kinds.count("hard"),
        "soft_bounces": kinds.count("soft"),
        "syntax_errors": 0,
    }


def _opens(campaign):
    summary = campaign.summary()
    return {
        "opens_total": summary["opens"],
        "unique_opens": summary["unique_opens"],
        "open_rate": summary["open_rate"],
        "last_open": _last(campaign.of("open")),
    }


def _clicks(campaign):
    summary, events = campaign.summary(), campaign.of("click")
    return {
        "clicks_total": summary["clicks"],
        "unique_clicks": len({(event["id"], event["url"]) for event in events}),
        "unique_subscriber_clicks": summary["subscriber_clicks"],
        "click_rate": summary["click_rate"],
        "last_click": _last(events),
    }


def _hours(campaign):
    """The first day, hour by hour."""
    rows = []
    seen = set()
    for hour in range(HOURS):
        start = campaign.send_time + hour * clock.HOUR
        events = [e for e in campaign.events if start <= e["at"] < start + clock.HOUR]
        openers = {e["id"] for e in events if e["action"] == "open"} - seen
        seen |= openers
        rows.append(
            {
                "timestamp": clock.iso(start),
                "emails_sent": len(campaign.recipients) if hour == 0 else 0,
                "unique_opens": len(openers),
                "recipients_clicks": len(
                    {e["id"] for e in events if e["action"] == "click"}
                ),
            }
        )
    return rows
