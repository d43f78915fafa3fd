"""What a whole audience does with a campaign, and the figures that come of it."""

from sandbox import activity, openapi


def test_send_is_repeatable(account, audience):
    audience.fill(200)
    one, two = (activity.send(audience, "Letter", 500) for _time in range(2))
    for name in ("at", "id", "action"):
        assert [e[name] for e in one.events] == [e[name] for e in two.events]
    assert len(one.events) == 500
    counts = one.counts()
    assert counts["open"] > counts["click"] > counts["bounce"] > 0
    assert min(e["at"] for e in one.events) > one.send_time
    assert max(e["at"] for e in one.events) < audience.sandbox.clock.now()


def test_figures_follow_the_events(client, audience):
    audience.fill(100)
    sent = activity.send(audience, "Letter", 300)
    before = client.get(f"/reports/{sent.id}").json()
    assert before["opens"]["opens_total"] == sent.counts()["open"]
    clickers = {e["id"] for e in sent.of("click")}
    assert before["clicks"]["unique_subscriber_clicks"] == len(clickers)
    activity.happen(sent, 100, seed=2, shares={"click": 100})
    after = client.get(f"/reports/{sent.id}").json()
    added = after["clicks"]["clicks_total"] - before["clicks"]["clicks_total"]
    assert (added, after["opens"]["opens_total"]) == (100, sent.counts()["open"])
    sent.events = sent.events[:10]
    fewer = client.get(f"/reports/{sent.id}").json()
    assert fewer["opens"]["opens_total"] == len(sent.of("open"))
    assert not openapi.check_response("GET", f"/reports/{sent.id}", 200, after)


def test_since_leaves_people_without_activity(client, audience):
    audience.fill(50)
    sent = activity.send(audience, "Letter", 100)
    last = max(event["at"] for event in sent.of("open"))
    path = f"/reports/{sent.id}/email-activity"
    rows = client.get(path, since=activity.clock.iso(last - 1), count=100).json()
    assert rows["total_items"] == len(sent.recipients)
    found = [event for row in rows["emails"] for event in row["activity"]]
    assert found
    assert all(event["timestamp"] >= activity.clock.iso(last) for event in found)
