"""Engagement of members, contacts and customers, out of their activity."""

from ast import literal_eval
from datetime import timedelta

from lxml import etree

from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import new_test_user, tagged

from .activity_common import ANN, BEN, EVE, ActivityCase

MARKETING = "mass_mailing.group_mass_mailing_user"
ENGAGED = (
    "['|', ('mailchimp_last_open', '>=', '-90d'), "
    "('mailchimp_last_click', '>=', '-90d')]"
)
FIGURES = (
    "mailchimp_sent_count",
    "mailchimp_opened_count",
    "mailchimp_clicked_count",
    "mailchimp_unopened_count",
    "mailchimp_soft_bounce_count",
)


class EngagementCase(ActivityCase):
    """Five campaigns: Ann reads some, Ben none, Eve cannot be reached."""

    def setUp(self):
        super().setUp()
        self.sent = [self.campaign(weeks) for weeks in (5, 4, 3, 2, 1)]
        first, second, third, fourth, fifth = self.sent
        for hours in (1, 2, 3):
            self.happen(first, "open", ANN, after=timedelta(hours=hours))
        self.happen(second, "open", ANN)
        self.happen(second, "click", ANN, url="https://a.example/offer")
        # No picture was loaded, but a link was followed.
        self.happen(third, "click", ANN, url="https://a.example/offer")
        for campaign in (second, fourth, fifth):
            self.happen(campaign, "bounce", EVE, bounce_type="soft")
        self.compute()

    def marks(self, *links):
        """Return whose figures are going to be computed."""
        Mark = self.env["mailchimp.engagement.mark"]
        Mark._write_marks()
        marks = Mark.search([("link", "in", links)] if links else [])
        return marks.mapped("res_id")

    def figures(self, record):
        """Return the counts of a record, in the order of FIGURES."""
        return tuple(record[name] for name in FIGURES)


@tagged("post_install", "-at_install")
class TestFigures(EngagementCase):
    """What is counted, and for whom."""

    def assertFigures(self, email, *expected):
        """Member and contact have the same figures."""
        self.assertEqual(self.figures(self.member(email)), expected)
        self.assertEqual(self.figures(self.contact(email)), expected)

    def test_counts(self):
        self.assertFigures(ANN, 5, 3, 2, 2, 0)
        self.assertFigures(BEN, 5, 0, 0, 5, 0)
        self.assertFigures(EVE, 2, 0, 0, 2, 2)

    def test_rates_and_times(self):
        _first, second, third, _fourth, fifth = self.sent
        hour = timedelta(hours=1)
        for ann in (self.member(ANN), self.contact(ANN)):
            self.assertAlmostEqual(ann.mailchimp_open_rate, 3 / 5)
            self.assertAlmostEqual(ann.mailchimp_click_rate, 2 / 5)
            self.assertEqual(ann.mailchimp_last_sent, fifth.send_time)
            self.assertEqual(ann.mailchimp_last_open, second.send_time + hour)
            self.assertEqual(ann.mailchimp_last_click, third.send_time + hour)
        ben = self.contact(BEN)
        self.assertEqual((ben.mailchimp_open_rate, ben.mailchimp_last_open), (0, False))

    def test_bounced_for_a_while_and_opened_later(self):
        self.happen(self.sent[-1], "open", EVE, after=timedelta(days=1))
        self.compute()
        self.assertFigures(EVE, 3, 1, 0, 0, 0)

    def test_again_read_pages_change_nothing(self):
        self.happen(self.sent[1], "open", ANN)
        self.assertFalse(self.marks())

    def test_only_whose_activity_changed(self):
        self.env.cr.execute(
            "UPDATE mailchimp_member SET mailchimp_sent_count = 99 WHERE id = %s",
            [self.member(BEN).id],
        )
        self.happen(self.sent[-1], "open", ANN)
        self.compute()
        self.assertFigures(ANN, 5, 4, 2, 0, 0)
        self.assertEqual(self.member(BEN).mailchimp_sent_count, 99)

    def test_person_in_two_audiences(self):
        other = self.remote_account.add_audience("Other")
        other.add_member(ANN)
        self.import_audiences()
        self.campaign(0, to=(ANN,), audience_id=self.audience(other).id)
        self.compute()
        self.assertEqual(self.figures(self.contact(ANN)), (6, 3, 2, 3, 0))
        self.assertEqual(self.figures(self.member(ANN)), (5, 3, 2, 2, 0))

    def test_of_strangers_once_they_are_members(self):
        zoe = "zoe@a.example"
        self.happen(self.sent[0], "open", zoe)
        self.remote.add_member(zoe)
        self.fetch()
        for _step in self.env["mailchimp.campaign.report"]._link_members(self.sent[0]):
            pass
        self.compute()
        self.assertFigures(zoe, 1, 1, 0, 0, 0)

    def test_rating(self):
        self.remote.by_email(ANN).rating = 5
        self.people.update_profile(self.remote, ANN, {"LNAME": "Lee"})
        self.fetch()
        self.compute()
        self.assertEqual(self.member(ANN).rating, 5)
        self.assertEqual(self.contact(ANN).mailchimp_rating, 5)
        self.assertEqual(self.contact(ANN).mailchimp_rating_stars, "5")

    def test_rating_from_before_there_was_engagement(self):
        self.env.cr.execute("UPDATE mailchimp_member SET rating = 4")
        self.env.invalidate_all()
        self.env["mailing.contact"]._mailchimp_mark_rated()
        self.compute()
        self.assertEqual(self.contact(ANN).mailchimp_rating, 4)

    def test_rating_of_new_contacts_costs_nothing(self):
        known = self.env["mailchimp.job"].search([("method", "=", "_job_refresh")])
        self.remote.add_member("zoe@a.example", rating=4)
        self.fetch()
        jobs = self.env["mailchimp.job"].search([("method", "=", "_job_refresh")])
        self.assertEqual(jobs, known)
        self.assertEqual(self.contact("zoe@a.example").mailchimp_rating, 4)


@tagged("post_install", "-at_install")
class TestWhoseFigures(EngagementCase):
    """Members that get another contact or customer, or go."""

    def setUp(self):
        super().setUp()
        partners = self.env["res.partner"].create(
            [
                {"name": "Ann", "email": ANN},
                {"name": "Ann Lee", "email": "lee@a.example"},
            ]
        )
        self.partner, self.other = partners

    def test_customer_is_linked(self):
        self.member(ANN).sudo().partner_id = self.partner
        self.compute()
        self.assertEqual(self.figures(self.partner), (5, 3, 2, 2, 0))
        self.member(ANN).sudo().partner_id = self.other
        self.compute()
        self.assertEqual(self.figures(self.partner), (0, 0, 0, 0, 0))
        self.assertEqual(self.figures(self.other), (5, 3, 2, 2, 0))

    def test_customers_are_merged(self):
        self.member(ANN).sudo().partner_id = self.other
        self.compute()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.partner | self.other).ids, self.partner)
        self.compute()
        self.assertFalse(self.other.exists())
        self.assertEqual(self.figures(self.partner), (5, 3, 2, 2, 0))

    def test_contact_is_deleted_and_comes_back(self):
        self.contact(ANN).unlink()
        again = self.env["mailing.contact"].create({"name": "Ann", "email": ANN})
        self.member(ANN).sudo().contact_id = again
        self.compute()
        self.assertEqual(self.figures(again), (5, 3, 2, 2, 0))

    def test_contact_is_found_by_a_push(self):
        self.contact(ANN).unlink()
        self.account.auto_push_contacts = True
        self.env.flush_all()
        again = self.env["mailing.contact"].create({"name": "Ann", "email": ANN})
        self.compute()
        self.assertEqual(self.member(ANN).contact_id, again)
        self.assertEqual(self.figures(again), (5, 3, 2, 2, 0))

    def test_campaign_is_deleted(self):
        self.sent[-1].unlink()
        self.compute()
        self.assertEqual(self.figures(self.member(ANN)), (4, 3, 2, 1, 0))
        self.assertEqual(self.figures(self.contact(ANN)), (4, 3, 2, 1, 0))

    def test_audience_is_deleted(self):
        contact = self.contact(ANN)
        self.audience().sudo().unlink()
        self.compute()
        self.assertEqual(self.figures(contact), (0, 0, 0, 0, 0))

    def test_account_is_deleted(self):
        contact = self.contact(ANN)
        self.env["mailchimp.job"].sudo().search([]).unlink()
        self.account.unlink()
        self.compute()
        self.assertEqual(self.figures(contact), (0, 0, 0, 0, 0))

    def test_a_mark_made_meanwhile_is_another_reason(self):
        Mark = self.env["mailchimp.engagement.mark"]
        Mark._mark("mailchimp.member", self.member(ANN).ids)
        Mark._write_marks()
        claimed = Mark._claim("mailchimp.member")
        Mark._mark("mailchimp.member", self.member(ANN).ids)
        self.assertEqual(claimed, self.member(ANN).ids)
        self.assertEqual(self.marks(), self.member(ANN).ids)

    def test_many_are_marked_by_one_statement(self):
        members = self.audience().member_ids.sudo()
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env["mailing.contact"].browse(members.contact_id.ids).mapped("name")
        before = self.env.cr.sql_log_count
        for member in members:
            member.partner_id = self.partner
        self.assertLess(self.env.cr.sql_log_count - before, len(members))
        self.assertEqual(self.marks("res.partner"), self.partner.ids)

    def test_marks_of_the_deleted_do_no_harm(self):
        Mark = self.env["mailchimp.engagement.mark"]
        for model in ("mailchimp.member", "mailing.contact", "res.partner"):
            Mark._mark(model, [2**31 - 1])
        self.assertEqual(len(self.marks()), 3)
        self.compute()
        self.assertFalse(self.marks())


@tagged("post_install", "-at_install")
class TestFilters(EngagementCase):
    """Domains, for lists and mailings; who may use them."""

    def found(self, model, domain):
        """Return the first names of who is found."""
        people = self.contact(ANN) | self.contact(BEN) | self.contact(EVE)
        if model == "mailchimp.member":
            people = people.mailchimp_member_ids
        records = self.env[model].search(
            Domain(domain) & Domain("id", "in", people.ids)
        )
        return {record.email.split("@")[0] for record in records}

    def filters(self, model):
        """Return {name: domain} of our filters in the search view of a model."""
        arch = self.env[model].get_view(view_type="search")["arch"]
        nodes = etree.fromstring(arch).iter("filter")
        return {node.get("name"): node.get("domain") for node in nodes}

    def test_filters_of_lists(self):
        for model in ("mailing.contact", "mailchimp.member"):
            filters = self.filters(model)
            for name, who in (
                ("mailchimp_engaged", {"ann"}),
                ("mailchimp_never_opened", {"ben", "eve"}),
                ("mailchimp_unopened", {"ben"}),
            ):
                with self.subTest(model=model, name=name):
                    domain = literal_eval(filters[name])
                    self.assertEqual(self.found(model, domain), who)
        self.assertIn("mailchimp_engaged", self.filters("res.partner"))

    def test_saved_filter_and_mailing(self):
        model = self.env["ir.model"]._get("mailing.contact")
        saved = self.env["mailing.filter"].create(
            {
                "name": "Engaged",
                "mailing_model_id": model.id,
                "mailing_domain": ENGAGED,
            }
        )
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "For readers",
                "mailing_model_id": model.id,
                "mailing_filter_id": saved.id,
                "mailing_domain": saved.mailing_domain,
            }
        )
        self.assertEqual(
            set(mailing._get_remaining_recipients()), set(self.contact(ANN).ids)
        )

    def test_mailing_to_customers_by_marketing_people(self):
        partners = self.env["res.partner"].create(
            [{"name": email, "email": email} for email in (ANN, BEN)]
        )
        for email, partner in zip((ANN, BEN), partners, strict=True):
            self.member(email).sudo().partner_id = partner
        self.compute()
        user = new_test_user(self.env, "mc_marketing", groups=MARKETING)
        domain = "[('mailchimp_unopened_count', '>=', 5)]"
        values = {
            "subject": "We miss you",
            "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
            "mailing_domain": domain,
        }
        mailing = self.env["mailing.mailing"].with_user(user).create(values)
        self.assertEqual(mailing._get_remaining_recipients(), partners[1].ids)

    def test_group_by(self):
        contacts = self.contact(ANN) | self.contact(BEN)
        groups = self.env["mailing.contact"]._read_group(
            [("id", "in", contacts.ids)],
            ["mailchimp_opened_count"],
            ["mailchimp_open_rate:avg", "__count"],
        )
        self.assertEqual([(g[0], g[2]) for g in groups], [(0, 1), (3, 1)])

    def test_marketing_people_may_filter_and_others_see_nothing(self):
        user = new_test_user(self.env, "mc_marketing", groups=MARKETING)
        Contact = self.env["mailing.contact"].with_user(user)
        self.assertIn(self.contact(ANN), Contact.search(literal_eval(ENGAGED)))
        Partner = self.env["res.partner"].with_user(user)
        Partner.search(literal_eval(ENGAGED))
        nobody = new_test_user(self.env, "mc_nobody", groups="base.group_user")
        with self.assertRaises(AccessError):
            Partner.with_user(nobody).search(literal_eval(ENGAGED))
        for model in ("res.partner", "mailing.contact"):
            self.env[model].with_user(user).get_views(
                [(False, "form"), (False, "search")]
            )
        self.env["res.partner"].with_user(nobody).get_views([(False, "form")])
