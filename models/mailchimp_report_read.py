from contextlib import closing
from datetime import timedelta
from typing import NamedTuple

import orjson

from odoo import api, fields, models
from odoo.tools.gc import disabling_gc

from ..const import PAGE_SIZE
from ..exceptions import MailchimpError, MailchimpNotFound
from ..tools.coerce import as_map, parse_datetime
from ..tools.report import (
    Looked,
    abuse_rows,
    activity_rows,
    link_rows,
    looking_ahead,
    unsubscribe_rows,
)


class Part(NamedTuple):
    """A part of a report: how the client, the API and its answer call it."""

    method: str
    path: str
    key: str
    fields: tuple


PARTS = {
    "activity": Part(
        "get_email_activity_for_campaign",
        "email-activity",
        "emails",
        ("email_id", "activity"),
    ),
    "unsubscribed": Part(
        "get_unsubscribed_list_for_campaign",
        "unsubscribed",
        "unsubscribes",
        ("email_id", "timestamp", "reason"),
    ),
    "abuse": Part(
        "get_campaign_abuse_reports",
        "abuse-reports",
        "abuse_reports",
        ("email_id", "date"),
    ),
    "links": Part(
        "get_campaign_click_details",
        "click-details",
        "urls_clicked",
        ("id", "url", "total_clicks", "click_percentage", "unique_clicks")
        + ("unique_click_percentage", "last_click"),
    ),
}
# Pages that are requested while one is written: enough to keep the writer busy.
AHEAD = 4
# Mailchimp may need a while to show an event under the time at which it happened.
LOOK_BACK = timedelta(minutes=10)


class MailchimpReportRead(models.AbstractModel):
    """Reading who opened, clicked, bounced, opted out and complained, and the links."""

    _inherit = "mailchimp.campaign.report"

    @api.model
    def _enqueue_reading(self, campaigns, run, priority):
        """Queue reading what lies behind figures that changed.

        :param recordset campaigns: whose figures were just compared
        :param recordset run: the `mailchimp.run` to report to
        :param int priority: of the jobs
        """
        outdated = campaigns.filtered(lambda campaign: campaign._outdated_parts())
        busy = self._being_read(outdated)
        if busy and run.trigger == "user":
            self._name_busy(run, busy)
        outdated -= busy
        for campaign in self._without_batch(outdated, run, priority):
            self._enqueue_one(campaign, run, priority)

    @api.model
    def _without_batch(self, campaigns, run, priority):
        """Return those that are read one by one; others may be read together."""
        return campaigns

    @api.model
    def _being_read(self, campaigns):
        """Return those of these campaigns that a job is going to read anyway."""
        # sudo: only to know what is queued.
        jobs = self.env["mailchimp.job"].sudo()
        jobs = jobs.search(
            [
                ("account_id", "in", campaigns.account_id.ids),
                ("state", "=", "pending"),
                ("model", "=", "mailchimp.campaign"),
                ("method", "=like", "_job_read_report%"),
            ]
        )
        return campaigns & campaigns.browse(
            id_ for job in jobs for id_ in job.res_ids or ()
        )

    @api.model
    def _enqueue_one(self, campaign, run, priority):
        self.env["mailchimp.job"]._enqueue(
            campaign,
            "_job_read_report",
            name=self.env._("Read the report of %s", campaign.name),
            identity=f"report:{campaign.id}",
            run=run,
            account=campaign.account_id,
            priority=priority,
            args={"run_id": run.id},
        )

    @api.model
    def _read(self, campaign, run):
        """Read the parts of a report whose figures changed, page by page.

        :param recordset campaign: one `mailchimp.campaign`
        :param recordset run: the `mailchimp.run` to report to
        :return: a generator with a checkpoint after each page
        """
        gateway = campaign.account_id._gateway()
        for part in campaign._outdated_parts():
            try:
                yield from self._read_part(campaign, run, gateway, part)
            except MailchimpError as error:
                self._tell(run, campaign, error)
                campaign.report_reading = False
                if isinstance(error, MailchimpNotFound):
                    return

    @api.model
    def _read_part(self, campaign, run, gateway, part):
        reading = campaign.report_reading or {}
        if reading.get("part") != part:
            reading = self._new_reading(campaign, part)
        while reading:
            with closing(self._pages(campaign, gateway, reading)) as pages:
                for offset, items, total in pages:
                    # Later than the oldest page: looking back makes up for it.
                    reading["until"] = reading["until"] or self._now_there(gateway)
                    # A page makes no cycles, only many objects to look through.
                    with disabling_gc():
                        self._take_page(campaign, run, reading, offset, items, total)
                    campaign.report_reading = dict(reading)
                    yield
            reading = self._next_reading(campaign, run, reading)
            campaign.report_reading = reading

    @api.model
    def _now_there(self, gateway):
        now = gateway.server_time or fields.Datetime.now() - LOOK_BACK
        return f"{now.isoformat()}+00:00"

    @api.model
    def _new_reading(self, campaign, part, full=False):
        """Return how a part of a report is read, from the beginning.

        Activity is read since the last time; all of it if there is none, if the mail
        reached more people since, or when something is known to be missing.
        """
        seen = (campaign.report_seen or {}).get(part) or {}
        figures = campaign._signatures()[part]
        since = None
        sent_at = campaign.send_time and str(campaign.send_time)
        if part == "activity" and not full and seen.get("sent") == figures[0]:
            since = parse_datetime(seen.get("since"))
        return {
            "part": part,
            "figures": figures,
            "since": since and f"{(since - LOOK_BACK).isoformat()}+00:00",
            # One row for each recipient, even if Mailchimp thinks better of the time.
            "sent_at": seen.get("sent_at") or sent_at,
            "until": None,
            "offset": 0,
            "total": None,
            "moved": False,
            "passes": 1,
            "odd": 0,
        }

    @api.model
    def _pages(self, campaign, gateway, reading):
        """Yield (offset, rows, size of the whole) of a part, page by page."""
        part = PARTS[reading["part"]]
        method = getattr(gateway.api.reports, part.method)
        names = [f"{part.key}.{name}" for name in part.fields]
        if reading["part"] == "abuse":  # has no pages
            answer = as_map(
                method(campaign.mailchimp_id, fields=[*names, "total_items"])
            )
            items = answer.get(part.key)
            items = items if isinstance(items, list) else []
            yield 0, items, len(items)
            return
        params = {}
        if reading["part"] == "activity":
            method = looking_ahead(method, self._sent_at(reading))
            params = {"since": reading["since"]} if reading["since"] else {}
        pages = gateway.pages(
            method,
            campaign.mailchimp_id,
            key=part.key,
            count=PAGE_SIZE,
            ahead=AHEAD,
            offset=reading["offset"],
            fields=names,
            hurry=self.env["mailchimp.member.import"]._has_time,
            **params,
        )
        with closing(pages):
            yield from pages

    @api.model
    def _sent_at(self, reading):
        """Return when the recipients got it, if all of them are read."""
        return (
            None
            if reading["since"]
            else fields.Datetime.to_datetime(reading["sent_at"])
        )

    @api.model
    def _take_page(self, campaign, run, reading, offset, items, total):
        """Store a page, and move the place where the reading goes on behind it."""
        if reading["total"] is None:
            reading["total"] = total
            if reading["passes"] == 1:
                run._count(total=total)
        reading["moved"] |= total != reading["total"]
        reading["offset"] = offset + len(items)
        self._take_items(campaign, run, reading, items)

    @api.model
    def _take_items(self, campaign, run, reading, items):
        created = updated = 0
        if reading["part"] == "links":
            rows, odd = link_rows(items)
            self._store_links(campaign, rows)
            reading["odd"] += odd
        else:
            for rows, odd in self._rows(reading, items):
                new, corrected = self._store_activity(campaign, rows)
                created, updated = created + new, updated + corrected
                reading["odd"] += odd
        done = len(items) if reading["passes"] == 1 else 0
        run._count(done=done, created=created, updated=updated)

    @api.model
    def _rows(self, reading, items):
        """Return what is to be stored of a page: list of (JSON, how many odd)."""
        if isinstance(items, Looked):
            return items.found
        if reading["part"] == "unsubscribed":
            rows, odd = unsubscribe_rows(items)
        elif reading["part"] == "abuse":
            rows, odd = abuse_rows(items)
        else:
            rows, odd = activity_rows(items, self._sent_at(reading))
        return [(orjson.dumps(rows), odd)]


class MailchimpCampaign(models.Model):
    """The job that reads the report of a campaign."""

    _inherit = "mailchimp.campaign"

    def _job_read_report(self, run_id):
        """Read what lies behind the figures that changed.

        :param int run_id: the `mailchimp.run` to report to
        :return: a generator with a checkpoint after each page
        """
        run = self.env["mailchimp.run"].browse(run_id)
        run._start()
        yield from self.env["mailchimp.campaign.report"]._read(self, run)
