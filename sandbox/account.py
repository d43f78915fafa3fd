"""One Mailchimp account: its user, its keys and all it owns."""

from .audience import Audience

MOST_IN_FLIGHT = 10


class Account:
    """What one API key opens.

    :param str api_key: with its data centre after the last dash
    :param str token: an OAuth access token that opens it too, if any

    Switches a test may set: ``disabled`` (401 as for a revoked key), ``deactivated``
    (403 for all), ``role``, ``language`` of field messages, ``stats_ttl`` (seconds that
    list statistics stay cached), ``webhook_signing``, ``bulk_webhooks``,
    ``busy_addresses`` (refused as signed up to too many lists), ``max_in_flight``,
    ``max_audiences``, ``plan``, ``recipient_delay`` (seconds until a campaign knows its
    recipients), ``sending_seconds`` (how long it is on its way) and
    ``verified_domains`` (from which campaigns may be sent, None for all).
    """

    def __init__(self, sandbox, api_key, name="Sandbox Company", **values):
        self.sandbox = sandbox
        self.api_key = api_key
        self.secret, _dash, self.datacenter = api_key.rpartition("-")
        self.name = name
        self.token = values.pop("token", None)
        self.id = sandbox.ids.hex(32)[:25]
        self.email = "owner@sandbox.example"
        self.role = "owner"
        self.language = "en"
        self.plan = "monthly"
        self.disabled = self.deactivated = False
        self.stats_ttl = 0
        self.webhook_signing = True
        self.bulk_webhooks = True
        self.busy_addresses = set()
        self.max_in_flight = MOST_IN_FLIGHT
        self.in_flight = 0
        self.max_audiences = None
        self.recipient_delay = self.sending_seconds = 0
        self.verified_domains = None
        self.since = sandbox.clock.now()
        self.audiences = {}
        self.batches = {}
        self.batch_webhooks = {}
        self.campaigns = {}
        self.templates = {}
        self.folders = {}
        for name_, value in values.items():
            setattr(self, name_, value)

    def add_audience(self, name="Newsletter", **settings):
        """:return Audience: a new one, empty"""
        with self.sandbox.lock:
            audience = Audience(self, name, **settings)
            self.audiences[audience.id] = audience
            return audience

    def sent_campaigns(self, list_id):
        """:return list: campaigns that went out to an audience"""
        return [
            campaign
            for campaign in self.campaigns.values()
            if campaign.status == "sent" and campaign.list_id == list_id
        ]

    @property
    def subscribers(self):
        """:return int: subscribed contacts of all audiences"""
        return sum(a.counts["subscribed"] for a in self.audiences.values())
