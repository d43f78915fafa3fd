from odoo.http import Controller, request, route

from ..models.mailchimp_account import WEBHOOK_PATH
from ..tools.webhook import SIGNATURE_HEADER, is_token

# Far more than an event has, far less than hurts.
MAX_BODY = 64 * 1024


def _take_body(_controller):
    """Read the body before Odoo makes a form of it; refuse it when it is too long.

    A signature covers the raw bytes, which are gone once the form is read. The fields
    of that form would become arguments of the controller, and one called "self" an
    error of the server: Odoo gets none. It calls this just before it reads them, and
    again when it repeats the request after a conflict in the database.

    :return: the most bytes that a body may have, announced or not
    :raise RequestEntityTooLarge: when it has more
    """
    request.httprequest.max_content_length = MAX_BODY
    request.httprequest.get_data(cache=True)
    request.get_http_params = dict
    return MAX_BODY


class MailchimpWebhook(Controller):
    """Where Mailchimp tells what happened."""

    @route(
        f"{WEBHOOK_PATH}<string:token>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        csrf=False,
        save_session=False,
        max_content_length=_take_body,
    )
    def webhook(self, token, **_nothing):
        """Answer whoever validates the URL (GET), or take a delivery (POST).

        A GET tells nothing: every token that might be one is answered alike.
        """
        if not is_token(token):
            status = 404
        elif request.httprequest.method == "POST":
            # sudo: Mailchimp is nobody's user; the token is what lets it in.
            account_sudo = request.env["mailchimp.account"].sudo()
            raw = request.httprequest.get_data()
            signature = request.httprequest.headers.get(SIGNATURE_HEADER)
            status = account_sudo._receive_webhook(token, raw, signature)
        else:
            status = 200
        return request.make_response("", status=status)
