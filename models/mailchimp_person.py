from typing import NamedTuple

import orjson

from odoo import api, models

from ..tools.subscriber import subscriber_hash, subscriber_hashes

# Of Odoo's own records: what a person is told. Of ours: all but what is in SKIPPED.
SHOWN = {
    "mailing.contact": "name email company_name country_id tag_ids create_date".split(),
    "res.partner": "name email phone street street2 zip city state_id country_id lang "
    "category_id create_date".split(),
    "mailing.subscription": "contact_id list_id opt_out opt_out_reason_id "
    "opt_out_datetime create_date".split(),
    "mail.blacklist": "email active create_date".split(),
    "mailchimp.campaign.activity": "campaign_id action occurred_at url bounce_type "
    "reason ip email_id".split(),
}
SKIPPED = frozenset(
    """id display_name create_uid create_date write_uid write_date fingerprint
    merge_summary batch_id web_url rating_stars base_values res_model res_id
    digest""".split()
)
TOLD_TYPES = frozenset(
    "char text selection boolean integer float date datetime many2one many2many "
    "json".split()
)


class Person(NamedTuple):
    """Everything that belongs to one or more people, as far as the user may see it."""

    emails: frozenset
    contacts: models.Model
    partners: models.Model
    members: models.Model
    consents: models.Model

    @property
    def hashes(self):
        """Return the subscriber hashes of all addresses."""
        held = self.members.mapped("subscriber_hash")
        return {*map(subscriber_hash, self.emails), *held}


class MailchimpPerson(models.AbstractModel):
    """What is known about the people behind contacts, customers, members or entries.

    A person is the same by a link between the records or by the address.
    """

    _name = "mailchimp.person"
    _description = "Personal Data"

    def action_mailchimp_personal_data(self):
        """Download all that is known about these people, as a spreadsheet."""
        self.check_access("read")
        ids = ",".join(map(str, self.ids))
        return {
            "type": "ir.actions.act_url",
            "url": f"/mailchimp/personal_data/{self._name}/{ids}",
            "target": "download",
        }

    def action_mailchimp_erasure(self):
        """Show what would be erased of these people, and what that means."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Erase Personal Data (MailChimp)"),
            "res_model": "mailchimp.erasure",
            "views": [(False, "form")],
            "target": "new",
            "context": {"active_model": self._name, "active_ids": self.ids},
        }

    def _person(self):
        """Find what belongs to the people behind these records.

        :rtype: Person
        """
        by_model = {
            "mailing.contact": "contact_id",
            "res.partner": "partner_id",
            "mailchimp.member": "member_id",
        }
        found = {link: self.env[model] for model, link in by_model.items()}
        if self._name in by_model:
            found[by_model[self._name]] = self
        else:  # entries of the ledger
            found = {link: self.mapped(link) for link in by_model.values()}
        contacts, partners, members = found.values()
        told = set(self.mapped("email"))
        # Twice: a contact leads to members, these to a customer with another address.
        for _step in range(2):
            contacts |= members.contact_id
            partners |= members.partner_id
            known = (*contacts, *partners)
            told |= {one.email_normalized for one in known} | {m.email for m in members}
            emails = frozenset(email.strip().lower() for email in told if email)
            members |= self._members_of(contacts, partners, emails)
        consents = self._consents_of(contacts, partners, members, emails)
        return Person(emails, contacts, partners, members, consents)

    @api.model
    def _members_of(self, contacts, partners, emails):
        return self.env["mailchimp.member"].search(
            [
                "|",
                "|",
                ("contact_id", "in", contacts.ids),
                ("partner_id", "in", partners.ids),
                ("subscriber_hash", "in", subscriber_hashes(emails)),
            ]
        )

    @api.model
    def _consents_of(self, contacts, partners, members, emails):
        return self.env["mailchimp.consent"].search(
            [
                "|",
                "|",
                "|",
                ("contact_id", "in", contacts.ids),
                ("partner_id", "in", partners.ids),
                ("member_id", "in", members.ids),
                ("email", "in", list(emails)),
            ]
        )

    # === EXPORT === #

    def _personal_data(self):
        """Return all that is known about the people behind these records.

        :return: list of (title, head, rows), of texts
        """
        person = self._person()
        # The order of a reader: who it is, what is sent, and why.
        return [self._sheet(records) for records in self._told(person)]

    @api.model
    def _told(self, person):
        """Return the records of a person, by model."""
        listed = [("contact_id", "in", person.contacts.ids)]
        blacklist = self.env["mail.blacklist"].with_context(active_test=False)
        return [
            person.contacts,
            person.partners,
            self.env["mailing.subscription"].search(listed),
            blacklist.search([("email", "in", list(person.emails))]),
            person.members,
            person.consents,
            self._logs_of(person),
        ]

    @api.model
    def _logs_of(self, person):
        """Return what runs had to say about a person."""
        return self.env["mailchimp.run.line"].search(
            [
                "|",
                ("member_id", "in", person.members.ids),
                ("name", "in", list(person.emails)),
            ]
        )

    @api.model
    def _sheet(self, records):
        info = records.fields_get()
        names = SHOWN.get(records._name) or [
            name
            for name, told in info.items()
            if told["type"] in TOLD_TYPES and name not in SKIPPED
        ]
        names = [name for name in names if name in info]
        rows = [[_text(r, name, info[name]) for name in names] for r in records]
        return records._description, [info[name]["string"] for name in names], rows


def _text(record, name, info):
    value = record[name]
    if isinstance(value, models.BaseModel):
        # sudo: as in every view, the name of what a record points at may be read.
        return ", ".join(value.sudo().mapped("display_name"))
    if info["type"] == "selection":
        return dict(info["selection"]).get(value, "")
    if info["type"] == "json":
        return orjson.dumps(value).decode() if value else ""
    if info["type"] == "boolean":
        return "1" if value else "0"
    return "" if value is False or value is None else str(value)
