"""What a button may answer. Plain dicts for the web client, free of records."""

SOFT_RELOAD = {"type": "ir.actions.client", "tag": "soft_reload"}


def notification(message, title=None, kind="success", links=(), sticky=False):
    """Build the action that tells a person something and shows the records anew.

    :param str message: as it is to be read
    :param str title: in bold above it
    :param str kind: success, info, warning or danger
    :param links: dicts with ``label`` and ``url``, shown behind the message
    :param bool sticky: whether it stays until the person closes it
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
            "next": SOFT_RELOAD,
        },
    }
