"""Writing members: the observed state machine, row by row."""

import pytest
from support import ANN, key, problem

BLOCKED = [("unsubscribe", "user"), ("bounce", None), ("complain", None)]


def test_01_create(client, members):
    answer = client.post(members, {"email_address": ANN, "status": "subscribed"})
    member = answer.json()
    assert answer.status_code == 200
    assert member["id"] == key(ANN)
    assert member["ip_opt"]
    assert member["timestamp_opt"]
    assert member["source"] == "API - Generic"
    assert member["merge_fields"] == {
        "FNAME": "",
        "LNAME": "",
        "ADDRESS": "",
        "PHONE": "",
        "BIRTHDAY": "",
    }


def test_02_create_twice(client, members, ann):
    answer = client.post(members, {"email_address": ANN, "status": "subscribed"})
    document = problem(
        answer,
        "Member Exists",
        f"{ANN} is already a list member. Use PUT to insert or update list members.",
    )
    assert "type" not in document


def test_03_create_archived(client, members, ann):
    before = client.get(ann).json()
    client.delete(ann)
    after = client.post(members, {"email_address": ANN, "status": "subscribed"}).json()
    assert after["status"] == "subscribed"
    assert after["contact_id"] == before["contact_id"]
    assert after["web_id"] == before["web_id"]
    assert after["merge_fields"]["LNAME"] == "Lee"
    assert [tag["name"] for tag in after["tags"]] == ["x"]
    assert after["timestamp_opt"] > before["timestamp_opt"]


def test_04_put_without_status(client, sandbox, audience, ann):
    sandbox.people.unsubscribe(audience, ANN)
    answer = client.put(ann, {"email_address": ANN, "merge_fields": {"FNAME": "Anna"}})
    assert answer.json()["status"] == "unsubscribed"
    assert answer.json()["merge_fields"]["FNAME"] == "Anna"
    assert answer.json()["merge_fields"]["LNAME"] == "Lee"


def test_05_put_status_only(client, ann):
    answer = client.put(ann, {"status": "unsubscribed"})
    assert answer.status_code == 200
    assert answer.json()["unsubscribe_reason"] == "N/A (Unsubscribed by admin)"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_06_resubscribe_after_admin(client, ann, method):
    before = client.get(ann).json()["timestamp_opt"]
    client.patch(ann, {"status": "unsubscribed"})
    answer = client.call(method, ann, {"status": "subscribed"})
    assert answer.json()["status"] == "subscribed"
    assert answer.json()["timestamp_opt"] == before


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(("action", "_source"), BLOCKED)
def test_07_08_compliance(client, sandbox, audience, ann, method, action, _source):
    getattr(sandbox.people, action)(audience, ANN)
    answer = client.call(method, ann, {"status": "subscribed"})
    document = problem(
        answer,
        "Member In Compliance State",
        f"{ANN} is in a compliance state due to unsubscribe, bounce, or compliance "
        "review and cannot be subscribed.",
    )
    assert "type" not in document
    assert client.call(method, ann, {"status": "pending"}).status_code == 200
    problem(
        client.call(method, ann, {"status": "subscribed"}), "Member In Compliance State"
    )
    sandbox.people.confirm(audience, ANN)
    assert client.get(ann).json()["status"] == "subscribed"


def test_07_api_unsubscribe_does_not_weaken(client, sandbox, audience, ann):
    sandbox.people.unsubscribe(audience, ANN)
    client.patch(ann, {"status": "pending"})
    client.patch(ann, {"status": "unsubscribed"})
    answer = client.patch(ann, {"status": "subscribed"})
    document = problem(answer, "Member In Compliance State")
    assert document["status"] == 400
    assert client.get(ann).json()["status"] == "unsubscribed"


def test_07_holds_for_archived_too(client, sandbox, audience, members, ann):
    sandbox.people.unsubscribe(audience, ANN)
    client.delete(ann)
    answer = client.post(members, {"email_address": ANN, "status": "subscribed"})
    document = problem(answer, "Member In Compliance State")
    assert document["status"] == 400
    assert client.get(ann).json()["status"] == "archived"


def test_09_put_at_another_hash(client, members):
    body = {"email_address": "new@harbour.test", "status_if_new": "pending"}
    answer = client.put(f"{members}/{'f' * 32}", body).json()
    assert (answer["id"], answer["status"]) == (key("new@harbour.test"), "pending")


def test_10_put_at_another_hash_existing(client, members, ann):
    body = {"email_address": ANN, "status_if_new": "subscribed"}
    answer = client.put(f"{members}/{'f' * 32}", body)
    assert problem(answer, "Member Exists")["status"] == 400


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_11_change_of_address(client, members, ann, method):
    before = client.get(ann).json()
    after = client.call(method, ann, {"email_address": "lee@harbour.test"}).json()
    assert after["id"] == key("lee@harbour.test")
    assert after["unique_email_id"] != before["unique_email_id"]
    for name in ("contact_id", "web_id", "tags", "merge_fields", "status"):
        assert after[name] == before[name]
    assert client.get(ann).status_code == 404
    assert client.get(f"{members}/{after['id']}").status_code == 200


@pytest.mark.parametrize(
    ("status", "method", "message"),
    [
        ("subscribed", "PATCH", "Subscribed"),
        ("cleaned", "PATCH", "Cleaned"),
        ("archived", "PATCH", "Deleted"),
        ("archived", "PUT", "Deleted"),
        ("forgotten", "PATCH", "Deleted"),
    ],
)
def test_12_address_is_taken(client, sandbox, audience, ann, status, method, message):
    other = "bob@harbour.test"
    audience.add_member(other, "subscribed" if status == "forgotten" else status)
    if status == "forgotten":
        sandbox.people.delete_permanently(audience, other)
    answer = client.call(method, ann, {"email_address": other})
    document = problem(answer, "Invalid Resource")
    text = f'"{other}" is already in this list with a status of "{message}".'
    assert document["errors"] == [{"field": "email address", "message": text}]
    assert client.get(ann).status_code == 200


def test_12_address_is_taken_put(client, audience, ann):
    audience.add_member("bob@harbour.test")
    answer = client.put(ann, {"email_address": "bob@harbour.test"})
    assert problem(answer, "Member Exists")["status"] == 400
    assert client.get(ann).json()["email_address"] == ANN


def test_13_status_if_new_is_for_new(client, sandbox, audience, ann):
    sandbox.people.unsubscribe(audience, ANN)
    body = {"email_address": ANN, "status_if_new": "subscribed"}
    assert client.put(ann, body).json()["status"] == "unsubscribed"


def test_14_status_overwrites(client, ann):
    body = {"email_address": ANN, "status": "unsubscribed", "status_if_new": "pending"}
    assert client.put(ann, body).json()["status"] == "unsubscribed"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_15_back_from_the_archive(client, ann, method):
    client.delete(ann)
    assert client.call(method, ann, {"status": "pending"}).json()["status"] == "pending"


@pytest.mark.parametrize("status", ["subscribed", "unsubscribed", "transactional"])
def test_16_archive(client, sandbox, audience, ann, status):
    client.patch(ann, {"status": status})
    before = client.get(ann).json()
    sandbox.clock.advance(5)
    answer = client.delete(ann)
    assert (answer.status_code, answer.content) == (204, b"")
    after = client.get(ann).json()
    assert after["status"] == "archived"
    assert after["last_changed"] > before["last_changed"]
    for name in ("tags", "merge_fields", "timestamp_opt"):
        assert after[name] == before[name]


@pytest.mark.parametrize("status", ["cleaned", "pending", "archived"])
def test_17_archive_refused(client, audience, members, status):
    audience.add_member(ANN, status)
    answer = client.delete(f"{members}/{key(ANN)}")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, PUT"
    assert answer.json()["detail"] == (
        "This list member cannot be removed. Can not archive a contact that is "
        "bounced, pending or archived"
    )


def test_18_archive_unknown(client, members):
    assert client.delete(f"{members}/{'f' * 32}").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_19_forgotten(client, sandbox, audience, members, ann, method):
    assert client.post(f"{ann}/actions/delete-permanent").status_code == 204
    assert client.get(ann).status_code == 404
    body = {"email_address": ANN, "status": "subscribed", "status_if_new": "subscribed"}
    target = members if method == "POST" else ann
    problem(
        client.call(method, target, body),
        "Forgotten Email Not Subscribed",
        f"{ANN} was permanently deleted and cannot be re-imported. The contact must "
        "re-subscribe to get back on the list.",
    )
    sandbox.people.subscribe_by_form(audience, ANN)
    assert client.get(ann).json()["status"] == "subscribed"


def test_20_unknown_merge_tag(client, ann):
    answer = client.patch(ann, {"merge_fields": {"NOPE": "x", "FNAME": "Anna"}})
    assert answer.status_code == 200
    assert "NOPE" not in answer.json()["merge_fields"]
    assert answer.json()["merge_fields"]["FNAME"] == "Anna"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_21_tags_are_for_post(client, ann, method):
    answer = client.call(method, ann, {"tags": ["y"]})
    assert [tag["name"] for tag in answer.json()["tags"]] == ["x"]


@pytest.mark.parametrize(
    ("body", "found"), [(None, "NULL"), ([], "array"), ({"merge_fields": []}, "array")]
)
def test_22_wrong_shapes(sandbox, client, ann, body, found):
    data = b"null" if body is None else None
    answer = client.session.patch(sandbox.url + ann, data=data, json=body)
    document = problem(answer, "Invalid Resource")
    message = f"Schema describes object, {found} found instead"
    assert document["errors"][0]["message"] == message


def test_23_object_as_address(client, members):
    body = {"email_address": {"a": 1}, "status": "subscribed"}
    document = problem(client.post(members, body), "Invalid Resource")
    assert document["errors"][0]["field"] == "email_address"


@pytest.mark.parametrize("name", ["ip_signup", "ip_opt"])
def test_24_wrong_ip(client, members, name):
    body = {"email_address": ANN, "status": "subscribed", name: "999.1.1.1"}
    document = problem(client.post(members, body), "Invalid Resource")
    assert document["errors"][0]["field"] == name
    body[name] = "2001:db8::1"
    assert client.post(members, body).json()[name] == "2001:db8::1"
