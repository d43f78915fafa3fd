"""Bulk."""


def subscribe(call, audience):
    """Create and update up to 500 members."""
    raise NotImplementedError
