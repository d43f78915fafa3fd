"""Texts that PostgreSQL and JSON can hold. Pure functions."""


def encodable(text):
    """Return a text without halves of a character, which UTF-8 has no bytes for."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
