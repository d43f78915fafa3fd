from odoo import models

from ..tools.coerce import parse_datetime
from .mailchimp_plan_compute import STEP


class MailchimpPlanImportApply(models.Model):
    """*Apply* of a planned fetch: what Mailchimp still says as it did."""

    _inherit = "mailchimp.plan"

    def _apply_import(self, run):
        """Read the same members again; who is not as the plan says is left alone."""
        audience, gateway = self.audience_id, self.account_id._gateway()
        Import = self.env["mailchimp.member.import"]
        if not run.checkpoint and not Import._refresh_audience(audience, gateway, run):
            return
        mapping = audience.merge_field_ids._mapping()

        def take(items):
            Import._import_items(audience, self._still_said(items, run), run, mapping)
            return 0

        window = run.checkpoint or dict(self.window)
        window = yield from Import._read_window(audience, gateway, run, window, take)
        while lines := self._planned_lines(STEP, [("action", "!=", "skip")]):
            lines._refuse(run)
            yield
        self._planned_lines().state = "applied"
        # The next fetch brings what was refused here: then the cursor stays.
        until = parse_datetime(window["until"])
        late = audience.pulled_at and audience.pulled_at > until
        window["unstable"] |= bool(self.moved_count or late)
        Import._close_window(audience, run, window, full=False)

    def _still_said(self, items, run):
        """Return those members of a page with which the same would be done now."""
        Import = self.env["mailchimp.member.import"]
        hashes = list(Import._keys(items))
        lines = self._planned_lines(domain=[("subscriber_hash", "in", hashes)])
        by_hash = {line.subscriber_hash: line for line in lines}
        entries, _refused, _unchanged = self._outlook_import(items)
        now = {entry["subscriber_hash"]: entry["digest"] for entry in entries}
        fresh = lines.filtered(
            lambda line: now.get(line.subscriber_hash) == line.digest
        )
        (lines - fresh).filtered(lambda line: line.action != "skip")._refuse(run)
        fresh.state = "applied"
        wanted = set(fresh.mapped("subscriber_hash"))
        wanted |= {h for h, line in by_hash.items() if line.action == "skip"}
        return [
            item for item in items if Import._key(item)["subscriber_hash"] in wanted
        ]
