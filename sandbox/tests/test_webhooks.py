"""Webhooks: registration, what fires, delivery."""

import time

import pytest
from support import ANN, EVENTS, SOURCES

# === REGISTRATION === #


def test_url_is_checked(client, path, receiver):
    body = {"url": receiver.url, "events": EVENTS, "sources": SOURCES}
    made = client.post(f"{path}/webhooks", body)
    assert made.status_code == 200
    method, headers, _form = receiver.seen[0]
    assert method == "GET"
    assert headers["User-Agent"] == "MailChimp.com WebHook Validator"
    receiver.status = 404
    body["url"] += "/other"
    answer = client.post(f"{path}/webhooks", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "url"


def test_dead_url(client, path):
    body = {"url": "http://127.0.0.1:9/", "events": EVENTS, "sources": SOURCES}
    assert client.post(f"{path}/webhooks", body).status_code == 400


def test_the_checked_server_may_call_back(client, account, path, receiver, monkeypatch):
    """Registration does not hold the lock while it waits for somebody else."""
    seen = []

    def answer_slowly(handler):
        seen.append(client.get("/ping").status_code)
        original(handler)

    original = receiver.RequestHandlerClass.do_GET
    monkeypatch.setattr(receiver.RequestHandlerClass, "do_GET", answer_slowly)
    body = {"url": receiver.url, "events": EVENTS, "sources": SOURCES}
    assert client.post(f"{path}/webhooks", body).status_code == 200
    assert seen == [200]


def test_secret_is_told_once(client, path, hook):
    assert hook["signing_enabled"] is True
    assert len(hook["signing_secret"]) == 64
    assert "signing_secret" not in client.get(f"{path}/webhooks/{hook['id']}").json()
    [listed] = client.get(f"{path}/webhooks").json()["webhooks"]
    assert "signing_secret" not in listed


def test_without_signing(client, account, path, receiver, sandbox):
    account.webhook_signing = False
    body = {"url": receiver.url, "events": EVENTS, "sources": SOURCES}
    assert "signing_secret" not in client.post(f"{path}/webhooks", body).json()
    client.post(f"{path}/members", {"email_address": ANN, "status": "subscribed"})
    assert sandbox.webhooks.wait()
    assert "X-Mailchimp-Signature" not in receiver.posts()[0][0]


def test_same_url_twice(client, path, hook, receiver):
    body = {"url": receiver.url, "events": EVENTS, "sources": SOURCES}
    answer = client.post(f"{path}/webhooks", body)
    assert answer.status_code == 400
    assert "multiple WebHooks" in answer.json()["detail"]


def test_change_and_delete(client, path, hook, posts, sandbox, audience):
    one = f"{path}/webhooks/{hook['id']}"
    answer = client.patch(one, {"events": {"subscribe": False}}).json()
    assert answer["events"]["subscribe"] is False
    assert answer["events"]["cleaned"] is True
    audience.add_member(ANN)
    assert client.delete(one).status_code == 204
    sandbox.people.unsubscribe(audience, ANN)
    assert posts() == []


# === WHAT FIRES === #


def test_subscribe(client, audience, path, posts):
    category = audience.add_interests("Topics", ["Wine", "Cheese"])
    wine = next(iter(category.interests))
    address = {"addr1": "1 Quay", "city": "Galway", "state": "G", "zip": "H91"}
    body = {
        "email_address": ANN,
        "status": "subscribed",
        "merge_fields": {"FNAME": "Ann", "ADDRESS": address},
        "interests": {wine: True},
    }
    member = client.post(f"{path}/members", body).json()
    [form] = posts()
    assert form["type"] == "subscribe"
    assert form["data[list_id]"] == audience.id
    assert form["data[id]"] == member["unique_email_id"]
    assert form["data[web_id]"] == str(member["web_id"])
    assert form["data[email]"] == form["data[merges][EMAIL]"] == ANN
    assert form["data[merges][FNAME]"] == "Ann"
    assert form["data[merges][LNAME]"] == ""
    assert form["data[merges][ADDRESS][city]"] == "Galway"
    assert form["data[merges][INTERESTS]"] == "Wine"
    assert form["data[merges][GROUPINGS][0][unique_id]"] == category.id
    assert form["data[merges][GROUPINGS][0][groups]"] == "Wine"
    time.strptime(form["fired_at"], "%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("action", "values", "expected"),
    [
        (
            "unsubscribe",
            {"campaign_id": "c1"},
            {
                "type": "unsubscribe",
                "data[action]": "unsub",
                "data[reason]": "manual",
                "data[campaign_id]": "c1",
            },
        ),
        (
            "complain",
            {},
            {"type": "unsubscribe", "data[action]": "unsub", "data[reason]": "abuse"},
        ),
        ("archive", {}, {"type": "unsubscribe", "data[action]": "delete"}),
        ("delete_permanently", {}, {"type": "unsubscribe", "data[action]": "delete"}),
        ("bounce", {}, {"type": "cleaned", "data[reason]": "hard"}),
        (
            "update_profile",
            {"merge_fields": {"FNAME": "Anna"}},
            {"type": "profile", "data[merges][FNAME]": "Anna"},
        ),
    ],
)
def test_people_fire(sandbox, audience, posts, action, values, expected):
    audience.add_member(ANN)
    getattr(sandbox.people, action)(audience, ANN, **values)
    [form] = posts()
    assert {name: form[name] for name in expected} == expected
    assert form["data[email]"] == ANN


def test_change_of_address_fires_a_pair(sandbox, audience, posts):
    member = audience.add_member(ANN)
    sandbox.people.change_email(audience, ANN, "lee@harbour.test")
    upemail, profile = posts()
    assert upemail["type"] == "upemail"
    assert upemail["data[old_email]"] == ANN
    assert upemail["data[new_email]"] == "lee@harbour.test"
    assert upemail["data[new_id]"] == member.unique_email_id
    assert "data[email]" not in upemail
    assert profile["type"] == "profile"


def test_pending_fires_on_confirmation(sandbox, client, audience, path, posts):
    client.post(f"{path}/members", {"email_address": ANN, "status": "pending"})
    assert posts() == []
    sandbox.people.confirm(audience, ANN)
    assert [form["type"] for form in posts()] == ["subscribe"]


def test_form_on_double_optin(sandbox, account, receiver, connect):
    audience = account.add_audience("DOI", double_optin=True)
    sandbox.people.subscribe_by_form(audience, ANN)
    assert audience.by_email(ANN).status == "pending"


def test_tags_and_transactional_fire_nothing(client, audience, path, posts):
    audience.add_member(ANN)
    tags = {"tags": [{"name": "x", "status": "active"}]}
    client.post(f"{path}/members/{ANN}/tags", tags)
    body = {"email_address": "t@harbour.test", "status": "transactional"}
    client.post(f"{path}/members", body)
    assert posts() == []


def test_no_change_fires_nothing(client, audience, path, posts):
    audience.add_member(ANN, merge_fields={"FNAME": "Ann"})
    client.patch(f"{path}/members/{ANN}", {"merge_fields": {"FNAME": "Ann"}})
    assert posts() == []


@pytest.mark.parametrize("source", ["user", "admin", "api"])
def test_sources(sandbox, client, audience, path, hook, posts, source):
    only = {name: name == source for name in SOURCES}
    client.patch(f"{path}/webhooks/{hook['id']}", {"sources": only})
    audience.add_member(ANN)
    client.patch(f"{path}/members/{ANN}", {"merge_fields": {"FNAME": "api"}})
    for actor in ("user", "admin"):
        sandbox.people.update_profile(audience, ANN, {"FNAME": actor}, source=actor)
    assert [form["data[merges][FNAME]"] for form in posts()] == [source]
