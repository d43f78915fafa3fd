"""Tags, which are static segments, and saved segments."""

import pytest


@pytest.fixture
def people(audience):
    for name in "abc":
        audience.add_member(f"{name}@harbour.test", merge_fields={"FNAME": name * 3})
    audience.add_member("u@harbour.test", "unsubscribed")
    return audience


def names(client, path, email="a@harbour.test"):
    member = client.get(f"{path}/members/{email}").json()
    assert member["tags_count"] == len(member["tags"])
    return sorted(tag["name"] for tag in member["tags"])


def write(client, path, *tags, email="a@harbour.test"):
    body = {"tags": [{"name": name, "status": status} for name, status in tags]}
    return client.post(f"{path}/members/{email}/tags", body)


def test_only_named_tags_change(client, sandbox, people, path):
    sandbox.clock.freeze(2_000_000_000)
    answer = write(client, path, ("x", "active"), ("y", "active"), ("z", "inactive"))
    assert (answer.status_code, answer.content) == (204, b"")
    sandbox.clock.advance(7)
    write(client, path, ("x", "inactive"))
    assert names(client, path) == ["y"]
    member = client.get(f"{path}/members/a@harbour.test").json()
    assert member["last_changed"] == "2033-05-18T03:33:27+00:00"
    sandbox.clock.advance(7)
    write(client, path, ("y", "active"))
    assert client.get(f"{path}/members/a@harbour.test").json() == member


def test_unknown_member_and_empty_list(client, people, path):
    assert write(client, path, email="no@harbour.test").status_code == 404
    assert write(client, path).status_code == 204


@pytest.mark.parametrize(
    "body", [{}, {"tags": ["x"]}, {"tags": [{"name": "x", "status": "on"}]}]
)
def test_wrong_tags(client, people, path, body):
    answer = client.post(f"{path}/members/a@harbour.test/tags", body)
    assert answer.status_code == 400


def test_fifty_tags_are_shown(client, people, path):
    write(client, path, *((f"tag {number:03}", "active") for number in range(60)))
    member = client.get(f"{path}/members/a@harbour.test").json()
    assert (len(member["tags"]), member["tags_count"]) == (50, 60)
    tags = client.get(f"{path}/members/a@harbour.test/tags", count=100).json()
    assert (len(tags["tags"]), tags["total_items"]) == (60, 60)
    assert tags["tags"][0]["date_added"]


def test_a_tag_is_a_static_segment(client, people, path):
    write(client, path, ("x", "active"))
    [segment] = client.get(f"{path}/segments", type="static").json()["segments"]
    assert (segment["name"], segment["member_count"]) == ("x", 1)
    member = client.get(f"{path}/members/a@harbour.test").json()
    assert member["tags"] == [{"id": segment["id"], "name": "x"}]
    client.patch(f"{path}/segments/{segment['id']}", {"name": "renamed"})
    assert names(client, path) == ["renamed"]
    assert client.delete(f"{path}/segments/{segment['id']}").status_code == 204
    assert names(client, path) == []


def test_static_segment(client, people, path):
    emails = ["a@harbour.test", "u@harbour.test", "stranger@harbour.test"]
    body = {"name": "s", "static_segment": emails}
    made = client.post(f"{path}/segments", body).json()
    one = f"{path}/segments/{made['id']}"
    assert made["member_count"] == 1
    assert client.get(one, include_unsubscribed="true").json()["member_count"] == 2
    found = client.get(f"{one}/members").json()
    assert [m["email_address"] for m in found["members"]] == ["a@harbour.test"]
    assert "contact_id" not in found["members"][0]
    found = client.get(f"{one}/members", fields="members.contact_id,total_items").json()
    assert found["members"][0]["contact_id"]
    assert client.post(f"{path}/segments", body).status_code == 400


def test_bulk_change(client, people, path):
    made = client.post(
        f"{path}/segments", {"name": "s", "static_segment": ["a@harbour.test"]}
    ).json()
    body = {
        "members_to_add": ["b@harbour.test", "no@harbour.test"],
        "members_to_remove": ["a@harbour.test", "c@harbour.test"],
    }
    answer = client.post(f"{path}/segments/{made['id']}", body).json()
    assert (answer["total_added"], answer["total_removed"]) == (1, 1)
    assert [error["email_addresses"] for error in answer["errors"]] == [
        ["no@harbour.test"],
        ["c@harbour.test"],
    ]
    assert names(client, path) == []
    assert names(client, path, "b@harbour.test") == ["s"]
    body = {"members_to_add": ["x@harbour.test"] * 501}
    assert client.post(f"{path}/segments/{made['id']}", body).status_code == 400


def test_saved_segment(client, people, path):
    condition = {
        "condition_type": "TextMerge",
        "field": "FNAME",
        "op": "is",
        "value": "bbb",
    }
    options = {"match": "any", "conditions": [condition]}
    made = client.post(f"{path}/segments", {"name": "s", "options": options}).json()
    assert (made["type"], made["member_count"]) == ("saved", 1)
    one = f"{path}/segments/{made['id']}"
    [member] = client.get(f"{one}/members").json()["members"]
    assert member["email_address"] == "b@harbour.test"
    body = {"email_address": "a@harbour.test"}
    assert client.post(f"{one}/members", body).status_code == 400


def test_tag_search(client, people, path):
    write(client, path, ("Wine", "active"), ("Winter", "active"), ("Cheese", "active"))
    found = client.get(f"{path}/tag-search", name="win").json()
    assert sorted(tag["name"] for tag in found["tags"]) == ["Wine", "Winter"]
    assert client.get(f"{path}/tag-search").json()["total_items"] == 3


def test_groups(client, audience, path):
    categories = f"{path}/interest-categories"
    made = client.post(categories, {"title": "Topics", "type": "checkboxes"}).json()
    interests = f"{categories}/{made['id']}/interests"
    wine = client.post(interests, {"name": "Wine"}).json()
    audience.add_member("a@harbour.test", interests=[wine["id"]])
    audience.add_member("u@harbour.test", "unsubscribed", interests=[wine["id"]])
    assert client.get(interests).json()["interests"][0]["subscriber_count"] == "1"
    assert client.post(interests, {"name": "Wine"}).status_code == 400
    body = {"title": "Topics", "type": "checkboxes"}
    assert client.post(categories, body).status_code == 400
    client.delete(categories + f"/{made['id']}")
    member = client.get(f"{path}/members/a@harbour.test").json()
    assert "interests" not in member
