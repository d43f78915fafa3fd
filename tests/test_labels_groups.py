"""Groups, VIP marks and languages in both directions."""

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.mailchimp_connector.tools.languages import to_mailchimp, to_odoo

from .labels_common import LabelCase


@tagged("post_install", "-at_install")
class TestGroups(LabelCase):
    """Groups that an Odoo tag stands for."""

    def start(self, kind="checkboxes", names=("News", "Offers", "Rest"), chosen=()):
        """Import a question; the first two answers are mapped to tags of their names.

        :return: {name: remote id}
        """
        question = self.remote.add_interests("Topics", names, kind)
        ids = {one.name: key for key, one in question.interests.items()}
        super().start(interests=[ids[name] for name in chosen])
        for name in names[:2]:
            self.map(name)
        self.drive()
        return ids

    def map(self, name):
        group = self.audience().interest_ids.filtered(lambda i: i.name == name)
        group.partner_category_id = self.category(name)

    def chosen(self):
        """Return the names of the groups that Ann is in, in Mailchimp."""
        category = next(iter(self.remote.categories.values()))
        on = self.there(self.email).interests or {}
        return sorted(one.name for k, one in category.interests.items() if on.get(k))

    def choose(self, **interests):
        """Ann changes her preferences."""
        self.later()
        self.people.update_profile(self.remote, self.email, interests=interests)

    def test_mapping_brings_both_sides_together(self):
        self.remote.add_member("bob@a.example")
        self.start(chosen=["News", "Rest"])
        self.assertEqual(self.in_odoo(), ["News"])
        self.assertEqual(self.chosen(), ["News", "Rest"])

    def test_both_ways(self):
        ids = self.start(chosen=["News", "Rest"])
        self.choose(**{ids["News"]: False})
        self.give("Offers")
        self.drive()
        self.sync()
        self.assertEqual(self.in_odoo(), ["Offers"])
        self.assertEqual(self.chosen(), ["Offers", "Rest"])
        self.take("Offers")
        before = len(self.sandbox.requests)
        self.drive()
        [request] = self.writes(before)
        self.assertEqual(request.json, {"interests": {ids["Offers"]: False}})
        self.assertEqual(self.chosen(), ["Rest"])
        self.assertEqual(self.sync(), [])
        self.assertWellFormed()

    def test_one_answer(self):
        self.start("radio", chosen=["News"])
        self.assertOneAnswer()

    def test_one_answer_of_a_list(self):
        self.start("dropdown", chosen=["News"])
        self.assertOneAnswer()

    def assertOneAnswer(self):
        """A new choice in Odoo replaces the old one."""
        self.take("News")
        self.give("Offers")
        self.drive()
        self.assertEqual(self.chosen(), ["Offers"])
        self.assertEqual(self.in_odoo(), ["Offers"])

    def test_one_answer_instead_of_one_without_an_odoo_tag(self):
        self.start("radio", chosen=["Rest"])
        self.give("Offers")
        self.drive()
        self.assertEqual(self.chosen(), ["Offers"])

    def test_two_tags_for_one_answer(self):
        self.start("radio", chosen=["Offers"])
        self.give("News")
        run = self.member(self.email)._start_update("user", 5)
        self.drive()
        self.assertEqual(self.chosen(), ["Offers"])
        self.assertIn("one_choice", run.line_ids.mapped("code"))
        self.assertEqual(self.sync(), [])

    def test_mapping_that_is_taken_back(self):
        self.start(chosen=["News"])
        self.audience().interest_ids.partner_category_id = False
        self.drive()
        self.take("News")
        self.drive()
        self.assertEqual(self.chosen(), ["News"])


@tagged("post_install", "-at_install")
class TestVip(LabelCase):
    """The VIP mark and the Odoo tag that stands for it."""

    def test_both_ways(self):
        self.start(vip=True)
        self.audience().vip_category_id = self.category("Important")
        self.drive()
        self.assertEqual(self.in_odoo(), ["Important"])
        self.take("Important")
        self.drive()
        self.assertFalse(self.there(self.email).vip)
        self.later()
        self.there(self.email).vip = True
        self.remote.touch(self.there(self.email))
        self.assertEqual(self.sync(), [])
        self.assertEqual(self.in_odoo(), ["Important"])
        self.assertWellFormed()

    def test_without_a_tag_it_stays(self):
        self.start(vip=True)
        self.give("Important")
        self.contact(self.email).first_name = "Anna"
        self.drive()
        self.assertTrue(self.there(self.email).vip)


@tagged("post_install", "-at_install")
class TestLanguage(LabelCase):
    """The customer's language goes to Mailchimp; only an empty one comes back."""

    def start(self, lang="en_US", **member):
        for code in ("fr_CA", "pt_PT", "es_ES"):
            self.env["res.lang"]._activate_lang(code)
        self.partner = self.env["res.partner"].create(
            {"name": "Ann", "email": self.email, "lang": lang}
        )
        self.account.sync_language = True
        return super().start(**member)

    def test_codes(self):
        pairs = {
            "fr_CA": "fr_CA",
            "fr_BE": "fr",
            "pt_PT": "pt_PT",
            "pt_BR": "pt",
            "es_ES": "es_ES",
            "es_MX": "es",
            "es_419": "es",
            "nb_NO": "no",
            "sr@latin": "sr",
            "zh_TW": "zh",
            "en_GB": "en",
            "kab_DZ": None,
            False: None,
        }
        self.assertEqual({lang: to_mailchimp(lang) for lang in pairs}, pairs)
        installed = ["en_US", "fr_CA", "fr_FR", "es_ES"]
        self.assertEqual(to_odoo("fr", installed), "fr_FR")
        self.assertEqual(to_odoo("fr_CA", installed), "fr_CA")
        self.assertIsNone(to_odoo("es", installed))
        self.assertIsNone(to_odoo("", installed))

    def test_to_mailchimp(self):
        self.start(language="en")
        self.partner.lang = "fr_CA"
        before = len(self.sandbox.requests)
        self.drive()
        [request] = self.writes(before)
        self.assertEqual(request.json, {"language": "fr_CA"})
        self.assertEqual(self.there(self.email).language, "fr_CA")
        self.assertEqual(self.sync(), [])
        self.assertWellFormed()

    def test_only_if_the_account_says_so(self):
        self.start(language="en")
        self.account.sync_language = False
        self.partner.lang = "fr_CA"
        self.drive()
        self.assertEqual(self.there(self.email).language, "en")

    def test_to_odoo_where_it_is_empty(self):
        self.start(lang=False, language="pt_PT")
        self.assertEqual(self.partner.lang, "pt_PT")
        self.later()
        self.there(self.email).language = "es_ES"
        self.remote.touch(self.there(self.email))
        self.fetch()
        self.assertEqual(self.partner.lang, "pt_PT")

    def test_not_to_odoo_one_way(self):
        self.account.two_way_sync = False
        self.start(lang=False, language="pt_PT")
        self.assertFalse(self.partner.lang)

    def test_new_customers(self):
        self.account.auto_create_partner = True
        self.remote.add_member("new@a.example", language="es_ES")
        self.start()
        self.assertEqual(self.member("new@a.example").partner_id.lang, "es_ES")

    def test_customer_of_the_contact_only(self):
        contact = self.start(language="en")
        contact.tag_ids = [Command.link(self.category("x").id)]
        self.member(self.email).partner_id = False
        self.member(self.email)._mark_changed()
        before = len(self.sandbox.requests)
        self.drive()
        self.assertEqual(self.writes(before), [])
