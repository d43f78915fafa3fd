"""``POST /lists/{id}``: create and update up to 500 members at once."""

from . import problems, validate, writes
from .call import links
from .shape import BULK_OMITS

MOST_AT_ONCE = 500
EXISTS = (
    "{} is already a list member, do you want to update? please provide "
    "update_existing:true in the request body"
)
DUPLICATE = "{} appears more than once in this request"


def subscribe(call, audience):
    """Work through the members of the body; each succeeds or fails on its own.

    :return dict: always a success; who failed is in ``errors``
    :raise Problem: 400 when the body as a whole is wrong
    """
    body = call.object()
    validate.typed(body, members=list, update_existing=bool, sync_tags=bool)
    if "members" not in body:
        raise problems.invalid_field("members", validate.BLANK)
    if len(body["members"]) > MOST_AT_ONCE:
        raise problems.invalid_field("members", "This array may not exceed 500 items.")
    run = _Run(call, audience, body)
    for entry in body["members"]:
        run.take(entry)
    return run.answer()


class _Run:
    def __init__(self, call, audience, body):
        self.call = call
        self.audience = audience
        self.update = body.get("update_existing", False)
        self.sync_tags = body.get("sync_tags", False)
        self.skip_duplicates = call.flag("skip_duplicate_check")
        self.quiet = not audience.account.bulk_webhooks
        self.seen = set()
        self.new, self.updated, self.errors = [], [], []

    def take(self, entry):
        """One member."""
        email = entry.get("email_address") if isinstance(entry, dict) else None
        try:
            writes.check_body(entry)
            validate.require(entry, "email_address")
            key = email.strip().lower()
            if key in self.seen:
                if not self.skip_duplicates:
                    self.fail(email, DUPLICATE.format(email))
                return
            self.seen.add(key)
            self.write(entry)
        except problems.Problem as problem:
            self.refuse(email, problem)

    def write(self, entry):
        """Create or update."""
        email = entry["email_address"].strip()
        member = self.audience.by_email(email)
        if member is None:
            self.create(entry)
        elif not self.update and member.status != "archived":
            self.fail(email, EXISTS.format(email), "ERROR_CONTACT_EXISTS")
        else:
            self.change(member, entry)

    def create(self, entry):
        """Somebody new."""
        validate.require(entry, "status")
        member = writes.add(
            self.call, self.audience, entry, entry["status"], quiet=self.quiet
        )
        self.new.append(member)

    def change(self, member, entry):
        """Somebody known: status and all, tags added or replaced."""
        names = entry.get("tags", [])
        audience = self.audience
        if self.sync_tags and "tags" in entry:
            for key in list(member.tags):
                tag = audience.segments[key]
                if tag.name not in names and audience.take_tag(member, tag):
                    audience.touch(member)
        back = member.status == "archived"
        status = entry.get("status")
        writes.change(self.call, audience, member, entry, status, quiet=self.quiet)
        (self.new if back else self.updated).append(member)

    def refuse(self, email, problem):
        """Turn a refusal into a row."""
        field, message = problem.errors[0] if problem.errors else ("", "")
        language = self.audience.account.language
        message = problems.translate(message, language) if message else ""
        text = message if problem.detail == problems.SEE_ERRORS else problem.detail
        self.fail(email, text, field=field, message=message)

    def fail(self, email, text, code="ERROR_GENERIC", field="", message=""):
        """Add a row to the errors."""
        self.errors.append(
            {
                "email_address": email if isinstance(email, str) else "",
                "error": text,
                "error_code": code,
                "field": field,
                "field_message": message,
            }
        )

    def answer(self):
        """:return dict: what became of everybody"""
        shape = self.audience.shape(None, BULK_OMITS, "bulk")
        return {
            "new_members": [_entry(shape, member) for member in self.new],
            "updated_members": [_entry(shape, member) for member in self.updated],
            "errors": self.errors,
            "total_created": len(self.new),
            "total_updated": len(self.updated),
            "error_count": len(self.errors),
            "_links": links(self.call.path),
        }


def _entry(shape, member):
    return {**shape.dictionary(member), "_links": []}
