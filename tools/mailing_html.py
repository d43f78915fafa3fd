"""The body of an Odoo mailing as content of a Mailchimp campaign. Pure functions.

What Odoo fills in for each recipient becomes a merge tag; the rest of QWeb is refused.
https://mailchimp.com/help/all-the-merge-tags-cheat-sheet/
"""

import re
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import lxml.etree
import lxml.html

# What Odoo's own sending puts in for each recipient.
SERVICE_LINKS = {"/unsubscribe_from_list": "*|UNSUB|*", "/view": "*|ARCHIVE|*"}
OUTPUTS = ("t-out", "t-esc", "t-raw")
# Where an element may hold an address.
ADDRESSES = ("href", "src", "background", "poster")
_FORMAT = "t-attf-"
_INLINE = re.compile(r"\{\{(.+?)(?:\|\|\|\s*(.*?))?\}\}", re.DOTALL)
_EXPRESSION = re.compile(
    r"""object\.(?P<path>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
        (?:\s+or\s+(?P<quote>['"])(?P<default>(?:(?!(?P=quote))[^\\]|\\.)*)(?P=quote))?
    """,
    re.VERBOSE,
)
# The HTML parser takes <t/> for an element that is not closed.
_EMPTY_T = re.compile(
    r"""<t((?:\s+[\w:-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'))?)*)\s*/>""", re.IGNORECASE
)
_ATTACHMENT = r"/web/(?:image|content)/(?:ir\.attachment/)?(\d+)(?=[-/?&#\"')\s]|$)"
_STYLE_URL = re.compile(r"(url\(\s*['\"]?)(/[^/])")
_REST_OF_URL = r"[^\"')\s<>]*"


class Converted(NamedTuple):
    """HTML for Mailchimp, and what could not be said in it.

    ``unknown`` are placeholders without a merge tag, ``logic`` other parts of QWeb.
    """

    html: str
    unknown: list[str]
    logic: list[str]


class _Converter:
    """One conversion: the merge tags, and what has none."""

    def __init__(self, tags):
        self.tags = tags
        self.unknown = {}
        self.logic = {}

    def placeholder(self, expression, default=""):
        """Return the merge tags of an expression; nothing where there are none."""
        expression = expression.strip()
        found = _EXPRESSION.fullmatch(expression)
        tag = self.tags.get(found["path"]) if found else None
        if not tag:
            self.unknown[expression] = True
            return ""
        return with_default(tag, default.strip() or unquoted(found["default"]))

    def inline(self, text):
        """Return a text with the merge tags of its ``{{ }}``."""
        if not text or "{{" not in text:
            return text
        return _INLINE.sub(lambda m: self.placeholder(m[1], m[2] or ""), text)

    def element(self, element):
        """Convert one element; comments keep their text."""
        if not isinstance(element.tag, str):
            return
        self._texts(element)
        expression = self._attributes(element)
        if expression is None:
            if element.tag == "t":
                _unwrap(element)
            return
        text = self.placeholder(expression, element.text_content())
        if element.tag == "t":
            _replace(element, text)
        else:
            for child in list(element):
                element.remove(child)
            element.text = text

    def _texts(self, element):
        element.text = self.inline(element.text)
        for child in element:
            child.tail = self.inline(child.tail)

    def _attributes(self, element):
        """Convert attributes.

        :return: the expression that stands for the content, None where there is none
        """
        expression = None
        for name, value in list(element.attrib.items()):
            if name in OUTPUTS:
                expression = value
                del element.attrib[name]
            elif name.startswith(_FORMAT):
                del element.attrib[name]
                element.set(name.removeprefix(_FORMAT), self.inline(value))
            elif name.startswith("t-"):
                self.logic[f'{name}="{value}"'] = True
            else:
                element.set(name, self.inline(value))
        return expression


def convert(html, tags, base_url):
    """Turn the body of a mailing into what Mailchimp fills in itself.

    :param str html: its QWeb, a fragment
    :param dict tags: {path of the recipient: merge tags}
    :param str base_url: of this Odoo, for all that leads there
    :rtype: Converted
    """
    root = parse(html)
    converter = _Converter(tags)
    # A copy: elements leave the tree meanwhile. Outer ones last.
    for element in reversed(list(root.iter())):
        if element is not root:
            converter.element(element)
    converter._texts(root)
    _service_links(root, base_url)
    _absolute(root, base_url)
    return Converted(serialize(root), list(converter.unknown), list(converter.logic))


def convert_text(text, tags):
    """Turn a text with ``{{ }}`` into one with merge tags.

    :return: the text, and the list of placeholders without a merge tag
    """
    converter = _Converter(tags)
    return converter.inline(text), list(converter.unknown)


def parse(html):
    """Return the element that holds a fragment."""
    html = _EMPTY_T.sub(r"<t\1></t>", html or "")
    return lxml.html.fragment_fromstring(html, create_parent="div")


def serialize(root):
    """Return the HTML of what `parse` returned."""
    html = lxml.html.tostring(root, encoding="unicode")
    return html.removeprefix("<div>").removesuffix("</div>")


def with_default(tag, default):
    """Return merge tags that say something else where the value is empty.

    https://mailchimp.com/help/use-conditional-merge-tag-blocks/
    """
    if not default:
        return tag
    first = tag.split("|")[1]
    return f"*|IF:{first}|*{tag}*|ELSE:|*{default}*|END:IF|*"


def unquoted(text):
    """Return a quoted text without the backslashes of Python."""
    return re.sub(r"\\(.)", r"\1", text or "")


def links(html):
    """Return {address: text} of the links that lead somewhere by themselves."""
    found = {}
    for link in parse(html).iter("a"):
        href = link.get("href") or ""
        if href.startswith(("http://", "https://")):
            found[href] = found.get(href) or " ".join(link.text_content().split())
    return found


def with_links(html, addresses):
    """Return the HTML with other addresses in its links.

    :param dict addresses: {address: another one}
    """
    root = parse(html)
    for link in root.iter("a"):
        if other := addresses.get(link.get("href")):
            link.set("href", other)
    return serialize(root)


# === ATTACHMENTS === #


def attachment_ids(html, base_url):
    """Return the ids of attachments of Odoo's that some HTML shows.

    :param str base_url: of this Odoo
    :rtype: list[int]
    """
    pattern = re.compile(re.escape(base_url) + _ATTACHMENT)
    return list(dict.fromkeys(int(found) for found in pattern.findall(html)))


def with_tokens(html, base_url, tokens):
    """Return the HTML with tokens for attachments that are not public.

    :param dict tokens: {id of an attachment: token}
    """
    pattern = re.compile(f"{re.escape(base_url)}{_ATTACHMENT}{_REST_OF_URL}")

    def add(found):
        url, token = found[0], tokens.get(int(found[1]))
        if not token or "access_token=" in url:
            return url
        address, hash_, anchor = url.partition("#")
        joint = "&amp;" if "?" in address else "?"
        return f"{address}{joint}access_token={token}{hash_}{anchor}"

    return pattern.sub(add, html)


# === THE TREE === #


def _service_links(root, base_url):
    own = urlsplit(base_url).netloc
    for link in root.iter("a"):
        address = urlsplit((link.get("href") or "").strip())
        if address.netloc in ("", own) and address.path in SERVICE_LINKS:
            link.set("href", SERVICE_LINKS[address.path])


def _absolute(root, base_url):
    """Give all addresses a host: a mail has no address of its own."""
    for element in root.iter(lxml.etree.Element):
        for name in ADDRESSES:
            address = (element.get(name) or "").strip()
            if address.startswith(("/", "?")):
                element.set(name, urljoin(f"{base_url}/", address))
        if "url(" in (style := element.get("style") or ""):
            style = _STYLE_URL.sub(lambda m: f"{m[1]}{base_url}{m[2]}", style)
            element.set("style", style)


def _unwrap(element):
    """Leave the content of an element that is only QWeb's."""
    if not element.attrib:
        element.drop_tag()


def _replace(element, text):
    """Put a text in the place of an element."""
    for child in list(element):
        element.remove(child)
    element.text = text
    element.drop_tag()
