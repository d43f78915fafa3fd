from odoo import api, models


class MailchimpMemberPushWords(models.AbstractModel):
    """What the codes of refusals mean, and what a person can do about them."""

    _inherit = "mailchimp.member.push"

    @api.model
    def _words(self, code, said=""):
        """Return reason and advice, in plain words.

        :param str code: see `tools.reasons` and `tools.push`
        :param str said: Mailchimp's own words
        """
        words = {
            **self._words_of_consent(),
            **self._words_of_address(),
            **self._words_of_mailchimp(),
        }
        return words.get(code) or self._words_of_values(said).get(
            code,
            (
                self.env._("Mailchimp refused it: %s", said or "-"),
                self.env._("Change the contact, or retry when the cause is gone."),
            ),
        )

    @api.model
    def _words_of_consent(self):
        ask = self.env._("If the person wants to come back, press Request Opt-in.")
        return {
            "opted_out": (self.env._("The person opted out of this audience."), ask),
            "blacklisted": (
                self.env._("The address is on the blacklist of Odoo."),
                self.env._("Take it off the blacklist if the person agrees."),
            ),
            "compliance": (
                self.env._(
                    "The person unsubscribed, bounced or is under review in Mailchimp: "
                    "nobody else can subscribe the address again."
                ),
                self.env._(
                    "Press Request Opt-in: Mailchimp asks the person to confirm."
                ),
            ),
            "archived": (self.env._("The person is archived in Mailchimp."), ask),
            "cleaned": (
                self.env._("Mailchimp gave the address up: mails to it bounced."),
                self.env._("Ask the person for another address."),
            ),
            "forgotten": (
                self.env._("The person was permanently deleted in Mailchimp."),
                self.env._(
                    "Only the person can sign up again, with a form of Mailchimp."
                ),
            ),
            "no_policy": (
                self.env._("The status of new members was not chosen yet."),
                self.env._("Choose it in the settings of the account; then retry."),
            ),
            "not_archivable": (
                self.env._(
                    "Mailchimp cannot archive a contact that is cleaned or pending."
                ),
                self.env._("Unsubscribe it first, or delete it permanently."),
            ),
        }

    @api.model
    def _words_of_address(self):
        correct = self.env._("Correct it; the contact is sent by itself then.")
        return {
            "no_email": (self.env._("There is no email address."), correct),
            "bad_email": (
                self.env._("Mailchimp says that this is no email address."),
                correct,
            ),
            "fake_email": (
                self.env._(
                    "Mailchimp takes the address for a fake or a typing mistake."
                ),
                correct,
            ),
            "relay_domain": (
                self.env._("The address belongs to a privacy relay or a marketplace."),
                self.env._("Such addresses are left out by a setting of the account."),
            ),
            "duplicate": (
                self.env._("Another record speaks for this address."),
                self.env._("Merge the records, or delete one of them."),
            ),
            "exists": (
                self.env._("Another member of the audience has this address."),
                self.env._("Merge the contacts, or correct one of the addresses."),
            ),
            "erased_address": (
                self.env._(
                    "The address is that of a person who was permanently deleted."
                ),
                correct,
            ),
        }

    @api.model
    def _words_of_mailchimp(self):
        return {
            "too_many_signups": (
                self.env._("The address signed up to a lot of lists lately."),
                self.env._(
                    "Mailchimp does not take it for now; it is tried again in hours."
                ),
            ),
            "unavailable": (
                self.env._("Mailchimp fails at this person, and answers otherwise."),
                self.env._("It is tried again by itself, every quarter of an hour."),
            ),
            "restless": (
                self.env._("Mailchimp keeps saying something else about this person."),
                self.env._("Retry, or look at the contact in Mailchimp."),
            ),
            "not_member": (
                self.env._("The person is not in Mailchimp yet."),
                self.env._("Nothing has to be done there."),
            ),
            "gone": (
                self.env._("Mailchimp does not know this person any more."),
                self.env._("It was read again; nothing was sent."),
            ),
        }

    @api.model
    def _words_of_values(self, said):
        return {
            "required_missing": (
                self.env._("Mailchimp requires a value that is empty: %s", said),
                self.env._(
                    "Fill it in, or make the merge field optional in Mailchimp."
                ),
            ),
            "unfit": (
                self.env._("Mailchimp does not take a value: %s", said),
                self.env._("Correct the value; the contact is sent by itself then."),
            ),
        }
