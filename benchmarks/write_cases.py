"""The writes of `bench_write`, run in two databases in turns."""

import gc
import statistics
import time

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry

# Turns of each case; a name is tracked: Odoo writes a message for each contact.
TURNS = {"many": 25, "tracked": 5, "one": 60}
TABLES = (
    "mailing_contact",
    "res_partner",
    "mail_message",
    "mail_tracking_value",
    "mailchimp_member",
    "mailchimp_change",
    "mailchimp_job",
)


def compare(env, plain, count):
    """Time each kind of write without and with the connector.

    :param env: of the database with the connector
    :param str plain: the database without it
    :param int count: of contacts
    :return: {"times": {name: (seconds without, seconds with)}}, medians
    """
    env.cr.rollback()  # what an open transaction may see cannot be vacuumed
    names = {"without": plain, "with": env.cr.dbname}
    registries = {side: Registry(name) for side, name in names.items()}
    for side, registry in registries.items():
        _in(registry, lambda env: _populate(env, count))
        if side == "with":
            _in(registry, _connect)
    gc.collect()
    gc.disable()
    times = {}
    for name, (kind, write) in CASES.items():
        spent = {"without": [], "with": []}
        sides = list(registries.items())
        for turn in range(TURNS[kind] + 2):
            sides.reverse()
            for side, registry in sides:
                _tidy(registry)
                seconds = _time(registry, write, turn)
                if turn > 1:  # before that, caches are filled
                    spent[side].append(seconds)
        gc.collect()
        times[name] = [statistics.median(spent[side]) for side in names]
    return {"times": times}


def _in(registry, function):
    with registry.cursor() as cr:
        function(api.Environment(cr, SUPERUSER_ID, {}))


def _tidy(registry):
    """Vacuum, as the server does by itself sooner or later.

    Without, tables that are written again and again get slower with each turn.
    """
    with registry.cursor() as cr:
        cr._cnx.set_session(autocommit=True)
        for table in TABLES:
            if registry.get(table.replace("_", ".")) is not None:
                cr.execute(f"VACUUM ANALYZE {table}")
        cr._cnx.set_session(autocommit=False)


def _time(registry, write, turn):
    """Return the seconds that a write takes in a transaction of its own."""
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        contacts = env["mailing.contact"].search([("email", "like", "@bench.example")])
        partners = env["res.partner"].search([("email", "like", "@bench.example")])
        contacts.fetch(["name", "email"])
        partners.fetch(["name", "email"])
        started = time.perf_counter()
        write(contacts, partners, turn)
        cr.commit()
        return time.perf_counter() - started


# === WRITES === #


def _contacts(contacts, _partners, turn):
    contacts.write({"company_name": f"Company {turn}"})


def _names(contacts, _partners, turn):
    contacts.write({"first_name": f"Ann {turn}"})


def _each(contacts, _partners, turn):
    for contact in contacts:
        contact.first_name = f"Ann {turn} {contact.id}"


def _unmapped(contacts, _partners, turn):
    contacts.write({"message_bounce": turn})


def _customers(_contacts, partners, turn):
    partners.write({"phone": f"+49 30 {turn}"})


def _one_contact(contacts, _partners, turn):
    contacts[turn].first_name = f"Ann {turn} {time.time()}"


def _one_customer(_contacts, partners, turn):
    partners[turn].phone = f"+49 {time.time()}"


CASES = {
    "contacts: company of all, in one write": ("many", _contacts),
    "contacts: first name of all, in one write": ("tracked", _names),
    "contacts: first name of each, one transaction": ("tracked", _each),
    "contacts: a field that is not mapped, all": ("many", _unmapped),
    "customers: phone of all, in one write": ("many", _customers),
    "one contact, one transaction": ("one", _one_contact),
    "one customer, one transaction": ("one", _one_customer),
}


# === DATA === #


def _populate(env, count):
    mailing_list = env["mailing.list"].create({"name": "Bench"})
    people = [
        {"name": f"Ann {number}", "email": f"ann{number}@bench.example"}
        for number in range(count)
    ]
    listed = [Command.create({"list_id": mailing_list.id})]
    env["mailing.contact"].create([{**p, "subscription_ids": listed} for p in people])
    env["res.partner"].create(people)


def _connect(env):
    """Make all of them members of an audience that is pushed."""
    account = env["mailchimp.account"].create({"name": "Bench"})
    account.write({"auto_push_contacts": True, "state": "connected"})
    # Nothing is to be sent while others write.
    account.paused_until = "2999-01-01"
    audience = env["mailchimp.audience"].create(
        {
            "name": "Bench",
            "account_id": account.id,
            "mailchimp_id": "bench",
            "mailing_list_id": env["mailing.list"].search([("name", "=", "Bench")]).id,
        }
    )
    env["mailchimp.merge.field"].create(
        [
            {
                "audience_id": audience.id,
                "mailchimp_id": str(number),
                "name": tag,
                "tag": tag,
                "type": "phone" if tag == "PHONE" else "text",
            }
            for number, tag in enumerate(("FNAME", "LNAME", "COMPANY", "PHONE"))
        ]
    )
    env.flush_all()
    env.cr.execute(
        """INSERT INTO mailchimp_member (audience_id, contact_id, partner_id, email,
                  subscriber_hash, status, sync_result)
           SELECT %s, c.id, p.id, c.email, md5(c.email), 'subscribed', 'synced'
             FROM mailing_contact c JOIN res_partner p ON p.email = c.email""",
        [audience.id],
    )
