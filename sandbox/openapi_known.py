"""Where the real API is known to differ from its OpenAPI document."""

# Findings that are no faults: side, operation and finding as shell patterns, reason.
KNOWN = (
    (
        "response",
        "*",
        "body: 'type' is a required property",
        "Problems named Member Exists and Member In Compliance State come without a "
        "type; this was seen in recorded answers from 2021 to 2025.",
    ),
    (
        "response",
        "*",
        "body: Additional properties are not allowed ('errors' was unexpected)",
        "Validation problems name the fields in errors: the document describes only "
        "what all problems share.",
    ),
    (
        "response",
        "* /lists/{list_id}/webhooks*",
        "*('signing_*",
        "Signed webhooks came after this version of the document.",
    ),
    (
        "response",
        "POST /batch-webhooks",
        "*('signing_*",
        "Signed webhooks came after this version of the document.",
    ),
    (
        "response",
        "POST /campaigns/{campaign_id}/actions/*",
        "recipients: Additional properties are not allowed ('list_is_active' *",
        "The copy is a campaign like any other, and those have it.",
    ),
    (
        "request",
        "PUT /lists/{list_id}/members/{subscriber_hash}",
        "body: 'email_address' is a required property",
        "Not for a member who exists: recorded answers from 2021.",
    ),
    (
        "request",
        "PUT /lists/{list_id}/members/{subscriber_hash}",
        "body: 'status_if_new' is a required property",
        "Not for a member who exists.",
    ),
    (
        "request",
        "POST /lists/{list_id}",
        "members.*: Additional properties are not allowed ('tags' was unexpected)",
        "The release note of 2022-01-24 added tags to this call, with sync_tags.",
    ),
    (
        "request",
        "PATCH /lists/{list_id}/members/{subscriber_hash}",
        "status: 'transactional' is not one of *",
        "The e-commerce guide moves contacts to and from transactional by PATCH.",
    ),
)
