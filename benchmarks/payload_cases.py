"""The ways to get contacts out of Odoo that `bench_payload` compares."""

import time

from odoo.tools import split_every

CHUNK = 1000
NAMES = {"FNAME": "first_name", "LNAME": "last_name", "COMPANY": "company_name"}
MORE = {
    "PHONE": "partner_id.phone",
    "JOB": "partner_id.function",
    "LAND": "partner_id.country_id.name",
    "COUNTRY": "country_id",
}


def browse_each(env, count):
    """Read contacts as they come, one after the other."""
    _audience, members = _fill(env, count, {})

    def read():
        for id_ in members.ids:
            contact = env["mailchimp.member"].browse([id_]).contact_id
            _plain(contact)
            env.invalidate_all()

    return _timed(read, count)


def search_read(env, count):
    """What Odoo's own fastest way takes for the fields of the contact alone."""
    _audience, members = _fill(env, count, {})
    ids = members.contact_id.ids
    env.invalidate_all()

    def read():
        for some in split_every(CHUNK, ids, list):
            domain = [("id", "in", some)]
            env["mailing.contact"].search_read(domain, [*NAMES.values(), "email"])
            env.invalidate_all()

    return _timed(read, count)


def names(env, count):
    """Three fields of the contact."""
    return _build(env, count, NAMES)


def everything(env, count):
    """What a mapping has that uses the customer, too."""
    return _build(env, count, NAMES | MORE, address=True)


def _plain(contact):
    return contact.email, contact.first_name, contact.last_name, contact.company_name


def _build(env, count, paths, address=False):
    audience, members = _fill(env, count, paths, address)
    Payload, ids = env["mailchimp.payload"], members.ids

    def build():
        mapping = audience.merge_field_ids._outgoing()
        for some in split_every(CHUNK, ids, list):
            few = env["mailchimp.member"].browse(some)
            rows = Payload._build(audience, few, mapping)
            assert len(rows) == len(some)
            assert not any(row["problems"] for row in rows), rows[0]
            assert len(rows[0]["merge_fields"]) == len(paths) + address
            env.invalidate_all()

    return _timed(build, count)


def _timed(function, count):
    function()  # warm: models, languages, plans
    started, used = time.monotonic(), time.process_time()
    function()
    return {
        "seconds": time.monotonic() - started,
        "cpu": time.process_time() - used,
        "rows": count,
    }


def _fill(env, count, paths, address=False):
    """Make an audience with members, contacts and complete customers."""
    account = env["mailchimp.account"].create({"name": "Bench", "api_key": "k-us1"})
    audience = env["mailchimp.audience"].create(
        {
            "name": "Bench",
            "account_id": account.id,
            "mailchimp_id": "bench",
            "mailing_list_id": env["mailing.list"].create({"name": "Bench"}).id,
        }
    )
    fields = [(tag, "text", path) for tag, path in paths.items()]
    if address:
        fields.append(("ADDRESS", "address", "partner_id"))
    env["mailchimp.merge.field"].create(
        [
            {
                "audience_id": audience.id,
                "mailchimp_id": str(number),
                "name": tag,
                "tag": tag,
                "type": type_,
                "field_path": path,
                "direction": "both" if path.count(".") < 2 else "to_mailchimp",
            }
            for number, (tag, type_, path) in enumerate(fields)
        ]
    )
    _insert(env, audience, count)
    env.invalidate_all()
    members = env["mailchimp.member"].search([("audience_id", "=", audience.id)])
    return audience, members


def _insert(env, audience, count):
    """By SQL: it is not the filling that is measured."""
    env.flush_all()
    state = env.ref("base.state_us_5")
    env.cr.execute(
        """INSERT INTO mailing_contact
                  (name, first_name, last_name, company_name, email, email_normalized,
                   country_id)
           SELECT 'Ann' || i || ' Lee', 'Ann' || i, 'Lee', 'Firm' || i,
                  'm' || i || '@a.example', 'm' || i || '@a.example', %(country)s
             FROM generate_series(1, %(count)s) i;
           INSERT INTO res_partner
                  (name, email, email_normalized, phone, function, street, city, zip,
                   state_id, country_id, active)
           SELECT 'Ann' || i, 'm' || i || '@a.example', 'm' || i || '@a.example',
                  '+1 555 ' || i, 'Buyer', i || ' Main Street', 'Springfield', '01101',
                  %(state)s, %(country)s, true
             FROM generate_series(1, %(count)s) i;
           INSERT INTO mailchimp_member
                  (audience_id, email, subscriber_hash, status, contact_id, partner_id,
                   sync_result, merge_values)
           SELECT %(audience)s, c.email, md5(c.email), 'subscribed', c.id, p.id,
                  'synced', jsonb_build_object('FNAME', c.first_name, 'LNAME', 'Li')
             FROM mailing_contact c JOIN res_partner p USING (email_normalized)""",
        {
            "audience": audience.id,
            "country": state.country_id.id,
            "count": count,
            "state": state.id,
        },
    )
    env.cr.execute("ANALYZE mailing_contact, res_partner, mailchimp_member")
