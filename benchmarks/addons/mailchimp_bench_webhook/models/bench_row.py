from odoo import fields, models


class BenchRow(models.Model):
    """A webhook as the simplest receiver would keep it."""

    _name = "mailchimp.bench.row"
    _description = "Benchmark Row"

    name = fields.Char(required=True)
    body = fields.Text()
