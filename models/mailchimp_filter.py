import ast

import psycopg2

from odoo import api, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

# What reading a text as a list of conditions may raise.
MISREAD = (
    SyntaxError,
    ValueError,
    KeyError,
    TypeError,
    MemoryError,
    OverflowError,
    RecursionError,
)
# What looking for records may raise, too: a value that is none for its field.
UNFIT = (UserError, ValueError, OverflowError, psycopg2.DataError)


class MailchimpFilter(models.AbstractModel):
    """Filters kept as text, which may stop working when a field disappears."""

    _name = "mailchimp.filter"
    _description = "MailChimp Filter"

    @api.model
    def _parse_filter(self, model, text):
        """Return the domain of a filter.

        Relative dates such as ``today -30d`` stay text: the ORM understands them.

        :param str model: the records it chooses from
        :param str text: as the domain editor writes it; empty for everything
        :return: `Domain`
        :raise ValidationError: when it cannot be applied (any more), and why
        """
        try:
            domain = Domain(ast.literal_eval((text or "[]").strip()))
            domain.validate(self.env[model])
            # sudo: whoever looks with it may read less than it asks for.
            self.env[model].sudo()._search(domain)
        except MISREAD as error:
            raise ValidationError(self._filter_refusal(text, error)) from error
        return domain

    @api.model
    def _check_filter(self, model, text):
        """Refuse a filter that does not work, or looks at what the user may not read.

        The scheduled action applies it as superuser.

        :raise ValidationError: and why
        """
        domain = self._parse_filter(model, text)
        try:
            with self.env.cr.savepoint():
                self.env[model].search(domain, limit=1)
        except UNFIT as error:
            raise ValidationError(self._filter_refusal(text, error)) from error

    @api.model
    def _filter_refusal(self, text, error):
        return self.env._(
            "The filter %(filter)s does not work: %(error)s", filter=text, error=error
        )
