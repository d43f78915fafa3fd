"""Templates, campaigns and reports."""

import pytest

from sandbox.openapi import check_response

SETTINGS = {
    "subject_line": "Spring",
    "title": "Spring",
    "from_name": "Harbour",
    "reply_to": "hello@harbour.test",
}


@pytest.fixture
def people(audience):
    for name in "abcd":
        audience.add_member(f"{name}@harbour.test")
    audience.add_member("u@harbour.test", "unsubscribed")
    return audience


@pytest.fixture
def campaign(client, people):
    """Path of a campaign that is ready."""
    body = {
        "type": "regular",
        "recipients": {"list_id": people.id},
        "settings": SETTINGS,
    }
    made = client.post("/campaigns", body).json()
    client.put(f"/campaigns/{made['id']}/content", {"html": "<p>Hi *|UNSUB|*</p>"})
    return f"/campaigns/{made['id']}"


def test_not_ready(client, account, people):
    account.recipient_delay = 30
    body = {
        "type": "regular",
        "recipients": {"list_id": people.id},
        "settings": SETTINGS,
    }
    one = f"/campaigns/{client.post('/campaigns', body).json()['id']}"
    client.put(f"{one}/content", {"html": "<p>Hi</p>"})
    assert client.get(f"{one}/send-checklist").json()["is_ready"] is False
    answer = client.post(f"{one}/actions/send")
    assert answer.status_code == 400
    detail = "Your Campaign is not ready to send. recipients not ready"
    assert answer.json()["detail"] == detail
    account.sandbox.clock.advance(30)
    assert client.post(f"{one}/actions/send").status_code == 204


def test_send(client, account, campaign):
    account.sending_seconds = 60
    assert client.post(f"{campaign}/actions/send").status_code == 204
    assert client.get(campaign).json()["status"] == "sending"
    assert client.delete(campaign).status_code == 405
    account.sandbox.clock.advance(60)
    sent = client.get(campaign).json()
    assert (sent["status"], sent["emails_sent"]) == ("sent", 4)
    assert client.patch(campaign, {"settings": SETTINGS}).status_code == 400
    assert client.post(f"{campaign}/actions/send").status_code == 400


def test_schedule(client, sandbox, campaign):
    def schedule(at):
        return client.post(f"{campaign}/actions/schedule", {"schedule_time": at})

    assert schedule("2090-01-01T12:10:00+00:00").status_code == 400
    assert schedule("1990-01-01T12:15:00+00:00").status_code == 400
    assert schedule("2090-01-01T12:15:00+00:00").status_code == 204
    assert client.get(campaign).json()["status"] == "schedule"
    sandbox.clock.freeze(3_786_999_999)
    assert client.get(campaign).json()["status"] == "sent"


def test_batch_delivery(client, account, campaign):
    there = account.campaigns[campaign.rpartition("/")[2]]

    def schedule(count, delay, **more):
        batches = {"batch_count": count, "batch_delay": delay}
        body = {"schedule_time": "2090-01-01T12:15:00+00:00", **more}
        answer = client.post(
            f"{campaign}/actions/schedule", {**body, "batch_delivery": batches}
        )
        return answer.status_code

    assert schedule(1, 5) == schedule(27, 5) == schedule(2, 7) == 400
    assert schedule(2, 5, timewarp=True) == 400
    there.type = "plaintext"
    assert schedule(2, 5) == 400
    there.type = "regular"
    assert schedule(3, 30) == 204
    assert (there.batches, there.batch_delay) == (3, 1800)
    client.post(f"{campaign}/actions/unschedule")
    assert there.batches == 1


def test_ab_test(client, account, people):
    settings = {"subject_lines": ["A", "B"], "test_size": 50, "wait_time": 60}
    body = {"type": "variate", "variate_settings": settings}
    body |= {"recipients": {"list_id": people.id}, "settings": SETTINGS}
    made = client.post("/campaigns", body).json()
    path = f"/campaigns/{made['id']}"
    contents = [
        {"content_label": label, "html": f"<p>{label} *|UNSUB|*</p>"}
        for label in ("Red", "White")
    ]
    client.put(f"{path}/content", {"variate_contents": contents})
    assert client.get(f"{path}/send-checklist").json()["is_ready"]
    account.campaigns[made["id"]].winner = 1
    client.post(f"{path}/actions/send")
    answer = client.get(path)
    assert check_response("GET", path, 200, answer.json()) == []
    test = answer.json()["variate_settings"]
    assert test["contents"] == ["Red", "White"]
    names = ("subject_line", "content_description")
    pairs = [tuple(c[name] for name in names) for c in test["combinations"]]
    assert pairs == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert test["winning_combination_id"] == test["combinations"][1]["id"]
    found = client.get(f"{path}/content").json()["variate_contents"]
    assert [one["html"] for one in found] == [one["html"] for one in contents]


def test_segment_by_tag(client, people, campaign):
    tag = people.make_tag("x")
    people.put_tag(people.by_email("a@harbour.test"), tag)
    recipients = {"list_id": people.id, "segment_opts": {"saved_segment_id": tag.id}}
    client.patch(campaign, {"recipients": recipients, "settings": SETTINGS})
    assert client.get(campaign).json()["recipients"]["recipient_count"] == 1


def test_content_from_template(client, campaign):
    html = '<body><h1 mc:edit="title">T</h1><p mc:edit="body">B</p></body>'
    made = client.post("/templates", {"name": "Letter", "html": html}).json()
    sections = client.get(f"/templates/{made['id']}/default-content").json()["sections"]
    assert sections == {"title": "T", "body": "B"}
    template = {"id": made["id"], "sections": {"body": "Dear all"}}
    content = client.put(f"{campaign}/content", {"template": template}).json()
    assert "Dear all" in content["html"]
    assert ">T<" in content["html"]
    assert content["plain_text"]
    client.delete(f"/templates/{made['id']}")
    assert client.get(f"/templates/{made['id']}").json()["active"] is False
    assert client.get("/templates").json()["total_items"] == 0


def test_replicate(client, campaign):
    copy = client.post(f"{campaign}/actions/replicate").json()
    assert copy["status"] == "save"
    assert copy["settings"]["title"] == "Spring (copy 01)"
    content = client.get(f"/campaigns/{copy['id']}/content").json()
    assert "*|UNSUB|*" in content["html"]


def test_reports(client, sandbox, people, campaign):
    key = campaign.rpartition("/")[2]
    report = f"/reports/{key}"
    assert client.get(report).status_code == 404
    client.post(f"{campaign}/actions/send")
    shop = "https://harbour.test/shop"
    sandbox.people.open(people, "a@harbour.test", key)
    sandbox.people.click(people, "a@harbour.test", key, shop)
    sandbox.people.bounce(people, "b@harbour.test", key)
    sandbox.people.unsubscribe(people, "c@harbour.test", key, reason="Too many")
    sandbox.people.complain(people, "d@harbour.test", key)
    figures = client.get(report).json()
    assert figures["emails_sent"] == 4
    assert figures["opens"]["opens_total"] == 2
    assert figures["opens"]["unique_opens"] == 1
    assert figures["opens"]["open_rate"] == pytest.approx(1 / 3)
    assert figures["bounces"]["hard_bounces"] == 1
    assert (figures["unsubscribed"], figures["abuse_reports"]) == (1, 1)
    activity = client.get(f"{report}/email-activity").json()["emails"]
    found = {row["email_address"]: row["activity"] for row in activity}
    assert [entry["action"] for entry in found["a@harbour.test"]] == [
        "open",
        "open",
        "click",
    ]
    assert found["a@harbour.test"][2]["url"] == shop
    assert found["b@harbour.test"][0]["type"] == "hard"
    assert found["c@harbour.test"] == []
    [gone] = client.get(f"{report}/unsubscribed").json()["unsubscribes"]
    assert (gone["email_address"], gone["reason"]) == ("c@harbour.test", "Too many")
    [link] = client.get(f"{report}/click-details").json()["urls_clicked"]
    assert (link["url"], link["total_clicks"]) == (shop, 1)
    people_of = client.get(f"{report}/click-details/{link['id']}/members").json()
    assert [row["clicks"] for row in people_of["members"]] == [1]
    sent = client.get(f"{report}/sent-to").json()["sent_to"]
    assert [row["status"] for row in sent] == ["sent", "hard", "sent", "sent"]


def test_since_filters_events(client, sandbox, people, campaign):
    sandbox.clock.freeze(2_000_000_000)
    key = campaign.rpartition("/")[2]
    client.post(f"{campaign}/actions/send")
    sandbox.people.open(people, "a@harbour.test", key)
    sandbox.clock.advance(100)
    sandbox.people.open(people, "b@harbour.test", key)
    query = {"since": "2033-05-18T03:33:20+00:00"}
    answer = client.get(f"/reports/{key}/email-activity", **query).json()
    found = {row["email_address"]: len(row["activity"]) for row in answer["emails"]}
    assert found["a@harbour.test"] == 0
    assert found["b@harbour.test"] == 1
    assert answer["total_items"] == 4


def test_growth(client, sandbox, people, path, campaign):
    sandbox.clock.freeze(2_000_000_000)
    sandbox.people.subscribe_by_form(people, "new@harbour.test")
    sandbox.people.unsubscribe(people, "a@harbour.test")
    months = client.get(f"{path}/growth-history").json()["history"]
    assert months[0]["month"] == "2033-05"
    assert (months[0]["optins"], months[0]["unsubscribed"]) == (1, 1)
    days = client.get(f"{path}/activity").json()["activity"]
    assert days[0]["day"] == "2033-05-18"
    assert (days[0]["subs"], days[0]["unsubs"]) == (1, 1)


def test_domains(client, sandbox, people, campaign):
    client.post(f"{campaign}/actions/send")
    key = campaign.rpartition("/")[2]
    sandbox.people.bounce(people, "a@harbour.test", key)
    answer = client.get(f"/reports/{key}/domain-performance").json()
    [domain] = answer["domains"]
    assert (domain["domain"], domain["emails_sent"]) == ("harbour.test", 4)
    assert (domain["bounces"], domain["delivered"]) == (1, 3)
    assert domain["bounces_pct"] == 0.25
