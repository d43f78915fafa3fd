from odoo import api, fields, models
from odoo.tools import SQL

from ..const import SENT_STATUSES
from ..tools.coerce import as_map, with_ids
from ..tools.report import PERCENTAGES, RATES, hour_rows, moment, money

# Shares that only a report tells
AVERAGED = frozenset({*RATES, *PERCENTAGES, "bounce_rate", "unsub_rate", "abuse_rate"})


class MailchimpReportFigures(models.AbstractModel):
    """Taking over the figures of reports, where they differ."""

    _inherit = "mailchimp.campaign.report"

    @api.model
    def _take_reports(self, account, run, items, scope, chosen):
        """Take over the figures of a page of reports, where they differ.

        :param list items: reports as Mailchimp sent them
        :return: the campaigns of this scope that were among them
        """
        items = {item["id"]: item for item in with_ids(items)}
        known = self.env["mailchimp.campaign"].search(
            [("account_id", "=", account.id), ("mailchimp_id", "in", list(items))]
        )
        missing = [
            items[id_]
            for id_ in sorted(items.keys() - self._known_ids(account, items))
            # Mails of automations have reports, but are no campaigns to import.
            if scope != "live" or items[id_].get("type") != "automation"
        ]
        if missing:
            self._name_unknown(run, missing)
        for campaign in known:
            campaign._note_sent(items[campaign.mailchimp_id])
        found = known.filtered(
            lambda campaign: (
                campaign in chosen
                if scope == "chosen"
                else campaign.report_state == scope
            )
        )
        changed = self._take_figures(found, items)
        run._count(
            total=len(found),
            done=len(found),
            updated=changed,
            unchanged=len(found) - changed,
        )
        return found

    @api.model
    def _known_ids(self, account, items):
        """Return which of these ids Odoo has, archived campaigns among them."""
        campaigns = self.env["mailchimp.campaign"].with_context(active_test=False)
        found = campaigns.search_fetch(
            [("account_id", "=", account.id), ("mailchimp_id", "in", list(items))],
            ["mailchimp_id"],
        )
        return set(found.mapped("mailchimp_id"))

    @api.model
    def _take_figures(self, campaigns, items):
        """Write the figures that differ.

        :param dict items: {id: report as Mailchimp sent it}
        :return: how many campaigns had any (int)
        """
        currencies = self._currencies(items.values())
        hours, changed = [], 0
        now = fields.Datetime.now()
        for campaign in campaigns:
            data = items[campaign.mailchimp_id]
            vals = campaign._report_from_mailchimp(data)
            vals |= self._money_values(data, currencies)
            vals = campaign._differing(vals)
            if vals or not campaign.report_fetched_at:
                changed += 1
                campaign.write(dict(vals, report_fetched_at=now))
                hours += [{"campaign_id": campaign.id, **h} for h in hour_rows(data)]
        self._store_hours(hours)
        return changed

    @api.model
    def _currencies(self, items):
        """Return {code: currency} of the money in these reports."""
        codes = {money(item)[0] for item in items} - {None}
        found = self.env["res.currency"].with_context(active_test=False)
        return {one.name: one for one in found.search([("name", "in", list(codes))])}

    @api.model
    def _money_values(self, data, currencies):
        code, spent, revenue = money(data)
        currency = currencies.get(code) or self.env["res.currency"]
        # As the database keeps it: else it would differ the next time.
        keep = currency.round if currency else lambda amount: amount
        return {
            "currency_id": currency.id,
            "total_spent": keep(spent),
            "total_revenue": keep(revenue),
        }


class MailchimpCampaign(models.Model):
    """What a report tells about its campaign besides the figures."""

    _inherit = "mailchimp.campaign"

    def _read_group_select(self, aggregate_spec, query):
        """Override: campaigns without a report do not lower an average by their 0 %."""
        result = super()._read_group_select(aggregate_spec, query)
        name, _colon, aggregator = aggregate_spec.partition(":")
        if aggregator != "avg" or name not in AVERAGED:
            return result
        fetched = self._field_to_sql(self._table, "report_fetched_at", query)
        return SQL("%s FILTER (WHERE %s IS NOT NULL)", result, fetched)

    def _note_sent(self, data):
        """A campaign with a report was sent, whatever Odoo heard of it so far.

        :param dict data: the report as Mailchimp sent it
        """
        if self.status in SENT_STATUSES - {"sending"}:
            return
        sent_at = moment(data.get("send_time"))
        delivery = as_map(data.get("delivery_status")).get("status")
        vals = {"status": "sending" if delivery == "delivering" else "sent"}
        if sent_at:
            vals["send_time"] = sent_at
        if self.to_push:  # what was edited in Odoo is not what left
            vals["remote_changed"] = True
        self._write_changed(vals)

    def _differing(self, vals):
        """Return those of these values that the campaign does not have."""
        return {
            name: value
            for name, value in vals.items()
            if (self[name].id if self._fields[name].relational else self[name] or False)
            != (value or False)
        }
