"""Webhooks: signature, retries, disorder."""

import hashlib
import hmac
import time

from support import ANN


def test_signature(sandbox, audience, hook, receiver):
    audience.add_member(ANN)
    sandbox.people.unsubscribe(audience, ANN)
    assert sandbox.webhooks.wait()
    [(headers, form)] = receiver.posts()
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["User-Agent"] == "MailChimp"
    stamp, _comma, digest = headers["X-Mailchimp-Signature"].partition(",")
    message = stamp.removeprefix("t=").encode() + b"." + form[""]
    secret = hook["signing_secret"].encode()
    expected = hmac.new(secret, message, hashlib.sha256).hexdigest()
    assert digest == f"v1={expected}"
    assert abs(int(stamp[2:]) - time.time()) < 60


def test_retries_over_75_minutes(sandbox, audience, hook, receiver, posts):
    receiver.status = 500
    sandbox.clock.freeze()
    start = sandbox.clock.now()
    audience.add_member(ANN)
    sandbox.people.unsubscribe(audience, ANN)
    posts()
    for wait in (60, 240, 600, 1200, 2400):
        sandbox.clock.advance(wait)
        posts()
    [delivery] = sandbox.webhooks.deliveries
    assert delivery.state == "failed"
    assert [status for _at, status in delivery.attempts] == [500] * 6
    assert delivery.attempts[-1][0] - start == 75 * 60


def test_retry_succeeds(sandbox, audience, hook, receiver, posts):
    receiver.status = 503
    sandbox.clock.freeze()
    audience.add_member(ANN)
    sandbox.people.unsubscribe(audience, ANN)
    posts()
    receiver.status = 200
    sandbox.clock.advance(60)
    posts()
    assert [entry.state for entry in sandbox.webhooks.deliveries] == ["delivered"]


def test_410_disables(sandbox, audience, hook, receiver, posts):
    receiver.status = 410
    audience.add_member(ANN)
    sandbox.people.unsubscribe(audience, ANN)
    assert len(posts()) == 1
    receiver.status = 200
    sandbox.people.delete_permanently(audience, ANN)
    sandbox.clock.advance(10_000)
    assert len(posts()) == 1


def test_copies_lost_and_held(sandbox, audience, posts):
    webhooks = sandbox.webhooks
    webhooks.copies = 2
    audience.add_member(ANN)
    sandbox.people.update_profile(audience, ANN, {"FNAME": "1"})
    first, second = posts()
    assert first[""] == second[""]
    webhooks.copies, webhooks.lose = 1, 1
    sandbox.people.update_profile(audience, ANN, {"FNAME": "2"})
    assert len(posts()) == 2
    webhooks.hold()
    webhooks.reverse = True
    for name in "34":
        sandbox.people.update_profile(audience, ANN, {"FNAME": name})
    assert len(webhooks.pending) == 2
    assert webhooks.deliver() == 2
    assert [form["data[merges][FNAME]"] for form in posts()[2:]] == ["4", "3"]


def test_campaign_event(client, account, audience, path, posts):
    audience.add_member(ANN)
    body = {
        "type": "regular",
        "recipients": {"list_id": audience.id},
        "settings": {
            "subject_line": "S",
            "from_name": "F",
            "reply_to": "r@harbour.test",
        },
    }
    made = client.post("/campaigns", body).json()
    client.put(f"/campaigns/{made['id']}/content", {"html": "<p>Hi</p>"})
    assert client.post(f"/campaigns/{made['id']}/actions/send").status_code == 204
    [form] = posts()
    assert (form["type"], form["data[status]"]) == ("campaign", "sent")
    assert (form["data[id]"], form["data[subject]"]) == (made["id"], "S")
