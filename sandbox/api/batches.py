"""Batches."""

from ..server import Answer


def download(_sandbox, _incoming):
    """The results of a batch."""
    return Answer(404, b"", "application/xml")
