"""Merge fields: the resource, and which values each type takes."""

import pytest

COMPLETE = {"addr1": "1 Quay", "city": "Galway", "state": "G", "zip": "H91"}
NO_SHAPE = "Data did not match any of the schemas described in anyOf."


@pytest.fixture
def ann(audience, path):
    audience.add_member("ann@harbour.test")
    return f"{path}/members/ann@harbour.test"


@pytest.mark.parametrize(
    ("kind", "written", "read"),
    [
        ("text", "x" * 300, "x" * 255),
        ("text", "é" * 200, "é" * 127),
        ("number", 12.5, 12.5),
        ("number", "12", 12),
        ("number", "", ""),
        ("dropdown", "Red", "Red"),
        ("radio", "Red", "Red"),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", "2024/02/29", "2024-02-29"),
        ("date", "29-02-2024", "2024-02-29"),
        ("date", "02/29/2024", "2024-02-29"),
        ("birthday", "02/29", "02/29"),
        ("address", COMPLETE, {**COMPLETE, "addr2": "", "country": ""}),
        ("address", "", ""),
        ("zip", "30308", "30308"),
        ("phone", "+5583999999999", "+5583999999999"),
        ("url", "https://harbour.test/a", "https://harbour.test/a"),
        ("imageurl", "https://harbour.test/a.png", "https://harbour.test/a.png"),
        ("text", None, ""),
    ],
)
def test_good_values(client, audience, ann, kind, written, read):
    audience.add_merge_field("F", kind, options={"choices": ["Red", "White"]})
    answer = client.patch(ann, {"merge_fields": {"F": written}})
    assert answer.status_code == 200, answer.text
    value = answer.json()["merge_fields"]["F"]
    if isinstance(read, dict):
        assert {name: value[name] for name in read} == read
    else:
        assert value == read


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("number", "many", "Please enter a number"),
        ("number", True, "Please enter a number"),
        ("dropdown", "Blue", None),
        ("date", "someday", None),
        ("date", "2023-02-29", None),
        ("birthday", "13/01", None),
        ("birthday", "2000-01-01", None),
        ("address", "1 Quay, Galway", NO_SHAPE),
        ("address", ["1 Quay"], NO_SHAPE),
        ("address", {"addr1": "1 Quay"}, "Please enter a complete address"),
        ("address", {**COMPLETE, "state": ""}, "Please enter a complete address"),
        ("zip", "H91", None),
        ("url", "harbour", None),
        ("text", {"a": 1}, NO_SHAPE),
    ],
)
def test_bad_values(client, audience, ann, kind, value, message):
    audience.add_merge_field("F", kind, options={"choices": ["Red", "White"]})
    answer = client.patch(ann, {"merge_fields": {"F": value}})
    assert answer.status_code == 400
    document = answer.json()
    assert document["detail"] == "Your merge fields were invalid."
    assert [error["field"] for error in document["errors"]] == ["F"]
    if message:
        assert document["errors"][0]["message"] == message


def test_american_phone(client, audience, ann):
    audience.add_merge_field("F", "phone", options={"phone_format": "US"})
    assert client.patch(ann, {"merge_fields": {"F": "+353 91"}}).status_code == 400
    assert client.patch(ann, {"merge_fields": {"F": "404-555-1212"}}).status_code == 200


def test_every_field_at_fault_is_named(client, audience, ann):
    audience.add_merge_field("A", "number")
    audience.add_merge_field("B", "date")
    answer = client.patch(ann, {"merge_fields": {"A": "x", "B": "y"}})
    assert [error["field"] for error in answer.json()["errors"]] == ["A", "B"]


def test_required(client, audience, path, ann):
    audience.add_merge_field("MUST", "text", required=True)
    body = {"email_address": "bob@harbour.test", "status": "subscribed"}
    answer = client.post(f"{path}/members", body)
    assert answer.json()["errors"] == [
        {"field": "MUST", "message": "Please enter a value"}
    ]
    assert client.patch(ann, {"vip": True}).status_code == 400
    answer = client.patch(ann, {"vip": True}, skip_merge_validation="true")
    assert answer.status_code == 200


def test_messages_are_translated(client, account, audience, ann):
    account.language = "de"
    audience.add_merge_field("F", "number")
    error = client.patch(ann, {"merge_fields": {"F": "x"}}).json()
    assert error["title"] == "Invalid Resource"
    assert error["errors"][0]["message"] == "Bitte gib eine Zahl ein."


# === THE RESOURCE === #


def test_defaults_and_pages(client, audience, path):
    for number in range(8):
        audience.add_merge_field(f"M{number}")
    answer = client.get(f"{path}/merge-fields").json()
    assert len(answer["merge_fields"]) == 10
    assert answer["total_items"] == 13
    tags = [field["tag"] for field in answer["merge_fields"]]
    assert tags == sorted(tags)
    assert "EMAIL" not in tags


def test_create_change_delete(client, audience, path):
    fields = f"{path}/merge-fields"
    body = {"name": "Colour", "type": "dropdown", "options": {"choices": ["Red"]}}
    made = client.post(fields, body).json()
    assert made["tag"] == f"MMERGE{made['merge_id']}"
    one = f"{fields}/{made['merge_id']}"
    changed = client.patch(
        one, {"name": "Shade", "tag": "shade", "type": "text"}
    ).json()
    assert (changed["tag"], changed["type"]) == ("SHADE", "dropdown")
    audience.add_member("ann@harbour.test", merge_fields={"SHADE": "Red"})
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404
    member = client.get(f"{path}/members/ann@harbour.test").json()
    assert "SHADE" not in member["merge_fields"]


def test_renamed_tag_keeps_values(client, audience, path):
    field = audience.add_merge_field("OLD")
    audience.add_member("ann@harbour.test", merge_fields={"OLD": "x"})
    client.patch(f"{path}/merge-fields/{field.merge_id}", {"tag": "NEW"})
    member = client.get(f"{path}/members/ann@harbour.test").json()
    assert member["merge_fields"]["NEW"] == "x"
    assert "OLD" not in member["merge_fields"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "X", "type": "text", "tag": "ELEVENCHARS"},
        {"name": "X", "type": "text", "tag": "FNAME"},
        {"name": "X", "type": "hologram"},
        {"type": "text"},
        {"name": "X", "type": "text", "required": "yes"},
    ],
)
def test_refused(client, path, body):
    assert client.post(f"{path}/merge-fields", body).status_code == 400
