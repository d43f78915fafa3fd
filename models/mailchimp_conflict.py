from odoo import api, fields, models
from odoo.tools.constants import GC_UNLINK_LIMIT

from ..tools.client_action import SOFT_RELOAD

# How long it can be seen how a conflict ended; it repeats what people said.
KEEP_DAYS = 180
VALUES = ("base_value", "odoo_value", "mailchimp_value")


class MailchimpConflict(models.Model):
    """A value that changed on both sides, and that a person has to decide on.

    While it is open both sides keep what they have. It is refreshed when a side moves
    again, and closed when the sides agree.
    """

    _name = "mailchimp.conflict"
    _description = "Mailchimp Conflict"
    _order = "found_at desc, id desc"

    member_id = fields.Many2one(
        "mailchimp.member", required=True, ondelete="cascade", index=True, readonly=True
    )
    merge_field_id = fields.Many2one(
        "mailchimp.merge.field",
        string="Field",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    audience_id = fields.Many2one(
        "mailchimp.audience",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one(related="audience_id.company_id")
    email = fields.Char(related="member_id.email")
    contact_id = fields.Many2one(related="member_id.contact_id")
    partner_id = fields.Many2one(related="member_id.partner_id")
    base_value = fields.Char(
        string="Last Agreed",
        readonly=True,
        help="What both sides agreed on last; empty if they never did.",
    )
    odoo_value = fields.Char(string="In Odoo", readonly=True)
    mailchimp_value = fields.Char(string="In Mailchimp", readonly=True)
    found_at = fields.Datetime(string="Found on", readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("resolved", "Resolved")],
        default="open",
        required=True,
        readonly=True,
    )
    choice = fields.Selection(
        [
            ("odoo", "Odoo's"),
            ("mailchimp", "Mailchimp's"),
            ("settled", "Settled by Itself"),
        ],
        string="Taken",
        readonly=True,
        help="Which side was taken. Settled by itself: the sides agree by now, or one "
        "of them went back, or the rule of the field changed.",
    )
    user_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    resolved_at = fields.Datetime(string="Decided on", readonly=True)

    _open_uniq = models.UniqueIndex(
        "(member_id, merge_field_id) WHERE state = 'open'",
        "A field of a member can be in conflict only once.",
    )

    @api.depends("member_id", "merge_field_id")
    def _compute_display_name(self):
        for conflict in self:
            names = (conflict.email, conflict.merge_field_id.name)
            conflict.display_name = ": ".join(name for name in names if name)

    # === ACTION METHODS === #

    def action_keep_odoo(self):
        """Let Odoo's values stand, and send them to Mailchimp."""
        return self._decided("odoo")

    def action_take_mailchimp(self):
        """Write Mailchimp's values into the contacts and customers."""
        return self._decided("mailchimp")

    def action_open_record(self):
        """Open who the value is about: the customer or the contact."""
        self.ensure_one()
        target = self.merge_field_id._target_field() or ("mailing.contact", None)
        of_partner = target[0] == "res.partner" and self.partner_id
        return (
            self.partner_id if of_partner else self.contact_id
        ).get_formview_action()

    @api.model
    def _open(self, domain):
        """Return the action that shows these conflicts."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "mailchimp_connector.mailchimp_conflict_action"
            ),
            "domain": domain,
        }

    def _decided(self, side):
        self.check_access("read")
        # sudo: users decide; what follows is the work of the connector, as for an
        # import, and users may not be allowed to write the customers of it.
        conflicts = self.sudo().filtered(lambda conflict: conflict.state == "open")
        for audience, group in conflicts.grouped("audience_id").items():
            self.env["mailchimp.contact.sync"].sudo()._resolve(audience, group, side)
        conflicts._close(side, self.env.user)
        conflicts.member_id._update_conflict_state()
        return SOFT_RELOAD

    # === BUSINESS METHODS === #

    def _close(self, choice, user=None):
        """Note how these conflicts ended.

        :param str choice: whose value was taken
        :param recordset user: who decided, if anybody
        """
        self.write(
            {
                "state": "resolved",
                "choice": choice,
                "user_id": user.id if user else False,
                "resolved_at": fields.Datetime.now(),
            }
        )

    @api.model
    def _record(self, audience, rows):
        """Make the open conflicts of some members what was found just now.

        :param recordset audience: one `mailchimp.audience`
        :param list rows: see `mailchimp.contact.sync._decide`
        """
        found = {
            (row["member_id"], tag): values
            for row in rows
            for tag, values in row.get("conflicts", {}).items()
        }
        known = [row["member_id"] for row in rows if not row["is_new"]]
        held = self._open_of(known)
        self.browse(c.id for key, c in held.items() if key not in found)._close(
            "settled"
        )
        for key in held.keys() & found.keys():
            held[key]._refresh(found[key])
        new = {key: found[key] for key in found if key not in held}
        self._create_new(audience, new)

    @api.model
    def _open_of(self, member_ids):
        """Return {(id of the member, tag): open conflict}."""
        if not member_ids:
            return {}
        conflicts = self.search(
            [("member_id", "in", member_ids), ("state", "=", "open")]
        )
        return {(c.member_id.id, c.merge_field_id.tag): c for c in conflicts}

    def _refresh(self, values):
        if any((self[name] or False) != values[name] for name in VALUES):
            self.write({**values, "found_at": fields.Datetime.now()})

    @api.model
    def _create_new(self, audience, found):
        if not found:
            return
        by_tag = {field.tag: field.id for field in audience.merge_field_ids}
        self.create(
            [
                {
                    **values,
                    "member_id": member_id,
                    "merge_field_id": by_tag[tag],
                    "audience_id": audience.id,
                    "found_at": fields.Datetime.now(),
                }
                for (member_id, tag), values in found.items()
            ]
        )

    # === CLEANING === #

    @api.autovacuum
    def _gc_resolved(self):
        """Delete what was decided long ago: it repeats what people told about them."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DAYS)
        old = self.search(
            [("state", "=", "resolved"), ("resolved_at", "<", limit)],
            limit=GC_UNLINK_LIMIT,
        )
        old.unlink()
        return len(old), len(old) == GC_UNLINK_LIMIT
