"""Tags in both directions: only those that Odoo manages are pushed."""

from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import MailchimpCase
from .labels_common import LabelCase


@tagged("post_install", "-at_install")
class TestManagedTags(LabelCase):
    """What one side gives or takes away, the other side does, too."""

    def test_add_and_remove_in_odoo(self):
        self.start()
        self.manage("VIP")
        self.give("VIP", "Own")
        before = len(self.sandbox.requests)
        self.drive()
        self.assertEqual(self.in_mailchimp(), ["VIP"])
        [request] = self.writes(before)
        self.assertEqual(request.json["tags"], [{"name": "VIP", "status": "active"}])
        self.take("VIP")
        self.drive()
        self.assertEqual(self.in_mailchimp(), [])
        self.assertEqual(self.in_odoo(), ["Own"])
        self.assertWellFormed()
        self.assertNobodyCameBack()

    def test_add_and_remove_in_mailchimp(self):
        self.start(tags=["Gold"])
        self.manage("Gold", "VIP")
        self.remote_tag("VIP")
        self.assertEqual(self.sync(), [])
        self.assertBoth("Gold", "VIP")
        self.remote_tag("Gold", active=False)
        self.assertEqual(self.sync(), [])
        self.assertBoth("VIP")

    def test_other_tags_are_only_read(self):
        self.start(tags=["Gold"])
        self.give("Silver")
        self.take("Gold")
        self.drive()
        self.assertEqual(self.in_mailchimp(), ["Gold"])
        self.assertEqual(self.in_odoo(), ["Silver"])
        self.assertEqual(self.sync(), [])

    def test_both_sides_at_once(self):
        self.start(tags=["Gold", "Old"])
        self.manage("Gold", "Old", "Here", "There")
        self.remote_tag("There")
        self.remote_tag("Old", active=False)
        self.give("Here")
        self.take("Gold")
        self.drive()
        self.sync()
        self.assertBoth("Here", "There")

    def test_change_of_mind_while_it_is_sent(self):
        contact = self.start()
        self.manage("VIP", "Gold")
        self.give("VIP")

        def revert():
            self.env.invalidate_all()
            self.take("VIP", contact=contact)
            self.env.cr.flush()

        with self.before_write(revert, "*/tags"):
            self.drive()
        self.drive()
        self.assertBoth()

    def test_one_way(self):
        self.account.two_way_sync = False
        self.start(tags=["Gold"])
        self.manage("Gold")
        self.assertBoth("Gold")
        self.remote_tag("Gold", active=False)
        self.sync()
        self.assertBoth("Gold")
        self.take("Gold")
        self.drive()
        self.assertBoth()

    def test_without_automatic_updates_tags_still_come(self):
        self.account.write({"auto_push_contacts": False, "two_way_sync": False})
        self.start(tags=["Gold"])
        self.manage("Gold")
        self.remote_tag("Gold", active=False)
        self.fetch()
        self.assertBoth()

    def test_removal_beats_the_other_audience(self):
        other = self.remote_account.add_audience("Other")
        other.add_member(self.email, tags=["Gold"])
        self.start(tags=["Gold"])
        self.manage("Gold")
        Tag = self.env["mailchimp.tag"]
        Tag._declare(self.audience(other), self.category("Gold"))
        self.drive()
        self.remote_tag("Gold", active=False)
        self.sync()
        self.assertBoth()
        self.assertFalse(other.by_email(self.email).tags)

    def test_many_by_batch(self):
        emails = [f"m{number}@a.example" for number in range(25)]
        for email in emails:
            self.remote.add_member(email)
        self.start()
        self.manage("VIP")
        self.give("VIP", contact=self.contact_of(emails))
        self.drive()
        for email in emails:
            self.assertBoth("VIP", email=email)
        self.take("VIP", contact=self.contact_of(emails))
        self.drive()
        for email in emails:
            self.assertBoth(email=email)
        self.assertWellFormed()

    def contact_of(self, emails):
        """Find the contacts of several addresses."""
        Contact = self.env["mailing.contact"]
        return Contact.search([("email_normalized", "in", emails)])

    def test_new_contacts_take_their_tags_along(self):
        self.start()
        self.manage("VIP")
        tags = [Command.link(self.category(name).id) for name in ("VIP", "Own")]
        contacts = self.env["mailing.contact"]
        for number in range(15):
            contacts |= self.new_contact(f"n{number}@a.example", tag_ids=tags)
        self.export(contacts[:1])
        self.export(contacts[1:])
        for contact in contacts:
            self.assertEqual(self.in_mailchimp(contact.email), ["VIP"])
            self.assertEqual(self.in_odoo(contact.email), ["Own", "VIP"])
        self.assertWellFormed()


@tagged("post_install", "-at_install")
class TestTagsOfCustomers(LabelCase):
    """The customer's own tags count if the account says so."""

    def start(self, **member):
        self.partner = self.env["res.partner"].create(
            {"name": "Ann", "email": self.email}
        )
        self.account.push_customer_tags = True
        return super().start(**member)

    def test_both_sides(self):
        self.start()
        self.manage("VIP")
        self.assertEqual(self.member(self.email).partner_id, self.partner)
        vip = self.category("VIP")
        self.partner.category_id = [Command.link(vip.id)]
        self.drive()
        self.assertEqual(self.in_mailchimp(), ["VIP"])
        self.assertEqual(self.in_odoo(), [])
        self.remote_tag("VIP", active=False)
        self.sync()
        self.assertFalse(self.partner.category_id)
        vip.partner_ids = [Command.link(self.partner.id)]
        self.drive()
        self.assertEqual(self.in_mailchimp(), ["VIP"])
        vip.partner_ids = [Command.unlink(self.partner.id)]
        self.drive()
        self.assertEqual(self.in_mailchimp(), [])

    def test_off(self):
        self.start()
        self.account.push_customer_tags = False
        self.manage("VIP")
        self.partner.category_id = [Command.link(self.category("VIP").id)]
        self.drive()
        self.assertEqual(self.in_mailchimp(), [])


@tagged("post_install", "-at_install")
class TestAgreement(LabelCase):
    """Nobody loses a tag because something was mapped or linked."""

    def test_declared_tag_comes_together(self):
        self.remote.add_member("bob@a.example")
        self.start(tags=["VIP"])
        self.account.two_way_sync = False
        self.take("VIP")
        self.give("VIP", contact=self.contact("bob@a.example"))
        [tag] = self.manage("VIP")
        self.assertTrue(tag.settled)
        self.assertBoth("VIP")
        self.assertBoth("VIP", email="bob@a.example")

    def test_nothing_is_taken_before_it_is_settled(self):
        self.start(tags=["VIP"])
        self.take("VIP")
        tag = self.audience().tag_ids
        tag.managed = True
        self.env.flush_all()
        steps = self.env["mailchimp.member.push"]._plan(
            self.audience(), self.member(self.email)
        )
        self.assertEqual([step.action for step in steps], ["none"])
        self.drive()
        self.assertBoth("VIP")

    def test_another_odoo_tag_is_given_to_who_has_the_tag(self):
        self.start(tags=["VIP"])
        tag = self.audience().tag_ids
        tag.category_id = self.category("Very Important")
        self.drive()
        self.assertEqual(self.in_odoo(), ["VIP", "Very Important"])
        self.assertEqual(self.in_mailchimp(), ["VIP"])

    def test_contact_that_comes_later_loses_nothing(self):
        self.account.auto_create_contact = False
        self.start(tags=["VIP"])
        self.manage("VIP")
        contact = self.new_contact(self.email)
        self.drive()
        self.assertEqual(self.member(self.email).contact_id, contact)
        self.assertBoth("VIP")
        self.take("VIP")
        self.drive()
        self.assertBoth()

    def test_deleted_odoo_tag_takes_nothing(self):
        self.start(tags=["VIP"])
        self.manage("VIP")
        self.category("VIP").unlink()
        self.member(self.email)._mark_changed()
        self.drive()
        self.assertEqual(self.in_mailchimp(), ["VIP"])
        self.assertIn("Odoo tag", self.audience().tag_ids.note)


@tagged("post_install", "-at_install")
class TestOddTags(LabelCase):
    """Names that Mailchimp does not take, twins, and tags that are gone."""

    def read_tags(self):
        """Read the list of tags, as an import of audiences does."""
        self.later()
        self.account._start_import_audiences("user", 5, members=False)
        self.drive()

    def test_waiting_tag_is_recognized(self):
        self.start()
        [tag] = self.manage("VIP")
        self.assertFalse(tag.mailchimp_id)
        self.assertIn("first member", tag.note)
        self.read_tags()
        self.assertTrue(tag.active)
        self.give("VIP")
        self.drive()
        self.assertEqual(self.audience().tag_ids, tag)
        self.assertEqual(tag.mailchimp_id, str(self.remote.tag_named("VIP").id))
        self.assertFalse(tag.note)

    def test_waiting_tag_that_somebody_creates_in_mailchimp(self):
        self.start()
        [tag] = self.manage("vip")
        self.remote_tag("VIP")
        self.read_tags()
        self.assertEqual(self.audience().tag_ids, tag)
        self.assertEqual(tag.name, "VIP")
        self.fetch()
        self.assertEqual(self.in_odoo(), ["vip"])
        self.take("vip")
        self.drive()
        self.assertEqual(self.in_mailchimp(), [])

    def test_tag_that_is_there_in_another_case(self):
        self.start(tags=["Vip"])
        [tag] = self.manage("VIP")
        self.assertEqual(tag, self.audience().tag_ids)
        self.assertEqual(tag.category_id, self.category("VIP"))
        self.assertIn("VIP", self.in_odoo())

    def test_too_long(self):
        self.start()
        with self.assertRaisesRegex(ValidationError, "longer than 100"):
            self.manage("x" * 101)

    def test_two_odoo_tags_of_one_name(self):
        self.start()
        self.manage("VIP")
        twin = self.env["res.partner.category"].create(
            {"name": "VIP", "parent_id": self.category("Customers").id}
        )
        with self.assertRaisesRegex(ValidationError, "another Odoo tag"):
            self.env["mailchimp.tag"]._declare(self.audience(), twin)

    def test_two_tags_for_one_odoo_tag(self):
        self.start(tags=["VIP", "Gold"])
        self.manage("VIP")
        gold = self.audience().tag_ids.filtered(lambda tag: tag.name == "Gold")
        gold.category_id = self.category("VIP")
        with self.assertRaisesRegex(ValidationError, "two tags"):
            gold.managed = True

    def test_two_tags_with_one_name_in_mailchimp(self):
        self.start()
        for _twin in range(2):
            self.remote.add_segment("VIP", "static")
        self.read_tags()
        self.manage("VIP")
        self.assertIn("several", self.audience().tag_ids[0].note)
        self.give("VIP")
        self.drive()
        self.assertBoth("VIP")
        self.assertEqual(self.sync(), [])

    def test_segments_are_not_managed(self):
        self.start()
        self.remote.add_segment("Active", "saved")
        self.read_tags()
        with self.assertRaisesRegex(ValidationError, "segment"):
            self.audience().tag_ids.managed = True

    def test_deleted_in_mailchimp(self):
        self.start(tags=["VIP"])
        [tag] = self.manage("VIP")
        gone = self.remote.tag_named("VIP")
        self.there(self.email).tags.pop(gone.id)
        del self.remote.segments[gone.id]
        self.read_tags()
        self.assertEqual((tag.active, tag.managed), (False, False))
        self.assertIn("was deleted in Mailchimp", self.audience().message_ids[0].body)
        self.member(self.email)._mark_changed()
        self.drive()
        self.assertEqual(self.in_odoo(), ["VIP"])
        self.assertFalse(self.remote.tag_named("VIP"))
        self.manage("VIP")
        self.assertBoth("VIP")

    def test_made_anew_in_mailchimp(self):
        self.start(tags=["VIP"])
        [tag] = self.manage("VIP")
        gone = self.remote.tag_named("VIP")
        self.there(self.email).tags.pop(gone.id)
        del self.remote.segments[gone.id]
        self.remote_tag("VIP")
        self.read_tags()
        heir = self.audience().tag_ids
        self.assertNotEqual(heir, tag)
        self.assertEqual((heir.managed, heir.category_id), (True, self.category("VIP")))
        self.assertBoth("VIP")

    def test_nobody_wants_the_waiting_tag(self):
        self.start()
        [tag] = self.manage("VIP")
        tag.managed = False
        self.assertFalse(self.audience().tag_ids)


@tagged("post_install", "-at_install")
class TestManyTags(MailchimpCase):
    """More tags than a page has."""

    def test_tag_that_moved_to_a_page_before_is_not_gone(self):
        application = self.sandbox.application
        run = application.run
        first, *_others, last = [self.remote.make_tag(f"T{n}") for n in range(1001)]
        audience = self.import_audiences(members=False)

        def delete_before_the_second_page(call):
            if call.path.endswith("/segments") and call.query.get("offset") == "1000":
                self.remote.segments.pop(first.id, None)
            return run(call)

        with patch.object(application, "run", delete_before_the_second_page):
            self.import_audiences(members=False)
        self.assertNotIn(first.id, self.remote.segments)
        self.assertIn(last.name, audience.tag_ids.mapped("name"))
        self.import_audiences(members=False)
        names = audience.tag_ids.mapped("name")
        self.assertNotIn(first.name, names)
        self.assertEqual(len(names), 1000)
