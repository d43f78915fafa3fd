"""Errors as Mailchimp words them: titles and details are verbatim."""

import uuid

import orjson

# https://mailchimp.com/developer/marketing/docs/errors/
TYPE_URL = "https://mailchimp.com/developer/marketing/docs/errors/"
SEE_ERRORS = (
    "The resource submitted could not be validated. For field-specific details, see "
    "the 'errors' array."
)

# Mailchimp translates these for accounts in another language; titles stay English.
GERMAN = {
    "Please enter a value": "Bitte gib einen Wert ein.",
    "Please enter a number": "Bitte gib eine Zahl ein.",
    "Please enter a complete address": "Bitte gib eine vollständige Adresse ein.",
    "Please enter a date": "Bitte gib ein Datum ein.",
}


class Problem(Exception):
    """A refusal. :meth:`document` is the JSON that the caller gets.

    :param int status: HTTP status
    :param list errors: ``(field, message)`` pairs
    :param bool typed: whether the document has a ``type``; the real API leaves it out
        for *Member Exists* and *Member In Compliance State*
    """

    def __init__(self, status, title, detail, errors=(), *, typed=True, headers=()):
        super().__init__(f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = list(errors)
        self.typed = typed
        self.headers = dict(headers)

    def document(self, instance, language="en"):
        """:return dict: the problem document; ``instance`` equals X-Request-Id"""
        document = {"type": TYPE_URL} if self.typed else {}
        document.update(
            title=self.title, status=self.status, detail=self.detail, instance=instance
        )
        if self.errors:
            document["errors"] = [
                {"field": field, "message": translate(message, language)}
                for field, message in self.errors
            ]
        return document

    def body(self, language="en"):
        """:return tuple: the instance and the document as bytes"""
        instance = str(uuid.uuid4())
        return instance, orjson.dumps(self.document(instance, language))


def translate(message, language):
    """Word a field message in the language of the account."""
    if language == "en":
        return message
    return GERMAN.get(message, f"[{language}] {message}")


def invalid(detail=SEE_ERRORS, errors=()):
    """400 Invalid Resource."""
    return Problem(400, "Invalid Resource", detail, errors)


def invalid_field(field, message):
    """400 Invalid Resource that names one field."""
    return invalid(errors=[(field, message)])


def bad_request(detail):
    """400 Bad Request."""
    return Problem(400, "Bad Request", detail)


def bad_json(detail):
    """400 JSON Parse Exception."""
    return Problem(400, "JSON Parse Exception", detail)


def wrong_shape(field, value, wanted="object"):
    """400 for a JSON value of another type than the schema describes."""
    found = {type(None): "NULL", list: "array", dict: "object", str: "string"}
    name = found.get(type(value), type(value).__name__)
    name = {"bool": "boolean", "int": "integer", "float": "number"}.get(name, name)
    return invalid_field(field, f"Schema describes {wanted}, {name} found instead")


def member_exists(email):
    """400: this address is already a member."""
    detail = (
        f"{email} is already a list member. Use PUT to insert or update list members."
    )
    return Problem(400, "Member Exists", detail, typed=False)


def compliance(email):
    """400: this person opted out, bounced or is under review."""
    detail = (
        f"{email} is in a compliance state due to unsubscribe, bounce, or compliance "
        "review and cannot be subscribed."
    )
    return Problem(400, "Member In Compliance State", detail, typed=False)


def forgotten(email):
    """400: this address was deleted permanently."""
    detail = (
        f"{email} was permanently deleted and cannot be re-imported. The contact must "
        "re-subscribe to get back on the list."
    )
    return Problem(400, "Forgotten Email Not Subscribed", detail)


def not_found():
    """404 Resource Not Found."""
    return Problem(
        404, "Resource Not Found", "The requested resource could not be found."
    )


def not_allowed(allowed, detail=None):
    """405 Method Not Allowed with an Allow header."""
    detail = detail or (
        "The requested method and resource are not compatible. See the Allow header "
        "for this resource's available methods."
    )
    headers = {"Allow": ", ".join(sorted(allowed))}
    return Problem(405, "Method Not Allowed", detail, headers=headers)


def fields_invalid():
    """422: the caller selected a field that does not exist."""
    detail = "The fields requested from this resource are invalid."
    return Problem(422, "Requested Fields Invalid", detail)


def named(name):
    """The error that a caller asks for with ``X-Trigger-Error: <Name>``.

    :return Problem: None when there is no error of that name
    """
    entry = BY_NAME.get(name)
    return Problem(*entry) if entry else None


BY_NAME = {
    "BadRequest": (400, "Bad Request", "Your request could not be processed."),
    "InvalidAction": (
        400,
        "Invalid Action",
        "The action requested was not valid for this resource.",
    ),
    "InvalidResource": (
        400,
        "Invalid Resource",
        "The resource submitted could not be validated.",
    ),
    "JSONParseError": (
        400,
        "JSON Parse Exception",
        "We encountered an unspecified JSON parsing error.",
    ),
    "APIKeyMissing": (
        401,
        "API Key Missing",
        "Your request did not include an API key.",
    ),
    "APIKeyInvalid": (
        401,
        "API Key Invalid",
        "Your API key may be invalid, or you've attempted to access the wrong "
        "datacenter.",
    ),
    "APIKeyDisabled": (401, "API Key Invalid", "API key has been disabled"),
    "Forbidden": (
        403,
        "Forbidden",
        "You are not permitted to access this resource.",
    ),
    "UserDisabled": (403, "User Disabled", "This account has been deactivated."),
    "WrongDatacenter": (
        403,
        "Wrong Datacenter",
        "The API key provided is linked to a different data center.",
    ),
    "ResourceNotFound": (
        404,
        "Resource Not Found",
        "The requested resource could not be found.",
    ),
    "MethodNotAllowed": (
        405,
        "Method Not Allowed",
        "The requested method and resource are not compatible. See the Allow header "
        "for this resource's available methods.",
    ),
    "ResourceNestingTooDeep": (
        414,
        "Resource Nesting Too Deep",
        "The sub-resource requested is nested too deeply.",
    ),
    "InvalidMethodOverride": (
        422,
        "Invalid Method Override",
        "You can only use the X-HTTP-Method-Override header with the POST method.",
    ),
    "RequestedFieldsInvalid": (
        422,
        "Requested Fields Invalid",
        "The fields requested from this resource are invalid.",
    ),
    "TooManyRequests": (
        429,
        "Too Many Requests",
        "You have exceeded the limit of 10 simultaneous connections.",
    ),
    "TooManyBatches": (
        429,
        "Too Many Requests",
        "You have more than 500 pending webhooks. Please wait for some to complete "
        "before adding any more batches.",
    ),
    "InternalServerError": (
        500,
        "Internal Server Error",
        "A deep, internal error has occurred during the processing of your request. "
        "Please contact support.",
    ),
    "ComplianceRelated": (
        503,
        "Compliance Related",
        "This method has been disabled.",
    ),
}
