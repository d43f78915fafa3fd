"""Sequences after which somebody who opted out might have been mailed."""

from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .test_consent import ConsentCase

NOT_TODAY = "Not today"


class SequenceCase(ConsentCase):
    """Ann is on the list, and somebody tampers with it."""

    def setUp(self):
        super().setUp()
        self.remote.add_member("ann@a.example", merge_fields={"FNAME": "Ann"})
        self.mailing_list = self.import_audiences().mailing_list_id

    def unsubscribe(self, email="ann@a.example"):
        """Let a person opt out in Mailchimp."""
        self.later()
        self.people.unsubscribe(self.remote, email)
        return self.fetch()

    def come_back(self, email="ann@a.example"):
        """Let a person opt in in Mailchimp."""
        self.later()
        self.people.subscribe_by_form(self.remote, email)
        return self.fetch()

    def opt_out_in_odoo(self):
        """Opt Ann out in Odoo."""
        self.subscription("ann@a.example").opt_out = True

    def put_on_list(self, email, **vals):
        """Create a contact with a subscription, whoever else has the address."""
        line = Command.create({"list_id": self.mailing_list.id, **vals})
        return self.new_contact(email, subscription_ids=[line])

    def assertMailable(self, mailable, email="ann@a.example"):
        """Email Marketing does, or does not, mail an address on the list."""
        self.env.flush_all()
        self.env.invalidate_all()
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "News",
                "mailing_model_id": self.env.ref("mass_mailing.model_mailing_list").id,
                "contact_list_ids": self.mailing_list.ids,
            }
        )
        listed = self.mailing_list.contact_ids.mapped("email_normalized")
        may = email in listed and email not in mailing._get_opt_out_list()
        self.assertEqual(may, mailable)


@tagged("post_install", "-at_install")
class TestDuplicates(SequenceCase):
    """Odoo mails an address if one of its contacts on the list is opted in."""

    def test_all_contacts_of_the_address_are_opted_out_and_in_again(self):
        self.put_on_list("Ann@a.example")
        self.unsubscribe()
        self.assertMailable(False)
        self.come_back()
        self.assertFalse(
            any(self.mailing_list.contact_ids.subscription_ids.mapped("opt_out"))
        )
        self.update("ann@a.example", FNAME="Anna")
        self.assertMailable(True)

    def test_contact_with_another_address_by_now(self):
        self.contact("ann@a.example").email = "anna@a.example"
        self.put_on_list("ann@a.example")
        self.unsubscribe()
        self.assertMailable(False)

    def test_member_that_moves_to_an_address_that_opted_out_in_odoo(self):
        self.put_on_list("bob@a.example", opt_out=True)
        self.later()
        self.people.change_email(self.remote, "ann@a.example", "bob@a.example")
        self.fetch()
        self.assertMailable(False, "bob@a.example")

    def test_duplicate_that_opts_out_in_odoo(self):
        twin = self.put_on_list("ann@a.example")
        self.unsubscribe()
        twin.subscription_ids.opt_out = False
        twin.subscription_ids.opt_out = True
        self.come_back()
        self.assertMailable(False)

    def test_contact_of_two_members_one_of_whom_opted_out(self):
        self.contact("ann@a.example").email = "bob@a.example"
        self.remote.add_member("bob@a.example")
        self.fetch()
        self.unsubscribe("ann@a.example")
        self.unsubscribe("bob@a.example")
        self.come_back("ann@a.example")
        self.assertMailable(False, "bob@a.example")

    def test_copy_of_a_contact(self):
        self.unsubscribe()
        self.contact("ann@a.example").copy()
        self.assertMailable(False)


@tagged("post_install", "-at_install")
class TestOffTheListAndOn(SequenceCase):
    """Who opted out and was taken off the list is still opted out when back on it."""

    def _take_off_and_put_on(self):
        contact = self.contact("ann@a.example")
        contact.list_ids = [Command.unlink(self.mailing_list.id)]
        contact.list_ids = [Command.link(self.mailing_list.id)]

    def test_opted_out_in_mailchimp(self):
        self.unsubscribe()
        self._take_off_and_put_on()
        self.assertMailable(False)
        self.come_back()
        self.assertMailable(True)

    def test_opted_out_in_odoo(self):
        self.opt_out_in_odoo()
        self._take_off_and_put_on()
        self.assertMailable(False)
        self.update("ann@a.example", FNAME="Anna")
        self.assertMailable(False)

    def test_from_the_side_of_the_list(self):
        self.unsubscribe()
        contact = self.contact("ann@a.example")
        self.mailing_list.contact_ids = [Command.unlink(contact.id)]
        self.mailing_list.contact_ids = [Command.link(contact.id)]
        self.assertMailable(False)

    def test_by_a_new_subscription(self):
        self.opt_out_in_odoo()
        contact = self.contact("ann@a.example")
        contact.subscription_ids.unlink()
        contact.subscription_ids = [Command.create({"list_id": self.mailing_list.id})]
        self.assertMailable(False)
        contact.subscription_ids.opt_out = False  # on purpose
        self.assertMailable(True)
        self.update("ann@a.example", FNAME="Anna")
        self.assertMailable(True)

    def test_by_the_import_of_contacts(self):
        self.unsubscribe()
        for remove in (
            self.contact("ann@a.example").subscription_ids,
            self.contact("ann@a.example"),
        ):
            remove.unlink()
            self.env["mailing.contact.import"].create(
                {
                    "mailing_list_ids": self.mailing_list.ids,
                    "contact_list": "ann@a.example",
                }
            ).action_import()
            self.assertMailable(False)

    def test_by_the_merge_of_lists(self):
        self.unsubscribe()
        other = self.env["mailing.list"].create({"name": "Other"})
        self.new_contact("ANN@a.example", list_ids=other.ids)
        self.mailing_list.action_merge(other, True)
        self.assertMailable(False)

    def test_past_all_models(self):
        self.unsubscribe()
        self.contact("ann@a.example").subscription_ids.unlink()
        self.env.cr.execute(
            "INSERT INTO mailing_subscription (contact_id, list_id) VALUES (%s, %s)",
            (self.new_contact("ann@a.example").id, self.mailing_list.id),
        )
        self.assertMailable(True)
        self.fetch(full=True)
        self.assertMailable(False)

    def test_contact_deleted_and_created_again(self):
        for opt_out in (self.unsubscribe, self.opt_out_in_odoo):
            opt_out()
            self.contact("ann@a.example").unlink()
            self.put_on_list("ann@a.example")
            self.fetch(full=True)
            self.assertMailable(False)

    def test_contacts_are_not_created_here_but_by_hand(self):
        self.account.auto_create_contact = False
        self.remote.add_member("bob@a.example", "unsubscribed")
        self.fetch()
        bob = self.put_on_list("bob@a.example")
        self.assertMailable(False, "bob@a.example")
        self.fetch(full=True)
        self.assertEqual(self.member("bob@a.example").contact_id, bob)


@tagged("post_install", "-at_install")
class TestForgottenAndFound(SequenceCase):
    """What Odoo decided outlives whatever it was decided on."""

    def _forget_and_come_back(self):
        self.later()
        self.people.delete_permanently(self.remote, "ann@a.example")
        self.fetch(full=True)
        self.come_back()

    def test_taken_off_the_list_then_forgotten(self):
        self.opt_out_in_odoo()
        self.subscription("ann@a.example").unlink()
        self._forget_and_come_back()
        self.assertMailable(False)

    def test_contact_deleted_then_forgotten(self):
        self.opt_out_in_odoo()
        self.contact("ann@a.example").unlink()
        self._forget_and_come_back()
        self.assertMailable(False)

    def test_forgotten_who_is_on_a_page_that_was_read_before(self):
        importer = self.env["mailchimp.member.import"]
        gateway = self.account._gateway()
        data = gateway.api.lists.get_list_member(self.remote.id, "ann@a.example")
        self.later()
        self.people.delete_permanently(self.remote, "ann@a.example")
        self.fetch(full=True)
        run = self.env["mailchimp.run"]
        importer._import_items(self.audience(), [data], run, [])
        self.assertTrue(self.audience().member_ids.forgotten)
        self.come_back()
        self.assertFalse(self.audience().member_ids.forgotten)

    def test_audience_deleted_in_odoo_and_imported_again(self):
        self.opt_out_in_odoo()
        self.audience().unlink()
        self.import_audiences()
        self.assertEqual(self.audience().mailing_list_id, self.mailing_list)
        self.assertMailable(False)

    def test_audience_of_two_accounts(self):
        other = self.new_account("Other", self.remote_account.api_key)
        other._start_import_audiences("user", 5)
        self.run_jobs()
        self.assertEqual(len(other.audience_ids.mailing_list_id - self.mailing_list), 1)


@tagged("post_install", "-at_install")
class TestRefusedOptOut(SequenceCase):
    """An opt-out that Odoo refuses is tried again, not forgotten."""

    def test_accepted_later(self):
        def refuse(*_arguments, **_options):
            raise ValidationError(NOT_TODAY)

        for full in (False, True):
            model = self.env.registry["mailing.subscription"]
            with patch.object(model, "write", refuse):
                self.unsubscribe()
            self.assertMailable(True)
            self.fetch(full=full)
            self.assertMailable(False)
            self.assertEqual(self.member("ann@a.example").sync_state, "synced")
            self.come_back()


@tagged("post_install", "-at_install")
class TestLedgerOfDecisions(SequenceCase):
    """The ledger tells what Odoo decided, and who."""

    def test_decisions_of_odoo(self):
        self.opt_out_in_odoo()
        self.subscription("ann@a.example").opt_out = False
        self.assertEqual(
            self.ledger()[1:],
            [("subscribed", "unsubscribed"), ("subscribed", "subscribed")],
        )
        entries = self.env["mailchimp.consent"].search([("source", "=", "user")])
        self.assertEqual(entries.user_id, self.env.user)
