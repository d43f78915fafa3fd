"""The endpoints. Importing a module registers its routes."""

from . import batches, interests, lists, members, merge_fields, root, segments, webhooks

__all__ = [
    "batches",
    "interests",
    "lists",
    "members",
    "merge_fields",
    "root",
    "segments",
    "webhooks",
]
