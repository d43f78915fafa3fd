"""The ways to get members into Odoo that `bench_import` compares."""

import time

import requests

from odoo.fields import Command

from ..const import MEMBER_FIELDS, PAGE_SIZE
from ..tools.coerce import normalize_email

TRACKING_OFF = {"tracking_disable": True}
CSV_BATCH = 2000  # what Odoo's import screen takes at a time


def _read_members(url, key, audience):
    """Read all members beforehand, so that the case itself does no HTTP."""
    session = requests.Session()
    session.auth = ("bench", key)
    fields = ",".join(f"members.{name}" for name in MEMBER_FIELDS)
    members, total, offset = [], 1, 0
    while offset < total:
        answer = session.get(
            f"{url}/lists/{audience}/members",
            params={
                "count": PAGE_SIZE,
                "offset": offset,
                "fields": f"{fields},total_items",
            },
            timeout=60,
        ).json()
        members += answer["members"]
        total, offset = answer["total_items"], offset + PAGE_SIZE
    return members


def _country_code(member):
    return (member["merge_fields"].get("ADDRESS") or {}).get("country")


def _timed(function):
    started = time.monotonic()
    result = function() or {}
    return {"seconds": time.monotonic() - started, **result}


def _mailing_list(env):
    return env["mailing.list"].create({"name": "Benchmark"})


def csv_import(env, url, key, audience):
    """Odoo's own import of a file: `load`, as the import screen calls it."""
    members = _read_members(url, key, audience)
    mailing_list = _mailing_list(env)
    columns = ["first_name", "last_name", "email", "country_id"]
    columns += ["subscription_ids/list_id", "subscription_ids/opt_out"]
    countries = {c.code: c.name for c in env["res.country"].search([])}
    rows = [
        [
            m["merge_fields"].get("FNAME", ""),
            m["merge_fields"].get("LNAME", ""),
            m["email_address"],
            countries.get(_country_code(m), ""),
            mailing_list.name,
            str(m["status"] != "subscribed"),
        ]
        for m in members
    ]
    contacts = env["mailing.contact"].with_context(**TRACKING_OFF)

    def load():
        for start in range(0, len(rows), CSV_BATCH):
            result = contacts.load(columns, rows[start : start + CSV_BATCH])
            assert result["ids"], result["messages"]
            env.cr.commit()

    return {"rows": len(rows), **_timed(load)}


def orm_create(env, url, key, audience):
    """`create` in batches of a page, with subscription and blacklist."""
    members = _read_members(url, key, audience)
    mailing_list = _mailing_list(env)
    env = env(context={**env.context, **TRACKING_OFF})
    countries = {c.code: c.id for c in env["res.country"].search([])}

    def create():
        for start in range(0, len(members), PAGE_SIZE):
            page = members[start : start + PAGE_SIZE]
            env["mailing.contact"].create(
                [
                    {
                        "first_name": m["merge_fields"].get("FNAME"),
                        "last_name": m["merge_fields"].get("LNAME"),
                        "email": m["email_address"],
                        "country_id": countries.get(_country_code(m)),
                        "subscription_ids": [
                            Command.create(
                                {
                                    "list_id": mailing_list.id,
                                    "opt_out": m["status"] != "subscribed",
                                }
                            )
                        ],
                    }
                    for m in page
                ]
            )
            cleaned = [m for m in page if m["status"] == "cleaned"]
            env["mail.blacklist"].create(
                [{"email": m["email_address"]} for m in cleaned]
            )
            env.cr.commit()

    return {"rows": len(members), **_timed(create)}


def sql_upsert(env, url, key, audience):
    """Raw SQL, skipping every override: the bound, not a recommendation."""
    members = _read_members(url, key, audience)
    mailing_list = _mailing_list(env)
    env.flush_all()
    env.cr.execute("CREATE TABLE bench_binding (hash text PRIMARY KEY, contact_id int)")
    query = """
        WITH page AS (
            SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bool[])
                          AS i(hash, name, email, opt_out)
        ), contact AS (
            INSERT INTO mailing_contact (name, email, email_normalized, create_date)
            SELECT name, email, email, now() FROM page RETURNING id, email
        ), subscription AS (
            INSERT INTO mailing_subscription (contact_id, list_id, opt_out)
            SELECT c.id, %s, p.opt_out FROM contact c JOIN page p USING (email)
        )
        INSERT INTO bench_binding
        SELECT p.hash, c.id FROM contact c JOIN page p USING (email)
        ON CONFLICT (hash) DO UPDATE SET contact_id = EXCLUDED.contact_id"""

    def upsert():
        for start in range(0, len(members), PAGE_SIZE):
            page = members[start : start + PAGE_SIZE]
            names = [m["merge_fields"].get("FNAME", "") for m in page]
            emails = [normalize_email(m["email_address"]) for m in page]
            opt_outs = [m["status"] != "subscribed" for m in page]
            hashes = [m["id"] for m in page]
            env.cr.execute(query, [hashes, names, emails, opt_outs, mailing_list.id])
            env.cr.commit()

    return {"rows": len(members), **_timed(upsert)}


# === OURS === #


def _connect(env, url, key):
    account = env["mailchimp.account"].create(
        {"name": "Benchmark", "api_key": key, "base_url": url}
    )
    account.action_test_connection()
    account._start_import_audiences("user", 5)
    env.cr.commit()
    env["mailchimp.job"]._cron_run_jobs()
    return account.audience_ids


def _fetch(env, audience, full=False):
    run = audience._start_fetch("user", 5, full=full)
    env.cr.commit()
    while run.state in ("pending", "running"):
        env["mailchimp.job"]._cron_run_jobs()
    assert run.state == "done", run.message
    counts = ("done", "created", "updated", "unchanged", "failed")
    return {name: run[name] for name in counts}


def _rows_written(env):
    """Count the rows PostgreSQL inserted, updated or deleted, queue and runs aside."""
    env.cr.commit()
    env.cr.execute("SELECT pg_stat_force_next_flush()")
    env.cr.commit()
    env.cr.execute(
        """SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables
            WHERE relname LIKE 'mail%' AND relname NOT IN
                  ('mailchimp_run', 'mailchimp_job', 'mailchimp_audience')"""
    )
    return int(env.cr.fetchone()[0])


def our_imports(env, url, key, audience, control):
    """First import, again unchanged, HTTP alone, and again with 1 % changed."""

    def command(name, **arguments):
        return requests.post(f"{control}/{name}", json=arguments, timeout=600).json()

    record = _connect(env, url, key)
    command("latency", seconds=0.3)
    before = len(command("requests"))
    first = _timed(lambda: _fetch(env, record))
    first["requests"] = len(command("requests")) - before
    written = _rows_written(env)
    unchanged = _timed(lambda: _fetch(env, record, full=True))
    unchanged["rows_written"] = _rows_written(env) - written
    alone = _timed(lambda: _only_http(record))
    command("churn", share=0.01, seed=7)
    delta = _timed(lambda: _fetch(env, record))
    return {
        "seconds": first["seconds"],
        "rows": first["created"],
        "first": first,
        "unchanged": unchanged,
        "http": alone,
        "delta": delta,
    }


def _only_http(audience):
    """Make the requests of a full fetch, and nothing else."""
    gateway = audience.account_id._gateway()
    gateway.api.lists.get_list(audience.mailchimp_id, exclude_fields=["_links"])
    done = 0
    for params in ({}, {"status": "archived"}):
        pages = gateway.pages(
            gateway.api.lists.get_list_members_info,
            audience.mailchimp_id,
            key="members",
            count=PAGE_SIZE,
            fields=[f"members.{name}" for name in MEMBER_FIELDS],
            **params,
        )
        done += sum(len(page.items) for page in pages)
    return {"done": done}
