"""The base class of the tests of campaigns that are made and sent in Odoo."""

from odoo import fields, sql_db
from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.mailchimp_connector.sandbox import openapi

from .common import MailchimpCase

USER = "mailchimp_connector.group_mailchimp_user"
MARKUP = "<img src=x onerror=alert(1)>"
HTML = "<html><body><h1>Hello *|FNAME|*</h1><a href='*|UNSUB|*'>Bye</a></body></html>"


class CampaignCase(MailchimpCase):
    """An audience of three, two of them subscribed, and campaigns for them."""

    def setUp(self):
        super().setUp()
        self.remote.add_member("ada@a.example", tags=["VIP", "Press"])
        self.remote.add_member("bob@a.example", tags=["VIP"])
        self.remote.add_member("eve@a.example", "unsubscribed", tags=["VIP"])
        self.list = self.import_audiences()

    def tearDown(self):
        """Whatever was accepted fits Mailchimp's official description."""
        self.assertEqual(openapi.check_recorded(self.sandbox.requests), [])
        super().tearDown()

    # === ACTIONS === #

    def new_campaign(self, **vals):
        """Create a campaign that could be sent, in Odoo only."""
        return self.env["mailchimp.campaign"].create(
            {
                "account_id": self.account.id,
                "audience_id": self.list.id,
                "name": "November",
                "subject": "News of November",
                "from_name": "Nordwind",
                "reply_to": "news@nordwind.example",
                "html": HTML,
                **vals,
            }
        )

    def saved_campaign(self, **vals):
        """Create a campaign that Mailchimp has, too."""
        campaign = self.new_campaign(**vals)
        campaign.action_push()
        self.assertTrue(campaign.mailchimp_id, campaign.push_error)
        return campaign

    def wizard(self, campaign, mode="send"):
        """Press a button, and return the wizard that opens.

        :param str mode: send, schedule or check
        """
        action = getattr(campaign, f"action_{mode}")()
        self.assertEqual(action.get("res_model"), "mailchimp.campaign.send", action)
        return campaign.env["mailchimp.campaign.send"].browse(action["res_id"])

    def refreshed(self, campaign):
        """Read what Mailchimp says of a campaign."""
        self.later()
        campaign._refresh()
        return campaign

    # === WHAT CAME OF IT === #

    def there(self, campaign):
        """Return the campaign of the sandbox."""
        return self.remote_account.campaigns[campaign.mailchimp_id]

    def requested(self, method, path):
        """Return the requests whose path ends so."""
        return [
            request
            for request in self.sandbox.requests
            if request.method == method and request.path.endswith(path)
        ]

    def assertSentOnce(self, campaign):
        """It went out, once, and nobody tried it twice."""
        there = self.there(campaign)
        self.assertIn(there.status, ("sending", "sent"))
        self.assertEqual(there.sendings, 1)
        self.assertEqual(len(self.requested("POST", "/actions/send")), 1)

    def assertNotSent(self, campaign):
        """Nothing went out."""
        self.assertEqual(self.there(campaign).sendings, 0)
        self.assertEqual(self.there(campaign).status, "save")

    def told(self, action):
        """Return kind and text of the notification that an action shows."""
        self.assertEqual(action["tag"], "display_notification")
        return action["params"]["type"], action["params"]["message"]

    def minutes_later(self):
        """Let so much time pass that Mailchimp is not at earlier requests any more."""
        with sql_db.db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute(
                "UPDATE mailchimp_attempt SET tried_at = tried_at - interval '4 min'"
            )

    def soon(self, minutes=60):
        """Return a quarter of an hour that is to come."""
        now = fields.Datetime.now().replace(minute=0, second=0, microsecond=0)
        return fields.Datetime.add(now, hours=1, minutes=minutes)


class StrangerCase(CampaignCase):
    """A user of this company, and one of another."""

    def setUp(self):
        super().setUp()
        self.user = new_test_user(self.env, "uma", groups=USER)
        self.elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.stranger = new_test_user(
            self.env,
            "sam",
            groups=USER,
            company_id=self.elsewhere.id,
            company_ids=[Command.set(self.elsewhere.ids)],
        )


class TaggedCase(StrangerCase):
    """Campaigns for tags."""

    def setUp(self):
        super().setUp()
        self.tags = {tag.name: tag for tag in self.list.tag_ids}

    def for_tags(self, *names, **vals):
        ids = [self.tags[name].id for name in names]
        campaign = self.saved_campaign(recipient_tag_ids=[Command.set(ids)], **vals)
        self.forget()
        return campaign

    def forget(self):
        self.env.flush_all()
        self.env.invalidate_all()

    def opts(self, campaign):
        return self.there(campaign).segment_opts
