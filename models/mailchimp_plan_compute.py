from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import split_every

from ..const import PRIORITY_USER
from ..exceptions import MailchimpNotFound
from .mailchimp_run_line import category_of

# Records that one step looks at.
STEP = 500


class MailchimpPlanCompute(models.Model):
    """The job that computes a plan, a page at a time.

    A page is an outlook: a list of entries, dicts with values of a line and ``action``.
    """

    _inherit = "mailchimp.plan"

    # === START === #

    @api.model
    def _start(self, kind, audience, records=None):
        """Open a plan for an audience and queue its computation.

        :param str kind: what is planned (`kind`)
        :param recordset audience: one `mailchimp.audience`
        :param recordset records: contacts, customers or members it is about; None:
            whoever the operation chooses
        :return: the plan
        """
        audience._check_connected()
        if kind != "import" and not audience.pulled_at:
            raise UserError(
                self.env._(
                    "Fetch the members of %s first: nobody can tell yet who is in "
                    "Mailchimp already.",
                    audience.name,
                )
            )
        # sudo: users ask for plans, only the connector writes them and their runs.
        self = self.sudo()
        labels = dict(self._fields["kind"]._description_selection(self.env))
        run = self.env["mailchimp.run"]._open_run(
            audience.account_id, "plan", "user", audience
        )
        plan = self.create(
            {
                "name": f"{labels[kind]}: {audience.name}",
                "kind": kind,
                "audience_id": audience.id,
                "run_id": run.id,
                "res_model": records._name if records is not None else False,
                "res_ids": records.ids if records is not None else False,
            }
        )
        plan._enqueue_job("_job_compute", run)
        return plan

    def _enqueue_job(self, method, run, identity=None):
        self.env["mailchimp.job"]._enqueue(
            self,
            method,
            name=run.name,
            identity=identity or f"plan:{self.id}",
            run=run,
            account=self.account_id,
            priority=PRIORITY_USER,
            args={"run_id": run.id},
        )

    # === COMPUTE === #

    def _job_compute(self, run_id):
        """Find out what would happen; nothing but the plan is written.

        :param int run_id: the `mailchimp.run` that shows how far it is; its checkpoint
            tells which pages are done
        :return: a generator with a checkpoint after each page
        """
        run = self.env["mailchimp.run"].browse(run_id)
        run._start()
        try:
            if self.kind == "import":
                yield from self._plan_import(run)
            else:
                yield from self._plan_push(run)
        except MailchimpNotFound:
            self._fail(run, self.env._("The audience was deleted in Mailchimp."))
        except ValidationError as error:
            self._fail(run, str(error))
        else:
            run.checkpoint = False
            self.write({"state": "ready", "planned_at": fields.Datetime.now()})

    def _fail(self, run, reason):
        """End a plan that cannot be computed."""
        now = fields.Datetime.now()
        run.write({"state": "failed", "finished_at": now, "message": reason})
        self.state = "failed"

    def _plan_push(self, run):
        """Plan what is sent to Mailchimp, some records at a time."""
        if not run.checkpoint:
            self._choose()
            run.total = sum(len(ids) for _how, ids in self._chosen())
        at = (run.checkpoint or {}).get("planned", 0)
        for number, (how, ids) in enumerate(self._parts()):
            if number < at:
                continue
            entries = self._outlook(how, ids)
            if how == "export":
                self._meet_others(entries)
            elif how == "stay":  # the others are in the audience already
                self.none_count += len(ids) - len(entries)
            self._keep(entries)
            run._count(done=len(ids))
            run.checkpoint = {"planned": number + 1}
            yield

    def _choose(self):
        """Note whom the operation chooses by itself.

        :raise ValidationError: when the filter of the audience does not work any more
        """
        audience = self.audience_id
        if self.kind == "auto_export":
            audience._check_filters()
            records = self.env[audience.export_model]
            new = records.search(audience._export_candidates(), order="id").ids
            matching = records.search(audience._export_filter(), order="id").ids
            to_add = set(new)
            self.write(
                {
                    "res_model": records._name,
                    "res_ids": new,
                    "leaving_ids": audience._unmatched_members().ids,
                    "beside_ids": [id_ for id_ in matching if id_ not in to_add],
                }
            )
        elif not self.res_model:
            waiting = [
                ("audience_id", "=", audience.id),
                ("sync_state", "=", "to_push"),
            ]
            members = self.env["mailchimp.member"].search(waiting, order="id")
            self.write({"res_model": members._name, "res_ids": members.ids})

    def _chosen(self):
        """Return pairs of what is done, see `_outlook`, and the ids of the records."""
        how = "update" if self.kind == "update" else "export"
        return (
            ("archive", self.leaving_ids or ()),
            (how, self.res_ids or ()),
            ("stay", self.beside_ids or ()),
        )

    def _parts(self):
        """Yield what is done, and ids of the records, some at a time."""
        for how, ids in self._chosen():
            for some in split_every(STEP, ids, list):
                yield how, some

    def _outlook(self, how, ids):
        """Return what would happen to some records now, without doing it.

        :param str how: export, update, archive or stay
        :param list ids: of the records
        :return: list of entries
        """
        return getattr(self, f"_outlook_{how}")(ids)

    # === LINES === #

    def _keep(self, entries):
        """Store a line for each entry, and count them."""
        self.env["mailchimp.plan.line"].create(
            [
                {
                    **entry,
                    "plan_id": self.id,
                    "company_id": self.company_id.id,
                    "category": entry["code"] and category_of(entry["code"]),
                }
                for entry in entries
            ]
        )
        actions = [entry["action"] for entry in entries]
        self.write(
            {
                f"{action}_count": self[f"{action}_count"] + actions.count(action)
                for action in set(actions)
            }
        )

    def _known_hashes(self, entries):
        """Return those whom the plan would add already, of some entries (dict)."""
        domain = [
            ("plan_id", "=", self.id),
            ("action", "=", "create"),
            ("subscriber_hash", "in", [e["subscriber_hash"] for e in entries]),
        ]
        lines = self.env["mailchimp.plan.line"].search(domain)
        return {line.subscriber_hash: line for line in lines}

    def _meet_others(self, entries):
        """Leave out whose address an earlier page adds: there it was undone."""
        known = self._known_hashes([e for e in entries if e["action"] == "create"])
        Member = self.env["mailchimp.member"]
        for entry in entries:
            if other := known.get(entry["subscriber_hash"]):
                row = {
                    "code": "duplicate",
                    "record": self.env[entry["res_model"]].browse(entry["res_id"]),
                    "speaker": self.env[other.res_model].browse(other.res_id),
                }
                entry.update(self._left_out(row["code"], *Member._export_reason(row)))
