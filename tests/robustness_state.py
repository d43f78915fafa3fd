"""What Odoo holds, written so that two databases or two moments can be compared.

Every column counts, but for numbers and times that differ between two runs of the same
thing; records are named by what Mailchimp or a person calls them.
"""

import json
from collections import Counter

# Numbers that PostgreSQL hands out, and when something was written here.
IGNORED = (
    "id create_uid create_date write_uid write_date user_id company_id account_id "
    "audience_id mailing_list_id contact_id partner_id category_id list_id member_id "
    "agreed_with run_id res_id commercial_partner_id webhook_id webhook_secret "
    "webhook_checked_at webhook_last_event_at "
    "started_at finished_at occurred_at opt_out_datetime opt_out_reason_id date"
).split()

# How often something was tried, and by which request it became known: a push that is
# disturbed may differ in it.
TRIED = ("audiences", "jobs", "runs", "lines")
BY_CHANCE = frozenset(("source", "evidence", "batch_id", "fingerprint", "agreed_with"))

# {section: (columns, tables)}; {t} and {c} are rows without what is ignored.
SECTIONS = {
    "audiences": (
        "l.name, {t}",
        "mailchimp_audience t JOIN mailing_list l ON l.id = t.mailing_list_id",
    ),
    "merge fields": (
        "a.name, {t}",
        "mailchimp_merge_field t JOIN mailchimp_audience a ON a.id = t.audience_id",
    ),
    "tags": (
        "a.name, c.name, {t}",
        """mailchimp_tag t JOIN mailchimp_audience a ON a.id = t.audience_id
           LEFT JOIN res_partner_category c ON c.id = t.category_id""",
    ),
    "groups": (
        "a.name, {c}, {t}",
        """mailchimp_interest_category c
           JOIN mailchimp_audience a ON a.id = c.audience_id
           LEFT JOIN mailchimp_interest t ON t.category_id = c.id""",
    ),
    "members": (
        """a.name, c.email, p.email, {t},
           ARRAY(SELECT g.name FROM mailchimp_member_tag_rel r
                   JOIN mailchimp_tag g ON g.id = r.tag_id
                  WHERE r.member_id = t.id ORDER BY g.name),
           ARRAY(SELECT g.name FROM mailchimp_member_interest_rel r
                   JOIN mailchimp_interest g ON g.id = r.interest_id
                  WHERE r.member_id = t.id ORDER BY g.name)""",
        """mailchimp_member t JOIN mailchimp_audience a ON a.id = t.audience_id
           LEFT JOIN mailing_contact c ON c.id = t.contact_id
           LEFT JOIN res_partner p ON p.id = t.partner_id""",
    ),
    "contacts": (
        """{t}, k.code,
           ARRAY(SELECT g.name FROM mailing_contact_res_partner_category_rel r
                   JOIN res_partner_category g ON g.id = r.res_partner_category_id
                  WHERE r.mailing_contact_id = t.id ORDER BY g.name)""",
        "mailing_contact t LEFT JOIN res_country k ON k.id = t.country_id",
    ),
    "subscriptions": (
        "l.name, c.email, t.opt_out_datetime IS NOT NULL, {t}",
        """mailing_subscription t JOIN mailing_list l ON l.id = t.list_id
           JOIN mailing_contact c ON c.id = t.contact_id""",
    ),
    "customers": ("{t}", "res_partner t"),
    "blacklist": ("{t}", "mail_blacklist t"),
    "ledger": (
        "a.name, c.email, p.email, m.subscriber_hash, {t}",
        """mailchimp_consent t LEFT JOIN mailchimp_audience a ON a.id = t.audience_id
           LEFT JOIN mailchimp_member m ON m.id = t.member_id
           LEFT JOIN mailing_contact c ON c.id = t.contact_id
           LEFT JOIN res_partner p ON p.id = t.partner_id""",
    ),
    "runs": ("{t}", "mailchimp_run t"),
    "lines": (
        "r.name, {t}",
        "mailchimp_run_line t JOIN mailchimp_run r ON r.id = t.run_id",
    ),
    "jobs": (
        "t.method, t.state",
        "mailchimp_job t",
    ),
}


def dump(cr):
    """Read everything that operations of the connector may change.

    :param cr: a cursor; what its environment has not written yet is not seen
    :return: {section: sorted texts}, a text for each row
    """
    state = {}
    for section, (columns, tables) in SECTIONS.items():
        for alias in ("t", "c"):
            row = f"to_jsonb({alias}) - %s::text[]"
            columns = columns.replace(f"{{{alias}}}", row)
        query = f"SELECT jsonb_build_array({columns})::text FROM {tables}"
        cr.execute(query, [IGNORED] * query.count("%s"))
        state[section] = sorted(text for (text,) in cr.fetchall())
    return state


def differences(expected, found, most=5):
    """Say where two dumps differ.

    :param dict expected: a dump
    :param dict found: another one
    :param int most: how many rows of a section to name
    :return: a text, empty when they are equal
    """
    lines = []
    for section in expected.keys() | found.keys():
        before, after = Counter(expected.get(section)), Counter(found.get(section))
        old = list((before - after).elements())
        new = list((after - before).elements())
        lines += [f"{section}: missing {_short(row)}" for row in old[:most]]
        lines += [f"{section}: unexpected {_short(row)}" for row in new[:most]]
        if len(old) + len(new) > 2 * most:
            lines.append(f"{section}: {len(old)} missing, {len(new)} unexpected")
    return "\n".join(sorted(lines))


def without(state, sections, columns):
    """Leave out of a dump what may differ.

    :param dict state: a dump
    :param sections: which to leave out
    :param columns: which to leave out of the others
    :return: the rest of it
    """
    return {
        section: sorted(_without(row, columns) for row in rows)
        for section, rows in state.items()
        if section not in sections
    }


def _without(row, columns):
    return json.dumps(
        [
            {name: value for name, value in part.items() if name not in columns}
            if isinstance(part, dict)
            else part
            for part in json.loads(row)
        ]
    )


def _short(row):
    return json.dumps(json.loads(row), ensure_ascii=False)[:600]
