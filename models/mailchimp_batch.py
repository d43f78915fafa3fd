import secrets
from contextlib import suppress
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import PRIORITY_SCHEDULED
from ..exceptions import MailchimpNotFound
from ..tools.inside import inside, trusted
from ..tools.push import ACTS, Step
from ..tools.push_requests import operations

OPEN_STATES = ("new", "sending", "submitted")


class MailchimpBatch(models.Model):
    """Operations that Mailchimp does in the background, and what became of them.

    While a batch is under way, its members are not pushed otherwise: of two changes the
    older one could arrive last.
    """

    _name = "mailchimp.batch"
    _description = "MailChimp Batch"
    _order = "id desc"

    name = fields.Char(compute="_compute_name")
    audience_id = fields.Many2one(
        "mailchimp.audience",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    account_id = fields.Many2one(related="audience_id.account_id")
    company_id = fields.Many2one(related="audience_id.company_id", store=True)
    run_id = fields.Many2one(
        "mailchimp.run", ondelete="set null", index="btree_not_null", readonly=True
    )
    mailchimp_id = fields.Char(string="Batch ID", readonly=True)
    state = fields.Selection(
        [
            ("new", "Waiting"),
            ("sending", "Being Sent"),
            ("submitted", "At Work in Mailchimp"),
            ("done", "Done"),
            ("expired", "Lost"),
            ("cancelled", "Cancelled"),
        ],
        default="new",
        required=True,
        readonly=True,
        index=True,
    )
    token = fields.Char(
        readonly=True,
        default=lambda self: secrets.token_hex(4),
        help="Tells our operations from those of others.",
    )
    operations = fields.Json(
        readonly=True,
        # Hundreds of members each: not to be read along with every other field.
        prefetch=False,
        help="What is to be done and not known to be done yet.",
    )
    total = fields.Integer(readonly=True, string="Number of Operations")
    remaining = fields.Integer(compute="_compute_remaining")
    polls = fields.Integer(readonly=True, string="Questions Asked")
    act = fields.Char(readonly=True, help="What somebody decided about the members.")
    # Mailchimp's clock: no batch of ours is older.
    since = fields.Datetime(readonly=True)
    adopted = fields.Boolean(
        readonly=True, help="Found in Mailchimp: it may be somebody else's."
    )
    foreign_ids = fields.Json(readonly=True)
    # Who asked for it, and what the ledger keeps of that.
    user_id = fields.Many2one("res.users", ondelete="set null", readonly=True)
    evidence = fields.Json(readonly=True)
    member_ids = fields.One2many("mailchimp.member", "batch_id")

    @api.depends("audience_id", "total")
    def _compute_name(self):
        for batch in self:
            batch.name = self.env._(
                "%(audience)s: %(count)s operations",
                audience=batch.audience_id.name,
                count=batch.total,
            )

    @api.depends("operations")
    def _compute_remaining(self):
        for batch in self:
            batch.remaining = len(batch.operations or ())

    # === BEGIN === #

    @api.model
    def _begin(self, sending, steps):
        """Put steps into a batch; it is sent once this transaction is committed.

        :param Sending sending: see `mailchimp.member.push`
        :param list steps: of `tools.push.Step`
        :return: the batch
        """
        audience = sending.audience
        moves = [step for step in steps if "email_address" in step.body]
        found = [
            {**operation, "step": _stored(step)}
            for step in steps
            for operation in operations(step, audience.mailchimp_id)
        ]
        batch = self.create(
            {
                "audience_id": audience.id,
                "run_id": sending.run.id if sending.run else False,
                "operations": {str(number): one for number, one in enumerate(found)},
                "total": len(found),
                "act": sending.act,
                "since": audience.pulled_at,
                "user_id": trusted(self.env, "mailchimp_user"),
                "evidence": trusted(self.env, "mailchimp_evidence"),
            }
        )
        members = self.env["mailchimp.member"].browse(s.member_id for s in steps)
        members.write({"batch_id": batch.id})
        unfinished = [s.member_id for s in steps if s.more or (s in moves and s.tags)]
        members.browse(unfinished)._mark_changed()
        batch._enqueue_job("_job_submit")
        return batch

    def _enqueue_job(self, method, run_after=None, priority=PRIORITY_SCHEDULED):
        """Queue the next thing to do for this batch.

        It belongs to the run, which ends with it.
        """
        self.ensure_one()
        run = self.run_id
        self.env["mailchimp.job"]._enqueue(
            self,
            method,
            name=self.env._("Batch of %s", self.name),
            identity=f"batch:{self.id}",
            run=run if run.state != "cancelled" else None,
            account=self.account_id,
            priority=priority,
            run_after=run_after,
        )

    @api.model
    def _resume(self, audiences=None):
        """Queue what nobody is going to do any more: somebody cancelled the job.

        :param recordset audiences: of which audiences; all by default
        """
        domain = [("state", "in", OPEN_STATES)]
        if audiences is not None:
            domain.append(("audience_id", "in", audiences.ids))
        batches = self.search(domain)
        if not batches:
            return
        jobs = self.env["mailchimp.job"].search(
            [
                ("identity", "in", [f"batch:{batch.id}" for batch in batches]),
                ("state", "=", "pending"),
            ]
        )
        busy = set(jobs.mapped("identity"))
        for batch in batches:
            if f"batch:{batch.id}" not in busy:
                batch._enqueue_job(
                    "_job_poll" if batch.state == "submitted" else "_job_submit"
                )

    # === END === #

    def _lose(self, state):
        """Let the members of a batch be pushed again whose results nobody will know."""
        self.ensure_one()
        lost = self._steps_left()
        self.state, self.operations = state, {}
        self._release()
        if state == "cancelled":
            # Acts were called off; what differs still differs.
            lost = [step for step in lost if step.action not in ACTS]
        self._push()._again(self.audience_id, self._open_run_of(), lost)

    def _steps_left(self):
        """Return the steps of which nothing is known to be done yet."""
        left = [Step(**one["step"]) for one in (self.operations or {}).values()]
        return list({step.member_id: step for step in left}.values())

    @api.model
    def _steps_under_way(self, audience, member_ids):
        """Return what the batches of an audience do, or did since they were asked.

        :return: {id of a member: list of `tools.push.Step`}
        """
        self.flush_model(["audience_id", "state", "operations"])
        query = SQL(
            """SELECT o.step FROM mailchimp_batch b
           CROSS JOIN LATERAL (
                      SELECT value->'step' AS step
                        FROM jsonb_each(b.operations)) o
                WHERE b.audience_id = %s AND b.state = ANY(%s)
                  AND (o.step->>'member_id')::int = ANY(%s)""",
            audience.id,
            list(OPEN_STATES),
            member_ids,
        )
        found = {}
        for (step,) in self.env.execute_query(query):
            found.setdefault(step["member_id"], []).append(Step(**step))
        return found

    def _open_run_of(self):
        return self.run_id if self.run_id.state in ("pending", "running") else None

    def _push(self):
        """Return the push, on behalf of whoever asked for this batch."""
        return self.env["mailchimp.member.push"].with_context(
            **inside(
                mailchimp_user=self.user_id.id or None, mailchimp_evidence=self.evidence
            )
        )

    def _release(self):
        """Let members be pushed again of whom nothing is under way any more."""
        waiting = {one["step"]["member_id"] for one in (self.operations or {}).values()}
        self.env["mailchimp.member"].flush_model()
        self.env.cr.execute(
            SQL(
                """UPDATE mailchimp_member SET batch_id = NULL
                    WHERE batch_id = %s AND id != ALL(%s)""",
                self.id,
                list(waiting),
            )
        )
        self.env["mailchimp.member"].invalidate_model(["batch_id"], flush=False)

    def _job_abandon(self):
        """Stop a batch whose run was cancelled; what it did stays done."""
        if self.state not in OPEN_STATES:
            return
        if self.mailchimp_id:
            gateway = self.account_id._gateway()
            # It may be over, or older than seven days.
            with suppress(MailchimpNotFound):
                gateway.api.batches.delete_request(self.mailchimp_id)
        self._lose("cancelled")

    # === AUTOVACUUM === #

    @api.autovacuum
    def _gc_batches(self):
        """Go on with what was left, and forget batches that ended 30 days ago."""
        self._resume()
        before = fields.Datetime.now() - timedelta(days=30)
        self.search(
            [("state", "not in", OPEN_STATES), ("write_date", "<", before)], limit=1000
        ).unlink()


def _stored(step):
    """Return what has to be known of a step when its results come."""
    held = {
        name: step.held[name]
        for name in ("subscriber_hash", "remote_contact_id", "contact_id", "email")
    }
    return {
        "member_id": step.member_id,
        "action": step.action,
        "body": step.body,
        "tags": step.tags,
        "held": {**held, "status": step.held["status"]},
    }
