"""The endpoints. Importing a module registers its routes."""

from . import (
    batches,
    campaign_actions,
    campaigns,
    growth,
    interests,
    lists,
    members,
    merge_fields,
    reports,
    root,
    segments,
    templates,
    webhooks,
)

__all__ = [
    "batches",
    "campaign_actions",
    "campaigns",
    "growth",
    "interests",
    "lists",
    "members",
    "merge_fields",
    "reports",
    "root",
    "segments",
    "templates",
    "webhooks",
]
