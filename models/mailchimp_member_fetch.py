import gc
import logging
import time
from contextlib import closing
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.tools.gc import disabling_gc

from ..const import (
    CURSOR_LOOK_BACK_SECONDS,
    MARKETABLE_STATUS,
    PAGE_SIZE,
)
from ..exceptions import MailchimpNotFound, MailchimpRetryLater
from ..tools.coerce import as_map, parse_datetime
from .mailchimp_run_outcome import CHANGES

_logger = logging.getLogger(__name__)

# An unfiltered list of members leaves the archived ones out.
STREAMS = ({}, {"status": "archived"})
# How often a window is read again when members left it while it was being read.
MAX_PASSES = 3
# What it takes to use up the pages that were read ahead.
DRAIN_SECONDS = 8
# How many pages go by before Python looks for garbage. To do so after each, among
# those that are read ahead, too, took a tenth of the time.
COLLECT_EVERY = 10
# How long pages that bring nothing new may go without a checkpoint.
QUIET_SECONDS = 1
# Without the clock of Mailchimp, ours may be ahead of it by this much.
CLOCK_MARGIN = timedelta(minutes=5)


class MailchimpMemberFetch(models.AbstractModel):
    """Reading all members of an audience, or those that changed."""

    _inherit = "mailchimp.member.import"

    @api.model
    def _fetch(self, audience, run, full):
        """Read the members of an audience; yields after each page, as a job does.

        The window of time is fixed before the first page, so that a change made while
        the pages are read belongs to the next fetch. A member that changes leaves the
        window, which shifts the pages behind it: then the window is read once more.

        :param recordset audience: one `mailchimp.audience`
        :param recordset run: the `mailchimp.run` with the checkpoint and the counts
        :param bool full: read all members, and look for those that are gone
        """
        gateway = audience.account_id._gateway()
        if not run.checkpoint and not self._refresh_audience(audience, gateway, run):
            return
        run._start()
        merge_fields = audience.merge_field_ids
        merge_fields._report_broken(audience, run)
        window = run.checkpoint or self._open_window(audience, gateway, full)
        while window:
            take = partial(self._take_page, audience, run, merge_fields._mapping())
            read = yield from self._read_window(audience, gateway, run, window, take)
            again = merge_fields._back_fill_again(audience, read)
            window = again and self._open_window(audience, gateway, full)
        self._close_window(audience, run, read, full)

    @api.model
    def _take_page(self, audience, run, mapping, items):
        return self._import_items(audience, items, run, mapping)

    @api.model
    def _read_window(self, audience, gateway, run, window, take):
        """Read a window of time page by page, and yield after each.

        Pages that bring nothing new share a checkpoint: it would cost more than to
        compare them.

        :param dict window: see `_open_window`; or where a run stopped
        :param callable take: does something with the members of a page; returns how
            many of them are no members
        :return: the window at its end
        """
        saved_at, pages = time.monotonic(), None
        while window["stream"] < len(STREAMS):
            pages = pages or self._pages(audience, gateway, window)
            with closing(pages), disabling_gc():
                for number, page in enumerate(pages, 1):
                    before = [run[name] for name in CHANGES]
                    self._note_page(run, window, page)
                    window["unusable"] += take(page.items)
                    run.checkpoint = dict(window)
                    if number % COLLECT_EVERY == 0:
                        gc.collect(1)
                    is_quiet = [run[name] for name in CHANGES] == before
                    if is_quiet and time.monotonic() < saved_at + QUIET_SECONDS:
                        continue
                    yield
                    saved_at = time.monotonic()
            stream, window = window["stream"], self._next_stream(window)
            pages = pages.then if window["stream"] > stream else None
        return window

    @api.model
    def _refresh_audience(self, audience, gateway, run):
        """Update the statistics; tell whether the audience still exists."""
        try:
            data = gateway.api.lists.get_list(
                audience.mailchimp_id, exclude_fields=["_links"]
            )
        except MailchimpNotFound:
            audience._mark_gone(run)
            return False
        if as_map(data).get("id") != audience.mailchimp_id:
            raise MailchimpRetryLater("Mailchimp's answer could not be read.")
        audience._update_changed(audience._values_from_mailchimp(data))
        return True

    @api.model
    def _open_window(self, audience, gateway, full):
        until = gateway.server_time or fields.Datetime.now() - CLOCK_MARGIN
        # `before` is exclusive: let the running second in. The next fetch looks back
        # far enough to see what else happens in it.
        until += timedelta(seconds=1)
        since = audience.pulled_at if not full else False
        if since:
            since -= timedelta(seconds=CURSOR_LOOK_BACK_SECONDS)
        return {
            "mapping": audience.merge_field_ids._latest_version(),
            "since": since and f"{since.isoformat()}+00:00",
            "until": f"{until.isoformat()}+00:00",
            "stream": 0,
            "offset": 0,
            "expected": None,  # total of this pass, as its first page said
            "announced": 0,
            "unusable": 0,
            "moved": False,
            "unstable": False,
            "passes": 1,
        }

    @api.model
    def _has_time(self):
        """Tell whether pages that are read ahead will still be used by this worker."""
        deadline = self.env.context.get("mailchimp_deadline")
        return deadline is None or time.monotonic() < deadline - DRAIN_SECONDS

    @api.model
    def _pages(self, audience, gateway, window):
        """Return the pages of a stream, and behind them those of the next one."""
        stream, then = window["stream"], None
        if stream + 1 < len(STREAMS):
            following = dict(window, stream=stream + 1, offset=0)
            then = self._pages(audience, gateway, following)
        params = dict(STREAMS[stream])
        if window["since"]:
            params["since_last_changed"] = window["since"]
        closely = bool(window["since"] or not audience.pulled_at)
        return gateway.pages(
            self._looking_ahead(gateway.api.lists.get_list_members_info, closely),
            audience.mailchimp_id,
            key="members",
            count=PAGE_SIZE,
            offset=window["offset"],
            fields=[f"members.{name}" for name in audience._member_fields()],
            hurry=self._has_time,
            then=then,
            before_last_changed=window["until"],
            **params,
        )

    @api.model
    def _note_page(self, run, window, page):
        """Move the checkpoint behind ``page`` and keep the totals of the run."""
        if window["expected"] is None:
            window["expected"] = page.total
            if window["passes"] == 1:
                run.total += page.total
                window["announced"] += page.total
        window["moved"] |= page.total != window["expected"]
        window["offset"] = page.offset + len(page.items)

    @api.model
    def _next_stream(self, window):
        again = window["moved"] and window["passes"] < MAX_PASSES
        return dict(
            window,
            offset=0,
            expected=None,
            stream=window["stream"] + (0 if again else 1),
            passes=window["passes"] + 1 if again else 1,
            moved=False,
            unstable=window["unstable"] or (window["moved"] and not again),
        )

    @api.model
    def _close_window(self, audience, run, window, full):
        """Move the cursor of the audience, unless members may have slipped through."""
        if window["unstable"]:
            _logger.info("Audience %s keeps changing; its cursor stays", audience.id)
        else:
            audience.pulled_at = parse_datetime(window["until"])
        run.checkpoint = False
        self._retry_refused(audience, run)
        if full or run.created or run.updated:
            # Whoever was put on the list meanwhile, which neither side could see.
            audience.mailing_list_id._keep_opted_out()
        held = self.env["mailchimp.member"].search_count(
            [
                ("audience_id", "=", audience.id),
                ("forgotten", "=", False),
                ("status", "!=", False),
            ]
        )
        if full and held > window["announced"] - window["unusable"]:
            audience._enqueue_find_missing(run)

    @api.model
    def _retry_refused(self, audience, run):
        """Read members again whose opt-out Odoo refused: it may be accepted now."""
        refused = self.env["mailchimp.member"].search(
            [
                ("audience_id", "=", audience.id),
                ("sync_result", "=", "error"),
                ("status", "not in", (MARKETABLE_STATUS, False)),
                ("opt_out_by", "=", False),
                ("contact_id", "!=", False),
            ]
        )
        audience._enqueue_refresh(refused.mapped("subscriber_hash"), run=run)
