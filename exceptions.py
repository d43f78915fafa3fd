"""What can go wrong when talking to Mailchimp, in the terms the callers act upon.

The transport raises these; nobody below an ``action_*`` method turns them into a
``UserError``. Their texts are plain English for logs and run lines; they carry no
secret.
"""


class MailchimpError(Exception):
    """A request to Mailchimp did not do what was asked.

    :param str message: one sentence for a person, without secrets
    :param int status: HTTP status of the answer, 0 when there was none
    :param str title: ``title`` of Mailchimp's problem document, if any
    :param str detail: ``detail`` of Mailchimp's problem document, if any
    :param list errors: ``errors`` of the problem document: dicts with ``field``
        and ``message`` (which Mailchimp translates: never match on it)
    """

    def __init__(self, message, *, status=0, title="", detail="", errors=()):
        super().__init__(message)
        self.message = message
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = list(errors)


class MailchimpRetryLater(MailchimpError):
    """Nothing is wrong with the request: the same one may succeed later.

    :param float seconds: the least time to wait, 0 when Mailchimp named none
    :param bool throttled: whether the whole account was told to slow down
    """

    def __init__(self, message, *, seconds=0, throttled=False, **problem):
        super().__init__(message, **problem)
        self.seconds = seconds
        self.throttled = throttled


class MailchimpAuthError(MailchimpError):
    """The credentials do not open this account; a person has to act."""


class MailchimpNotFound(MailchimpError):
    """The resource does not exist (any more)."""


class MailchimpRejected(MailchimpError):
    """Mailchimp refuses this request for good; repeating it is pointless."""
