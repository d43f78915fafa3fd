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
        words = {**self._words_of_consent(), **self._words_of_address()}
        return words.get(code) or self._words_of_values(said).get(
            code,
            (
                self.env._("Mailchimp refused it: %s", said or "-"),
                self.env._("Change the contact, or retry when the cause is gone."),
            ),
        )

    @api.model
    def _words_of_consent(self):
        _ = self.env._
        ask = _("If the person wants to come back, press Request Opt-in.")
        return {
            "opted_out": (_("The person opted out of this audience."), ask),
            "blacklisted": (
                _("The address is on the blacklist of Odoo."),
                _("Take it off the blacklist if the person agrees."),
            ),
            "compliance": (
                _(
                    "The person unsubscribed, bounced or is under review in Mailchimp: "
                    "nobody else can subscribe the address again."
                ),
                _("Press Request Opt-in: Mailchimp asks the person to confirm."),
            ),
            "archived": (_("The person is archived in Mailchimp."), ask),
            "cleaned": (
                _("Mailchimp gave the address up: mails to it bounced."),
                _("Ask the person for another address."),
            ),
            "forgotten": (
                _("The person was permanently deleted in Mailchimp."),
                _("Only the person can sign up again, with a form of Mailchimp."),
            ),
            "no_policy": (
                _("The status of new members was not chosen yet."),
                _("Choose it in the settings of the account; then retry."),
            ),
            "not_archivable": (
                _("Mailchimp cannot archive a contact that is cleaned or pending."),
                _("Unsubscribe it first, or delete it permanently."),
            ),
        }

    @api.model
    def _words_of_address(self):
        _ = self.env._
        correct = _("Correct it; the contact is sent by itself then.")
        return {
            "no_email": (_("There is no email address."), correct),
            "bad_email": (_("Mailchimp says that this is no email address."), correct),
            "fake_email": (
                _("Mailchimp takes the address for a fake or a typing mistake."),
                correct,
            ),
            "relay_domain": (
                _("The address belongs to a privacy relay or a marketplace."),
                _("Such addresses are left out by a setting of the account."),
            ),
            "duplicate": (
                _("Another record speaks for this address."),
                _("Merge the records, or delete one of them."),
            ),
            "exists": (
                _("Another member of the audience has this address."),
                _("Merge the contacts, or correct one of the addresses."),
            ),
            "too_many_signups": (
                _("The address signed up to a lot of lists lately."),
                _("Mailchimp does not take it for now; it is tried again in hours."),
            ),
            "restless": (
                _("Mailchimp keeps saying something else about this person."),
                _("Retry, or look at the contact in Mailchimp."),
            ),
            "not_member": (
                _("The person is not in Mailchimp yet."),
                _("Nothing has to be done there."),
            ),
            "gone": (
                _("Mailchimp does not know this person any more."),
                _("It was read again; nothing was sent."),
            ),
        }

    @api.model
    def _words_of_values(self, said):
        _ = self.env._
        return {
            "required_missing": (
                _("Mailchimp requires a value that is empty: %s", said),
                _("Fill it in, or make the merge field optional in Mailchimp."),
            ),
            "unfit": (
                _("Mailchimp does not take a value: %s", said),
                _("Correct the value; the contact is sent by itself then."),
            ),
        }
