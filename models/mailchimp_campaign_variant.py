from odoo import api, fields, models

from ..tools.variants import contents, terms, variants

# What people see of a test if its variants differ in it.
SHOWN = ("subject", "from_name", "content_label", "send_time")


class MailchimpCampaignVariant(models.Model):
    """What one group of the recipients of an A/B test gets.

    Written when what Mailchimp says of its campaign changes. What all variants have in
    common stands in the campaign.
    """

    _name = "mailchimp.campaign.variant"
    _description = "Mailchimp Campaign Variant"
    _order = "campaign_id, name"
    _log_access = False

    campaign_id = fields.Many2one(
        "mailchimp.campaign",
        required=True,
        ondelete="cascade",
        readonly=True,
        index=True,
    )
    company_id = fields.Many2one(related="campaign_id.company_id")
    name = fields.Char(string="Variant", required=True, readonly=True)
    mailchimp_id = fields.Char(string="Mailchimp ID", readonly=True)
    subject = fields.Char(readonly=True)
    from_name = fields.Char(string="From", readonly=True)
    reply_to = fields.Char(string="From Email Address", readonly=True)
    content_label = fields.Char(string="Content", readonly=True)
    content_number = fields.Integer(readonly=True, aggregator=None)
    send_time = fields.Datetime(readonly=True)
    recipients = fields.Integer(
        readonly=True, help="To how many it was sent as part of the test."
    )
    is_winner = fields.Boolean(string="Winner", readonly=True)
    # Foreign HTML: shown by `mailchimp_html_preview` only.
    html = fields.Text(string="HTML", compute="_compute_content")
    plain_text = fields.Text(compute="_compute_content")

    @api.depends("content_number", "campaign_id.variant_contents")
    def _compute_content(self):
        for variant in self:
            held = variant.campaign_id.variant_contents or []
            content = dict(enumerate(held)).get(variant.content_number, {})
            variant.html = content.get("html")
            variant.plain_text = content.get("plain_text")


class MailchimpCampaign(models.Model):
    """A/B tests: several mails, one of which wins."""

    _inherit = "mailchimp.campaign"

    variant_ids = fields.One2many(
        "mailchimp.campaign.variant", "campaign_id", string="Variants", readonly=True
    )
    # As large as `html`, times the contents that are compared.
    variant_contents = fields.Json(prefetch=False, readonly=True, copy=False)
    tested_fields = fields.Char(
        compute="_compute_tested_fields", help="What the variants differ in."
    )
    test_text = fields.Char(string="A/B Test", compute="_compute_test_text")

    # === COMPUTE METHODS === #

    @api.depends("variant_ids")
    def _compute_tested_fields(self):
        for campaign in self:
            campaign.tested_fields = " ".join(
                name
                for name in SHOWN
                if len(set(campaign.variant_ids.mapped(name))) > 1
            )

    @api.depends("details", "variant_ids.is_winner")
    @api.depends_context("lang")
    def _compute_test_text(self):
        for campaign in self:
            variants_ = campaign.variant_ids
            campaign.test_text = bool(variants_) and " ".join(
                campaign._test_sentences(variants_.filtered("is_winner"))
            )

    def _test_sentences(self, winner):
        """Yield how the variants are tested, and which one won."""
        how = terms(self.details or {})
        yield self.env._("%s variants are tested.", len(self.variant_ids))
        if how["size"] < 100:
            yield self.env._(
                "%s %% of the recipients get one of them first.", how["size"]
            )
        else:
            yield self.env._("Every recipient gets one of them.")
        if winner:
            yield self.env._("Variant %s won.", winner[0].name)
        elif how["criteria"]:
            yield self._winner_sentence(how["criteria"], how["minutes"] // 60)

    def _winner_sentence(self, criteria, hours):
        return {
            "opens": self.env._(
                "After %s hours, the others get the one that most people opened.", hours
            ),
            "clicks": self.env._(
                "After %s hours, the others get the one that most people clicked in.",
                hours,
            ),
            "total_revenue": self.env._(
                "After %s hours, the others get the one that earned most.", hours
            ),
            "manual": self.env._("Somebody chooses in Mailchimp what the others get."),
        }[criteria]

    # === CRUD METHODS === #

    @api.model
    def _guarded_fields(self):
        return super()._guarded_fields() | {"variant_contents"}

    @api.model_create_multi
    def create(self, vals_list):
        """Keep the variants that Mailchimp names."""
        campaigns = super().create(vals_list)
        campaigns.filtered("details")._store_variants()
        return campaigns

    def write(self, vals):
        """Let the variants follow what Mailchimp says of them."""
        result = super().write(vals)
        if "details" in vals:
            self._store_variants()
        return result

    def _store_variants(self):
        """Replace the variants of these campaigns by those in their details."""
        # sudo: buttons of users get here, too; only the connector writes them.
        Variant = self.env["mailchimp.campaign.variant"].sudo()
        Variant.search([("campaign_id", "in", self.ids)]).unlink()
        Variant.create(
            [
                dict(row, campaign_id=campaign.id)
                for campaign in self
                for row in variants(campaign.details or {})
            ]
        )

    # === MAPPING === #

    @api.model
    def _content_values(self, data):
        """Keep what the variants of a test consist of, too."""
        held = contents(data.get("variate_contents"))
        return {**super()._content_values(data), "variant_contents": held or False}
