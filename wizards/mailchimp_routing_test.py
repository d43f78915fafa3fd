from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..const import MARKETABLE_STATUS
from ..tools.subscriber import subscriber_hash

# The last answers say what chooses a person; the others, what might forbid it.
CHOICES = 3


class MailchimpRoutingTest(models.TransientModel):
    """Answers why a person is in an audience, or not."""

    _name = "mailchimp.routing.test"
    _description = "Why Is This Contact in This Audience?"

    audience_id = fields.Many2one("mailchimp.audience", required=True)
    email = fields.Char(required=True, help="Of the contact or customer in question.")
    verdict = fields.Char(compute="_compute_line_ids")
    line_ids = fields.One2many(
        "mailchimp.routing.test.line", "test_id", compute="_compute_line_ids"
    )

    @api.depends("audience_id", "email")
    def _compute_line_ids(self):
        Line = self.env["mailchimp.routing.test.line"]
        for test in self:
            found = list(test._answers()) if test.audience_id and test.email else []
            test.line_ids = Line.concat(*(Line.new(answer) for answer in found))
            test.verdict = test._verdict(found)

    def _verdict(self, found):
        """Return what the answers come to, nothing where nothing was asked."""
        if not found:
            return False
        bad = (answer["answer"] for answer in found if answer["state"] == "no")
        if reason := next(bad, None):
            return reason
        if any(answer["state"] == "yes" for answer in found[-CHOICES:]):
            return self.env._("This person belongs here.")
        return self.env._(
            "Nothing forbids it, but nobody has chosen this person: neither on the "
            "mailing list, nor chosen by the auto export, nor in Mailchimp."
        )

    # === ANSWERS === #

    def _answers(self):
        """Yield the answer to each question that decides, in the order they are asked.

        :return: dicts of ``question``, ``state`` (yes, no or info) and ``answer``
        """
        self.ensure_one()
        contact = self.env["mailing.contact"].new({"email": self.email})
        email = contact.email_normalized
        yield self._address_answer(email)
        if not email:
            return
        customers = self._customers(email)
        yield self._company_answer(email, customers)
        yield from self._rule_answers(customers)
        yield self._blacklist_answer(email)
        # What chooses a person: as many as `CHOICES`
        yield self._list_answer(email)
        yield self._export_answer(email)
        yield self._member_answer(email)

    @api.model
    def _answer(self, question, state, answer):
        return {"question": question, "state": state, "answer": answer}

    def _customers(self, email):
        return self.audience_id._customers_by_address([email])

    def _address_answer(self, email):
        question = self.env._("Is the address usable?")
        if email:
            return self._answer(question, "yes", email)
        reason = self.env._("“%s” is not an email address.", self.email)
        return self._answer(question, "no", reason)

    def _company_answer(self, email, customers):
        question = self.env._("Is it a customer whom the company may write to?")
        company = self.audience_id.company_id.name
        if customers:
            names = ", ".join(customers[:5].mapped("display_name"))
            return self._answer(question, "yes", names)
        if self.env["res.partner"].search_count(
            [("email_normalized", "=", email)], limit=1
        ):
            reason = self.env._("The customer does not belong to %s.", company)
            return self._answer(question, "no", reason)
        return self._answer(
            question, "info", self.env._("No customer has this address.")
        )

    def _rule_answers(self, customers):
        """Say of each rule whether it matches; one has to, where there are any."""
        rules, matched = self.audience_id.routing_rule_ids, False
        for rule in rules:
            question = self.env._("Does the rule “%s” match?", rule.name)
            try:
                rule._check_domain()
            except ValidationError as error:
                yield self._answer(question, "no", str(error))
                continue
            hit = customers.search(
                rule._customers() & Domain("id", "in", customers.ids), limit=1
            )
            matched = matched or bool(hit)
            answer = hit.display_name if hit else self.env._("No.")
            yield self._answer(question, "yes" if hit else "info", answer)
        if rules and not matched:
            yield self._answer(
                self.env._("Does any rule match?"),
                "no",
                self.env._("None of the routing rules matches."),
            )

    def _blacklist_answer(self, email):
        question = self.env._("May Odoo write to the address at all?")
        # sudo: marketing users may not read all of the blacklist.
        blacklist = self.env["mail.blacklist"].sudo()
        if blacklist.search_count([("email", "=", email)], limit=1):
            return self._answer(
                question, "no", self.env._("The address is blacklisted.")
            )
        return self._answer(question, "yes", self.env._("It is not blacklisted."))

    def _list_answer(self, email):
        mailing_list = self.audience_id.mailing_list_id
        question = self.env._("Is it on the mailing list “%s”?", mailing_list.name)
        held = self.env["mailing.subscription"].search(
            [
                ("list_id", "=", mailing_list.id),
                ("contact_id.email_normalized", "=", email),
            ]
        )
        if held.filtered("opt_out"):
            return self._answer(question, "no", self.env._("It opted out of the list."))
        if held:
            return self._answer(question, "yes", held[0].contact_id.display_name)
        return self._answer(question, "info", self.env._("No."))

    def _export_answer(self, email):
        audience = self.audience_id
        question = self.env._("Does the auto export choose it?")
        if not audience.auto_export:
            return self._answer(question, "info", self.env._("It is switched off."))
        Model = self.env[audience.export_model]
        try:
            audience._check_filters()
            domain = Domain("email_normalized", "=", email) & audience._export_filter()
        except ValidationError as error:
            return self._answer(question, "no", str(error))
        if record := Model.search(domain, limit=1):
            return self._answer(question, "yes", record.display_name)
        return self._answer(question, "info", self.env._("The filter does not match."))

    def _member_answer(self, email):
        question = self.env._("What does Mailchimp say?")
        member = self.env["mailchimp.member"].search(
            [
                ("audience_id", "=", self.audience_id.id),
                ("subscriber_hash", "=", subscriber_hash(email)),
            ]
        )
        if not member.status:
            return self._answer(
                question, "info", member.error or self.env._("It is not there yet.")
            )
        labels = dict(member._fields["status"]._description_selection(self.env))
        state = "yes" if member.status == MARKETABLE_STATUS else "no"
        return self._answer(question, state, labels[member.status])


class MailchimpRoutingTestLine(models.TransientModel):
    """One question that decides whether a person belongs in an audience."""

    _name = "mailchimp.routing.test.line"
    _description = "Answer of the Audience Tester"

    test_id = fields.Many2one("mailchimp.routing.test", ondelete="cascade")
    question = fields.Char()
    state = fields.Selection([("yes", "Yes"), ("no", "No"), ("info", "Note")])
    answer = fields.Char()
