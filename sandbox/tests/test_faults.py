"""Every fault, seen from the client."""

import pytest
import requests

from sandbox import FAULTS, ODDITIES
from sandbox.faults import INSTEAD

ANN = {"email_address": "ann@harbour.test", "status": "subscribed"}
STATUS = {
    "429_problem": 429,
    "429_empty": 429,
    "403_empty": 403,
    "403_problem": 403,
    "500_problem": 500,
    "500_empty": 500,
    "502_html": 502,
    "503_akamai": 503,
    "504_large_page": 504,
    "empty_body": 200,
    "broken_json": 200,
    "slow": 200,
}
BROKEN = ("connection_reset", "answer_lost", "truncated_body")


def test_none_is_forgotten():
    assert set(FAULTS) == {*STATUS, *BROKEN}


@pytest.mark.parametrize("kind", FAULTS)
def test_strikes_once(sandbox, client, audience, path, kind):
    audience.fill(20)
    fault = sandbox.faults.inject(kind, seconds=0.01)
    if kind in BROKEN:
        with pytest.raises(requests.RequestException):
            client.get(f"{path}/members", count=1000)
    else:
        answer = client.get(f"{path}/members", count=1000)
        assert answer.status_code == STATUS[kind]
    assert fault.hits == 1
    assert sandbox.faults.waiting == []
    assert sandbox.requests[-1].fault == kind
    answer = client.get(f"{path}/members", count=1000)
    assert len(answer.json()["members"]) > 15


@pytest.mark.parametrize("kind", FAULTS)
def test_processed_or_not(sandbox, client, audience, path, kind):
    sandbox.faults.inject(kind, seconds=0.01)
    try:
        client.post(f"{path}/members", ANN, count=1000)
    except requests.RequestException:
        pass
    assert bool(audience.members) == (kind not in INSTEAD)


def test_bodies(sandbox, client):
    def get(kind):
        sandbox.faults.inject(kind)
        return client.get("/lists")

    for kind in ("429_empty", "403_empty", "500_empty", "empty_body"):
        assert get(kind).content == b""
    assert "Content-Type" not in get("429_empty").headers
    assert get("503_akamai").json()["title"] == "akamai_503"
    assert b"An error occurred while processing your request" in get("502_html").content
    assert get("500_problem").json()["title"] == "Internal Server Error"
    with pytest.raises(ValueError):
        get("broken_json").json()


def test_504_is_for_large_pages(sandbox, client, path):
    sandbox.faults.inject("504_large_page", times=None)
    assert client.get(f"{path}/members", count=999).status_code == 200
    assert client.get(f"{path}/members", count=1000).status_code == 504
    assert client.get(f"{path}/members", count=1000).status_code == 504


def test_match_times_and_after(sandbox, client, path):
    fault = sandbox.faults.inject(
        "500_empty", times=2, match="GET /lists/*/members", after=1
    )
    statuses = [client.get(f"{path}/members").status_code for _turn in range(4)]
    assert statuses == [200, 500, 500, 200]
    assert (fault.seen, fault.hits) == (3, 2)
    sandbox.faults.inject("500_empty", match="GET /lists/*/members")
    assert client.get(path).status_code == 200
    assert client.get(f"{path}/segments").status_code == 200
    assert len(sandbox.faults.waiting) == 1
    sandbox.faults.clear()
    assert client.get(f"{path}/members").status_code == 200


def test_unknown_fault(sandbox):
    with pytest.raises(ValueError):
        sandbox.faults.inject("meteorite")


def test_download_of_results(sandbox, client):
    operations = [{"method": "GET", "path": "/ping"}]
    batch = client.post("/batches", {"operations": operations}).json()
    assert sandbox.batches.wait()
    url = client.get(f"/batches/{batch['id']}").json()["response_body_url"]
    sandbox.faults.inject("truncated_body", match="GET /_results/*")
    with pytest.raises(requests.RequestException):
        requests.get(url, timeout=60)
    assert requests.get(url, timeout=60).status_code == 200


def test_others_are_served_meanwhile(sandbox, client, connect, account):
    for _turn in range(30):
        sandbox.faults.inject("connection_reset")
        with pytest.raises(requests.ConnectionError):
            client.get("/ping")
    assert connect(account.api_key).get("/ping").status_code == 200
    assert account.in_flight == 0


# === ODDITIES === #


@pytest.mark.parametrize("kind", ODDITIES)
def test_oddities_are_served(client, audience, path, kind):
    audience.add_oddity(kind)
    assert client.get(f"{path}/members").status_code == 200
    assert client.get(f"{path}/merge-fields", count=100).status_code == 200


def test_what_is_odd(client, audience, path):
    for kind in ODDITIES:
        audience.add_oddity(kind)
    answer = client.get(f"{path}/members", count=100).json()["members"]
    found = {member.get("email_address"): member for member in answer}
    assert None in found
    assert "not an address@@nowhere" in found
    assert "hibernating" in {member["status"] for member in answer}
    assert len(found["huge-name@oddity.example"]["merge_fields"]["FNAME"]) == 65536
    assert "\0" in found["nul-byte@oddity.example"]["merge_fields"]["FNAME"]
    assert "🦄" in found["emoji@oddity.example"]["merge_fields"]["FNAME"]
    assert found["address-empty@oddity.example"]["merge_fields"]["ADDRESS"] == ""
    address = found["address-dict@oddity.example"]["merge_fields"]["ADDRESS"]
    assert address["city"] == "Galway"
    assert "merge_fields" not in found["no-merge-fields@oddity.example"]
    fields = client.get(f"{path}/merge-fields", count=100).json()["merge_fields"]
    assert "hologram" in {field["type"] for field in fields}
