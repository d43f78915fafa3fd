from odoo.http import request

from odoo.addons.mass_mailing.controllers.main import MassMailController


class MailchimpMassMailController(MassMailController):
    """The pages on which people unsubscribe by themselves."""

    def _check_mailing_email_token(self, mailing_id, *args, **kwargs):
        """Override: all these pages begin here; what they do is the person's own act.

        The ledger of consent keeps what proves it.
        """
        mailing = super()._check_mailing_email_token(mailing_id, *args, **kwargs)
        evidence = {
            "page": request.httprequest.path,
            "ip": request.httprequest.remote_addr,
            "mailing": mailing.subject,
        }
        origin = {
            "source": "page",
            "evidence": {key: value for key, value in evidence.items() if value},
        }
        request.update_context(mailchimp_consent=origin)
        return mailing.with_context(mailchimp_consent=origin)
