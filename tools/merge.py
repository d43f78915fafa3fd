"""Three-way merge of one value. Pure functions."""


def settle(base, odoo, mailchimp, remote_wins):
    """Decide a value from what both sides agreed on last and what they hold now.

    A side that did not change has no say; when both changed, the rule decides.

    :param base: the value both sides last agreed on, None when they never did
    :param odoo: the value in Odoo
    :param mailchimp: the value in Mailchimp
    :param bool remote_wins: who is right when both changed, or never agreed
    :return: the value that both sides should hold
    """
    base = base or False
    if odoo == mailchimp or mailchimp == base:
        return odoo
    if odoo == base:
        return mailchimp
    return mailchimp if remote_wins else odoo
