"""The template holds every term of the addon, and each language translates them all."""

import os
import re
from pathlib import Path
from unittest.mock import patch

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools import file_path
from odoo.tools.translate import TranslationModuleReader

ADDON = "mailchimp_connector"
ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("de", "es", "fr")
# Not what users see, or not of this addon. Below dot folders, links may lead back here.
LEFT_OUT = {"benchmarks", "bridges", "dev", "node_modules", "sandbox", "tests"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|</?\w+|\bclass=\"[^\"]*\"")
WALK = os.walk
REFRESH = "Refresh i18n/ with dev/i18n, then translate what it left empty."


def walk_product(top, **options):
    """Walk like `os.walk`, by what users see of the addon only."""
    for folder, folders, files in WALK(top, **options):
        folders[:] = [f for f in folders if f[0] != "." and f not in LEFT_OUT]
        yield folder, folders, files


class AddonReader(TranslationModuleReader):
    """Odoo's own export, of this addon and nothing around it."""

    def _export_translatable_resources(self):
        self._path_list = [(str(Path(file_path(ADDON)).parent), True)]
        with patch("os.walk", walk_product):
            return super()._export_translatable_resources()


def catalogue(name):
    """Return a file of i18n/ as ``{source: translation}``."""
    entries = polib.pofile(str(ROOT / "i18n" / name))
    return {e.msgid: "" if e.fuzzy or e.obsolete else e.msgstr for e in entries}


def placeholders(text):
    """Return what a translation has to repeat: substitutions and markup."""
    return sorted(PLACEHOLDER.findall(text))


@tagged("post_install", "-at_install")
class TestI18n(TransactionCase):
    def mixin_fields(self):
        """Return the external ids of fields that other modules give to our models."""
        return {
            f"{ADDON}.field_{name.replace('.', '_')}__{field.name}"
            for name in self.env
            for field in self.env[name]._fields.values()
            if ADDON not in field._modules
        }

    def terms(self):
        """Return what the installed addon would export now: its own terms, and all."""
        reader = AddonReader(self.env.cr, [ADDON])
        # More modules in a database mean more fields, of their words.
        mixin_fields = self.mixin_fields()
        own = {term[4] for term in reader if term[3] not in mixin_fields}
        return own, {term[4] for term in reader}

    def assertNothing(self, found, what):
        self.assertFalse(found, f"{what}: {sorted(found)}\n{REFRESH}")

    def test_template_holds_every_term_and_no_other(self):
        own, every = self.terms()
        template = set(catalogue(f"{ADDON}.pot"))
        self.assertIn("The connection failed: %s", own, "code is read")
        self.assertIn("Test Connection", own, "views are read")
        self.assertNothing(own - template, "The template misses")
        self.assertNothing(template - every, "The template still has")

    def test_languages_translate_the_whole_template(self):
        template = set(catalogue(f"{ADDON}.pot"))
        for language in LANGUAGES:
            with self.subTest(language):
                translated = catalogue(f"{language}.po")
                done = {source for source, text in translated.items() if text.strip()}
                self.assertNothing(template - done, "Not translated")
                self.assertNothing(set(translated) - template, "Not in the template")

    def test_translations_keep_placeholders_and_markup(self):
        for language in LANGUAGES:
            with self.subTest(language):
                changed = {
                    source
                    for source, text in catalogue(f"{language}.po").items()
                    if placeholders(source) != placeholders(text)
                }
                self.assertNothing(changed, "Other placeholders or markup")
