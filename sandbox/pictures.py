"""Pictures of templates, as Mailchimp shows them: drawn, not photographed."""

import re
from html import escape

PATH = "/_pictures/"
SVG = "image/svg+xml"
WIDTH, HEIGHT = 480, 600
COLOURS = ("#7b1e3b", "#1f5f5b", "#b5651d", "#2f4b7c")


def path(template):
    """:return str: where the sandbox serves the picture of a template"""
    return f"{PATH}{template.id}.svg"


def find(sandbox, path_):
    """:return Template: the one that a path is the picture of, or None"""
    found = re.fullmatch(rf"{PATH}(\d+)\.svg", path_)
    templates = (account.templates for account in sandbox.accounts)
    ids = (int(found[1]) if found else None,)
    return next((t[id_] for t in templates for id_ in ids if id_ in t), None)


def draw(template):
    """:return bytes: an SVG that looks like a mail from afar"""
    colour = COLOURS[template.id % len(COLOURS)]
    lines = "".join(
        f'<rect x="48" y="{y}" width="{width}" height="10" rx="5" fill="#d9d9d9"/>'
        for y, width in ((300, 384), (326, 360), (352, 384), (378, 300), (404, 340))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<rect width="{WIDTH}" height="190" fill="{colour}"/>'
        f'<circle cx="400" cy="70" r="110" fill="#fff" opacity=".12"/>'
        f'<text x="48" y="112" font-family="Georgia, serif" font-size="38" '
        f'fill="#fff">{escape(template.name)}</text>'
        f'<text x="48" y="258" font-family="Georgia, serif" font-size="24" '
        f'fill="#333">Dear reader,</text>{lines}'
        f'<rect x="48" y="450" width="150" height="46" rx="6" fill="{colour}"/>'
        f"</svg>"
    ).encode()
