"""Why Mailchimp refused a member: one stable code for each reason. Pure functions.

Mailchimp translates what it says about single fields; titles and details are English.
"""

# Of the title or the detail of a problem, or of the text about a row of a bulk call.
_TEXTS = (
    ("is in a compliance state", "compliance"),
    ("member in compliance state", "compliance"),
    ("forgotten email not subscribed", "forgotten"),
    ("was permanently deleted", "forgotten"),
    ("was previously removed from this audience", "forgotten"),
    ("has signed up to a lot of lists", "too_many_signups"),
    ("looks fake or invalid", "fake_email"),
    ("please provide a valid email address", "bad_email"),
    ("domain portion of the email address is invalid", "bad_email"),
    ("is an invalid email address", "bad_email"),
    ("member exists", "exists"),
    ("is already a list member", "exists"),
    ("is already in this list with a status of", "exists"),
    ("appears more than once in this request", "duplicate"),
    ("can not archive a contact", "not_archivable"),
)
# What the field of a merge value that is required and empty is told, in English.
_REQUIRED = "please enter a value"
EXISTS_CODE = "ERROR_CONTACT_EXISTS"


def code_of(title="", detail="", errors=(), row_code=""):
    """Return the code of a refusal.

    :param str title: of the problem
    :param str detail: of the problem, or the text about the row of a bulk call
    :param errors: dicts with ``field`` and ``message``
    :param str row_code: ``error_code`` of the row of a bulk call
    :return: a code, "rejected" when nothing is known about it
    """
    if row_code == EXISTS_CODE:
        return "exists"
    messages = [str(error.get("message") or "") for error in errors]
    said = " | ".join([title, detail, *messages]).lower()
    for text, code in _TEXTS:
        if text in said:
            return code
    if _REQUIRED in said:
        return "required_missing"
    return "unfit" if any(error.get("field") for error in errors) else "rejected"


def fields_of(errors):
    """Return what was said about single fields, in one sentence each."""
    return "; ".join(
        f"{error.get('field') or ''}: {error.get('message') or ''}".strip(": ")
        for error in errors
    )


def is_temporary(status, body):
    """Tell whether the answer to an operation of a batch may be another one later.

    :param int status: HTTP status
    :param body: the problem, if there is one
    """
    # Not about the operation but about the account, which a person will connect again.
    if status in (401, 403, 408, 425, 429) or status >= 500 or status < 200:
        return True
    return status == 404 and not (isinstance(body, dict) and body.get("status"))
