"""Batches: running, results, expiry, notification."""

import gzip
import io
import json
import tarfile

import pytest
import requests

from sandbox.batches import pack


def put(path, number, **values):
    email = f"m{number}@harbour.test"
    body = {"email_address": email, "status_if_new": "subscribed", **values}
    return {
        "method": "PUT",
        "path": f"{path}/members/{email}",
        "operation_id": f"op-{number}",
        "body": json.dumps(body),
    }


@pytest.fixture
def run(client, sandbox):
    """Runs operations to the end and returns the batch."""

    def submit(*operations):
        answer = client.post("/batches", {"operations": list(operations)})
        assert answer.status_code == 200, answer.text
        assert sandbox.batches.wait()
        return client.get(f"/batches/{answer.json()['id']}").json()

    return submit


def results(batch):
    """Download and decode."""
    answer = requests.get(batch["response_body_url"], timeout=60)
    assert answer.status_code == 200, answer.text
    rows = []
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        for entry in archive:
            data = archive.extractfile(entry).read() if entry.isfile() else b""
            rows += json.loads(data) if data else []
    return {row["operation_id"]: row for row in rows}


def test_accepted_then_finished(client, sandbox, path):
    sandbox.batches.hold()
    made = client.post("/batches", {"operations": [put(path, 1)]}).json()
    assert (made["status"], made["response_body_url"]) == ("pending", "")
    assert made["completed_at"] == ""
    assert client.get(f"/batches/{made['id']}").json()["status"] == "pending"
    sandbox.batches.release()
    assert sandbox.batches.wait()
    done = client.get(f"/batches/{made['id']}").json()
    assert (done["status"], done["total_operations"]) == ("finished", 1)
    assert done["response_body_url"].startswith(sandbox.root)


def test_results(client, run, audience, path):
    operations = [put(path, number) for number in range(20)]
    operations.append({**put(path, 21), "body": '{"email_address": "x@example.com"}'})
    delete = {"method": "DELETE", "path": f"{path}/members/gone@harbour.test"}
    audience.add_member("gone@harbour.test")
    operations.append({**delete, "operation_id": "delete"})
    batch = run(*operations)
    assert (batch["finished_operations"], batch["errored_operations"]) == (22, 1)
    rows = results(batch)
    assert len(rows) == 22
    assert json.loads(rows["op-3"]["response"])["email_address"] == "m3@harbour.test"
    assert rows["op-21"]["status_code"] == 400
    assert rows["delete"] == {
        "status_code": 204,
        "operation_id": "delete",
        "response": "",
    }
    assert len(audience.members) == 21


def test_operations_are_shuffled(run, sandbox, path):
    run(*(put(path, number) for number in range(20)))
    paths = [entry.path for entry in sandbox.requests if entry.in_batch]
    assert len(paths) == 20
    assert paths != sorted(
        paths, key=lambda text: int(text.split("/m")[-1].split("@")[0])
    )


def test_archive_is_awkward():
    data = pack("x", [{"n": number} for number in range(1000)])
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        entries = archive.getmembers()
    assert gzip.decompress(data)[:3] == b"./\0"
    assert entries[0].isdir()
    sizes = [entry.size for entry in entries[1:]]
    assert len(sizes) > 2
    assert 0 in sizes


def test_batches_take_no_slot(run, account, path):
    account.max_in_flight = 2
    assert run(*(put(path, n) for n in range(30)))["errored_operations"] == 0


def test_reading_without_count_reads_all(run, audience, path):
    audience.fill(2500)
    listed = sum(m.status != "archived" for m in audience.members.values())
    batch = run({"method": "GET", "path": f"{path}/members", "operation_id": "all"})
    assert batch["finished_operations"] == 3
    answer = requests.get(batch["response_body_url"], timeout=60)
    found = 0
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        for entry in archive:
            data = archive.extractfile(entry).read() if entry.isfile() else b""
            for row in json.loads(data) if data else ():
                found += len(json.loads(row["response"])["members"])
    assert found == listed


def test_params(run, audience, path):
    audience.fill(30)
    params = {"count": 7, "fields": "members.id"}
    batch = run({"method": "GET", "path": f"{path}/members", "params": params})
    [row] = results(batch).values()
    assert len(json.loads(row["response"])["members"]) == 7


def test_url_expires_and_is_renewed(client, sandbox, run, path):
    batch = run(put(path, 1))
    again = client.get(f"/batches/{batch['id']}").json()
    assert again["response_body_url"] != batch["response_body_url"]
    sandbox.clock.advance(601)
    assert requests.get(batch["response_body_url"], timeout=60).status_code == 400
    again = client.get(f"/batches/{batch['id']}").json()
    assert "op-1" in results(again)


def test_url_is_fetched_as_it_is(client, run, path):
    url = run(put(path, 1))["response_body_url"]
    assert requests.get(requests.utils.unquote(url), timeout=60).status_code == 403
    assert client.session.get(url).status_code == 400


def test_batch_expires(client, sandbox, run, path):
    batch = run(put(path, 1))
    sandbox.clock.advance(7 * 24 * 3600 + 60)
    assert client.get(f"/batches/{batch['id']}").status_code == 404
    assert client.get("/batches").json()["batches"] == []


def test_deleted(client, sandbox, audience, path):
    sandbox.batches.hold()
    made = client.post("/batches", {"operations": [put(path, 1)]}).json()
    assert client.delete(f"/batches/{made['id']}").status_code == 204
    sandbox.batches.release()
    assert sandbox.batches.wait()
    assert client.get(f"/batches/{made['id']}").status_code == 404
    assert not audience.members


def test_500_pending(client, sandbox, path):
    sandbox.batches.hold()
    for _turn in range(500):
        client.post("/batches", {"operations": [put(path, 1)]})
    answer = client.post("/batches", {"operations": [put(path, 1)]})
    assert answer.status_code == 429


@pytest.mark.parametrize(
    "operation",
    [
        {"method": "PUT"},
        {"method": "OPEN", "path": "/lists"},
        {"method": "GET", "path": "lists"},
        {"method": "PUT", "path": "/lists", "body": {"a": 1}},
        "GET /lists",
    ],
)
def test_refused(client, operation):
    answer = client.post("/batches", {"operations": [operation]})
    assert answer.status_code == 400


def test_faults_inside(run, sandbox, path):
    fault = sandbox.faults.inject("429_problem", times=2, match="BATCH PUT *")
    batch = run(*(put(path, number) for number in range(5)))
    assert (fault.hits, batch["errored_operations"]) == (2, 2)


def test_notification(client, sandbox, run, path, receiver):
    client.post("/batch-webhooks", {"url": receiver.url})
    assert receiver.seen[0][0] == "GET"
    batch = run(put(path, 1), put(path, 2))
    assert sandbox.webhooks.wait()
    [(headers, form)] = receiver.posts()
    assert form["type"] == "batch_operation_completed"
    assert form["data[id]"] == batch["id"]
    assert form["data[status]"] == "finished"
    assert form["data[finished_operations]"] == "2"
    assert form["data[_links][0][rel]"] == "self"
    assert "X-Mailchimp-Signature" in headers
    assert requests.get(form["data[response_body_url]"], timeout=60).status_code == 200
