"""Reading: envelope, paging, filters, selected fields, slots."""

import threading

import pytest

from sandbox.clock import iso


def emails(answer):
    assert answer.status_code == 200, answer.text
    return [member["email_address"] for member in answer.json()["members"]]


@pytest.fixture
def people(audience):
    """Twelve members, one of them archived; member n changed n seconds after 1000."""
    for number in range(12):
        audience.add_member(
            f"m{number:02}@harbour.test",
            status="archived" if number == 11 else "subscribed",
            last_changed=1000 + number,
            timestamp_opt=5000 - number,
        )
    return audience


# === ENVELOPE === #


def test_unknown_path_and_method(client, path):
    answer = client.get("/nowhere")
    problem = answer.json()
    assert answer.status_code == problem["status"] == 404
    assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert problem["instance"] == answer.headers["X-Request-Id"]
    assert problem["type"] == "https://mailchimp.com/developer/marketing/docs/errors/"
    answer = client.put(f"{path}/members", {})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, POST"


def test_nested_too_deep(client):
    assert client.get("/lists/a/b/c/d/e/f/g/h/i").status_code == 414


def test_triggered_error(client):
    answer = client.call("GET", "/ping", headers={"X-Trigger-Error": "APIKeyMissing"})
    assert answer.status_code == 401
    answer = client.call("GET", "/ping", headers={"X-Trigger-Error": "NoSuchThing"})
    assert answer.status_code == 200


def test_method_override(client, path):
    headers = {"X-HTTP-Method-Override": "PATCH"}
    answer = client.call("POST", path, {"name": "Renamed"}, headers)
    assert answer.json()["name"] == "Renamed"
    answer = client.call("PUT", path, {}, headers)
    assert answer.json()["title"] == "Invalid Method Override"


def test_broken_json(sandbox, client, path):
    answer = client.session.post(f"{sandbox.url}{path}/members", data=b"{oops")
    assert (answer.status_code, answer.json()["title"]) == (400, "JSON Parse Exception")


def test_connection_is_kept(sandbox, client):
    for _turn in range(3):
        client.get("/ping")
    pools = client.session.get_adapter(sandbox.url).poolmanager.pools
    assert [pools[key].num_connections for key in pools.keys()] == [1]


# === PAGES === #


def test_default_page_is_ten_and_hides_archived(client, people, path):
    answer = client.get(f"{path}/members")
    assert emails(answer) == [f"m{number:02}@harbour.test" for number in range(10)]
    assert answer.json()["total_items"] == 11
    answer = client.get(f"{path}/members", status="archived")
    assert emails(answer) == ["m11@harbour.test"]


def test_pages(client, people, path):
    answer = client.get(f"{path}/members", count=4, offset=8)
    assert emails(answer) == [f"m{number:02}@harbour.test" for number in (8, 9, 10)]
    answer = client.get(f"{path}/members", count=4, offset=50)
    assert emails(answer) == []
    assert answer.json()["total_items"] == 11


@pytest.mark.parametrize("query", [{"count": 1001}, {"count": -1}, {"offset": "x"}])
def test_wrong_pages(client, people, path, query):
    answer = client.get(f"{path}/members", **query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] in query


def test_pages_see_a_change_at_once(client, people, path):
    client.get(f"{path}/members", count=1)
    people.add_member("new@harbour.test")
    assert client.get(f"{path}/members", count=1).json()["total_items"] == 12


# === FILTERS === #


def test_last_changed_is_exclusive(client, people, path):
    query = {"since_last_changed": iso(1007), "sort_field": "last_changed"}
    assert emails(client.get(f"{path}/members", **query)) == [
        "m08@harbour.test",
        "m09@harbour.test",
        "m10@harbour.test",
    ]
    query = {"since_last_changed": iso(1007), "before_last_changed": iso(1009)}
    assert emails(client.get(f"{path}/members", **query)) == ["m08@harbour.test"]


def test_fraction_of_a_second(client, people, path):
    query = {"since_last_changed": "1970-01-01T00:16:49.999Z"}
    assert emails(client.get(f"{path}/members", **query)) == ["m10@harbour.test"]


def test_sorted(client, people, path):
    answer = client.get(f"{path}/members", sort_field="timestamp_opt", count=2)
    assert emails(answer) == ["m10@harbour.test", "m09@harbour.test"]
    answer = client.get(
        f"{path}/members", sort_field="last_changed", sort_dir="DESC", count=1
    )
    assert emails(answer) == ["m10@harbour.test"]


def test_other_filters(client, audience, path):
    category = audience.add_interests("Topics", ["Wine", "Cheese"])
    wine, cheese = category.interests
    audience.add_member("a@harbour.test", vip=True, interests=[wine])
    audience.add_member("b@harbour.test", interests=[wine, cheese], email_type="text")
    audience.add_member("c@harbour.test", status="unsubscribed", unsubscribed_at=100)

    def found(**query):
        return [email[0] for email in emails(client.get(f"{path}/members", **query))]

    assert found(vip_only="TRUE") == ["a"]
    assert found(vip_only="yes") == ["a", "b", "c"]
    assert found(email_type="text") == ["b"]
    assert found(status="unsubscribed", unsubscribed_since=iso(99)) == ["c"]
    unique = audience.by_email("b@harbour.test").unique_email_id
    assert found(unique_email_id=unique) == ["b"]
    groups = {"interest_category_id": category.id, "interest_ids": f"{wine},{cheese}"}
    assert found(**groups, interest_match="any") == ["a", "b"]
    assert found(**groups, interest_match="all") == ["b"]
    assert found(**groups, interest_match="none") == ["c"]


@pytest.mark.parametrize(
    "query",
    [
        {"status": "asleep"},
        {"since_last_changed": "yesterday"},
        {"unsubscribed_since": "2024-01-01"},
        {"since_last_campaign": "true"},
        {"interest_match": "any"},
    ],
)
def test_wrong_filters(client, people, path, query):
    assert client.get(f"{path}/members", **query).status_code == 400


# === FIELDS === #


def test_fields(client, audience, path):
    audience.add_member("a@harbour.test", merge_fields={"FNAME": "Ann"}, tags=["x"])
    wanted = "members.email_address,members.merge_fields.FNAME,members.tags.name"
    answer = client.get(f"{path}/members", fields=f"{wanted},total_items").json()
    assert answer == {
        "members": [
            {
                "email_address": "a@harbour.test",
                "merge_fields": {"FNAME": "Ann"},
                "tags": [{"name": "x"}],
            }
        ],
        "total_items": 1,
    }


def test_exclude_fields(client, audience, path):
    audience.add_member("a@harbour.test")
    query = {"exclude_fields": "_links,members._links,members.location.latitude"}
    answer = client.get(f"{path}/members", **query).json()
    assert "_links" not in answer
    member = answer["members"][0]
    assert "_links" not in member
    assert "latitude" not in member["location"]
    assert "longitude" in member["location"]


def test_fields_of_one(client, audience, path):
    audience.add_member("a@harbour.test")
    answer = client.get(f"{path}/members/a@harbour.test", fields="status,list_id")
    assert answer.json() == {"status": "subscribed", "list_id": audience.id}
    answer = client.get("/lists", fields="lists.stats.member_count,total_items")
    assert answer.json() == {
        "lists": [{"stats": {"member_count": 1}}],
        "total_items": 1,
    }


@pytest.mark.parametrize(
    "query",
    [
        {"fields": "members.no_such"},
        {"fields": "no_such"},
        {"exclude_fields": "members.no_such"},
        {"fields": "members.id", "exclude_fields": "total_items"},
    ],
)
def test_wrong_fields(client, people, path, query):
    answer = client.get(f"{path}/members", **query)
    assert answer.status_code == 422
    assert answer.json()["title"] == "Requested Fields Invalid"


def test_member_is_found_by_all_its_names(client, audience, path):
    member = audience.add_member("Ann@Harbour.test")
    for key in (member.id, member.contact_id, "ann@harbour.test", member.id.upper()):
        assert client.get(f"{path}/members/{key}").json()["id"] == member.id
    assert client.get(f"{path}/members/{'0' * 32}").status_code == 404


def test_slash_in_an_address(client, audience, path):
    audience.add_member("a/b+c@harbour.test")
    for quoted in ("a%2Fb+c@harbour.test", "a%2Fb%2Bc%40harbour.test"):
        answer = client.get(f"{path}/members/{quoted}")
        assert answer.json()["email_address"] == "a/b+c@harbour.test"
    assert client.get(f"{path}/members/a/b+c@harbour.test").status_code == 404


# === SLOTS === #


def test_eleventh_request_in_flight(sandbox, connect, account, monkeypatch):
    """Ten answers are held back until the eleventh request was refused."""
    gate, all_in = threading.Event(), threading.Barrier(11, timeout=60)

    def hold(_seconds):
        all_in.wait()
        gate.wait(60)

    monkeypatch.setattr("sandbox.app.sleep", hold)
    sandbox.latency = 1
    answers = []

    def work():
        answers.append(connect(account.api_key).get("/ping").status_code)

    threads = [threading.Thread(target=work) for _turn in range(10)]
    for thread in threads:
        thread.start()
    all_in.wait()
    refused = connect(account.api_key).get("/ping")
    gate.set()
    for thread in threads:
        thread.join()
    assert answers == [200] * 10
    detail = "You have exceeded the limit of 10 simultaneous connections."
    assert (refused.status_code, refused.json()["detail"]) == (429, detail)
    assert sandbox.monitor.peak_in_flight == 11


def test_reset_while_a_request_is_under_way(sandbox, connect, account, monkeypatch):
    """It neither does anything to what comes next, nor is it recorded there."""
    begun, gate, answers = threading.Event(), threading.Event(), []

    def hold(_seconds):
        begun.set()
        gate.wait(60)

    def work():
        answers.append(connect(account.api_key).post("/lists", {}).status_code)

    monkeypatch.setattr("sandbox.app.sleep", hold)
    sandbox.latency = 1
    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    sandbox.reset()
    sandbox.add_account(account.api_key)
    gate.set()
    thread.join()
    assert answers == [401]
    assert sandbox.requests == []


def test_slots_are_free_again(sandbox, client, account):
    account.max_in_flight = 1
    assert [client.get("/ping").status_code for _turn in range(20)] == [200] * 20
    assert account.in_flight == 0


def test_requests_are_recorded(sandbox, client, path):
    client.patch(path, {"name": "New"}, fields="name")
    recorded = sandbox.requests[-1]
    assert (recorded.method, recorded.path, recorded.status) == ("PATCH", path, 200)
    assert recorded.query == {"fields": "name"}
    assert recorded.json == {"name": "New"}


def test_statistics(sandbox, client, account, audience, path):
    audience.add_member("a@harbour.test")
    audience.add_member("b@harbour.test", status="cleaned")
    stats = client.get(path, include_total_contacts="true").json()["stats"]
    assert (stats["member_count"], stats["cleaned_count"]) == (1, 1)
    assert stats["total_contacts"] == 2
    assert "total_contacts" not in client.get(path).json()["stats"]
    account.stats_ttl = 300
    client.get(path)
    audience.add_member("c@harbour.test")
    assert client.get(path).json()["stats"]["member_count"] == 1
    sandbox.clock.advance(300)
    assert client.get(path).json()["stats"]["member_count"] == 2
