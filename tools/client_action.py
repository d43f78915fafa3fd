"""What a button may answer. Plain dicts for the web client, free of records."""

SOFT_RELOAD = {"type": "ir.actions.client", "tag": "soft_reload"}
CLOSE = {"type": "ir.actions.act_window_close"}


def notification(
    message, title=None, kind="success", links=(), sticky=False, then=SOFT_RELOAD
):
    """Build the action that tells a person something and shows the records anew.

    :param str message: as it is to be read
    :param str title: in bold above it
    :param str kind: success, info, warning or danger
    :param links: dicts with ``label`` and ``url``, shown behind the message
    :param bool sticky: whether it stays until the person closes it
    :param dict then: what happens next, instead of showing the records anew
    :return: the client action (dict)
    """
    if links:  # only then does the web client look for placeholders
        message = message.replace("%", "%%") + " %s" * len(links)
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {
            "type": kind,
            "title": title,
            "message": message,
            "links": list(links),
            "sticky": sticky,
            "next": then,
        },
    }
