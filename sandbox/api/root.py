"""Ping and the account itself."""

from .. import clock
from ..call import links
from ..routing import route


@route("GET", "/ping")
def ping(_call):
    """Say that the key works."""
    return {"health_status": "Everything's Chimpy!"}


@route("GET", "/")
def read_root(call):
    """Who the key belongs to."""
    account = call.account
    return {
        "account_id": account.id,
        "login_id": account.id[:10],
        "account_name": account.name,
        "email": account.email,
        "first_name": "Robin",
        "last_name": "Owner",
        "username": account.email,
        "avatar_url": "",
        "role": account.role,
        "member_since": clock.iso(account.since),
        "pricing_plan_type": account.plan,
        "first_payment": clock.iso(account.since),
        "account_timezone": "Europe/Berlin",
        "account_industry": "Retail",
        "contact": {
            "company": account.name,
            "addr1": "1 Harbour Street",
            "addr2": "",
            "city": "Hamburg",
            "state": "Hamburg",
            "zip": "20095",
            "country": "DE",
        },
        "pro_enabled": False,
        "last_login": clock.iso(call.now),
        "total_subscribers": account.subscribers,
        "industry_stats": {"open_rate": 0.21, "bounce_rate": 0.01, "click_rate": 0.03},
        "_links": links("/"),
    }
