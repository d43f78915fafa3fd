from odoo import api, models
from odoo.fields import Domain
from odoo.tools import split_every

from ..const import SENT_STATUSES
from ..exceptions import MailchimpNotFound
from ..tools.coerce import as_map, clean_json, remote_id, short_text

# What a campaign points to, and belongs to its account.
LINKS = ("audience_id", "template_id", "folder_id")

# Odoo has an index of these titles.
MAX_TITLE = 200
UTM_BATCH = 500


class MailchimpCampaignImport(models.Model):
    """How campaigns come to Odoo, and what they are linked with there."""

    _inherit = "mailchimp.campaign"

    # What Mailchimp decides, whatever was edited in Odoo meanwhile.
    _status_fields = frozenset(
        {"web_id", "status", "send_time", "create_time", "emails_sent", "resendable"}
        | {"archive_url", "can_cancel", "recipient_count", "segment_text"}
        | {"parent_mailchimp_id", "content_type", "details"}
    )
    _remote_get = "get"
    _remote_content = "get_content"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Give each campaign one of Odoo's, under which visits and leads count."""
        campaigns = super().create(vals_list)
        campaigns._create_utm_campaigns()
        return campaigns

    def _create_utm_campaigns(self):
        """Create the `utm.campaign` of each of these; it is never renamed."""
        # sudo: who edits campaigns of Mailchimp need not have rights on those of Odoo.
        campaigns = self.sudo().filtered(lambda campaign: not campaign.utm_campaign_id)
        # Odoo gives different names to those it creates together, up to a thousand.
        for few in split_every(UTM_BATCH, campaigns.ids, campaigns.browse):
            created = few.env["utm.campaign"].create(few._utm_values())
            for campaign, utm_campaign in zip(few, created, strict=True):
                campaign.utm_campaign_id = utm_campaign

    def _utm_values(self):
        # Else each of them would look for it.
        stage = self.env["utm.stage"].search([], limit=1)
        return [
            {
                "stage_id": stage.id,
                "title": campaign.name[:MAX_TITLE],
                "user_id": (campaign.user_id or self.env.user).id,
            }
            for campaign in self
        ]

    # === MAPPING === #

    @api.model
    def _snapshot(self, data):
        """Return what can be edited of a campaign, as Mailchimp says it."""
        recipients = as_map(data.get("recipients"))
        return clean_json(
            {
                "type": data.get("type"),
                "settings": as_map(data.get("settings")),
                "tracking": as_map(data.get("tracking")),
                "recipients": {
                    "list_id": recipients.get("list_id"),
                    "segment_opts": as_map(recipients.get("segment_opts")),
                },
            }
        )

    @api.model
    def _linked_values(self, account, items):
        """Add audience, template and folder to what campaigns say."""
        links = {
            name: self._known_ids(
                account, name, {self._named(item)[name] for item in items}
            )
            for name in LINKS
        }
        return [
            {
                **self._values_from_mailchimp(item),
                **{
                    name: links[name].get(id_, False)
                    for name, id_ in self._named(item).items()
                },
            }
            for item in items
        ]

    @api.model
    def _named(self, data):
        """Return the ids of Mailchimp's that a campaign names, by our field."""
        settings, recipients = as_map(data.get("settings")), data.get("recipients")
        return {
            "audience_id": remote_id(as_map(recipients).get("list_id")),
            "template_id": remote_id(settings.get("template_id") or None),
            "folder_id": remote_id(settings.get("folder_id")),
        }

    @api.model
    def _known_ids(self, account, name, ids):
        """Return {id of Mailchimp's: id in Odoo} of what is known of a field."""
        domain = [
            ("account_id", "=", account.id),
            ("mailchimp_id", "in", list(ids - {None})),
        ]
        if name == "folder_id":
            domain.append(("kind", "=", "campaign"))
        # sudo: what Mailchimp names is linked, whoever presses the button.
        model = self.env[self._fields[name].comodel_name].sudo()
        records = model.with_context(active_test=False).search(domain)
        return {record.mailchimp_id: record.id for record in records}

    def _content_changed(self, vals):
        """Content is final once it is sent: then it is read for the last time."""
        return not self or (
            vals["status"] in SENT_STATUSES and self.status not in SENT_STATUSES
        )

    def _keeps_content(self):
        return self.to_push

    def _take_over(self, vals):
        """What is on its way now does not have what was edited in Odoo."""
        leaves = vals["status"] in SENT_STATUSES and self.status not in SENT_STATUSES
        if self.to_push and leaves:
            vals = dict(vals, remote_changed=True)
        return super()._take_over(vals)

    def _notice(self, item):
        """Name the audience and the template that Odoo does not have."""
        named = self._named(item)
        lines = []
        if named["audience_id"] and not self.audience_id:
            lines.append(self._unknown_audience_line(as_map(item["recipients"])))
        if named["template_id"] and not self.template_id:
            lines.append(self._unknown_template_line(named["template_id"]))
        return lines

    def _unknown_audience_line(self, recipients):
        name = short_text(recipients.get("list_name")) or recipients["list_id"]
        if recipients.get("list_is_active", True):
            advice = self.env._("Import Lists/Audiences, and then the campaigns again.")
        else:
            advice = self.env._("It was deleted in Mailchimp; the reports stay.")
        return {
            **self._line_of(),
            "state": "notice",
            "code": "unknown_audience",
            "reason": self.env._("Its audience, %s, is not in Odoo.", name),
            "advice": advice,
        }

    def _unknown_template_line(self, template_id):
        return {
            **self._line_of(),
            "state": "notice",
            "code": "unknown_template",
            "reason": self.env._("Its template, %s, is not in Odoo.", template_id),
            "advice": self.env._(
                "Import the templates; one that was deleted in Mailchimp cannot be "
                "imported, and the content of the campaign does not need it."
            ),
        }

    def _is_lost(self, vals):
        """The subject is the same, too; placeholders in it became merge tags."""
        subject = self.subject or ""
        same = "{{" in subject or subject == (vals["subject"] or "")
        return same and vals["status"] == "save" and super()._is_lost(vals)

    # === IMPORT === #

    @api.model
    def _import(self, account, run):
        """Import all campaigns of an account, and what is in them.

        :param recordset account: `mailchimp.account`
        :param recordset run: the `mailchimp.run` that counts
        :return: a generator with a checkpoint after each page
        """
        gateway = account._gateway()
        self.env["mailchimp.folder"]._import_kind(account, gateway, "campaign")
        # Oldest first: new ones do not shift the pages that are still to be read.
        sort = {"sort_field": "create_time", "sort_dir": "ASC"}
        yield from self._import_part(account, run, "campaigns", **sort)
        yield from self._to_read(account, run.trigger == "user")._read_contents(run)

    @api.model
    def _to_read(self, account, all_drafts):
        """Return the campaigns whose content is to be read.

        That of a sent one never changes. To hear of that of drafts costs a request for
        each, which is made when a person asks for it.
        """
        wanted = Domain("to_read", "=", True)
        if all_drafts:
            wanted |= Domain("status", "not in", list(SENT_STATUSES))
        here = [("account_id", "=", account.id), ("mailchimp_id", "!=", False)]
        return self.search(Domain(here) & Domain("to_push", "=", False) & wanted)

    @api.model
    def _import_one(self, account, campaign_id):
        """Import a campaign that a webhook named, or read it again.

        :param recordset account: `mailchimp.account` it belongs to
        :param str campaign_id: Mailchimp's
        """
        run = self.env["mailchimp.run"]
        domain = [("account_id", "=", account.id), ("mailchimp_id", "=", campaign_id)]
        campaign = self.with_context(active_test=False).search(domain)
        if campaign:
            campaign._refresh()
        else:
            read = self._remote_api(account._gateway(), self._remote_get)
            try:
                item = read(campaign_id, fields=self._remote_fields)
            except MailchimpNotFound:
                return
            self._import_items(account, [item], run)
            campaign = self.search(domain)
        if campaign.to_read and not campaign.gone:
            [answer] = campaign._contents()
            campaign._take_content(answer, run)
