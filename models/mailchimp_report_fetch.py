from datetime import timedelta

from odoo import api, fields, models

from ..const import PAGE_SIZE
from ..exceptions import MailchimpError

# Campaigns that are asked for one by one, rather than with all that were sent since.
FEW = 20
# Our clock may be ahead of Mailchimp's by this much.
CLOCK_MARGIN = timedelta(hours=1)
# Nobody needs the password of a shared report in Odoo.
LEFT_OUT = ("_links", "share_report.share_password")
# Under which the checkpoint of a run knows where the list goes on
LIST = "list"


class MailchimpReportFetch(models.AbstractModel):
    """Comparing the figures of many campaigns with few requests."""

    _inherit = "mailchimp.campaign.report"

    @api.model
    def _fetch(self, account, run, scope, chosen, priority):
        """Read the figures; queue reading the details of what changed.

        :param recordset account: one `mailchimp.account`
        :param recordset run: the `mailchimp.run` with the checkpoint and the counts
        :param str scope: see `mailchimp.account._job_fetch_reports`
        :param recordset chosen: `mailchimp.campaign`, when somebody chose them
        :param int priority: of the jobs that follow
        :return: a generator with a checkpoint after each page
        """
        gateway = account._gateway()
        place = (run.checkpoint or {}).get(LIST)
        place = place or self._first_place(account, scope, chosen)

        def take(items):
            found = self._take_reports(account, run, items, scope, chosen)
            self._enqueue_reading(found, run, priority)
            done = set(found.ids)
            place["left"] = [id_ for id_ in place["left"] if id_ not in done]

        try:
            yield from self._read_list(gateway, run, place, take)
        except MailchimpError as error:
            self._tell(run, account, error)
            return
        yield from self._read_single(gateway, run, place, take)
        wanted = self._wanted(account, scope, chosen)
        yield from self._link_members(wanted)

    @api.model
    def _wanted(self, account, scope, chosen):
        """Return the campaigns whose reports are fetched."""
        if scope == "chosen":
            return chosen
        return self.env["mailchimp.campaign"].search(
            [("account_id", "=", account.id), ("report_state", "=", scope)]
        )

    @api.model
    def _first_place(self, account, scope, chosen):
        """Return where a fetch begins.

        :return: dict: ``since`` when they were sent, False to ask for none of the list;
            ``left``: ids of those to ask for one by one, if the list has them not
        """
        if scope == "frozen":
            return {"since": None, "offset": 0, "left": []}
        wanted = self._wanted(account, scope, chosen)
        since = fields.Datetime.now() - account._report_window() - CLOCK_MARGIN
        times = [time for time in wanted.mapped("send_time") if time and time <= since]
        if len(times) > FEW:
            since = min(times) - timedelta(seconds=1)
        few = scope == "chosen" and len(wanted) <= FEW
        return {
            "since": False if few else f"{since.isoformat()}+00:00",
            "offset": 0,
            "left": wanted.ids,
        }

    @api.model
    def _read_list(self, gateway, run, place, take):
        """Read the list of reports; a page has a thousand."""
        if place["since"] is False:
            return
        params = {"since_send_time": place["since"]} if place["since"] else {}
        pages = gateway.pages(
            gateway.api.reports.get_all_campaign_reports,
            key="reports",
            count=PAGE_SIZE,
            # Reports are heavy, and there are few pages.
            ahead=1,
            offset=place["offset"],
            exclude_fields=[f"reports.{name}" for name in LEFT_OUT],
            **params,
        )
        for page in pages:
            take(page.items)
            place["offset"] = page.offset + len(page.items)
            self._note(run, LIST, **place)
            yield
        place["since"] = False
        self._note(run, LIST, **place)

    @api.model
    def _read_single(self, gateway, run, place, take):
        """Read the reports that the list did not have, one by one."""
        while place["left"]:
            id_, *place["left"] = place["left"]
            campaign = self.env["mailchimp.campaign"].browse(id_).exists()
            if campaign.mailchimp_id:
                try:
                    data = gateway.api.reports.get_campaign_report(
                        campaign.mailchimp_id, exclude_fields=list(LEFT_OUT)
                    )
                except MailchimpError as error:
                    self._tell(run, campaign, error)
                else:
                    take([data])
            self._note(run, LIST, **place)
            yield

    @api.model
    def _note(self, run, key, **vals):
        """Keep something in the checkpoint of a run; without values, forget it.

        Several jobs of a run have their place there.
        """
        known = run.checkpoint or {}
        found = {**known.get(key, {}), **vals} if vals else None
        rest = {name: value for name, value in known.items() if name != key}
        run.checkpoint = {**rest, **({key: found} if found else {})}
