"""Filters that people keep as text. Pure functions."""

import ast

from odoo.fields import Domain


def parse_domain(text):
    """Turn the text of a filter into a domain.

    Relative dates such as ``today -30d`` stay text: the ORM understands them.

    :param str text: as the domain editor writes it; empty for everything
    :return: `Domain`
    :raise ValueError: when it is not a list of conditions
    """
    try:
        return Domain(ast.literal_eval((text or "[]").strip()))
    except (SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(str(error)) from error
