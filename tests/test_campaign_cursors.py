"""Two people press the same button: real transactions, one sending."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .campaign_case import HTML
from .cursor_common import TwoPeopleCase


@tagged("post_install", "-at_install")
class TestTwoPeople(TwoPeopleCase):
    """A committed draft, and two who look at it."""

    def setUp(self):
        super().setUp()
        there = self.remote_account.add_audience("Newsletter")
        there.add_member("ada@a.example")
        mailing_list = self.world["mailing.list"].create({"name": "Two people"})
        audience = self.world["mailchimp.audience"].create(
            {
                "name": "Two people",
                "account_id": self.account.id,
                "mailchimp_id": there.id,
                "mailing_list_id": mailing_list.id,
            }
        )
        self.campaign = self.world["mailchimp.campaign"].create(
            {
                "account_id": self.account.id,
                "audience_id": audience.id,
                "name": "Two people",
                "subject": "Two people",
                "from_name": "Nordwind",
                "reply_to": "news@nordwind.example",
                "html": HTML,
            }
        )
        self.traces = {
            "mail_message": ("res_id", self.campaign.id),
            "utm_campaign": ("id", self.campaign.utm_campaign_id.id),
            **self.traces,
            "mailing_list": ("id", mailing_list.id),
        }
        # The account goes before its list, which the audience holds.
        self.world.cr.commit()

    def looker(self):
        """Return the wizard that somebody has open, in a transaction of its own."""
        env = self.session()
        campaign = env["mailchimp.campaign"].browse(self.campaign.id)
        action = campaign.action_send()
        env.cr.commit()
        return env["mailchimp.campaign.send"].browse(action["res_id"])

    def begin_both(self):
        """Return the wizards of two people whose transactions have begun."""
        wizards = self.looker(), self.looker()
        for wizard in wizards:
            self.assertTrue(wizard.is_ready)
        return wizards

    def sendings(self):
        """Return how often it went out, and how often that was asked for."""
        [campaign] = self.remote_account.campaigns.values()
        asked = [r for r in self.sandbox.requests if r.path.endswith("/actions/send")]
        return campaign.sendings, len(asked)

    def test_at_the_same_time(self):
        first, second = self.begin_both()
        first.campaign_id._lock()
        with self.assertRaisesRegex(UserError, "Somebody else"):
            second.action_confirm()
        first.action_confirm()
        first.env.cr.commit()
        self.assertEqual(self.sendings(), (1, 1))

    def test_one_after_the_other(self):
        """Who began before the other one was done finds that it was sent."""
        first, second = self.begin_both()
        first.action_confirm()
        first.env.cr.commit()
        action = self.start_anew(second.env, second.action_confirm)
        self.assertIn("Nothing was sent", action["params"]["message"])
        self.assertEqual(self.sendings(), (1, 1))

    def test_forgotten_by_a_crash(self):
        """It left, and Odoo lost its transaction: the next try reads before it acts."""
        wizard = self.looker()
        wizard.action_confirm()
        wizard.env.cr.rollback()
        self.assertEqual(wizard.campaign_id.status, "save")
        action = wizard.action_confirm()
        self.assertIn("Nothing was sent", action["params"]["message"])
        self.assertEqual(wizard.campaign_id.status, "sent")
        self.assertEqual(self.sendings(), (1, 1))

    def test_saved_by_two(self):
        """The first save of a campaign makes one campaign."""
        self.save_at_once(self.campaign)
        self.assertEqual(len(self.remote_account.campaigns), 1)
