"""From campaigns to people, and campaigns among Odoo's own: figures and buttons."""

from odoo.tests import new_test_user, tagged

from .activity_common import ANN, BEN, EVE, ActivityCase

USER = "mailchimp_connector.group_mailchimp_user"
CAMPAIGNS = "mass_mailing.group_mass_mailing_campaign"
MARKETING = f"mass_mailing.group_mass_mailing_user,{CAMPAIGNS}"


class UseCase(ActivityCase):
    """A campaign that Ann clicked, that Ben opened, and that bounced at Eve's."""

    def setUp(self):
        super().setUp()
        self.utm = self.env["utm.campaign"].create({"title": "Spring"})
        self.sent = self.campaign(
            utm_campaign_id=self.utm.id,
            unique_opens=2,
            unique_subscriber_clicks=1,
            hard_bounces=1,
            unsubscribed=1,
            open_rate=1.0,
            click_rate=0.5,
        )
        self.happen(self.sent, "open", ANN, BEN)
        self.happen(self.sent, "click", ANN, url="https://a.example/offer")
        self.happen(self.sent, "bounce", EVE, bounce_type="hard")
        self.happen(self.sent, "unsubscribe", BEN)


@tagged("post_install", "-at_install")
class TestCampaignUse(UseCase):
    """Buttons, graph and pivot of campaigns."""

    def shown(self, action):
        """Return who is shown by an action, with the filter it opens with."""
        events = self.env["mailchimp.campaign.activity"].search(action["domain"])
        names = [name.removeprefix("search_default_") for name in action["context"]]
        arch = events.get_view(view_type="search")["arch"]
        for name in names:
            self.assertIn(f'name="{name}"', arch)
        kind = names[0]
        events = events.filtered(lambda event: event.action == kind)
        return set(events.member_id.mapped("email"))

    def test_buttons(self):
        other = self.campaign(weeks_ago=1)
        self.happen(other, "open", EVE)
        sent = self.sent
        for action, who in (
            (sent.action_view_sent(), {ANN, BEN, EVE}),
            (sent.action_view_opened(), {ANN, BEN}),
            (sent.action_view_clicked(), {ANN}),
            (sent.action_view_bounced(), {EVE}),
            (sent.action_view_unsubscribed(), {BEN}),
        ):
            with self.subTest(context=action["context"]):
                self.assertEqual(self.shown(action), who)
        self.assertEqual(sent.bounces, 1)

    def test_graph_and_pivot(self):
        user = new_test_user(self.env, "mc_user", groups=USER)
        Campaign = self.env["mailchimp.campaign"].with_user(user)
        Campaign.get_views([(False, "graph"), (False, "pivot"), (False, "form")])
        other = self.campaign(weeks_ago=1, open_rate=0.5)
        (self.sent | other).report_fetched_at = other.send_time
        self.campaign(weeks_ago=2)  # no report of it was read yet
        [[sent, rate]] = Campaign._read_group(
            [], [], ["emails_sent:sum", "open_rate:avg"]
        )
        self.assertEqual((sent, rate), (9, 0.75))
        # Groups of which there is no report have no rate, and not that of 0 %.
        groups = Campaign.web_read_group(
            [("report_fetched_at", "=", False)], ["status"], ["open_rate:avg"]
        )["groups"]
        self.assertEqual([group["open_rate:avg"] for group in groups], [False])

    def test_of_an_audience(self):
        audience = self.audience()
        self.assertEqual(audience.odoo_campaign_count, 1)
        action = audience.action_view_campaigns()
        self.assertEqual(
            self.env["mailchimp.campaign"].search(action["domain"]), self.sent
        )


@tagged("post_install", "-at_install")
class TestUtmCampaign(UseCase):
    """Odoo's statistics of a campaign count Mailchimp's mails, too."""

    def ratios(self, user=None):
        """Return what the statistics say."""
        self.env.invalidate_all()
        utm = self.utm.with_user(user) if user else self.utm
        return (
            utm.received_ratio,
            utm.opened_ratio,
            utm.bounced_ratio,
            utm.replied_ratio,
            utm.mailchimp_clicks_ratio,
        )

    def trace(self, **vals):
        """Add a mail of an Odoo mailing."""
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "From Odoo",
                "campaign_id": self.utm.id,
                "mailing_model_id": self.env["ir.model"]._get("mailing.contact").id,
            }
        )
        self.env["mailing.trace"].create(
            {
                "mass_mailing_id": mailing.id,
                "model": "mailing.contact",
                "res_id": self.contact(ANN).id,
                "email": ANN,
                **vals,
            }
        )

    def test_of_mailchimp_alone(self):
        self.assertEqual(self.ratios(), (66.67, 66.67, 33.33, 0, 33.33))

    def test_together_with_mailings_of_odoo(self):
        now = self.now
        self.trace(trace_status="open", sent_datetime=now)
        self.trace(trace_status="reply", sent_datetime=now)
        self.trace(trace_status="cancel")
        # 5 mails count: 4 arrived, 4 were opened, 1 bounced, 1 was answered.
        self.assertEqual(self.ratios(), (80, 80, 20, 20, 33.33))

    def test_without_mailchimp_nothing_changes(self):
        self.trace(trace_status="open", sent_datetime=self.now)
        self.sent.sudo().utm_campaign_id = False
        self.assertEqual(self.ratios(), (100, 100, 0, 0, 0))

    def test_everybody_sees_the_same(self):
        user = new_test_user(self.env, "mc_marketing", groups=MARKETING)
        self.assertEqual(self.ratios(user), self.ratios())
        views = self.utm.with_user(user).get_views([(False, "form"), (False, "kanban")])
        self.assertNotIn("mailchimp_campaign", str(views["views"]))
        self.assertNotIn(
            "mailchimp_campaign_ids", self.utm.with_user(user).fields_get()
        )

    def test_button(self):
        user = new_test_user(self.env, "mc_user", groups=f"{USER},{CAMPAIGNS}")
        utm = self.utm.with_user(user)
        self.assertEqual(utm.mailchimp_campaign_count, 1)
        action = utm.action_view_mailchimp_campaigns()
        found = self.env["mailchimp.campaign"].with_user(user).search(action["domain"])
        self.assertEqual(found, self.sent)
