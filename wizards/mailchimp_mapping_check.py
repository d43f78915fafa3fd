from odoo import api, fields, models
from odoo.tools import SQL, split_every

CHUNK = 2000
# So many contacts of a line can be opened; all of them are counted.
MAX_LINKED = 10_000


class MailchimpMappingCheck(models.TransientModel):
    """*Check Mapping*: what would not arrive in Mailchimp, before it is sent."""

    _name = "mailchimp.mapping.check"
    _description = "MailChimp Mapping Check"

    audience_id = fields.Many2one("mailchimp.audience", required=True, readonly=True)
    checked = fields.Integer(string="Contacts Checked", readonly=True)
    affected = fields.Integer(string="Contacts with Problems", readonly=True)
    line_ids = fields.One2many(
        "mailchimp.mapping.check.line", "check_id", readonly=True
    )

    @api.depends("audience_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for check in self:
            check.display_name = self.env._(
                "Check Mapping: %s", check.audience_id.display_name
            )

    @api.model
    def _run(self, audience):
        """Build all payloads of an audience and keep what is wrong with them.

        :param recordset audience: one `mailchimp.audience`
        :return: the check
        """
        found, checked, affected = {}, 0, 0
        payload = self.env["mailchimp.payload"]
        # sudo: see `mailchimp.payload._fill`
        mapping = audience.sudo().merge_field_ids._outgoing()
        for rows in split_every(CHUNK, self._people(audience), list):
            payload._fill(audience, rows, mapping)
            checked += len(rows)
            affected += sum(bool(row["problems"]) for row in rows)
            self._collect(rows, found)
        check = self.create(
            {"audience_id": audience.id, "checked": checked, "affected": affected}
        )
        broken = []
        for field in audience.merge_field_ids.filtered("mapping_problem"):
            line = {"tag": field.tag, "reason": field.mapping_problem}
            if known := found.get(("required_missing", field.tag)):
                known.update(line)
            else:
                broken.append(line)
        lines = sorted(found.values(), key=lambda line: -line["people"])
        self.env["mailchimp.mapping.check.line"].create(
            [dict(line, check_id=check.id) for line in (*broken, *lines)]
        )
        return check

    @api.model
    def _people(self, audience):
        """Return a row for each member, and for each contact that would become one.

        :return: list of dicts, see `mailchimp.payload._fill`
        """
        self.env.flush_all()
        return self.env.execute_query_dict(
            SQL(
                """SELECT id AS member_id, contact_id, partner_id, email,
                          COALESCE(merge_values, '{}') AS held
                     FROM mailchimp_member
                    WHERE audience_id = %(audience)s AND forgotten IS NOT TRUE
                      AND status IS DISTINCT FROM 'archived'
                      AND (contact_id IS NOT NULL OR partner_id IS NOT NULL)
                   UNION ALL
                   SELECT NULL, s.contact_id, p.id, c.email, '{}'
                     FROM mailing_subscription s
                     JOIN mailing_contact c ON c.id = s.contact_id
                LEFT JOIN (SELECT email_normalized, min(id) AS id
                             FROM res_partner
                            WHERE active AND email_normalized IS NOT NULL
                              AND COALESCE(company_id, %(company)s) = %(company)s
                            GROUP BY email_normalized) p USING (email_normalized)
                    WHERE s.list_id = %(list)s AND s.opt_out IS NOT TRUE
                      AND NOT EXISTS (
                          SELECT FROM mailchimp_member m
                           WHERE m.contact_id = s.contact_id
                             AND m.audience_id = %(audience)s)""",
                audience=audience.id,
                company=audience.company_id.id,
                list=audience.mailing_list_id.id,
            )
        )

    @api.model
    def _collect(self, rows, found):
        """Add the problems of rows to those found, by kind and merge field.

        :param list rows: payloads
        :param dict found: {(code, tag): values of a line}; added to
        """
        for row in rows:
            for problem, tag in zip(row["problems"], row["problem_tags"], strict=True):
                code, reason, advice, blocking = problem
                line = found.setdefault(
                    (code, tag),
                    {
                        "code": code,
                        "tag": tag,
                        "reason": reason,
                        "advice": advice,
                        "blocking": blocking,
                        "people": 0,
                        "contact_ids": [],
                        "partner_ids": [],
                    },
                )
                line["people"] += 1
                kind = "contact" if row["contact_id"] else "partner"
                linked = line[f"{kind}_ids"]
                if len(linked) < MAX_LINKED:
                    linked.append(row[f"{kind}_id"])


class MailchimpMappingCheckLine(models.TransientModel):
    """One kind of problem with one merge field."""

    _name = "mailchimp.mapping.check.line"
    _description = "MailChimp Mapping Problem"

    check_id = fields.Many2one(
        "mailchimp.mapping.check", required=True, ondelete="cascade"
    )
    code = fields.Selection(
        [
            ("no_email", "No Email Address"),
            ("bad_email", "Bad Email Address"),
            ("required_missing", "Required and Empty"),
            ("bad_choice", "No Such Choice"),
            ("incomplete_address", "Incomplete Address"),
            ("too_long", "Too Long"),
            ("unfit", "Does not Fit"),
        ],
        string="Problem",
    )
    tag = fields.Char(string="Merge Field")
    people = fields.Integer(string="Contacts")
    reason = fields.Char(string="For Example")
    advice = fields.Char(string="What to Do")
    blocking = fields.Boolean(
        string="Not Sent", help="Mailchimp would refuse these contacts altogether."
    )
    contact_ids = fields.Json()
    partner_ids = fields.Json()

    def action_open_contacts(self):
        """Open the contacts, or the customers who are no mailing contacts."""
        self.ensure_one()
        model = "mailing.contact" if self.contact_ids else "res.partner"
        return {
            "type": "ir.actions.act_window",
            "name": dict(self._fields["code"]._description_selection(self.env))[
                self.code
            ],
            "res_model": model,
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self.contact_ids or self.partner_ids)],
        }
