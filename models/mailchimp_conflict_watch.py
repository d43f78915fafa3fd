from odoo import api, fields, models
from odoo.tools import SQL

from ..const import PRIORITY_WEBHOOK
from .mailchimp_change import PENDING

# Members that one step settles.
STEP = 500


class MailchimpAudience(models.Model):
    """The conflicts of an audience, and when they are looked at again."""

    _inherit = "mailchimp.audience"

    conflict_count = fields.Integer(compute="_compute_conflict_count")

    def _compute_conflict_count(self):
        counts = dict(
            self.env["mailchimp.conflict"]._read_group(
                [("audience_id", "in", self.ids), ("state", "=", "open")],
                ["audience_id"],
                ["__count"],
            )
        )
        for audience in self:
            audience.conflict_count = counts.get(audience, 0)

    def action_view_conflicts(self):
        """Open the conflicts of this audience."""
        self.ensure_one()
        return self.env["mailchimp.conflict"]._open([("audience_id", "=", self.id)])

    def _enqueue_settling(self):
        """Queue a look at the open conflicts: a side moved, or a rule."""
        for audience in self:
            self.env["mailchimp.job"]._enqueue(
                audience,
                "_job_settle_conflicts",
                name=self.env._("Look at the conflicts of %s", audience.name),
                identity=f"conflicts:{audience.id}",
                account=audience.account_id,
                priority=PRIORITY_WEBHOOK,
            )

    def _job_settle_conflicts(self):
        """Refresh the open conflicts, and close those that settled themselves."""
        domain = [("audience_id", "=", self.id), ("state", "=", "open")]
        conflicts = self.env["mailchimp.conflict"].search(domain)
        ids = conflicts.member_id.ids
        for start in range(0, len(ids), STEP):
            members = self.env["mailchimp.member"].browse(ids[start : start + STEP])
            self.env["mailchimp.contact.sync"]._settle_again(self, members.exists())
            yield


class MailchimpMember(models.Model):
    """The conflicts of a member."""

    _inherit = "mailchimp.member"

    conflict_ids = fields.One2many("mailchimp.conflict", "member_id", readonly=True)

    def action_view_conflicts(self):
        """Open the conflicts of this member."""
        self.ensure_one()
        return self.env["mailchimp.conflict"]._open([("member_id", "=", self.id)])

    def _never_agreed(self, link):
        """Note that these values were never compared with a record that is linked now.

        :param str link: contact_id or partner_id
        """
        for audience, members in self.grouped("audience_id").items():
            mapped = audience.merge_field_ids.filtered("field_path")
            of_partner = mapped.filtered(lambda f: f.field_path.startswith("partner_"))
            mapped = of_partner if link == "partner_id" else mapped - of_partner
            for member in members.filtered("merge_values"):
                unknown = dict.fromkeys(
                    member.merge_values.keys() & mapped.mapped("tag")
                )
                member.base_values = {**(member.base_values or {}), **unknown}

    def _update_conflict_state(self):
        """Let the members be in conflict as long as one of their values is."""
        if not self:
            return
        asked = self.env["mailchimp.conflict"].search(
            [("member_id", "in", self.ids), ("state", "=", "open")]
        )
        settled = self - asked.member_id
        settled.filtered(lambda m: m.sync_result == "conflict").sync_result = "synced"
        open_ = self & asked.member_id
        open_.filtered(lambda m: m.sync_result == "synced").sync_result = "conflict"

    def _forget(self, source):
        """Keep no value of people who were deleted for good."""
        result = super()._forget(source)
        # sudo: only the connector writes conflicts.
        conflicts = self.env["mailchimp.conflict"].sudo()
        conflicts.search([("member_id", "in", self.ids)]).unlink()
        return result


class MailchimpChange(models.Model):
    """Odoo's side of a conflict moves where a watched value is written."""

    _inherit = "mailchimp.change"

    @api.model
    def _write_marks(self):
        pending = dict(self.env.cr.precommit.data.get(PENDING) or {})
        super()._write_marks()
        if not pending:
            return
        self.env["mailchimp.conflict"].flush_model(["state", "member_id"])
        is_open = SQL("SELECT FROM mailchimp_conflict WHERE state = 'open' LIMIT 1")
        if not self.env.execute_query(is_open):
            return
        found = set()
        for link, values in pending.items():
            found.update(self.env.execute_query(self._conflict_query(link, values)))
        # sudo: everybody's change counts, whoever sees the audience.
        audiences = self.env["mailchimp.audience"].sudo()
        audiences.browse(row[0] for row in sorted(found))._enqueue_settling()

    @api.model
    def _conflict_query(self, link, values):
        """SQL: the ids of the audiences in which members of these are in conflict."""
        # LATERAL with OFFSET 0: few are in conflict, of many that may be written.
        return SQL(
            """SELECT DISTINCT m.audience_id
                 FROM mailchimp_conflict c
                 JOIN LATERAL (SELECT * FROM mailchimp_member
                                WHERE id = c.member_id OFFSET 0) m ON TRUE
                WHERE c.state = 'open' AND m.%s = ANY(%s)""",
            SQL.identifier(link),
            list(values),
        )


class MailchimpContactSync(models.AbstractModel):
    """Odoo's side of a conflict moves where another audience brings a value, too."""

    _inherit = "mailchimp.contact.sync"

    @api.model
    def _tell_others(self, rows):
        """Look at the conflicts of these people in other audiences again."""
        super()._tell_others(rows)
        wrote = [row for row in rows if row.get("wrote")]
        if not wrote:
            return
        contacts = [row["contact_id"] for row in wrote if row["contact_id"]]
        partners = [row["partner_id"] for row in wrote if row["partner_id"]]
        asked = self.env["mailchimp.conflict"].search(
            [
                ("state", "=", "open"),
                ("member_id", "not in", [row["member_id"] for row in wrote]),
                "|",
                ("contact_id", "in", contacts),
                ("partner_id", "in", partners),
            ]
        )
        asked.audience_id._enqueue_settling()


class MailchimpMergeField(models.Model):
    """Another rule may settle what was in conflict."""

    _inherit = "mailchimp.merge.field"

    def write(self, vals):
        """Look at the conflicts of these fields again when what decides changes."""
        result = super().write(vals)
        if vals.keys() & {"ownership", "direction", "field_path"}:
            asked = self.env["mailchimp.conflict"].search(
                [("merge_field_id", "in", self.ids), ("state", "=", "open")]
            )
            asked.audience_id._enqueue_settling()
        return result
