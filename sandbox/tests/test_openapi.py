"""The answers of every endpoint against Mailchimp's official OpenAPI document."""

import pytest
import tour
from support import PlainClient

from sandbox import routing
from sandbox.openapi import KNOWN, check_recorded, check_request, check_response, load

# Endpoints that the tour leaves out, with the reason.
NOT_TOURED = {
    ("POST", "/campaigns/<campaign_id>/actions/cancel-send"),  # answers 204 only
    ("POST", "/campaigns/<campaign_id>/actions/pause"),  # answers 204 only
    ("POST", "/campaigns/<campaign_id>/actions/resume"),  # answers 204 only
}


@pytest.fixture(scope="module")
def taken(server):
    """The steps of the tour, taken once."""
    server.reset()
    key = "0123456789abcdef0123456789abcdef-us1"
    server.add_account(key)
    steps = tour.steps(PlainClient(server.url, key), server)
    server.reset()
    return steps


def described(method, path):
    return load().find(method, path)[1] is not None


def test_answers(taken):
    findings = []
    for method, path, _query, _body, response in taken:
        assert response.status_code < 500, (method, path, response.text)
        if described(method, path):
            body = response.json() if response.content else None
            findings += check_response(method, path, response.status_code, body)
    assert findings == []


def test_requests_of_the_tour(taken):
    """What the sandbox accepts is what the document allows."""
    findings = []
    for method, path, query, body, response in taken:
        if response.status_code < 400:
            findings += check_request(method, path, body, query)
    assert findings == []


def test_every_endpoint_is_visited(taken):
    adapter = routing.build()
    visited = set()
    rules = {function: (m, p) for m, p, function in routing._rules}
    for method, path, *_rest in taken:
        if path != "/nowhere-at-all":
            function, _arguments = routing.match(adapter, method, path)
            visited.add(rules[function])
    assert set(routing.table()) - visited == NOT_TOURED


def test_endpoints_exist_in_the_document():
    unknown = []
    for method, rule in routing.table():
        path = rule.replace("<", "x").replace(">", "x")
        if not described(method, path):
            unknown.append((method, rule))
    assert unknown == []


# === THE CHECK ITSELF CAN FAIL === #


def test_answer_with_a_mistake(taken):
    path, body = next(
        (path, response.json())
        for method, path, _query, _body, response in taken
        if method == "GET"
        and path.endswith("/members")
        and response.status_code == 200
        and response.json().get("members")
    )
    assert check_response("GET", path, 200, body) == []
    body["members"][0]["status"] = "asleep"
    assert any("asleep" in f for f in check_response("GET", path, 200, body))
    body["members"][0]["status"] = "subscribed"
    body["members"][0]["surprise"] = 1
    assert any("surprise" in f for f in check_response("GET", path, 200, body))
    del body["members"][0]["surprise"]
    body["members"][0]["web_id"] = "17"
    assert any("web_id" in f for f in check_response("GET", path, 200, body))


MEMBER = {"email_address": "a@harbour.test", "status": "subscribed"}


@pytest.mark.parametrize(
    ("method", "path", "body", "query", "word"),
    [
        ("POST", "/lists/x/members", {"status": "pending"}, {}, "email_address"),
        ("POST", "/lists/x/members", None, {}, "missing"),
        ("POST", "/lists/x/members", {**MEMBER, "statsu": 1}, {}, "statsu"),
        ("POST", "/lists/x/members", {**MEMBER, "status": "out"}, {}, "out"),
        ("POST", "/lists/x/members", {**MEMBER, "id": "f" * 32}, {}, "id"),
        ("GET", "/lists/x/members", None, {"count": 5000}, "count"),
        ("GET", "/lists/x/members", None, {"counts": 5}, "counts"),
        ("GET", "/lists/x/members", None, {"fields": "members.emial"}, "emial"),
        ("GET", "/lists/x/members", None, {"status": "asleep"}, "asleep"),
        ("GET", "/lists/x/members", None, {"vip_only": "maybe"}, "maybe"),
        ("GET", "/lists/x/persons", None, {}, "no such operation"),
        ("DELETE", "/lists/x/members/y", {"a": 1}, {}, "not described"),
        ("GET", "/lists/x/members?cuont=5", None, {}, "cuont"),
    ],
)
def test_request_with_a_mistake(method, path, body, query, word):
    findings = check_request(method, path, body, query)
    assert len(findings) == 1
    assert word in findings[0]


def test_good_requests():
    fields = "members.merge_fields.FNAME,members.tags.name,total_items"
    query = {"fields": fields, "count": 1000, "status": "subscribed"}
    assert check_request("GET", "/lists/x/members", None, query) == []
    body = {"members": [{**MEMBER, "tags": ["x"]}], "update_existing": False}
    assert check_request("POST", "/lists/x", body) == []
    body = {"merge_fields": {"FNAME": "Ann"}}
    assert check_request("PUT", "/lists/x/members/y", body) == []


def test_recorded_requests(sandbox, client, path):
    client.get(f"{path}/members", count=10)
    client.get("/nowhere")
    assert check_recorded(sandbox.requests) == []
    client.get(f"{path}/members", cuont=10)
    [finding] = check_recorded(sandbox.requests)
    assert "cuont" in finding


def test_known_differences_have_reasons():
    assert all(len(reason) > 20 for *_pattern, reason in KNOWN)
    assert {side for side, *_rest in KNOWN} == {"request", "response"}
