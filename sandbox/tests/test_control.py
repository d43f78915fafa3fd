"""The demo company, the generator, and the sandbox as a process of its own."""

from collections import Counter

import pytest
import requests

from sandbox import Sandbox, SandboxProcess
from sandbox.clock import iso
from sandbox.merge_fields import TYPES

SECOND_KEY = "fedcba9876543210fedcba9876543210-us2"


def test_fill_is_believable_and_repeatable(account, audience):
    twin = account.add_audience(audience.name)
    for each in (audience, twin):
        assert each.fill(3000, tags=["x", "y"]) == 3000
    assert list(audience.members) == list(twin.members)
    counts = audience.counts
    assert 0.85 < counts["subscribed"] / 3000 < 0.91
    assert 0.07 < counts["unsubscribed"] / 3000 < 0.11
    assert min(counts[s] for s in ("cleaned", "pending", "transactional")) > 0
    assert counts["archived"] > 0
    audience.fill(100)
    assert len(audience.members) == 3100
    times = [member.last_changed for member in audience.members.values()]
    assert max(times) <= audience.sandbox.clock.now()


def test_churn(sandbox, audience, client, path):
    sandbox.clock.freeze()
    audience.fill(1000)
    before = sandbox.clock.now() - 60
    sandbox.clock.advance(5)
    assert sandbox.people.churn(audience, 0.01) == 10
    answer = client.get(f"{path}/members", since_last_changed=iso(before), count=100)
    archived = client.get(
        f"{path}/members", since_last_changed=iso(before), status="archived"
    )
    found = answer.json()["total_items"] + archived.json()["total_items"]
    assert found == 10


def test_demo(sandbox, connect):
    made = sandbox.add_demo()
    account = sandbox.accounts[0]
    audiences = list(account.audiences.values())
    assert sum(len(audience.members) for audience in audiences) == 5000
    assert len(audiences) == 3
    for audience in audiences:
        total = Counter(member.status for member in audience.members.values())
        assert total == Counter({k: n for k, n in audience.counts.items() if n})
    assert set(audiences[0].counts) >= {
        "subscribed",
        "unsubscribed",
        "cleaned",
        "pending",
        "transactional",
        "archived",
    }
    kinds = {field.type for field in audiences[0].fields.values()}
    assert kinds == set(TYPES)
    statuses = {campaign.status for campaign in account.campaigns.values()}
    assert statuses == {"sent", "schedule", "save"}
    client = connect(made["api_key"])
    report = client.get("/reports", sort_field="send_time").json()["reports"][0]
    assert report["opens"]["unique_opens"] > 100
    sent = client.get(f"/reports/{report['id']}/sent-to").json()
    assert sent["total_items"] == report["emails_sent"]


def test_demo_is_the_same_every_time():
    found = []
    for _turn in range(2):
        sandbox = Sandbox()
        sandbox.add_demo()
        account = sandbox.accounts[0]
        found.append([list(a.members) for a in account.audiences.values()])
    assert found[0] == found[1]


@pytest.fixture(scope="module")
def process():
    with SandboxProcess() as running:
        yield running


def test_process(process):
    process.control("reset")
    process.control("account", api_key=SECOND_KEY, name="Second")
    made = process.control(
        "audience",
        name="Letters",
        fill=50,
        merge_fields=[{"tag": "N", "type": "number"}],
        interests=[{"title": "Topics", "names": ["Wine"]}],
    )
    process.control("members", members=[{"email": "a@harbour.test", "tags": ["x"]}])
    process.control("people", action="unsubscribe", email="a@harbour.test")
    url = f"{process.url}/lists/{made['id']}/members/a@harbour.test"
    answer = requests.get(url, auth=("x", SECOND_KEY), timeout=60)
    assert answer.json()["status"] == "unsubscribed"
    [counts] = process.control("counts")
    assert sum(counts["counts"].values()) == 51
    assert process.control("requests")[-1]["path"].endswith("a@harbour.test")
    assert process.control("transitions")[-1]["after"] == "unsubscribed"
    assert process.control("resubscribed") == []
    assert process.control("warm", fields="members.id")["rendered"] > 40


def test_process_faults_and_time(process):
    process.control("reset")
    process.control("account", api_key=SECOND_KEY)
    process.control("fault", kind="500_empty", match="GET /ping")
    url = f"{process.url}/ping"
    assert requests.get(url, auth=("x", SECOND_KEY), timeout=60).status_code == 500
    assert process.control("faults") == []
    process.control("fault", kind="500_empty", times=None)
    assert process.control("faults")[0]["kind"] == "500_empty"
    process.control("faults", clear=True)
    assert requests.get(url, auth=("x", SECOND_KEY), timeout=60).status_code == 200
    process.control("clock", freeze=1000)
    assert process.control("clock", advance=50) == {"now": 1050}
    process.control("switch", disabled=True)
    assert requests.get(url, auth=("x", SECOND_KEY), timeout=60).status_code == 401
    assert process.control("peak")["in_flight"] >= 1


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("nonsense", {}),
        ("fault", {"kind": "meteorite"}),
        ("people", {"action": "_find"}),
        ("audience", {"account": "no such key"}),
        ("webhooks", {"nonsense": 1}),
        ("oddity", {"kind": "none"}),
    ],
)
def test_wrong_commands(process, command, arguments):
    with pytest.raises(ValueError):
        process.control(command, **arguments)


def test_process_ends(process):
    other = SandboxProcess().start()
    url = other.url
    other.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/ping", timeout=60)


def test_restart_on_the_same_port():
    sandbox = Sandbox().start()
    url = sandbox.url
    sandbox.add_account(SECOND_KEY)
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/ping", timeout=60)
    sandbox.start()
    try:
        answer = requests.get(f"{url}/ping", auth=("x", SECOND_KEY), timeout=60)
        assert answer.status_code == 200
    finally:
        sandbox.stop()
