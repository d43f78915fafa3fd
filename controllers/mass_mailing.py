from odoo.http import request

from odoo.addons.mass_mailing.controllers.main import MassMailController

from ..tools.inside import inside


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
        origin = inside(
            mailchimp_consent={
                "source": "page",
                "evidence": {key: value for key, value in evidence.items() if value},
            }
        )
        request.update_context(**origin)
        return mailing.with_context(**origin)
