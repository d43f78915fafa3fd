import re

from odoo import api, models

# What Mailchimp's own forms and people call fields; the rest is found by the names and
# labels of Odoo's fields, in all languages that are installed.
USUAL_WORDS = {
    "first_name": "fname firstname givenname vorname prenom nombre",
    "last_name": "lname lastname surname familyname nachname nom apellido",
    "name": "name fullname",
    "company_name": "company companyname organization organisation firma",
    "partner_id": "address addr adresse postaladdress mailingaddress",
    "partner_id.phone": "phone tel telephone phonenumber mobile cell telefon",
    "partner_id.zip": "zip zipcode postcode postalcode plz",
    "partner_id.city": "city town ort",
    "partner_id.street": "street street1 address1 addr1",
    "partner_id.street2": "street2 address2 addr2",
    "partner_id.state_id": "state province region",
    "country_id": "country land pays pais",
    "partner_id.website": "website web url homepage",
    "partner_id.function": "job jobtitle title position role",
    "partner_id.lang": "lang language",
    "partner_id.vat": "vat vatid taxid",
}
# More names of fields that other modules add to customers.
USUAL_NAMES = {
    "birthday": "birthdate birthdatedate dateofbirth dob bday",
    "birthdate": "birthday dateofbirth dob bday",
}
# Type of a merge field -> types of Odoo fields that are worth a proposal.
LIKELY_TYPES = {
    "number": {"integer", "float", "monetary"},
    "date": {"date", "datetime"},
    "birthday": {"date", "datetime"},
    "phone": {"char"},
    "zip": {"char"},
    "url": {"char"},
    "imageurl": {"char"},
    "dropdown": {"boolean", "char", "many2one", "selection"},
    "radio": {"boolean", "char", "many2one", "selection"},
}
TEXT_TYPES = {"char", "date", "datetime", "integer", "many2one", "selection", "text"}


class MailchimpMergeFieldPropose(models.Model):
    """Which Odoo field a merge field is likely to mean."""

    _inherit = "mailchimp.merge.field"

    @api.onchange("field_path")
    def _onchange_field_path(self):
        """What cannot be written to only goes to Mailchimp."""
        if self.field_path:
            self.direction = self._proposed_values(self.field_path)["direction"]

    def _proposals(self):
        """Find Odoo fields for those fields of one audience that are not mapped.

        By tag first, then by name; only what works and is not mapped already.

        :return: {merge field: path}
        """
        used = set(self.audience_id.merge_field_ids.mapped("field_path"))
        words, found = self._words(), {}
        for merge_field in self.filtered(lambda field: not field.field_path):
            for word in (merge_field.tag, merge_field.name):
                paths = [*words.get(_plain(word), ()), *words.get(_stem(word), ())]
                path = next(
                    (p for p in paths if p not in used and merge_field._is_likely(p)),
                    None,
                )
                if path:
                    found[merge_field] = path
                    used.add(path)
                    break
        return found

    def _words(self):
        """Return {word: paths it may stand for, the likeliest first}."""
        words = {}
        for path, usual in USUAL_WORDS.items():
            for word in usual.split():
                words.setdefault(word, []).append(path)
        labels = [
            self._labels(code) for code, _n in self.env["res.lang"].get_installed()
        ]
        for model, prefix in (("mailing.contact", ""), ("res.partner", "partner_id.")):
            for name in self.env[model]._fields:
                for label in (name, *(known[model].get(name) for known in labels)):
                    for word in self._synonyms(label):
                        words.setdefault(word, []).append(prefix + name)
        return words

    def _labels(self, lang):
        """Return {model: {name: label}} of what contacts and customers have."""
        env = self.with_context(lang=lang).env
        return {
            model: {
                name: field._description_string(env)
                for name, field in env[model]._fields.items()
            }
            for model in ("mailing.contact", "res.partner")
        }

    def _synonyms(self, label):
        word = _plain(label or "")
        return [word, *USUAL_NAMES.get(word, "").split()] if word else []

    def _is_likely(self, path):
        """Tell whether a mapping to this path works, and the types go together."""
        proposed = self.new(self._proposed_values(path), origin=self)
        source = proposed._source()
        if not source or proposed._mapping_problem():
            return False
        if not source.field:
            return self.type == "address"
        return source.field.type in LIKELY_TYPES.get(self.type, TEXT_TYPES)

    def _proposed_values(self, path):
        """Return the values of a mapping to a path: both ways, where that works."""
        both = {"field_path": path, "direction": "both"}
        if self.new(both, origin=self)._target_field():
            return both
        return {**both, "direction": "to_mailchimp"}


def _plain(word):
    """Return a word without what people write differently."""
    return re.sub(r"[\W_]+", "", word.lower())


def _stem(word):
    """Return a word without the number that makes a tag unique: PHONE2."""
    return _plain(word).rstrip("0123456789")
