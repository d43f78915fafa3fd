from contextlib import closing
from itertools import islice

from odoo import api, fields, models
from odoo.tools import split_every
from odoo.tools.gc import disabling_gc

from ..exceptions import MailchimpNotFound, MailchimpRejected, MailchimpRetryLater
from ..tools.coerce import as_map, remote_id
from ..tools.polling import pause_after
from .mailchimp_report_read import PARTS

# Of so many recipients or more, or of so many campaigns, a batch is read: it does not
# use up the ten connections of an account.
MANY_RECIPIENTS = 20_000
MANY_CAMPAIGNS = 50
# Campaigns of one batch
AT_ONCE = 100
# After half a day of questions, or so many batches lost, pages are read without one.
MOST_POLLS = 720
MOST_TRIES = 3


class MailchimpReportBatch(models.AbstractModel):
    """Reading large reports, or many, through Mailchimp's batch operations.

    A batch of requests that only read can be submitted as often as need be: one whose
    answer was lost, or whose results expired, is simply submitted again.
    https://mailchimp.com/developer/marketing/guides/run-async-requests-batch-endpoint/
    """

    _inherit = "mailchimp.campaign.report"

    @api.model
    def _without_batch(self, campaigns, run, priority):
        """Override: queue batches where they pay, and return the others."""
        together = campaigns
        if len(campaigns) <= MANY_CAMPAIGNS:
            together = campaigns.filtered(
                lambda campaign: (
                    campaign.emails_sent >= MANY_RECIPIENTS
                    and "activity" in campaign._outdated_parts()
                )
            )
        for few in split_every(AT_ONCE, together.ids, list):
            self._enqueue_batch(together.browse(few), run, f"batch:{few[0]}", priority)
        return campaigns - together

    @api.model
    def _enqueue_batch(self, campaigns, run, key, priority, run_after=None):
        self.env["mailchimp.job"]._enqueue(
            campaigns,
            "_job_read_reports_together",
            name=self.env._("Read large reports together: %s", len(campaigns)),
            identity=f"reports:{run.id}:{key}",
            run=run,
            account=campaigns.account_id,
            priority=priority,
            run_after=run_after,
            args={"run_id": run.id, "key": key, "priority": priority},
        )

    @api.model
    def _read_together(self, campaigns, run, key, priority):
        """Submit a batch, ask how far it is, or take its results.

        :param recordset campaigns: all of one account
        :param recordset run: the `mailchimp.run`; its checkpoint knows the batch
        :param str key: under which
        :param int priority: of the jobs that follow
        :return: a generator with a checkpoint after each page of the results
        """
        gateway = campaigns.account_id._gateway()
        batch = (run.checkpoint or {}).get(key)
        status = batch and self._batch_status(gateway, batch)
        if status and status.get("status") == "finished":
            yield from self._take_results(campaigns, run, key, gateway, status)
            self._finish(campaigns, run, key, priority)
        elif status and batch["polls"] < MOST_POLLS:
            self._ask_later(campaigns, run, key, priority)
        elif (batch or {}).get("tries", 0) < MOST_TRIES and not status:
            self._submit(campaigns, run, key, priority, gateway)
        else:
            self._finish(campaigns, run, key, priority)

    @api.model
    def _batch_status(self, gateway, batch):
        try:
            return as_map(gateway.api.batches.status(batch["id"]))
        except MailchimpNotFound:
            return None  # expired, or never there

    # === SUBMIT AND ASK === #

    @api.model
    def _submit(self, campaigns, run, key, priority, gateway):
        """Submit the requests; what they are for is kept with each campaign."""
        readings = {
            campaign: {
                part: self._new_reading(campaign, part)
                for part in campaign._outdated_parts()
            }
            for campaign in campaigns
        }
        operations = [
            self._operation(campaign, reading)
            for campaign, parts in readings.items()
            for reading in parts.values()
        ]
        tries = ((run.checkpoint or {}).get(key) or {}).get("tries", 0) + 1
        id_ = operations and self._start_batch(gateway, operations)
        if not id_:
            self._note(run, key, tries=MOST_TRIES)
            self._finish(campaigns, run, key, priority)
            return
        until = self._now_there(gateway)
        for campaign, parts in readings.items():
            for reading in parts.values():
                reading["until"] = until
            campaign.report_reading = {"batch": id_, "parts": parts}
        self._note(run, key, id=id_, polls=0, taken=0, counts={}, tries=tries)
        self._ask_later(campaigns, run, key, priority)

    @api.model
    def _start_batch(self, gateway, operations):
        """Return the id of a new batch, None when Mailchimp does not want it."""
        try:
            answer = as_map(gateway.api.batches.start({"operations": operations}))
        except MailchimpRejected:
            return None
        if id_ := remote_id(answer.get("id")):
            return id_
        raise MailchimpRetryLater("Mailchimp's answer could not be read.")

    @api.model
    def _operation(self, campaign, reading):
        """Return the request of a part; without a count, it reads all pages."""
        part = PARTS[reading["part"]]
        names = [*(f"{part.key}.{name}" for name in part.fields), "total_items"]
        params = {"fields": ",".join(names)}
        if reading["since"]:
            params["since"] = reading["since"]
        return {
            "operation_id": f"{reading['part']}:{campaign.id}",
            "method": "GET",
            "path": f"/reports/{campaign.mailchimp_id}/{part.path}",
            "params": params,
        }

    @api.model
    def _ask_later(self, campaigns, run, key, priority):
        polls = run.checkpoint[key]["polls"]
        self._note(run, key, polls=polls + 1)
        after = fields.Datetime.now() + pause_after(polls)
        self._enqueue_batch(campaigns, run, key, priority, run_after=after)

    # === RESULTS === #

    @api.model
    def _take_results(self, campaigns, run, key, gateway, status):
        """Store the results one by one; those taken are not taken again."""
        url = status.get("response_body_url")
        if not isinstance(url, str) or not url:
            raise MailchimpRetryLater("Mailchimp names no results of the batch.")
        batch = run.checkpoint[key]
        with closing(gateway.batch_results(url)) as results:
            for result in islice(results, batch["taken"], None):
                with disabling_gc():
                    self._take_result(campaigns, run, batch, result)
                batch["taken"] += 1
                self._note(run, key, **batch)
                yield

    @api.model
    def _take_result(self, campaigns, run, batch, result):
        """Store one page of one part of one campaign."""
        operation = str(result.operation_id)
        part, _colon, id_ = operation.partition(":")
        campaign = campaigns.filtered(lambda campaign: str(campaign.id) == id_)
        reading = self._reading_of(campaign, batch, part)
        if not reading:
            return
        # Rows so far, how many Mailchimp announced, whether all is well
        count = batch["counts"].setdefault(operation, [0, None, True, 0])
        body = as_map(result.body)
        items, total = body.get(PARTS[part].key), body.get("total_items")
        if not 200 <= result.status < 300 or not isinstance(items, list):
            count[2] = False
            return
        if count[1] is None:
            run._count(total=total if isinstance(total, int) else len(items))
        count[2] &= count[1] in (None, total)
        count[0], count[1] = count[0] + len(items), total
        reading["odd"] = 0
        self._take_items(campaign, run, reading, items)
        count[3] += reading["odd"]

    @api.model
    def _reading_of(self, campaign, batch, part):
        """Return how a part is read by this batch, None when it is not."""
        reading = (campaign.report_reading or {}) if campaign else {}
        if reading.get("batch") != batch["id"] or part not in PARTS:
            return None
        return dict(reading["parts"].get(part) or ()) or None

    @api.model
    def _finish(self, campaigns, run, key, priority):
        """Note what was read to its end; the rest is read page by page."""
        batch = (run.checkpoint or {}).get(key) or {}
        for name, (rows, total, is_well, odd) in batch.get("counts", {}).items():
            part, _colon, id_ = name.partition(":")
            campaign = campaigns.filtered(lambda one, id_=id_: str(one.id) == id_)
            reading = self._reading_of(campaign, batch, part)
            if reading and is_well and rows == total:
                self._complete(campaign, run, {**reading, "odd": odd})
        campaigns.report_reading = False
        self._note(run, key)
        for campaign in campaigns.filtered(lambda one: one._outdated_parts()):
            self._enqueue_one(campaign, run, priority)


class MailchimpCampaign(models.Model):
    """The job that reads the reports of several campaigns."""

    _inherit = "mailchimp.campaign"

    def _job_read_reports_together(self, run_id, key, priority):
        """Read what lies behind the figures that changed, by a batch.

        :param int run_id: the `mailchimp.run` to report to
        :param str key: under which its checkpoint knows the batch
        :param int priority: of the jobs that follow
        :return: a generator with a checkpoint after each page
        """
        run = self.env["mailchimp.run"].browse(run_id)
        run._start()
        yield from self.env["mailchimp.campaign.report"]._read_together(
            self, run, key, priority
        )
