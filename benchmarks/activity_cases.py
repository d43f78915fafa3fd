"""The ways to get activity into Odoo that `bench_activity` compares."""

import time

import requests

from ..const import PAGE_SIZE
from ..models import mailchimp_report_batch

COLUMNS = (
    "member_id, email_id, action, occurred_at, number, bounce_type, url, ip, reason"
)


def _pages(url, key, path, **params):
    session = requests.Session()
    session.auth = ("bench", key)
    offset, total = 0, 1
    while offset < total:
        params.update(count=PAGE_SIZE, offset=offset)
        answer = session.get(f"{url}{path}", params=params, timeout=60).json()
        yield answer
        total, offset = answer["total_items"], offset + PAGE_SIZE


def _connect(env, url, key, campaign):
    """Connect, and know the campaign and its members without importing them."""
    account = env["mailchimp.account"].create(
        {"name": "Benchmark", "api_key": key, "base_url": url}
    )
    account.action_test_connection()
    account._start_import_audiences("user", 5)
    env.cr.commit()
    env["mailchimp.job"]._cron_run_jobs()
    audience = account.audience_ids
    for page in _pages(
        url, key, f"/reports/{campaign}/sent-to", fields="sent_to.email_id,total_items"
    ):
        env.cr.execute(
            """INSERT INTO mailchimp_member
                      (audience_id, subscriber_hash, status, forgotten, sync_result)
               SELECT %s, h, 'subscribed', FALSE, 'synced' FROM unnest(%s::text[]) h""",
            [audience.id, [row["email_id"] for row in page["sent_to"]]],
        )
    env.cr.execute("ANALYZE mailchimp_member")
    env.cr.commit()
    return _campaign(env, audience, campaign)


def _campaign(env, audience, mailchimp_id):
    return env["mailchimp.campaign"].create(
        {
            "name": mailchimp_id,
            "account_id": audience.account_id.id,
            "audience_id": audience.id,
            "mailchimp_id": mailchimp_id,
            "status": "sent",
            "send_time": "2026-01-01",
        }
    )


def _timed(function):
    started = time.monotonic()
    result = function() or {}
    return {"seconds": time.monotonic() - started, **result}


def _fetch(env, campaign):
    """Fetch the report with all that lies behind it."""
    run = campaign.account_id._start_fetch_reports("user", 5, campaigns=campaign)
    env.cr.commit()
    return lambda: _work(env, run)


def _work(env, run):
    while run.state in ("pending", "running"):
        env["mailchimp.job"]._cron_run_jobs()
        if env["mailchimp.job"].search_count([("run_after", ">", "now")]):
            break
    assert not run.failed, run.line_ids.mapped("reason")
    return {"rows": run.created}


def _hurry(env):
    """Let what waits for a while be due."""
    env.cr.execute(
        "UPDATE mailchimp_job SET run_after = now() AT TIME ZONE 'UTC'"
        " WHERE state = 'pending'"
    )
    env["mailchimp.job"].invalidate_model()
    env.cr.commit()


def direct(env, url, key, campaign, control):
    """Page by page; then raw SQL with the same rows, and all of it once more."""
    mailchimp_report_batch.MANY_RECIPIENTS = 10**9
    record = _connect(env, url, key, campaign)
    first = _timed(_fetch(env, record))
    raw = _timed(lambda: _raw(env, record))
    before = _rows_written(env)
    record.report_seen = {"activity": {}}
    again = _timed(_fetch(env, record))
    again["rows_written"] = _rows_written(env) - before
    return {**first, "raw": raw, "again": again}


def memory(env, url, key, campaign, control, batch):
    """Read a whole report, page by page or by a batch, and nothing else."""
    mailchimp_report_batch.MANY_RECIPIENTS = 0 if batch else 10**9
    record = _connect(env, url, key, campaign)
    work = _fetch(env, record)
    if batch:
        work()
        requests.post(f"{control}/batches", json={"wait": 600}, timeout=700)
        _hurry(env)
    result = _timed(work)
    run = env["mailchimp.run"].search([("kind", "=", "reports")], limit=1)
    assert run.state == "done", run.state
    return result


def _raw(env, record):
    """Upsert the same rows into the same table, for another campaign."""
    other = _campaign(env, record.audience_id, "copy")
    env.cr.execute(
        f"SELECT {COLUMNS} FROM mailchimp_campaign_activity"  # noqa: S608 - a constant
        " WHERE campaign_id = %s ORDER BY id",
        [record.id],
    )
    rows = env.cr.fetchall()
    env.cr.commit()
    query = f"""
        INSERT INTO mailchimp_campaign_activity (campaign_id, {COLUMNS})
        SELECT %s, * FROM unnest(%s::int[], %s::text[], %s::text[], %s::timestamp[],
                                 %s::int[], %s::text[], %s::text[], %s::text[],
                                 %s::text[])
            ON CONFLICT (campaign_id, email_id, action, occurred_at, number)
            DO UPDATE SET url = EXCLUDED.url"""  # noqa: S608 - a constant

    def upsert():
        for start in range(0, len(rows), PAGE_SIZE):
            columns = zip(*rows[start : start + PAGE_SIZE], strict=True)
            env.cr.execute(query, [other.id, *map(list, columns)])
            env.cr.commit()
        return {"rows": len(rows)}

    return _timed(upsert)


def _rows_written(env):
    """Count the rows of activity that PostgreSQL inserted, updated or deleted."""
    env.cr.commit()
    env.cr.execute("SELECT pg_stat_force_next_flush()")
    env.cr.commit()
    env.cr.execute(
        """SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables
            WHERE relname = 'mailchimp_campaign_activity'"""
    )
    return int(env.cr.fetchone()[0])
