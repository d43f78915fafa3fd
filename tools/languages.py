"""Languages of Odoo and of Mailchimp. Pure functions.

https://mailchimp.com/help/view-and-edit-contact-languages/
"""

# Mailchimp's codes. Without a region, `es` is that of Mexico and `pt` that of Brazil.
MAILCHIMP_LANGUAGES = frozenset(
    """af ar be bg ca cs da de el en es es_ES et fa fi fr fr_CA ga he hi hr hu id is it
    ja km ko lt lv mk ms mt nl no pl pt pt_PT ro ru sk sl sr sv sw ta th tr uk vi
    zh""".split()
)
# What Odoo calls otherwise.
ALIASES = {"iw": "he", "nb": "no", "nn": "no"}


def to_mailchimp(lang):
    """Return Mailchimp's code of a language of Odoo, None where it has none.

    :param str lang: such as ``pt_BR`` or ``sr@latin``
    """
    code = (lang or "").partition("@")[0]
    if code in MAILCHIMP_LANGUAGES:
        return code
    language = code.partition("_")[0]
    language = ALIASES.get(language, language)
    return language if language in MAILCHIMP_LANGUAGES else None


def to_odoo(code, installed):
    """Return the first of the installed languages that a code stands for, or None.

    :param str code: Mailchimp's
    :param installed: codes of Odoo, the most usual one first
    """
    if not code:
        return None
    return next((lang for lang in installed if to_mailchimp(lang) == code), None)
