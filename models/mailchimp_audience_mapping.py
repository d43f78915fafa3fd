from odoo import api, fields, models
from odoo.tools import SQL


class MailchimpAudienceMapping(models.Model):
    """The mapping of merge fields, seen from the audience."""

    _inherit = "mailchimp.audience"

    mapping_problems = fields.Text(compute="_compute_mapping_problems")

    @api.depends("merge_field_ids.mapping_problem")
    def _compute_mapping_problems(self):
        for audience in self:
            problems = audience.merge_field_ids.filtered("mapping_problem")
            audience.mapping_problems = "\n".join(
                f"{field.tag}: {field.mapping_problem}" for field in problems
            )

    def _outgoing_context(self):
        """Return the context in which values are read for Mailchimp.

        Labels and times are those of the company, whoever pressed the button.
        """
        self.ensure_one()
        # sudo: whoever pushes may not read the address book of the company.
        company = self.company_id.sudo()
        partner = company.partner_id
        lang = self.env["res.lang"]._lang_get(partner.lang or "")
        return {
            "lang": lang.code if lang else "en_US",
            "tz": partner.tz or "UTC",
            "allowed_company_ids": company.ids,
        }

    def _push_all_members(self):
        """Let all members be pushed; by SQL because there may be a million."""
        self.ensure_one()
        Member = self.env["mailchimp.member"]
        Member.flush_model(["audience_id", "contact_id", "partner_id", "forgotten"])
        found = self.env.execute_query(
            SQL(
                """SELECT id FROM mailchimp_member
                    WHERE audience_id = %s AND forgotten IS NOT TRUE
                      AND (contact_id IS NOT NULL OR partner_id IS NOT NULL)""",
                self.id,
            )
        )
        if found:
            self.env["mailchimp.change"]._add([id_ for (id_,) in found])
            self._enqueue_push()

    # === ACTION METHODS === #

    def action_propose_mappings(self):
        """Show what the fields that are not mapped are likely to mean."""
        self.ensure_one()
        self.check_access("write")
        return self.env["mailchimp.mapping.proposal"]._open(self)

    def action_create_merge_fields(self):
        """Choose Odoo fields that get a merge field in Mailchimp."""
        self.ensure_one()
        self.check_access("write")
        self._check_connected()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Create Merge Fields in Mailchimp"),
            "res_model": "mailchimp.merge.field.create",
            "view_mode": "form",
            "target": "new",
            "context": {"default_audience_id": self.id},
        }

    def action_check_mapping(self):
        """Show what would not arrive in Mailchimp, and whose values these are."""
        self.ensure_one()
        self.check_access("read")
        check = self.env["mailchimp.mapping.check"]._run(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Check Mapping"),
            "res_model": check._name,
            "res_id": check.id,
            "view_mode": "form",
            "target": "current",
        }
