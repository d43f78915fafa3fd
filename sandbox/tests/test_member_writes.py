"""Writing members: what the rows of the state machine do not say."""

import pytest
from support import ANN, key, problem


@pytest.mark.parametrize(
    ("email", "detail"),
    [
        ("x@example.com", "looks fake or invalid, please enter a real email address."),
        ("not an address", "Please provide a valid email address."),
        ("x@nowhere", "domain portion of the email address is invalid"),
        ("x@a..b", "domain portion of the email address is invalid"),
    ],
)
def test_bad_addresses(client, members, email, detail):
    answer = client.post(members, {"email_address": email, "status": "subscribed"})
    assert detail in problem(answer, "Invalid Resource")["detail"]


@pytest.mark.parametrize("status", ["subscribed", "pending"])
def test_busy_address(client, account, members, status):
    account.busy_addresses.add(ANN)
    answer = client.post(members, {"email_address": ANN, "status": status})
    assert (
        "signed up to a lot of lists" in problem(answer, "Invalid Resource")["detail"]
    )


def test_double_optin_list_subscribes_at_once(client, account):
    audience = account.add_audience("DOI", double_optin=True)
    path = f"/lists/{audience.id}/members"
    body = {"email_address": ANN, "status": "subscribed"}
    assert client.post(path, body).json()["status"] == "subscribed"
    body = {"email_address": "bob@harbour.test", "status": "subscribed"}
    headers = {"X-Status-Resolution-Method": "auto-doi"}
    assert client.call("POST", path, body, headers).json()["status"] == "pending"


def test_pending_twice_sends_one_mail(client, sandbox, ann):
    for _turn in range(2):
        client.patch(ann, {"status": "pending"})
    assert [mail["email"] for mail in sandbox.monitor.mails] == [ANN]


def test_archived_cannot_be_written(client, members, ann):
    assert client.patch(ann, {"status": "archived"}).status_code == 400


def test_refusal_changes_nothing(client, ann):
    before = client.get(ann).json()
    body = {"email_address": "lee@harbour.test", "merge_fields": {"BIRTHDAY": "soon"}}
    assert client.patch(ann, body).status_code == 400
    assert client.get(ann).json() == before


def test_last_changed_moves_with_changes_only(client, sandbox, ann):
    sandbox.clock.freeze(2_000_000_000)
    client.patch(ann, {"vip": True})
    assert client.get(ann).json()["last_changed"] == "2033-05-18T03:33:20+00:00"
    sandbox.clock.advance(60)
    client.patch(ann, {"vip": True})
    assert client.get(ann).json()["last_changed"] == "2033-05-18T03:33:20+00:00"


def test_transitions_prove_who_was_resubscribed(client, sandbox, audience, ann):
    client.patch(ann, {"status": "unsubscribed"})
    assert sandbox.monitor.resubscribed() == []
    client.patch(ann, {"status": "subscribed"})
    [found] = sandbox.monitor.resubscribed()
    assert (found.email, found.before, found.source) == (ANN, "unsubscribed", "api")
    sandbox.monitor.clear()
    sandbox.people.unsubscribe(audience, ANN)
    client.patch(ann, {"status": "pending"})
    sandbox.people.confirm(audience, ANN)
    assert sandbox.monitor.resubscribed() == []
    assert len(sandbox.monitor.resubscribed("user")) == 1


def test_permissions(client, account):
    audience = account.add_audience("GDPR", permissions={"p1": "Email", "p2": "Post"})
    path = f"/lists/{audience.id}/members"
    body = {
        "email_address": ANN,
        "status": "subscribed",
        "marketing_permissions": [{"marketing_permission_id": "p2", "enabled": True}],
    }
    found = client.post(path, body).json()["marketing_permissions"]
    assert [(entry["text"], entry["enabled"]) for entry in found] == [
        ("Email", False),
        ("Post", True),
    ]
    body["marketing_permissions"][0]["marketing_permission_id"] = "p3"
    assert client.put(f"{path}/{key(ANN)}", body).status_code == 400


def test_interests(client, audience, ann):
    wine, cheese = audience.add_interests("Topics", ["Wine", "Cheese"]).interests
    client.patch(ann, {"interests": {wine: True}})
    answer = client.patch(ann, {"interests": {cheese: True}}).json()
    assert answer["interests"] == {wine: True, cheese: True}
    assert client.patch(ann, {"interests": {"nope": True}}).status_code == 400
