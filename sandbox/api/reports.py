"""What became of sent campaigns."""

from collections import Counter, defaultdict

from .. import clock, validate
from ..call import links
from ..ids import md5
from ..report import document, tally, timeless
from ..routing import route

ONE = "/reports/<campaign_id>"


def get(call, campaign_id):
    """:return Campaign: a sent one
    :raise Problem: 404
    """
    campaign = validate.get(call.account.campaigns, campaign_id)
    return validate.get({"sent": campaign}, campaign.status)


def collection(call, campaign, name, rows, **extra):
    """:return dict: a page of rows of a report"""
    return call.collection(name, rows, campaign_id=campaign.id, **extra)


def row(campaign, recipient, *, merges=True):
    """:return dict: the columns that most reports share"""
    data = {
        "email_id": recipient["email_id"],
        "email_address": recipient["email_address"],
        "campaign_id": campaign.id,
        "list_id": campaign.list_id,
        "list_is_active": campaign.audience is not None,
        "_links": [],
    }
    if merges:
        data["merge_fields"] = recipient["merge_fields"]
        data["vip"] = recipient["vip"]
    return data


def by_recipient(campaign, *actions, since=None):
    """:return dict: lists of events by the id of their recipient"""
    found = defaultdict(list)
    for event in campaign.events:
        if event["action"] in actions and (since is None or event["at"] > since):
            found[event["id"]].append(event)
    return found


@route("GET", "/reports")
def read_reports(call):
    """Reports of all sent campaigns."""
    kind = call.query.get("type")
    since, before = call.moment("since_send_time"), call.moment("before_send_time")
    found = [
        campaign
        for campaign in call.account.campaigns.values()
        if campaign.status == "sent"
        and kind in (None, campaign.type)
        and (since is None or campaign.send_time > since)
        and (before is None or campaign.send_time < before)
    ]
    answer = call.collection("reports", found)
    answer["reports"] = [document(campaign) for campaign in answer["reports"]]
    return answer


@route("GET", ONE)
def read_report(call, campaign_id):
    """The figures of one campaign."""
    return document(get(call, campaign_id))


@route("GET", ONE + "/email-activity")
def read_email_activity(call, campaign_id):
    """What every recipient did; those who did nothing are there too."""
    campaign = get(call, campaign_id)
    since = call.moment("since")
    answer = collection(call, campaign, "emails", campaign.recipients)
    answer["emails"] = [
        {
            **row(campaign, recipient, merges=False),
            "activity": campaign.activity(recipient["email_id"], since),
        }
        for recipient in answer["emails"]
    ]
    return answer


@route("GET", ONE + "/email-activity/<subscriber_hash>")
def read_one_activity(call, campaign_id, subscriber_hash):
    """What one recipient did."""
    campaign = get(call, campaign_id)
    people = {r["email_id"]: r for r in campaign.recipients}
    recipient = validate.get(people, subscriber_hash)
    activity = campaign.activity(subscriber_hash, call.moment("since"))
    return {**row(campaign, recipient, merges=False), "activity": activity}


@route("GET", ONE + "/sent-to")
def read_sent_to(call, campaign_id):
    """All recipients and whether it arrived."""
    campaign = get(call, campaign_id)
    people = tally(campaign).people
    answer = collection(call, campaign, "sent_to", campaign.recipients)
    rows = []
    for recipient in answer["sent_to"]:
        events = people.get(recipient["email_id"], ())
        opened = [event["at"] for event in events if event["action"] == "open"]
        bounces = [event for event in events if event["action"] == "bounce"]
        status = bounces[0].get("type", "hard") if bounces else "sent"
        data = row(campaign, recipient)
        data.update(
            status=status,
            open_count=len(opened),
            last_open=clock.iso(max(opened, default=0)),
            gmt_offset=0,
        )
        rows.append(data)
    answer["sent_to"] = rows
    return answer


@route("GET", ONE + "/unsubscribed")
def read_unsubscribed(call, campaign_id):
    """Who opted out because of it."""
    campaign = get(call, campaign_id)
    rows = []
    for recipient, event in _pairs(campaign, "unsubscribe"):
        data = row(campaign, recipient)
        data.update(timestamp=clock.iso(event["at"]), reason=event.get("reason", ""))
        rows.append(data)
    return collection(call, campaign, "unsubscribes", rows)


@route("GET", ONE + "/abuse-reports")
def read_abuse(call, campaign_id):
    """Who called it spam; this collection has no pages."""
    campaign = get(call, campaign_id)
    rows = []
    for number, (recipient, event) in enumerate(_pairs(campaign, "abuse"), start=1):
        data = row(campaign, recipient)
        data.update(id=number, date=clock.iso(event["at"]))
        rows.append(data)
    return {
        "abuse_reports": rows,
        "campaign_id": campaign.id,
        "total_items": len(rows),
        "_links": links(call.path),
    }


def _pairs(campaign, action):
    people = {r["email_id"]: r for r in campaign.recipients}
    events = campaign.of(action)
    return [(people[e["id"]], e) for e in events if e["id"] in people]


@route("GET", ONE + "/open-details")
def read_opens(call, campaign_id):
    """Who opened it, and when."""
    campaign = get(call, campaign_id)
    opens = by_recipient(campaign, "open", since=call.moment("since"))
    rows = []
    for recipient in campaign.recipients:
        events = opens.get(recipient["email_id"])
        if events:
            stamps = [{"timestamp": clock.iso(event["at"])} for event in events]
            data = {**row(campaign, recipient), "opens": stamps}
            data.update(contact_status=_status(campaign, recipient))
            rows.append({**data, "opens_count": len(stamps)})
    if call.choice("sort_field", ("opens_count",)):
        down = call.choice("sort_dir", ("ASC", "DESC")) == "DESC"
        rows.sort(key=lambda data: data["opens_count"], reverse=down)
    total = sum(len(events) for events in opens.values())
    return collection(call, campaign, "members", rows, total_opens=total)


def _status(campaign, recipient):
    audience = campaign.audience
    member = audience.members.get(recipient["email_id"]) if audience else None
    return member.status if member else "archived"


# === CLICKS === #


def _urls(campaign):
    """:return dict: click events by the id of their link"""
    found = defaultdict(list)
    for event in campaign.of("click"):
        found[md5(event["url"])[:10]].append(event)
    return found


def _link(campaign, key, events):
    total = max(1, len(campaign.of("click")))
    people = {event["id"] for event in events}
    everybody = max(1, len({event["id"] for event in campaign.of("click")}))
    return {
        "id": key,
        "url": events[0]["url"],
        "total_clicks": len(events),
        "click_percentage": len(events) / total,
        "unique_clicks": len(people),
        "unique_click_percentage": len(people) / everybody,
        "last_click": clock.iso(max(event["at"] for event in events)),
        "campaign_id": campaign.id,
        "_links": [],
    }


@route("GET", ONE + "/click-details")
def read_clicks(call, campaign_id):
    """Links and how often they were followed."""
    campaign = get(call, campaign_id)
    rows = [_link(campaign, key, events) for key, events in _urls(campaign).items()]
    return collection(call, campaign, "urls_clicked", rows)


@route("GET", ONE + "/click-details/<link_id>")
def read_link(call, campaign_id, link_id):
    """One link."""
    campaign = get(call, campaign_id)
    return _link(campaign, link_id, validate.get(dict(_urls(campaign)), link_id))


@route("GET", ONE + "/click-details/<link_id>/members")
def read_clickers(call, campaign_id, link_id):
    """Who followed a link how often, without times."""
    campaign = get(call, campaign_id)
    events = validate.get(dict(_urls(campaign)), link_id)
    clicks = Counter(event["id"] for event in events)
    rows = []
    for recipient in campaign.recipients:
        if recipient["email_id"] in clicks:
            data = row(campaign, recipient)
            data.update(clicks=clicks[recipient["email_id"]], url_id=link_id)
            rows.append({**data, "contact_status": _status(campaign, recipient)})
    return collection(call, campaign, "members", rows)


# === THE REST === #


@route("GET", ONE + "/sub-reports")
def read_sub_reports(call, campaign_id):
    """Reports of children: resends."""
    campaign = get(call, campaign_id)
    children = [
        c for c in call.account.campaigns.values() if c.parent_id == campaign.id
    ]
    rows = [document(child) for child in children if child.status == "sent"]
    return timeless(call, campaign, "reports", rows)


@route("GET", ONE + "/advice")
def read_advice(call, campaign_id):
    """Mailchimp's opinion."""
    advice = [{"type": "neutral", "message": "Your list engagement is about average."}]
    return timeless(call, get(call, campaign_id), "advice", advice)


@route("GET", ONE + "/locations")
def read_locations(call, campaign_id):
    """Where it was opened."""
    campaign = get(call, campaign_id)
    rows = [
        {
            "country_code": "US",
            "region": "",
            "region_name": "Rest of Country",
            "opens": campaign.summary()["unique_opens"],
        }
    ]
    return collection(call, campaign, "locations", rows)
