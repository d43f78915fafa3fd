"""Batches."""

import re

from .. import batches, problems, validate
from ..routing import route
from ..server import Answer

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
XML = "application/xml; charset=UTF-8"
RESULTS = re.compile(r"/_results/([0-9a-f]+)-response\.tar\.gz")
SIGNATURE = re.compile(r"X-Goog-Expires=\d+&X-Goog-Signature=([0-9a-f]{32})%2B%2F%3D")


@route("GET", "/batches")
def read_batches(call):
    """All batches of the last seven days."""
    rows = [
        batch.document(call.sandbox)
        for batch in call.account.batches.values()
        if call.now - batch.submitted_at <= batches.BATCH_LIFE
    ]
    return call.collection("batches", rows)


@route("POST", "/batches")
def create_batch(call):
    """Accept operations; they run later."""
    body = call.object()
    operations = body.get("operations")
    if not isinstance(operations, list):
        raise problems.wrong_shape("operations", operations, "array")
    if not operations:
        raise problems.invalid_field("operations", validate.BLANK)
    for operation in operations:
        _check(operation)
    runner = call.sandbox.batches
    if runner.pending(call.account) >= batches.MOST_PENDING:
        raise problems.named("TooManyBatches")
    batch = runner.submit(call.account, operations)
    # The answer is of the moment it was accepted, however fast it runs.
    document = batch.document(call.sandbox)
    document.update(status="pending", finished_operations=0, errored_operations=0)
    document.update(completed_at="", response_body_url="")
    return document


@route("GET", "/batches/<batch_id>")
def read_batch(call, batch_id):
    """How far it is; each answer has a result URL of its own."""
    return batches.find(call, batch_id).document(call.sandbox)


@route("DELETE", "/batches/<batch_id>")
def delete_batch(call, batch_id):
    """Stop it. What already ran stays done, its results are gone."""
    batch = batches.find(call, batch_id)
    batch.deleted = True
    del call.account.batches[batch.id]


def _check(operation):
    if not isinstance(operation, dict):
        raise problems.wrong_shape("operations", operation)
    validate.typed(operation, method=str, path=str, operation_id=str, params=dict)
    if operation.get("body") is not None:
        validate.typed(operation, body=str)
    validate.require(operation, "method", "path")
    validate.one_of(operation, "method", METHODS)
    if not operation["path"].startswith("/"):
        raise problems.invalid_field("path", "The path must start with a slash.")


def download(sandbox, incoming):
    """The results, for whoever has the URL and sends no credentials.

    :return Answer: XML when the URL is wrong or older than ten minutes
    """
    found = RESULTS.fullmatch(incoming.path)
    signature = SIGNATURE.fullmatch(incoming.query)
    if "authorization" in incoming.headers:
        return _refusal(400, "InvalidArgument", "Only one auth mechanism allowed")
    if not found or not signature:
        return _refusal(403, "SignatureDoesNotMatch", "Access denied.")
    for account in sandbox.accounts:
        batch = account.batches.get(found[1])
        if batch:
            expires = batch.links.get(signature[1], 0)
            if sandbox.clock.now() > expires:
                return _refusal(400, "ExpiredToken", "The provided token has expired.")
            return Answer(200, batch.archive, "application/gzip")
    return _refusal(404, "NoSuchKey", "The specified key does not exist.")


def _refusal(status, code, message):
    body = (
        "<?xml version='1.0' encoding='UTF-8'?><Error>"
        f"<Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return Answer(status, body.encode(), XML)
