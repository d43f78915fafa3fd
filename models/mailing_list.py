from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import MARKETABLE_STATUS


class MailingList(models.Model):
    """The audience a mailing list stands for."""

    _inherit = "mailing.list"

    mailchimp_audience_ids = fields.One2many(
        "mailchimp.audience",
        "mailing_list_id",
        string="Mailchimp Audience",
        readonly=True,
        context={"active_test": False},
        groups="mailchimp_connector.group_mailchimp_user",
    )
    is_mailchimp_list = fields.Boolean(
        string="MailChimp",
        compute="_compute_is_mailchimp_list",
        search="_search_is_mailchimp_list",
        compute_sudo=True,
        help="The list stands for an audience and follows it.",
    )

    mailchimp_ref = fields.Char(
        copy=False,
        readonly=True,
        help="The company and audience that the list stands for, or stood for before "
        "the audience was deleted in Odoo.",
        groups="base.group_system",
    )

    # === COMPUTE METHODS === #

    @api.depends("mailchimp_audience_ids")
    def _compute_is_mailchimp_list(self):
        for mailing_list in self:
            mailing_list.is_mailchimp_list = bool(mailing_list.mailchimp_audience_ids)

    @api.model
    def _search_is_mailchimp_list(self, operator, _value):
        if operator != "in":
            return NotImplemented
        # sudo: everybody who sees the lists may know which ones are Mailchimp's.
        audiences = self.env["mailchimp.audience"].sudo()
        query = audiences.with_context(active_test=False)._search([])
        return [("id", "in", query.subselect("mailing_list_id"))]

    @api.model
    def _of_new_audiences(self, account, vals_list):
        """Return the lists of audiences that are about to be created.

        An audience whose record was deleted in Odoo finds the list that it left there:
        who opted out of that one did not opt in to another.

        :param recordset account: the `mailchimp.account` of the audiences
        :param list vals_list: their values
        """
        refs = [f"{account.company_id.id}:{v['mailchimp_id']}" for v in vals_list]
        lists = self.with_context(active_test=False)
        left = lists.search([("mailchimp_ref", "in", refs)])
        # It may stand for the audience in another account of the company.
        left = left.filtered(lambda one: not one.is_mailchimp_list)
        by_ref = {mailing_list.mailchimp_ref: mailing_list for mailing_list in left}
        new = [
            {"name": vals["name"], "mailchimp_ref": ref}
            for vals, ref in zip(vals_list, refs, strict=True)
            if ref not in by_ref
        ]
        by_ref |= {made.mailchimp_ref: made for made in self.create(new)}
        return self.concat(*(by_ref[ref] for ref in refs))

    # === CRUD METHODS === #

    def write(self, vals):
        """Keep people opted out whom somebody puts on the list again."""
        result = super().write(vals)
        if "contact_ids" in vals:
            self._keep_opted_out()
        return result

    def action_merge(self, src_lists, archive):
        """Override: people who come from other lists may have opted out here."""
        result = super().action_merge(src_lists, archive)
        self._keep_opted_out()
        return result

    def _keep_opted_out(self):
        # sudo: the opt-outs of all members count, and reach all contacts of the lists.
        lists = self.filtered("is_mailchimp_list").sudo()
        if not lists:
            return
        out = lists.env["mailchimp.member"]._search(
            [
                ("audience_id.mailing_list_id", "in", lists.ids),
                "|",
                ("opt_out_by", "!=", False),
                # Not told to any contact so far, see `mailing.subscription`.
                ("status", "not in", (MARKETABLE_STATUS, "archived", False)),
            ]
        )
        held = lists.env["mailing.subscription"].search(
            [
                ("list_id", "in", lists.ids),
                ("opt_out", "=", False),
                "|",
                ("contact_id", "in", out.subselect("contact_id")),
                ("contact_id.email_normalized", "in", out.subselect("email")),
            ]
        )
        held._keep_opted_out()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_mailchimp(self):
        # sudo: the list may stand for an audience that the user does not see.
        lists = self.sudo().filtered("mailchimp_audience_ids")
        if lists:
            raise UserError(
                self.env._(
                    "%s stands for a Mailchimp audience, whose contacts would be lost. "
                    "Delete the audience in Odoo first, or archive the list.",
                    lists[0].display_name,
                )
            )

    def action_view_mailchimp_audience(self):
        """Open the audience this list stands for."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "mailchimp.audience",
            "res_id": self.mailchimp_audience_ids.id,
            "views": [(False, "form")],
        }
