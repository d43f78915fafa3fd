"""One request after the other to every endpoint; the answers are checked elsewhere."""

import hashlib
import json


def digest(email):
    """:return str: the id of a member"""
    return hashlib.md5(email.lower().encode()).hexdigest()


def steps(client, sandbox):
    """Go through the API.

    :return list: (method, path, query, body, response) of every step
    """
    tour = _Tour(client)
    for part in (
        tour.account,
        tour.lists,
        tour.fields_and_groups,
        tour.members,
        tour.parts_of_members,
        tour.segments,
        tour.bulk,
        tour.webhooks,
        tour.batches,
        tour.templates,
        tour.campaigns,
        tour.reports,
        tour.removals,
    ):
        part(sandbox)
    return tour.taken


class _Tour:
    def __init__(self, client):
        self.client = client
        self.taken = []

    def go(self, method, path, body=None, **query):
        response = self.client.call(method, path, body, **query)
        self.taken.append((method, path, query, body, response))
        return response.json() if response.content else None

    def account(self, _sandbox):
        self.go("GET", "/ping")
        self.go("GET", "/")
        self.go("GET", "/nowhere-at-all")

    def lists(self, _sandbox):
        body = {
            "name": "Tour",
            "contact": {
                "company": "Harbour",
                "address1": "1 Quay",
                "city": "Galway",
                "state": "",
                "zip": "",
                "country": "IE",
            },
            "permission_reminder": "You asked.",
            "email_type_option": False,
            "campaign_defaults": {
                "from_name": "Harbour",
                "from_email": "hello@harbour.test",
                "subject": "",
                "language": "en",
            },
        }
        made = self.go("POST", "/lists", body)
        self.list = f"/lists/{made['id']}"
        self.list_id = made["id"]
        self.go("GET", "/lists", count=5, include_total_contacts="true")
        self.go("GET", self.list)
        self.go("PATCH", self.list, {**body, "name": "Tour, renamed"})
        self.go("GET", "/lists/0000000000")

    def fields_and_groups(self, _sandbox):
        path = f"{self.list}/merge-fields"
        field = self.go(
            "POST", path, {"name": "Spent", "type": "number", "tag": "SPENT"}
        )
        self.go("GET", path, count=100)
        self.go("GET", f"{path}/{field['merge_id']}")
        self.go("PATCH", f"{path}/{field['merge_id']}", {"name": "Spent so far"})
        self.go("POST", path, {"name": "Bad", "type": "hologram"})
        path = f"{self.list}/interest-categories"
        self.groups = self.go("POST", path, {"title": "Topics", "type": "checkboxes"})
        self.go("GET", path)
        self.go("GET", f"{path}/{self.groups['id']}")
        self.go("PATCH", f"{path}/{self.groups['id']}", {"title": "T", "type": "radio"})
        path = f"{path}/{self.groups['id']}/interests"
        self.interest = self.go("POST", path, {"name": "Wine"})
        self.go("GET", path)
        self.go("GET", f"{path}/{self.interest['id']}")
        self.go("PATCH", f"{path}/{self.interest['id']}", {"name": "Red wine"})

    def members(self, _sandbox):
        path = f"{self.list}/members"
        self.go(
            "POST",
            path,
            {
                "email_address": "ann@harbour.test",
                "status": "subscribed",
                "merge_fields": {"FNAME": "Ann", "SPENT": 12.5},
                "interests": {self.interest["id"]: True},
                "tags": ["VIP"],
            },
        )
        body = {"email_address": "ann@harbour.test", "status": "subscribed"}
        self.go("POST", path, body)
        body = {"email_address": "bob@harbour.test", "status_if_new": "subscribed"}
        self.go("PUT", f"{path}/{digest('bob@harbour.test')}", body)
        ann = self.ann = f"{path}/{digest('ann@harbour.test')}"
        self.go("PATCH", ann, {"merge_fields": {"SPENT": "much"}})
        self.go("PATCH", ann, {"status": "unsubscribed"})
        self.go("PATCH", ann, {"status": "subscribed"})
        self.go("GET", ann)
        self.go("GET", path, count=10, status="subscribed", sort_field="last_changed")
        self.go("GET", path, fields="members.email_address,total_items")
        self.go("GET", "/search-members", query="ann")

    def parts_of_members(self, _sandbox):
        tags = {"tags": [{"name": "Press", "status": "active"}]}
        self.go("POST", f"{self.ann}/tags", tags)
        self.go("GET", f"{self.ann}/tags")
        note = self.go("POST", f"{self.ann}/notes", {"note": "Met at the quay."})
        self.go("GET", f"{self.ann}/notes")
        self.go("GET", self.ann)
        self.go("DELETE", f"{self.ann}/notes/{note['id']}")
        self.go("POST", f"{self.ann}/events", {"name": "visited"})
        self.go("GET", f"{self.ann}/events")
        self.go("GET", f"{self.ann}/activity")

    def segments(self, _sandbox):
        path = f"{self.list}/segments"
        body = {"name": "Quay", "static_segment": ["ann@harbour.test"]}
        tag = self.go("POST", path, body)
        self.tag = tag["id"]
        condition = {
            "condition_type": "TextMerge",
            "field": "FNAME",
            "op": "is",
            "value": "Ann",
        }
        body = {"name": "Anns", "options": {"match": "all", "conditions": [condition]}}
        saved = self.go("POST", path, body)
        self.go("GET", path, count=100)
        self.go("GET", f"{path}/{saved['id']}")
        self.go("GET", f"{path}/{saved['id']}/members")
        body = {"members_to_add": ["bob@harbour.test", "no@harbour.test"]}
        self.go("POST", f"{path}/{tag['id']}", body)
        self.go("PATCH", f"{path}/{tag['id']}", {"name": "The quay"})
        body = {"email_address": "bob@harbour.test"}
        self.go("POST", f"{path}/{tag['id']}/members", body)
        bob = digest("bob@harbour.test")
        self.go("DELETE", f"{path}/{tag['id']}/members/{bob}")
        self.go("DELETE", f"{path}/{saved['id']}")
        self.go("GET", f"{self.list}/tag-search", name="Th")

    def bulk(self, _sandbox):
        rows = [
            {"email_address": f"m{number}@harbour.test", "status": "subscribed"}
            for number in range(3)
        ]
        rows.append({"email_address": "bad@example.com", "status": "subscribed"})
        rows.append({"email_address": "ann@harbour.test", "status": "subscribed"})
        self.go("POST", self.list, {"members": rows})
        self.go("POST", self.list, {"members": rows, "update_existing": True})

    def webhooks(self, sandbox):
        sandbox.webhooks.validate = False
        path = f"{self.list}/webhooks"
        body = {
            "url": "http://127.0.0.1:9/hook",
            "events": {"subscribe": True, "unsubscribe": True},
            "sources": {"user": True, "admin": True, "api": False},
        }
        hook = self.go("POST", path, body)
        self.go("GET", path)
        self.go("GET", f"{path}/{hook['id']}")
        self.go("PATCH", f"{path}/{hook['id']}", {"events": {"profile": True}})
        self.go("DELETE", f"{path}/{hook['id']}")
        hook = self.go("POST", "/batch-webhooks", {"url": "http://127.0.0.1:9/batch"})
        self.go("GET", "/batch-webhooks")
        path = f"/batch-webhooks/{hook['id']}"
        self.go("GET", path)
        self.go("PATCH", path, {"enabled": False})
        self.go("DELETE", path)

    def batches(self, sandbox):
        operation = {
            "method": "PATCH",
            "path": self.ann,
            "operation_id": "1",
            "body": json.dumps({"merge_fields": {"LNAME": "Quay"}}),
        }
        batch = self.go("POST", "/batches", {"operations": [operation]})
        sandbox.batches.wait()
        self.go("GET", f"/batches/{batch['id']}")
        self.go("GET", "/batches")
        self.go("DELETE", f"/batches/{batch['id']}")

    def templates(self, _sandbox):
        html = '<html><body><div mc:edit="body">Hello</div></body></html>'
        self.template = self.go("POST", "/templates", {"name": "Letter", "html": html})
        path = f"/templates/{self.template['id']}"
        self.go("GET", "/templates", count=10)
        self.go("GET", path)
        self.go("PATCH", path, {"name": "Letter, new", "html": html})
        self.go("GET", f"{path}/default-content")
        self.go("POST", "/template-folders", {"name": "Letters"})
        self.go("GET", "/template-folders")
        self.go("POST", "/campaign-folders", {"name": "Spring"})
        self.go("GET", "/campaign-folders")

    def campaigns(self, sandbox):
        settings = {
            "subject_line": "Hello",
            "title": "First",
            "from_name": "Harbour",
            "reply_to": "hello@harbour.test",
        }
        body = {
            "type": "regular",
            "recipients": {"list_id": self.list_id},
            "settings": settings,
        }
        made = self.go("POST", "/campaigns", body)
        path = self.campaign = f"/campaigns/{made['id']}"
        self.campaign_id = made["id"]
        self.go("POST", f"{path}/actions/send")
        template = {"id": self.template["id"], "sections": {"body": "Dear *|FNAME|*"}}
        self.go("PUT", f"{path}/content", {"template": template})
        self.go("GET", f"{path}/content")
        self.go("GET", f"{path}/send-checklist")
        self.go("PATCH", path, {"settings": settings})
        body = {"test_emails": ["me@harbour.test"], "send_type": "html"}
        self.go("POST", f"{path}/actions/test", body)
        at = "2090-01-01T12:15:00+00:00"
        self.go("POST", f"{path}/actions/schedule", {"schedule_time": at})
        self.go("POST", f"{path}/actions/unschedule")
        self.go("POST", f"{path}/actions/send")
        self.go("GET", path)
        self.go("GET", "/campaigns", status="sent")
        self.go("GET", "/search-campaigns", query="hello")
        self.go("POST", f"{path}/actions/replicate")
        self.go("POST", f"{path}/actions/create-resend")

    def reports(self, sandbox):
        audience = sandbox.accounts[0].audiences[self.list_id]
        people, url = sandbox.people, "https://harbour.test/shop"
        people.click(audience, "ann@harbour.test", self.campaign_id, url)
        people.unsubscribe(audience, "m0@harbour.test", self.campaign_id)
        people.bounce(audience, "m1@harbour.test", self.campaign_id)
        people.complain(audience, "m2@harbour.test", self.campaign_id)
        path = f"/reports/{self.campaign_id}"
        self.go("GET", "/reports")
        self.go("GET", path)
        ann = digest("ann@harbour.test")
        for part in (
            "email-activity",
            f"email-activity/{ann}",
            "sent-to",
            "unsubscribed",
            "open-details",
            "abuse-reports",
            "sub-reports",
            "domain-performance",
            "advice",
            "locations",
        ):
            self.go("GET", f"{path}/{part}")
        self.go("GET", f"{self.list}/growth-history")
        self.go("GET", f"{self.list}/activity")
        clicks = self.go("GET", f"{path}/click-details")
        link = clicks["urls_clicked"][0]["id"]
        self.go("GET", f"{path}/click-details/{link}")
        self.go("GET", f"{path}/click-details/{link}/members")

    def removals(self, _sandbox):
        bob = f"{self.list}/members/{digest('bob@harbour.test')}"
        self.go("DELETE", bob)
        self.go("DELETE", bob)
        self.go("POST", f"{bob}/actions/delete-permanent")
        self.go("DELETE", f"{self.list}/segments/{self.tag}")
        self.go("GET", f"{self.list}/members", status="archived")
        path = f"{self.list}/interest-categories/{self.groups['id']}"
        self.go("DELETE", f"{path}/interests/{self.interest['id']}")
        self.go("DELETE", path)
        self.go("DELETE", self.campaign)
        self.go("DELETE", f"/templates/{self.template['id']}")
        self.go("DELETE", f"{self.list}/merge-fields/6")
        self.go("DELETE", self.list)
