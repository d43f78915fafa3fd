"""Steps of the push as requests. Pure functions."""

# What a request may say about the status of a member, by action.
ALLOWED_STATUS = {
    "create": frozenset({"subscribed", "pending", "transactional"}),
    "unsubscribe": frozenset({"unsubscribed"}),
    "opt_in": frozenset({"pending"}),
}
# Values that Mailchimp requires are nobody's reason to refuse an opt-out.
# https://mailchimp.com/developer/marketing/api/list-members/update-list-member/
PARAMS = {
    "unsubscribe": {"skip_merge_validation": "true"},
    "opt_in": {"skip_merge_validation": "true"},
}


def check_status(action, body):
    """Stop a request that would say something about consent that is not its business.

    :raise ValueError: which nothing but a mistake in our own code can cause
    """
    said = {body[name] for name in ("status", "status_if_new") if name in body}
    if not said <= ALLOWED_STATUS.get(action, frozenset()):
        raise ValueError(f"{action} must not set the status {sorted(said)}")
    return body


def bulk_entry(step):
    """Return a new member for `POST /lists/{id}`, which knows no permissions."""
    body = {k: v for k, v in step.body.items() if k != "marketing_permissions"}
    check_status("create", body)
    tags = [tag["name"] for tag in step.tags]
    return {**body, **({"tags": tags} if tags else {})}


def put_body(step):
    """Return a new member for PUT: one that exists keeps its status, whatever it is."""
    body = dict(step.body)
    body["status_if_new"] = body.pop("status")
    return check_status("create", body)


def operations(step, audience_id):
    """Return the operations of a batch that do a step.

    They run in any order: who moves gets the tags afterwards.

    :return: list of dicts: ``method`` and ``path``; ``body`` and ``params`` where
        there are some
    """
    path = f"/lists/{audience_id}/members/{step.key}"
    of_hash = f"/lists/{audience_id}/members/{step.held['subscriber_hash']}"
    if step.action == "archive":
        return [{"method": "DELETE", "path": path}]
    if step.action == "delete":
        return [{"method": "POST", "path": f"{of_hash}/actions/delete-permanent"}]
    found = []
    if step.body:
        body, params = check_status(step.action, step.body), PARAMS.get(step.action)
        patch = {"method": "PATCH", "path": path, "body": body}
        found.append({**patch, "params": params} if params else patch)
    if step.tags and "email_address" not in step.body:
        tags = {"tags": step.tags}
        found.append({"method": "POST", "path": f"{of_hash}/tags", "body": tags})
    return found
