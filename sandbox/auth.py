"""Whose request this is."""

import base64
import binascii
import re

from . import problems


def authenticate(call):
    """Find the account that the credentials open, and keep it on the call.

    Basic with any user, Bearer, and the older ``apikey`` and ``OAuth`` schemes carry a
    key or a token. A key for another data centre than the account's opens nothing.

    :raise Problem: 401 or 403
    """
    secret = _secret(call)
    if not secret:
        raise problems.named("APIKeyMissing")
    account = _account(call.sandbox, secret)
    if account is None or not _right_host(call, account):
        raise problems.named("APIKeyInvalid")
    if account.disabled:
        raise problems.named("APIKeyDisabled")
    if account.deactivated:
        raise problems.named("UserDisabled")
    call.account = account


def _secret(call):
    header = call.headers.get("authorization", "")
    asked = call.query.pop("apikey", "")
    scheme, _space, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "basic":
        value = _password(value)
    elif scheme.lower() not in ("bearer", "apikey", "oauth"):
        value = ""
    if value and asked and value != asked:
        detail = (
            "The API key included in the query parameters is not consistent with the "
            "Authorization header. Please provide authorization using a single method."
        )
        raise problems.Problem(401, "API Key Invalid", detail)
    return value or asked


def _password(value):
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    user, colon, password = text.partition(":")
    return password if colon else user


def _account(sandbox, secret):
    for account in sandbox.accounts:
        if secret == account.api_key:
            return account
        tokens = (account.token, f"{account.token}-{account.datacenter}")
        if account.token and secret in tokens:
            return account
    return None


def _right_host(call, account):
    host = re.match(r"([a-z]{2}\d+)\.", call.headers.get("host", ""))
    return not host or host[1] == account.datacenter
