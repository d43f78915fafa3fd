"""What can be done with a campaign."""

from .. import clock, payloads, problems, validate
from ..call import links
from ..campaign import Campaign
from ..changes import fire
from ..routing import route
from .campaigns import get

ACTIONS = "/campaigns/<campaign_id>/actions/"
QUARTER = 15 * clock.MINUTE
MOST_TEST_MAILS = 20
# https://mailchimp.com/help/schedule-batch-delivery/
BATCHES = range(2, 27)
BATCH_DELAYS = (5, 10, 15, 20, 25, 30, 60)


def checks(campaign):
    """:return list: of type, heading and details; errors forbid to send"""
    settings = campaign.settings
    entries = [
        _check(campaign.audience is not None, "List", "recipients not ready"),
        _check(
            campaign.counted() and bool(campaign.targets()),
            "Recipients",
            "no recipients" if campaign.counted() else "recipients not ready",
        ),
        _check(bool(settings["subject_line"]), "Subject", "subject line missing"),
        _check(bool(settings["from_name"]), "From name", "from name missing"),
        _check(
            _verified(campaign),
            "Reply-to address",
            f"address(es) - {settings['reply_to'] or 'missing'}",
        ),
        _check(campaign.has_content(), "Content", "no content"),
    ]
    if "*|UNSUB|*" not in campaign.html:
        entries.append(("warning", "Content", "A footer will be added."))
    return entries


def _verified(campaign):
    """:return bool: whether Mailchimp would send from this address"""
    _name, at, domain = campaign.settings["reply_to"].rpartition("@")
    verified = campaign.account.verified_domains
    return bool(at) and (verified is None or domain.lower() in verified)


def _check(good, heading, details):
    return ("success" if good else "error", heading, "" if good else details)


def require_ready(campaign):
    """:raise Problem: 400 that tells why it cannot be sent"""
    reasons = [details for kind, _h, details in checks(campaign) if kind == "error"]
    if reasons:
        raise problems.bad_request(
            f"Your Campaign is not ready to send. {', '.join(dict.fromkeys(reasons))}"
        )


def require_status(campaign, *statuses):
    """:raise Problem: 400 when the campaign is in another state"""
    if campaign.status not in statuses:
        raise problems.bad_request(
            f"This action is not available in status {campaign.status}."
        )


@route("GET", "/campaigns/<campaign_id>/send-checklist")
def read_checklist(call, campaign_id):
    """Whether it could be sent, and why not."""
    found = checks(get(call, campaign_id))
    items = [
        {"type": kind, "id": number, "heading": heading, "details": details}
        for number, (kind, heading, details) in enumerate(found, start=1)
    ]
    ready = all(item["type"] != "error" for item in items)
    return {"is_ready": ready, "items": items, "_links": links(call.path)}


@route("POST", ACTIONS + "send")
def send(call, campaign_id):
    """Send it now."""
    campaign = get(call, campaign_id)
    require_status(campaign, "save", "paused")
    require_ready(campaign)
    campaign.send(call.now)
    _tell(campaign, "sent")


@route("POST", ACTIONS + "test")
def send_test(call, campaign_id):
    """Send a test."""
    campaign = get(call, campaign_id)
    body = call.object()
    validate.typed(body, test_emails=list, send_type=str)
    validate.require(body, "test_emails", "send_type")
    validate.one_of(body, "send_type", ("html", "plaintext"))
    if not 0 < len(body["test_emails"]) <= MOST_TEST_MAILS:
        raise problems.invalid_field("test_emails", validate.BLANK)
    if not campaign.has_content():
        raise problems.bad_request("Your Campaign is not ready to send. no content")
    for email in body["test_emails"]:
        call.sandbox.monitor.mail("test", campaign.list_id, email, call.now)


@route("POST", ACTIONS + "schedule")
def schedule(call, campaign_id):
    """Send it later, on a quarter of an hour."""
    campaign = get(call, campaign_id)
    body = call.object()
    validate.require(body, "schedule_time")
    at = validate.moment(body, "schedule_time")
    if at % QUARTER:
        raise problems.invalid_field(
            "schedule_time", "Campaigns may only be scheduled on the quarter-hour."
        )
    if at <= call.now:
        raise problems.invalid_field("schedule_time", "The time is in the past.")
    require_status(campaign, "save", "paused")
    require_ready(campaign)
    campaign.batches, campaign.batch_delay = _batches(campaign, body)
    campaign.send_time = at
    campaign.stored_status = "schedule"
    campaign.settings["timewarp"] = bool(body.get("timewarp", False))


def _batches(campaign, body):
    """:return tuple: how many times it is sent, and the seconds between them"""
    validate.typed(body, batch_delivery=dict, timewarp=bool)
    asked = body.get("batch_delivery")
    if not asked:
        return 1, 0
    validate.require(body, "batch_delivery.batch_count", "batch_delivery.batch_delay")
    validate.typed(asked, batch_count=int, batch_delay=int)
    if body.get("timewarp"):
        detail = "Batch Delivery cannot be used with Timewarp."
        raise problems.invalid_field("batch_delivery", detail)
    if campaign.type != "regular":
        detail = "Batch Delivery is for regular campaigns only."
        raise problems.invalid_field("batch_delivery", detail)
    if asked["batch_count"] not in BATCHES:
        detail = "batch_count must be between 2 and 26"
        raise problems.invalid_field("batch_delivery.batch_count", detail)
    if asked["batch_delay"] not in BATCH_DELAYS:
        known = ", ".join(map(str, BATCH_DELAYS))
        detail = f"batch_delay can be one of the following: {known}"
        raise problems.invalid_field("batch_delivery.batch_delay", detail)
    return asked["batch_count"], asked["batch_delay"] * clock.MINUTE


@route("POST", ACTIONS + "unschedule")
def unschedule(call, campaign_id):
    """Back to saved."""
    campaign = get(call, campaign_id)
    require_status(campaign, "schedule")
    campaign.stored_status, campaign.send_time = "save", 0
    campaign.batches, campaign.batch_delay = 1, 0


@route("POST", ACTIONS + "cancel-send")
def cancel(call, campaign_id):
    """Stop what is being sent; some plans only."""
    campaign = get(call, campaign_id)
    if call.account.plan == "forever_free":
        detail = "Your plan does not include this feature."
        raise problems.Problem(403, "Authorization Failure", detail)
    require_status(campaign, "sending", "sent")
    campaign.stored_status = "canceled"
    _tell(campaign, "canceled")


@route("POST", ACTIONS + "pause")
def pause(call, campaign_id):
    """Stop an RSS campaign for a while."""
    campaign = get(call, campaign_id)
    require_status(campaign, "schedule", "sending", "save")
    campaign.stored_status = "paused"


@route("POST", ACTIONS + "resume")
def resume(call, campaign_id):
    """Go on with an RSS campaign."""
    campaign = get(call, campaign_id)
    require_status(campaign, "paused")
    campaign.stored_status = "schedule" if campaign.send_time else "save"


@route("POST", ACTIONS + "replicate")
def replicate(call, campaign_id):
    """A copy that is not sent."""
    source = get(call, campaign_id)
    return _copy(call, source, f"{source.settings['title']} (copy 01)").document()


@route("POST", ACTIONS + "create-resend")
def resend(call, campaign_id):
    """A copy for those who did not open."""
    source = get(call, campaign_id)
    require_status(source, "sent")
    copy = _copy(call, source, f"{source.settings['title']} (resend)")
    copy.parent_id = source.id
    return copy.document()


def _copy(call, source, title):
    copy = Campaign(call.account, source.type)
    copy.list_id = source.list_id
    copy.segment_opts = dict(source.segment_opts)
    copy.settings = {**source.settings, "title": title}
    copy.tracking = dict(source.tracking)
    copy.extras = dict(source.extras)
    copy.content_type = source.content_type
    copy.html, copy.plain_text = source.html, source.plain_text
    copy.variants = list(source.variants)
    call.account.campaigns[copy.id] = copy
    return copy


def _tell(campaign, status):
    subject = campaign.settings["subject_line"]
    data = payloads.campaign(campaign.list_id, campaign.id, subject, status)
    fire(campaign.audience, "campaign", "api", data)
