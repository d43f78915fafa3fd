"""Bounces, unsubscribes and complaints of reports reach consent and blacklist."""

from datetime import timedelta

from odoo.tests import tagged

from odoo.addons.mailchimp_connector.const import (
    PRIORITY_SCHEDULED,
    PRIORITY_WEBHOOK,
)

from .activity_common import ANN, BEN, EVE, ActivityCase
from .report_common import ReportCase

DAY = timedelta(days=1)
# Status, opted out, blacklisted; received, opened, clicked; what the ledger notes: of
# who reads, leaves, is gone, complains, and does nothing.
EXPECTED = [
    ("subscribed", False, False, 1, 1, 1, []),
    ("unsubscribed", True, False, 1, 0, 0, ["unsubscribed"]),
    ("cleaned", True, True, 0, 0, 0, ["cleaned"]),
    ("unsubscribed", True, True, 1, 0, 0, ["complained", "unsubscribed"]),
    ("subscribed", False, False, 1, 0, 0, []),
]


class RuleCase(ActivityCase):
    """A campaign that everybody got, in Mailchimp too, which nobody told Odoo of."""

    def setUp(self):
        super().setUp()
        members = self.env["mailchimp.member"].sudo().search([])
        members.last_changed = self.now - 30 * DAY
        self.sent = self.campaign()

    def ledger(self, email):
        """Return the entries about a person that came by the reports, oldest first."""
        entries = self.env["mailchimp.consent"].search(
            [("email", "=", email), ("source", "=", "report")], order="id"
        )
        return [(entry.old_status, entry.new_status) for entry in entries]

    def blacklisted(self, email):
        """Tell whether an address is on Odoo's blacklist."""
        return bool(self.env["mail.blacklist"].search([("email", "=", email)]))

    def refreshes(self):
        """Return the pending jobs that read members again because of a report."""
        return self.env["mailchimp.job"].search(
            [("method", "=", "_job_refresh_reported"), ("state", "=", "pending")]
        )


@tagged("post_install", "-at_install")
class TestLeaving(RuleCase):
    """Mailchimp took somebody off: Odoo asks it what holds now."""

    def test_hard_bounce(self):
        self.later()
        self.people.bounce(self.remote, ANN)
        self.happen(self.sent, "bounce", ANN, bounce_type="hard")
        self.compute()
        self.assertEqual(self.member(ANN).status, "cleaned")
        self.assertTrue(self.subscription(ANN).opt_out)
        self.assertTrue(self.blacklisted(ANN))
        self.assertEqual(self.ledger(ANN), [("subscribed", "cleaned")])
        self.assertFalse(self.ledger(BEN))

    def test_unsubscribe_with_its_evidence(self):
        self.later()
        self.people.unsubscribe(self.remote, ANN, reason="Too many mails")
        self.happen(self.sent, "unsubscribe", ANN, reason="Too many mails")
        self.compute()
        self.assertEqual(self.member(ANN).status, "unsubscribed")
        self.assertTrue(self.subscription(ANN).opt_out)
        self.assertEqual(self.ledger(ANN), [("subscribed", "unsubscribed")])
        entry = self.member(ANN).consent_ids.filtered(lambda e: e.source == "report")
        self.assertEqual(entry.evidence["campaign_id"], self.sent.mailchimp_id)
        self.assertEqual(entry.evidence["campaign"], self.sent.name)
        self.assertEqual(entry.evidence["reason"], "Too many mails")
        self.assertIn(self.sent.name, entry.evidence_summary)

    def test_who_came_back_meanwhile_stays(self):
        self.happen(self.sent, "unsubscribe", ANN)
        self.assertEqual(len(self.refreshes()), 1)
        self.compute()
        self.assertEqual(self.member(ANN).status, "subscribed")
        self.assertFalse(self.subscription(ANN).opt_out)
        self.assertFalse(self.ledger(ANN))

    def test_nobody_is_asked_about_what_odoo_knows(self):
        self.later()
        self.people.unsubscribe(self.remote, ANN)
        self.people.bounce(self.remote, BEN)
        self.fetch()
        self.env["mailchimp.member"].search([]).write(
            {"last_changed": self.sent.send_time + DAY}
        )
        self.happen(self.sent, "unsubscribe", ANN, EVE)
        self.happen(self.sent, "bounce", BEN, bounce_type="hard")
        self.assertFalse(self.refreshes())

    def test_a_soft_bounce_asks_nobody(self):
        self.happen(self.sent, "bounce", ANN, bounce_type="soft")
        self.assertFalse(self.refreshes())

    def test_again_read_pages_ask_nobody(self):
        self.happen(self.sent, "unsubscribe", ANN)
        self.compute()
        self.happen(self.sent, "unsubscribe", ANN)
        self.assertFalse(self.refreshes())

    def test_forgotten_people_stay_forgotten(self):
        self.later()
        self.people.delete_permanently(self.remote, ANN)
        self.fetch(full=True)
        self.assertFalse(self.member(ANN))
        self.happen(self.sent, "abuse", ANN)
        self.assertFalse(self.refreshes())
        self.assertFalse(self.blacklisted(ANN))

    def test_many_are_read_by_few_jobs(self):
        people = [f"p{number}@a.example" for number in range(25)]
        for email in people:
            self.remote.add_member(email)
        self.fetch()
        self.env["mailchimp.member"].search([]).last_changed = self.now - 30 * DAY
        self.happen(self.sent, "unsubscribe", *people)
        self.assertEqual(len(self.refreshes()), 3)
        hashes = [hash_ for job in self.refreshes() for hash_ in job.args["facts"]]
        self.assertEqual(len(set(hashes)), 25)
        self.assertEqual(set(self.refreshes().mapped("priority")), {PRIORITY_SCHEDULED})
        self.refreshes().unlink()
        self.happen(self.sent, "abuse", ANN)
        self.assertEqual(self.refreshes().priority, PRIORITY_WEBHOOK)


@tagged("post_install", "-at_install")
class TestComplaints(RuleCase):
    """Somebody called it spam."""

    def complain(self):
        """Ann presses the button, and the report tells."""
        self.later()
        self.people.complain(self.remote, ANN)
        self.happen(self.sent, "abuse", ANN)
        self.compute()

    def test_ledger_status_and_blacklist(self):
        self.complain()
        self.assertEqual(
            self.ledger(ANN),
            [("subscribed", "complained"), ("subscribed", "unsubscribed")],
        )
        self.assertTrue(self.subscription(ANN).opt_out)
        entry = self.env["mail.blacklist"].search([("email", "=", ANN)])
        self.assertIn(self.sent.name, str(entry.message_ids.mapped("body")))
        noted = self.member(ANN).consent_ids.filtered(
            lambda e: e.new_status == "complained"
        )
        self.assertEqual(noted.occurred_at, self.sent.send_time + timedelta(hours=1))
        self.assertEqual(noted.evidence["campaign_id"], self.sent.mailchimp_id)
        self.assertEqual(noted.contact_id, self.contact(ANN))
        self.assertFalse(self.blacklisted(BEN))

    def test_option(self):
        self.account.blacklist_complaints = False
        self.complain()
        self.assertFalse(self.blacklisted(ANN))
        self.assertIn(("subscribed", "complained"), self.ledger(ANN))

    def test_only_once(self):
        self.complain()
        noted = self.ledger(ANN)
        self.env["mail.blacklist"]._remove(ANN)
        self.happen(self.sent, "abuse", ANN)
        # The report is fetched anew: no event of it is known any more.
        self.env["mailchimp.campaign.activity"].search([]).unlink()
        self.happen(self.sent, "abuse", ANN)
        self.compute()
        self.assertEqual(self.ledger(ANN), noted)
        self.assertFalse(self.blacklisted(ANN))

    def test_another_campaign_is_another_complaint(self):
        self.complain()
        self.happen(self.campaign(weeks_ago=1), "abuse", ANN)
        complaints = [new for _old, new in self.ledger(ANN) if new == "complained"]
        self.assertEqual(len(complaints), 2)

    def test_who_subscribed_again_since_is_not_blacklisted(self):
        self.member(ANN).sudo().last_changed = self.sent.send_time + DAY
        self.happen(self.sent, "abuse", ANN)
        self.assertFalse(self.blacklisted(ANN))
        self.assertEqual(self.ledger(ANN), [("subscribed", "complained")])

    def test_who_left_the_blacklist_and_complains_again(self):
        self.env["mail.blacklist"]._add(ANN)
        self.env["mail.blacklist"]._remove(ANN)
        self.complain()
        self.assertTrue(self.blacklisted(ANN))

    def test_other_audiences_with_automatic_updates_follow(self):
        other = self.remote_account.add_audience("Other")
        other.add_member(ANN)
        self.import_audiences()
        self.account.auto_push_contacts = True
        self.env.flush_all()
        self.complain()
        self.assertEqual(other.by_email(ANN).status, "unsubscribed")


@tagged("post_install", "-at_install")
class TestSoftBounces(ActivityCase):
    """Mails that keep coming back call a person, if the account says so."""

    def to_do(self):
        """Return what the responsible is called for."""
        return [text for count, text in self.account._to_do() if count]

    def bounce(self, weeks_ago):
        """Send a campaign that does not reach Ann."""
        sent = self.campaign(weeks_ago)
        self.happen(sent, "bounce", ANN, bounce_type="soft")
        self.compute()
        return sent

    def test_off(self):
        for weeks in (3, 2, 1):
            self.bounce(weeks)
        self.assertFalse(self.to_do())

    def test_in_a_row(self):
        self.account.soft_bounce_limit = 2
        self.bounce(3)
        self.assertFalse(self.to_do())
        last = self.bounce(2)
        self.assertEqual(len(self.to_do()), 1)
        self.assertIn("to keep or unsubscribe: 1", self.to_do()[0])
        self.assertEqual(self.member(ANN).status, "subscribed")
        self.happen(last, "open", ANN)
        self.compute()
        self.assertFalse(self.to_do())


@tagged("post_install", "-at_install")
class TestFromMailchimp(ReportCase):
    """All the way: what people do in Mailchimp, through the reports, to Odoo."""

    def setUp(self):
        super().setUp()
        self.later(3600)
        self.letter = self.send()
        emails = [recipient["email_address"] for recipient in self.letter.recipients]
        self.reader, self.leaver, self.gone, self.angry, self.quiet, *_rest = emails
        self.later(3600)
        url = "https://harbour.example/offer"
        self.people.click(self.remote, self.reader, self.letter.id, url)
        self.people.unsubscribe(self.remote, self.leaver, self.letter.id)
        self.people.bounce(self.remote, self.gone, self.letter.id)
        self.people.complain(self.remote, self.angry, self.letter.id)

    def state(self):
        """Return what Odoo made of it, person by person."""
        self.env.invalidate_all()
        found = []
        for email in (self.reader, self.leaver, self.gone, self.angry, self.quiet):
            member, contact = self.member(email), self.contact(email)
            ledger = member.consent_ids.filtered(lambda e: e.source == "report")
            found.append(
                (
                    member.status,
                    member.subscription_id.opt_out,
                    contact.is_blacklisted,
                    contact.mailchimp_sent_count,
                    contact.mailchimp_opened_count,
                    contact.mailchimp_clicked_count,
                    ledger.sorted("id").mapped("new_status"),
                )
            )
        return found

    def test_story(self):
        self.fetch_reports()
        self.assertEqual(self.state(), EXPECTED)
        campaign = self.record(self.letter)
        self.assertEqual(campaign.unsubscribed, 1)
        self.assertEqual(campaign.bounces, 1)
        self.env["mailchimp.job"].search([]).unlink()
        self.fetch_reports()
        again = self.env["mailchimp.job"].search([]).mapped("method")
        self.assertTrue(again)
        self.assertNotIn("_job_refresh_reported", again)
        self.assertNotIn("_job_refresh", again)
        self.assertEqual(self.state(), EXPECTED)

    def test_whatever_mailchimp_answers_meanwhile(self):
        place = "GET /lists/*/members/*"
        for kind in ("502_html", "429_empty", "connection_reset", "truncated_body"):
            self.sandbox.faults.inject(kind, times=1, match=place)
        self.fetch_reports()
        self.assertFalse(self.sandbox.faults.waiting)
        self.assertEqual(self.state(), EXPECTED)

    def test_webhooks_were_faster(self):
        self.fetch()
        self.fetch_reports()
        state = self.state()
        self.assertEqual([s[:6] for s in state], [e[:6] for e in EXPECTED])
        reports = [notes for *_figures, notes in state]
        self.assertEqual(reports, [[], [], [], ["complained"], []])

    def test_a_crash_before_the_commit_does_nothing_twice(self):
        self.later()
        with self.env.cr.savepoint() as savepoint:
            self.fetch_reports()
            savepoint.rollback()
        self.env.invalidate_all()
        self.assertFalse(self.env["mailchimp.campaign.activity"].search_count([]))
        self.fetch_reports()
        complaints = self.env["mailchimp.consent"].search(
            [("new_status", "=", "complained")]
        )
        self.assertEqual(complaints.mapped("email"), [self.angry])
