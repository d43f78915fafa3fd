"""A believable company: three audiences, 5,000 members, templates, campaigns, reports.

The same on every run, but for dates, which are relative to the day it is made.
"""

import random

from . import clock, generate, pictures, variants
from .campaign import Campaign, Template

COMPANY = "Harbour & Vine Trading"
CONTACT = {
    "company": COMPANY,
    "address1": "14 Harbour Street",
    "city": "Galway",
    "state": "Galway",
    "zip": "H91 AB12",
    "country": "IE",
}
SENDER = {
    "from_name": "Harbour & Vine",
    "from_email": "hello@harbourvine.example",
    "subject": "",
    "language": "en",
}
PERMISSIONS = {
    "3f1a9c27d0": "Email",
    "8b02e6714c": "Direct mail",
    "c95d7e4a18": "Customized online advertising",
}
EVERY_TYPE = (
    ("COMPANY", "text", {"name": "Company"}),
    ("SPENT", "number", {"name": "Spent so far"}),
    ("SINCE", "date", {"name": "Customer since"}),
    ("WEBSITE", "url", {"name": "Website"}),
    ("PHOTO", "imageurl", {"name": "Photo"}),
    (
        "COLOUR",
        "radio",
        {"name": "Wine colour", "options": {"choices": ["Red", "White"]}},
    ),
    (
        "SHOP",
        "dropdown",
        {
            "name": "Favourite shop",
            "options": {"choices": ["Galway", "Hamburg", "Lyon", "Online"]},
        },
    ),
    ("USZIP", "zip", {"name": "US ZIP code"}),
)
AUDIENCES = (
    {
        "name": "Harbour & Vine Newsletter",
        "list_rating": 4,
        "members": 3700,
        "tags": ("VIP", "Wine club", "Lapsed", "Münchner Stammtisch", "顧客"),
        "interests": (
            ("Topics", ("Wine", "Cheese", "Recipes, quick", "Travel"), "checkboxes"),
            ("How often", ("Weekly", "Monthly"), "radio"),
        ),
        "permissions": PERMISSIONS,
    },
    {
        "name": "Trade Partners",
        "list_rating": 5,
        "double_optin": True,
        "members": 900,
        "tags": ("Distributor", "Restaurant", "Press"),
        "interests": (("Role", ("Buyer", "Sommelier", "Owner"), "dropdown"),),
    },
    {
        "name": "Tastings & Events",
        "list_rating": 3,
        "members": 300,
        "tags": ("Spring tasting", "Harvest dinner"),
        "interests": (),
    },
)
SHARED = 100
HTML = (
    '<html><body><h1 mc:edit="title">{title}</h1><div mc:edit="body">Dear '
    '*|FNAME|*, {text}</div><p><a href="https://harbourvine.example/shop">Shop</a> '
    '<a href="https://harbourvine.example/events">Events</a></p>'
    '<p mc:edit="footer"><a href="*|UNSUB|*">Unsubscribe</a></p></body></html>'
)
TEMPLATES = (
    ("Monthly letter", "what ripened this month."),
    ("Invitation", "we would like to see you at the long table."),
    ("Price list", "these are the new trade prices."),
)
# Title, audience, template, days ago (negative: to come; None: a draft).
CAMPAIGNS = (
    ("Spring arrivals", 0, 0, 62),
    ("Cheese & Wine, part one", 0, 0, 27),
    ("Trade price list", 1, 2, 16),
    ("Invitation: harvest dinner", 2, 1, 9),
    ("Cheese & Wine, part two", 0, 0, 3),
    ("Last seats at the long table", 2, 1, 1),
    ("Winter preview", 0, 0, -6),
    ("New vintages (draft)", 1, 2, None),
)
# An A/B test: title, audience, template, days ago, and what is compared.
TEST = ("Wine for the feast", 0, 0, 12)
SUBJECTS = ("What do you pour at Christmas?", "Twelve bottles for the feast")
DESIGNS = ("Photo of the cellar", "Only text")
URLS = ("https://harbourvine.example/shop", "https://harbourvine.example/events")


def build(account):
    """Fill an account.

    :return dict: what it has: audiences with members by status, campaigns, templates
    """
    rng = random.Random("harbour")
    audiences = [_audience(account, dict(plan)) for plan in AUDIENCES]
    _odd_addresses(audiences[0], rng)
    _share(audiences[0], audiences[2], rng)
    folder = account.sandbox.ids.hex(10)
    account.folders[folder] = ("template", "House style")
    templates = [_template(account, folder, *plan) for plan in TEMPLATES]
    _mailchimps_own(account)
    for plan in CAMPAIGNS:
        _campaign(account, audiences, templates, plan)
    _campaign(account, audiences, templates, TEST, compare=True)
    return {
        "api_key": account.api_key,
        "audiences": [
            {
                "id": a.id,
                "name": a.name,
                "counts": {k: n for k, n in a.counts.items() if n},
            }
            for a in audiences
        ],
        "templates": len(account.templates),
        "campaigns": len(account.campaigns),
    }


def _audience(account, plan):
    count, tags = plan.pop("members"), plan.pop("tags")
    groups = plan.pop("interests")
    audience = account.add_audience(
        plan.pop("name"), contact=CONTACT, campaign_defaults=SENDER, **plan
    )
    audience.date_created -= 900 * clock.DAY
    fields = EVERY_TYPE if groups and "permissions" in plan else EVERY_TYPE[:2]
    for tag, kind, values in fields:
        audience.add_merge_field(tag, kind, **values)
    for title, names, kind in groups:
        audience.add_interests(title, names, kind)
    audience.fill(count, tags=tags)
    conditions = {
        "match": "all",
        "conditions": [
            {
                "condition_type": "TextMerge",
                "field": "LNAME",
                "op": "blank_not",
                "value": "",
            }
        ],
    }
    audience.add_segment("Everybody with a last name", "saved", conditions)
    audience.schema_changed()
    return audience


def _odd_addresses(audience, rng):
    """Capitals and plus signs, as people type them."""
    for member in rng.sample(list(audience.members.values()), 60):
        changed = member.last_changed
        local, _at, domain = member.email.partition("@")
        if rng.random() < 0.5:
            audience.rename(member, f"{local}+letters@{domain}")
        else:
            audience.rename(member, f"{local.title()}@{domain.upper()}")
        member.last_changed = changed


def _share(source, target, rng):
    """Some people are in two audiences, with a status of their own in each."""
    for member in rng.sample(list(source.members.values()), SHARED):
        generate.copy(target, member, rng)


def _template(account, folder, name, text):
    html = HTML.format(title=name, text=text)
    template = Template(account, name, html, folder_id=folder)
    return _old(account, template)


def _mailchimps_own(account):
    """One that was made in the editor, and some by Mailchimp."""
    dragged = Template(account, "Shop news", HTML.format(title="Shop news", text="…"))
    dragged.drag_and_drop = True
    _old(account, dragged)
    for kind, name in (("base", "1 Column"), ("gallery", "Minimal")):
        _old(account, Template(account, name, HTML.format(title=name, text="…"), kind))


def _old(account, template):
    template.date_created -= 400 * clock.DAY
    template.thumbnail = pictures.path(template)
    account.templates[template.id] = template
    return template


def _campaign(account, audiences, templates, plan, compare=False):
    title, audience, template, days = plan
    campaign = Campaign(account, "regular")
    campaign.list_id = audiences[audience].id
    campaign.settings.update(
        title=title,
        subject_line=f"{title} 🍇",
        preview_text="Fresh from the harbour.",
        from_name=SENDER["from_name"],
        reply_to=SENDER["from_email"],
        template_id=templates[template].id,
    )
    campaign.html = templates[template].html
    campaign.plain_text = f"{title}\nDear *|FNAME|*"
    if compare:
        variants.compare(campaign, SUBJECTS, DESIGNS, winner=2)
    account.campaigns[campaign.id] = campaign
    now = account.sandbox.clock.now()
    if days is None:
        return
    at = now - days * clock.DAY
    at -= at % (15 * clock.MINUTE)
    campaign.create_time = min(now, at) - clock.DAY
    if days < 0:
        campaign.stored_status, campaign.send_time = "schedule", at
        return
    campaign.send(at)
    _live(campaign, audiences[audience], random.Random(title), now)


def _live(campaign, audience, rng, now):
    """People open, click, bounce, opt out: those who are gone today left here."""
    people = [m for m in audience.members.values() if m.status == "subscribed"]
    for member in audience.members.values():
        if member.status == "unsubscribed" and member.origin == "user":
            if rng.random() < 0.06:
                people.append(member)
                _leave(campaign, member, rng, now)
        elif member.status == "cleaned" and rng.random() < 0.2:
            people.append(member)
            at = campaign.send_time + 120
            campaign.record("bounce", member, at, type="hard")
    campaign.recipients = [
        {
            "email_id": member.id,
            "email_address": member.email,
            "merge_fields": dict(member.merges),
            "vip": member.vip,
        }
        for member in people
    ]
    for member in people:
        if member.status == "subscribed":
            _read(campaign, member, rng, now)
    campaign.events.sort(key=lambda event: event["at"])


def _read(campaign, member, rng, now):
    if rng.random() < 0.004:
        campaign.record("bounce", member, campaign.send_time + 90, type="soft")
    elif rng.random() < 0.36:
        at = campaign.send_time + int(rng.expovariate(1 / (6 * clock.HOUR)))
        for _turn in range(1 + int(rng.expovariate(1.2))):
            campaign.record("open", member, min(at, now - 60))
            at += rng.randrange(clock.DAY)
        if rng.random() < 0.14:
            url = URLS[rng.random() < 0.3]
            campaign.record("click", member, min(at, now - 30), url=url)


def _leave(campaign, member, rng, now):
    at = min(campaign.send_time + rng.randrange(clock.DAY), now - 60)
    campaign.record("open", member, at)
    campaign.record("unsubscribe", member, at + 20, reason=member.reason)
    member.unsubscribed_at = member.last_changed = at + 20
    if rng.random() < 0.05:
        campaign.record("abuse", member, at + 25)
        member.origin, member.reason = "complaint", "Marked as spam"
