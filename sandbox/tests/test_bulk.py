"""``POST /lists/{id}``."""

import pytest


def rows(*emails, status="subscribed", **values):
    return [{"email_address": e, "status": status, **values} for e in emails]


def test_create(client, path):
    answer = client.post(path, {"members": rows("a@harbour.test", "b@harbour.test")})
    body = answer.json()
    assert answer.status_code == 200
    assert (body["total_created"], body["total_updated"]) == (2, 0)
    assert body["error_count"] == 0
    assert [m["email_address"] for m in body["new_members"]] == [
        "a@harbour.test",
        "b@harbour.test",
    ]
    assert "contact_id" not in body["new_members"][0]


def test_existing_without_update(client, audience, path):
    audience.add_member("a@harbour.test", "unsubscribed")
    body = client.post(path, {"members": rows("a@harbour.test")}).json()
    assert body["errors"] == [
        {
            "email_address": "a@harbour.test",
            "error": "a@harbour.test is already a list member, do you want to update? "
            "please provide update_existing:true in the request body",
            "error_code": "ERROR_CONTACT_EXISTS",
            "field": "",
            "field_message": "",
        }
    ]
    assert audience.by_email("a@harbour.test").status == "unsubscribed"


def test_update_existing_applies_status(client, audience, path):
    audience.add_member("a@harbour.test")
    audience.add_member("b@harbour.test", "unsubscribed", optout_origin="admin")
    body = {"members": rows("a@harbour.test", status="unsubscribed")}
    body["members"] += rows("b@harbour.test")
    answer = client.post(path, {**body, "update_existing": True}).json()
    assert answer["total_updated"] == 2
    assert audience.by_email("a@harbour.test").status == "unsubscribed"
    assert audience.by_email("b@harbour.test").status == "subscribed"


def test_update_existing_respects_opt_out(client, audience, path):
    audience.add_member("a@harbour.test", "unsubscribed", optout_origin="user")
    body = {"members": rows("a@harbour.test"), "update_existing": True}
    answer = client.post(path, body).json()
    assert "compliance state" in answer["errors"][0]["error"]
    assert audience.by_email("a@harbour.test").status == "unsubscribed"


@pytest.mark.parametrize(("sync", "names"), [(False, ["x", "y"]), (True, ["y"])])
def test_tags(client, audience, path, sync, names):
    audience.add_member("a@harbour.test", tags=["x"])
    body = {"members": rows("a@harbour.test", tags=["y"]), "update_existing": True}
    client.post(path, {**body, "sync_tags": sync})
    member = client.get(f"{path}/members/a@harbour.test").json()
    assert sorted(tag["name"] for tag in member["tags"]) == names


def test_duplicates(client, path):
    members = rows("a@harbour.test", vip=True) + rows("A@harbour.test")
    answer = client.post(path, {"members": members}).json()
    assert (answer["total_created"], answer["error_count"]) == (1, 1)


def test_duplicates_skipped(client, audience, path):
    members = rows("a@harbour.test", vip=True) + rows("A@harbour.test")
    answer = client.post(path, {"members": members}, skip_duplicate_check="true").json()
    assert (answer["total_created"], answer["error_count"]) == (1, 0)
    assert audience.by_email("a@harbour.test").vip


def test_rows_fail_alone(client, sandbox, audience, path):
    audience.add_merge_field("N", "number")
    audience.add_member("gone@harbour.test")
    sandbox.people.delete_permanently(audience, "gone@harbour.test")
    members = rows("a@harbour.test", "x@example.com", "gone@harbour.test")
    members += rows("n@harbour.test", merge_fields={"N": "many"})
    members += [{"email_address": 5, "status": "subscribed"}, "no object"]
    answer = client.post(path, {"members": members}).json()
    assert answer["total_created"] == 1
    found = {row["email_address"]: row for row in answer["errors"]}
    assert "looks fake" in found["x@example.com"]["error"]
    assert "permanently deleted" in found["gone@harbour.test"]["error"]
    assert found["n@harbour.test"]["field"] == "N"
    assert found["n@harbour.test"]["field_message"] == "Please enter a number"
    assert answer["error_count"] == 5


def test_archived_comes_back(client, audience, path):
    audience.add_member("a@harbour.test", "archived", before_archive="subscribed")
    answer = client.post(path, {"members": rows("a@harbour.test")}).json()
    assert answer["error_count"] == 0
    assert audience.by_email("a@harbour.test").status == "subscribed"


def test_500_at_most(client, path):
    members = rows(*(f"m{number}@harbour.test" for number in range(501)))
    assert client.post(path, {"members": members}).status_code == 400
    assert client.post(path, {"members": members[1:]}).json()["total_created"] == 500


@pytest.mark.parametrize("body", [{}, {"members": {}}, {"members": [], "sync_tags": 1}])
def test_wrong_body(client, path, body):
    assert client.post(path, body).status_code == 400


def test_webhooks_may_be_silent(client, account, audience, path, receiver, sandbox):
    events = {"subscribe": True}
    hook = {"url": receiver.url, "events": events, "sources": {"api": True}}
    client.post(f"{path}/webhooks", hook)
    client.post(path, {"members": rows("a@harbour.test")})
    account.bulk_webhooks = False
    client.post(path, {"members": rows("b@harbour.test")})
    assert sandbox.webhooks.wait()
    assert len(receiver.posts()) == 1
