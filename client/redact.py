"""Keep secrets and addresses out of the log."""

import logging
import re

# Bounded repetitions throughout: a log line may be long and hostile.
_PATTERNS = [
    # Authorization: Basic dXNlcjpr...   'Authorization': 'Bearer 0123...'
    (
        re.compile(
            r"(?i)(authorization['\"]?\s{0,3}[:=]\s{0,3}['\"]?(?:[a-z]{1,10}\s{1,3})?)"
            r"[^\s'\",;}]{1,500}"
        ),
        r"\1***",
    ),
    (
        re.compile(
            r"(?i)\b(basic|bearer|oauth|apikey)(\s{1,3})"
            r"(?=[^\s'\",]{0,100}[\d=])[\w+/=.~-]{16,500}"
        ),
        r"\1\2***",
    ),
    # apikey=..., "api_key": "...", client_secret=..., a signed URL's Signature=...
    (
        re.compile(
            r"(?i)((?:api_?key|(?:access|oauth|refresh)_?token|secret|password"
            r"|signature)['\"]?\s{0,3}[:=]\s{0,3}['\"]?)(?!\*\*\*)[^\s'\",;&}]{1,500}"
        ),
        r"\1***",
    ),
    # An API key or a token with its data centre, which is worth to know
    (re.compile(r"\b[0-9A-Za-z]{16,200}-([a-z]{2,4}\d{1,4})\b"), r"***-\1"),
    (re.compile(r"(/mailchimp/webhook/)[^/\s?#'\"]{1,500}"), r"\1***"),
]

# Also as found in URLs (jane%40doe.com)
_EMAIL = re.compile(
    r"(?<!\w)(\w)(?:[\w.+'!#$*^`{|}~-]|%(?!40)[0-9A-Fa-f]{2}){0,200}(@|%40)"
    r"(\w)[\w-]{0,200}(?:\.[\w-]{1,63}){0,10}(\.[\w-]{1,63})"
)


def mask(text):
    """Mask API keys, credentials, webhook tokens and e-mail addresses.

    >>> mask("jane@doe.com cannot be added")
    'j***@d***.com cannot be added'

    :param str text: any text
    :rtype: str
    """
    for pattern, substitute in _PATTERNS:
        text = pattern.sub(substitute, text)
    if "@" in text or "%40" in text:
        text = _EMAIL.sub(r"\1***\2\3***\4", text)
    return text


class RedactingFilter(logging.Filter):
    """Masks what a log record says: its message, its arguments and its traceback."""

    def filter(self, record):
        """:return: always True, the record is changed and not dropped"""
        text = _text(record)
        masked = mask(text)
        if masked != text:
            record.msg, record.args = masked, ()
        if record.exc_info and record.exc_info[0]:
            # Formatters use this text where it exists instead of their own.
            trace = record.exc_text or logging.Formatter().formatException(
                record.exc_info
            )
            record.exc_text = mask(trace)
        return True


def get_logger(name):
    """Get a logger that masks secrets and addresses.

    :param str name: usually ``__name__``
    :rtype: logging.Logger
    """
    logger = logging.getLogger(name)
    if not any(isinstance(f, RedactingFilter) for f in logger.filters):
        logger.addFilter(RedactingFilter())
    return logger


def _text(record):
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # Arguments that do not fit: the handler will report it, with the message.
        return f"{record.msg} {record.args}"
